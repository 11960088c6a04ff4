"""
How does a condition read a duration that nobody asked for in every row?

As seconds, made when they are looked at: a column whose values are the durations themselves, so that a batch of a
thousand spans costs no thousand numbers in Python.

>>> column = seconds_column(np.array([1_500_000_000, 7], dtype=np.int64))
>>> column.codes.tolist(), column.values[0], len(column.values)
([0, 1], 1.5, 2)
"""

from collections.abc import Sequence
from typing import overload

import numpy as np

from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.values import Floats, Ints


class Seconds(Sequence[float]):
    """
    Nanoseconds (int64) as seconds. `array` gives all of them at once, for whoever counts with arrays.
    """

    __slots__ = ("_ns",)

    def __init__(self, ns: Ints) -> None:
        self._ns = ns

    @property
    def array(self) -> Floats:
        """
        The seconds as float64.
        """
        return self._ns / 1e9

    def __len__(self) -> int:
        return len(self._ns)

    @overload
    def __getitem__(self, index: int) -> float: ...

    @overload
    def __getitem__(self, index: slice) -> "Seconds": ...

    def __getitem__(self, index: int | slice) -> "float | Seconds":
        return Seconds(self._ns[index]) if isinstance(index, slice) else float(self._ns[index] / 1e9)


def seconds_column(ns: Ints) -> Column:
    """
    A column in which each row has a value of its own.
    """
    return Column(codes=np.arange(len(ns), dtype=np.int32), values=Seconds(ns))
