"""
How were the counters of a log of format 1 kept, and how do they come along?

Format 1 had a row for each series. At the upgrade all rows become one snapshot of bytes: a head, then for each row the
length of its identity (two bytes), the identity, start and instant in nanoseconds, and the value; all little-endian.

>>> packed = pack([(b"requests", 0, 30, 2.0)])
>>> packed[:14], list(unpack(packed))
(b'wk-counters-1\\n', [(b'requests', 0, 30, 2.0)])

Identities longer than 65,535 bytes do not occur: they are digests, with an index of two bytes behind them for the
buckets of a histogram.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Final

HEAD: Final = b"wk-counters-1\n"
_LENGTH, _REST = struct.Struct("<H"), struct.Struct("<qqd")

Row = tuple[bytes, int, int, float]  # identity, start_ns, at_ns, value


def pack(rows: Iterable[Row]) -> bytes:
    """
    All rows as bytes; b"" when there is none.
    """
    parts = [
        _LENGTH.pack(len(identity)) + identity + _REST.pack(start_ns, at_ns, value)
        for identity, start_ns, at_ns, value in rows
    ]
    return b"".join([HEAD, *parts]) if parts else b""


def unpack(packed: bytes) -> Iterator[Row]:
    """
    The rows again. Raises ValueError for bytes that `pack` did not make.
    """
    if not packed.startswith(HEAD):
        raise ValueError("these are no counters of format 1")
    at = len(HEAD)
    try:
        while at < len(packed):
            (length,) = _LENGTH.unpack_from(packed, at)
            identity, at = packed[at + 2 : at + 2 + length], at + 2 + length
            start_ns, at_ns, value = _REST.unpack_from(packed, at)
            at += _REST.size
            yield identity, start_ns, at_ns, value
    except struct.error as error:
        raise ValueError("the counters end in the middle of a row") from error
