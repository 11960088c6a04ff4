"""
How do attributes become columns?

Row by row, only those that the manual names: each column keeps one value per distinct code, and each row adds a code
per column to one flat array. What an item does not carry it inherits from its scope, and that from its resource.

What a code means outlives a body (`values.Lexicon`); `native/attributes.pyx` is the compiled twin.

>>> from types import SimpleNamespace as Attribute
>>> columns = ColumnsBuilder(["status"], read=lambda value: value)
>>> columns.row([Attribute(key="http.status_code", value=200), Attribute(key="other", value=1)])
>>> columns.row([])
>>> built = columns.build()["status"]
>>> built.codes.tolist(), list(built.values)
([0, -1], [200])
"""

from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.decode.form import Node, Scalar
from watchkeeper.measure.names import candidates
from watchkeeper.measure.values import Lexicon

ABSENT: Final = -1
#: Text longer than this is cut: a label is a word, not a document.
LONGEST_TEXT: Final = 1024
#: A column that knows more values, or more characters of text, is forgotten before the next body.
MOST_VALUES: Final = 2**16
MOST_BYTES: Final = 2**22

_FAR: Final = 99  # worse than any rank


class ColumnsBuilder:
    """
    The columns of one body after the other. `read` turns a value on the wire into a scalar, or None for absent.

    An attribute given twice counts as first given. Lists, maps and bytes are absent. `own` are the columns that an item
    fills from a field of its own: no attribute does. `cut` counts texts that were too long, each time they came.
    """

    __slots__ = (
        "_codes",
        "_far",
        "_flat",
        "_hits",
        "_names",
        "_nothing",
        "_read",
        "_resource",
        "_scope",
        "_sizes",
        "_values",
        "cut",
    )

    def __init__(
        self, names: Iterable[str], *, read: Callable[[Node], Scalar | None], own: Collection[str] = ()
    ) -> None:
        self._names = tuple(sorted(names))
        self._read = read
        self._hits = hits_of(self._names, own=own)
        self._codes: list[dict[object, int]] = [{} for _ in self._names]
        self._values = [Lexicon() for _ in self._names]
        self._sizes = [0] * len(self._names)
        self._nothing = [ABSENT] * len(self._names)
        self._far = [_FAR] * len(self._names)
        self._resource = self._scope = self._nothing
        self._flat = array("i")
        self.cut = 0

    def start(self) -> None:
        """
        A new body: no rows yet. What codes mean stays known, but for columns that know too much.
        """
        self._resource = self._scope = self._nothing
        self._flat = array("i")
        self.cut = 0
        for column, values in enumerate(self._values):
            if len(values) > MOST_VALUES or self._sizes[column] > MOST_BYTES:
                self._codes[column], self._values[column], self._sizes[column] = {}, Lexicon(), 0

    def index(self, name: str) -> int:
        """
        Which column has this name; -1 where none is wanted.
        """
        return self._names.index(name) if name in self._names else -1

    def under(self, attributes: Iterable[Node]) -> None:
        """
        The rows that follow are of this resource.
        """
        self._resource = self._scope = self._merged(attributes, self._nothing)

    def within(self, attributes: Iterable[Node]) -> None:
        """
        The rows that follow are of this scope of the resource.
        """
        self._scope = self._merged(attributes, self._resource)

    def row(self, attributes: Iterable[Node], own: Sequence[tuple[int, Scalar | None]] = ()) -> None:
        """
        One more row; `own` are the item's own fields, by column, which go before its attributes.
        """
        codes = self._merged(attributes, self._scope)
        for column, value in own:
            codes[column] = ABSENT if value is None else self.code(column, value)
        self._flat.extend(codes)

    def code(self, column: int, value: Scalar) -> int:
        """
        The code of a value in a column: 1, 1.0 and true are three values, NaN is one.
        """
        key = value if type(value) is str else _key(value)
        code = self._codes[column].get(key)
        return self._new(column, key, value) if code is None else code

    def build(self, rows: NDArray[np.int64] | None = None) -> dict[str, Column]:
        """
        The columns; of these rows, or of all.
        """
        width = len(self._names)
        table = np.frombuffer(self._flat, dtype=np.int32).reshape(-1, width) if self._flat else _empty(width)
        codes = table.T.copy() if rows is None else table[rows].T.copy()
        return {name: Column(codes=codes[i], values=self._values[i]) for i, name in enumerate(self._names)}

    def _merged(self, attributes: Iterable[Node], inherited: list[int]) -> list[int]:
        codes, ranks, known, hits, read = inherited.copy(), self._far.copy(), self._codes, self._hits.get, self._read
        for attribute in attributes:
            columns = hits(attribute.key)
            if columns is None or (value := read(attribute.value)) is None:
                continue
            key = value if type(value) is str else _key(value)
            for column, rank in columns:
                if rank < ranks[column]:
                    ranks[column] = rank
                    code = known[column].get(key)  # as `code` does: this loop is most of what decoding costs
                    codes[column] = self._new(column, key, value) if code is None else code
        return codes

    def _new(self, column: int, key: object, value: Scalar) -> int:
        known = self._codes[column]
        if isinstance(value, str):
            if len(value) > LONGEST_TEXT:
                self.cut += 1
                return self.code(column, value[:LONGEST_TEXT])
            self._sizes[column] += len(value)
        code = known[key] = len(self._values[column])
        self._values[column].append(value + 0.0 if type(value) is float else value)  # there is no zero below zero
        return code


def hits_of(names: Sequence[str], *, own: Collection[str] = ()) -> dict[str, tuple[tuple[int, int], ...]]:
    """
    Attribute on the wire -> the columns it may fill (numbered as `names` are), each with its rank there.

    >>> hits_of(("kind", "status"), own=("kind",))["http.status_code"]
    ((1, 2),)
    """
    found: dict[str, tuple[tuple[int, int], ...]] = {}
    for column, name in enumerate(names):
        for rank, wire in enumerate(() if name in own else candidates(name)):
            found[wire] = (*found.get(wire, ()), (column, rank))
    return found


def _key(value: Scalar) -> object:
    return (type(value), value) if value == value else (float, "nan")  # NaN is not itself


def _empty(width: int) -> NDArray[np.int32]:
    return np.empty((0, width), dtype=np.int32)
