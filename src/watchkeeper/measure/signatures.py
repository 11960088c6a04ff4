"""
Which rows of a batch carry the same values?
"""

from collections.abc import Mapping, Sequence

import numpy as np

from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.values import Ints


def signatures(columns: Mapping[str, Column], names: Sequence[str], rows: Ints) -> tuple[Ints, Ints]:
    """
    For each row the number of its signature, and for each signature one row (by position in `rows`) that has it.
    """
    which: Ints = np.zeros(len(rows), dtype=np.int64)
    for name in names:
        column = columns.get(name)
        if column is not None and len(column.values):
            joint = which * (len(column.values) + 1) + column.codes[rows] + 1
            which = np.unique(joint, return_inverse=True)[1].astype(np.int64)
    _, examples = np.unique(which, return_index=True)
    return which, examples.astype(np.int64)


def keys(table: Mapping[str, Column], n: int) -> list[tuple[object, ...]]:
    """
    What each of n rows is remembered by.

    A value's class belongs to it: 1, 1.0 and true are equal in Python and not in a predicate. A float is told by how it
    is written: 0.0 and -0.0 are equal too, and NaN is not itself.
    """
    parts = []
    for column in table.values():
        known = [_key(value) for value in column.values]
        parts.append([None if code < 0 else known[code] for code in column.codes.tolist()])
    return list(zip(*parts, strict=True)) if parts else [()] * n


def taken(column: Column | None, rows: Ints) -> Column:
    """
    Some rows of a column; all absent where there is no column.
    """
    if column is None:
        return Column(codes=np.full(len(rows), -1, dtype=np.int32), values=())
    return Column(codes=column.codes[rows], values=column.values)


def _key(value: object) -> object:
    return value if type(value) is str else (type(value), repr(value))
