"""
How is the memory of counters kept as bytes?

A *part* is a snapshot of all series or a patch of those that changed. A series lives in a numbered slot; told *in full*
it says slot, identity, start, instant and values, told *in brief* only slot, instant and values: what a series that
goes on needs. Numbers are little-endian columns, one after the other:

    head      version u8, flags u8, zero u16, full u32, brief u32, values u32, base i64       24 bytes
    slots     u32 each, in full first
    identity  16 bytes each, in full only
    start     i64 ns each, in full only; left out with flag STARTLESS: all are 0
    lengths   u16 each, how many values; left out with flag SINGLE: all are 1
    at        i64 ns each; with flag MILLIS u32, in milliseconds after base
    values    f64 each; with flag WHOLE u32

Parts say their own length, so that many may lie end to end. They are applied in order, and applying one again, with
all that came after it, changes nothing.

>>> import numpy as np
>>> packed = pack(
...     slots=[0, 1], identities=bytes(range(16)), starts=[0], lengths=[1, 1], at=[5_000_000, 7_000_000], values=[3, 9]
... )
>>> len(packed), [part.at.tolist() for part in parts([packed, packed])]
(64, [[5000000, 7000000], [5000000, 7000000]])
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from watchkeeper.measure.values import Floats, Ints

VERSION: Final = 1
IDENTITY: Final = 16  # bytes
#: A series with more values than this does not fit a part.
MOST_VALUES: Final = 2**16 - 1
#: A slot from here on was never given: it would take gigabytes to reach.
MOST_SLOTS: Final = 2**24

_REPLACES, _STARTLESS, _SINGLE, _MILLIS, _WHOLE = 1, 2, 4, 8, 16
_HEAD: Final = struct.Struct("<BBHIIIq")
_MS: Final = 1_000_000
_U32: Final = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    One part as columns. The first `len(identities)` series are told in full, the others in brief.
    """

    replaces: bool  # a snapshot: what was known before is forgotten
    slots: Ints
    identities: NDArray[np.uint8]  # (full, 16)
    starts: Ints
    lengths: Ints
    at: Ints
    values: Floats


def pack(
    *,
    slots: ArrayLike,
    identities: bytes,
    starts: ArrayLike,
    lengths: ArrayLike,
    at: ArrayLike,
    values: ArrayLike,
    replaces: bool = False,
) -> bytes:
    """
    A part as bytes.
    """
    start, length, instant, value = (
        np.asarray(starts, dtype=np.int64), np.asarray(lengths, dtype=np.int64),
        np.asarray(at, dtype=np.int64), np.asarray(values, dtype=np.float64),
    )  # fmt: skip
    base = int(instant.min()) if len(instant) else 0
    after = instant - base
    flags = _REPLACES * replaces | _STARTLESS * (not start.any()) | _SINGLE * bool((length == 1).all())
    flags |= _MILLIS * bool((after >= 0).all() and (after < _U32 * _MS).all() and not (after % _MS).any())
    flags |= _WHOLE * bool(((value >= 0) & (value < _U32) & (value == np.floor(value))).all())
    full = len(identities) // IDENTITY
    return b"".join(
        [
            _HEAD.pack(VERSION, flags, 0, full, len(length) - full, len(value), base),
            np.asarray(slots, dtype="<u4").tobytes(),
            identities,
            b"" if flags & _STARTLESS else start.astype("<i8").tobytes(),
            b"" if flags & _SINGLE else length.astype("<u2").tobytes(),
            (after // _MS).astype("<u4").tobytes() if flags & _MILLIS else instant.astype("<i8").tobytes(),
            value.astype("<u4" if flags & _WHOLE else "<f8").tobytes(),
        ]
    )


def parts(packed: Iterable[bytes]) -> Iterator[Part]:
    """
    The parts in these pieces, each of which holds any number of whole parts. Raises ValueError for anything else.
    """
    for piece in packed:
        reader = _Reader(piece)
        while reader.at < len(piece):
            yield _part(reader)


class _Reader:
    def __init__(self, piece: bytes) -> None:
        self._piece = piece
        self.at = 0

    def head(self) -> tuple[Any, ...]:
        if self.at + _HEAD.size > len(self._piece):
            raise ValueError("the counters end in the middle of a head")
        self.at += _HEAD.size
        return _HEAD.unpack_from(self._piece, self.at - _HEAD.size)

    def column(self, kind: str, count: int) -> NDArray[Any]:
        size = np.dtype(kind).itemsize * count
        if self.at + size > len(self._piece):
            raise ValueError("the counters end in the middle of a column")
        self.at += size
        return np.frombuffer(self._piece, dtype=kind, count=count, offset=self.at - size)


def _part(reader: _Reader) -> Part:
    version, flags, zero, full, brief, values, base = reader.head()
    if version != VERSION or zero or flags >= 2 * _WHOLE:
        raise ValueError(f"counters of version {version}, flags {flags}: this program reads version {VERSION}")
    known = full + brief
    slots = reader.column("<u4", known).astype(np.int64)
    identities = reader.column("u1", full * IDENTITY).reshape(full, IDENTITY)
    starts = np.zeros(full, dtype=np.int64) if flags & _STARTLESS else reader.column("<i8", full).astype(np.int64)
    lengths = np.ones(known, dtype=np.int64) if flags & _SINGLE else reader.column("<u2", known).astype(np.int64)
    at = reader.column("<u4" if flags & _MILLIS else "<i8", known).astype(np.int64)
    if known and int(slots.max()) >= MOST_SLOTS:
        raise ValueError(f"counters name slot {int(slots.max())}; there are {MOST_SLOTS}")
    if int(lengths.sum()) != values:
        raise ValueError(f"counters say {values} values and {int(lengths.sum())} of them")
    return Part(
        replaces=bool(flags & _REPLACES),
        slots=slots,
        identities=identities,
        starts=starts,
        lengths=lengths,
        at=base + at * _MS if flags & _MILLIS else at,
        values=reader.column("<u4" if flags & _WHOLE else "<f8", values).astype(np.float64),
    )
