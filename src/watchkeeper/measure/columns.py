"""
What do the codes of a batch mean to us?

Each batch has its own codes for the values of an attribute, or shares a lexicon with those before it. What is known
about a value is looked up once: per code of a lexicon for as long as that lives, per value of a batch otherwise.

>>> lengths = PerCode(lambda values: [len(value) for value in values], dtype=np.int64, absent=-1)
>>> lengths.of(Column(codes=np.array([1, -1, 0]), values=Lexicon(["a", "bcd"])), 3).tolist()
[3, -1, 1]
"""

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.values import Lexicon

_LEXICONS = 64  # more than a plan has decoders; of more, those that live no longer are forgotten


class PerCode:
    """
    One number per value, by code. `work_out` gives the numbers of some values; `absent` is that of no value.
    """

    def __init__(self, work_out: Callable[[Sequence[Any]], Sequence[Any]], *, dtype: DTypeLike, absent: Any) -> None:
        self._work_out, self._dtype, self._absent = work_out, dtype, absent
        self._known: dict[int, tuple[weakref.ref[Lexicon], NDArray[Any]]] = {}

    def of(self, column: Column | None, n: int) -> NDArray[Any]:
        """
        The number of each of n rows.
        """
        if column is None:
            return np.full(n, self._absent, dtype=self._dtype)
        return self._table(column.values)[column.codes]

    def forget(self) -> None:
        """
        Everything is to be worked out anew.
        """
        self._known.clear()

    def _table(self, values: Sequence[Any]) -> NDArray[Any]:
        """
        The numbers by code; the last one is that of code -1.
        """
        if not isinstance(values, Lexicon):
            return self._grown(np.array([self._absent], dtype=self._dtype), values)
        lexicon, table = self._known.get(id(values), (None, np.array([self._absent], dtype=self._dtype)))
        if lexicon is None or lexicon() is not values:
            table = np.array([self._absent], dtype=self._dtype)
        elif len(table) > len(values):
            return table
        table = self._grown(table, values[len(table) - 1 :])
        if len(self._known) >= _LEXICONS:
            self._known = {name: one for name, one in self._known.items() if one[0]() is not None}
        self._known[id(values)] = weakref.ref(values), table
        return table

    def _grown(self, table: NDArray[Any], values: Sequence[Any]) -> NDArray[Any]:
        new = np.array(self._work_out(values), dtype=self._dtype)
        return np.concatenate([table[:-1], new, table[-1:]])
