"""
How does a column of integers become few bytes?

Most columns of a batch are narrow: slots of one minute, amounts below 256. A column is kept as its smallest number and
the distances from it, in the fewest whole bytes that hold them all.

>>> import numpy as np
>>> column = np.array([178_000_000, 178_000_002])
>>> pack_ints(column), unpack_ints(pack_ints(column)).tolist()
((1, 178000000, b'\\x00\\x02'), [178000000, 178000002])
"""

import numpy as np

from watchkeeper.measure.values import Ints

#: (bytes per number, smallest number, little-endian distances); the width 0 says that all are the smallest, and the
#: distances are then how many there are.
PackedInts = tuple[int, int, bytes]

_EMPTY: PackedInts = (1, 0, b"")
_WIDTHS = (1, 2, 4, 8)


def pack_ints(column: Ints) -> PackedInts:
    """
    The column as width, smallest number and bytes.
    """
    if not len(column):
        return _EMPTY
    least, most = int(column.min()), int(column.max())
    span = most - least
    if span == 0:
        return 0, least, len(column).to_bytes(4, "little")
    if span >= 2**63:  # the distances would not fit: kept as they are
        return 8, 0, np.ascontiguousarray(column, dtype="<i8").tobytes()
    width = next(width for width in _WIDTHS if span < 1 << (8 * width))
    return width, least, (column - least).astype(f"<u{width}").tobytes()


def unpack_ints(packed: PackedInts) -> Ints:
    """
    The column that `pack_ints` wrote. `ValueError` where the bytes are none.
    """
    width, least, body = packed
    if width == 0:
        return np.full(int.from_bytes(body, "little"), least, dtype=np.int64)
    if width not in _WIDTHS:
        raise ValueError(f"a column of {width} bytes a number")
    distances = np.frombuffer(body, dtype="<i8" if width == 8 else f"<u{width}").astype(np.int64)
    return distances + least
