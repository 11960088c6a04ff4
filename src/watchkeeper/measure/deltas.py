"""
What does one batch change?

A delta is what a batch adds to rows in slots, and what it merges into series. It is the record of the log: whatever was
acknowledged can be rebuilt from deltas alone, in any order.

>>> import numpy as np
>>> delta = Delta(rows=np.array([4]), slots=np.array([100]), amounts=np.array([2]))
>>> unpack(pack(delta)).amounts.tolist()
[2]
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.merges import Exemplar, Merge, Result
from watchkeeper.measure.values import Ints


def _none() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass(slots=True, kw_only=True)
class Delta:
    """
    Amounts by (row number, finest slot), and merges by (series name, finest slot).
    """

    rows: Ints = field(default_factory=_none)
    slots: Ints = field(default_factory=_none)
    amounts: Ints = field(default_factory=_none)
    merges: dict[tuple[str, int], Merge] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(len(self.rows) or self.merges)


class _Packed(msgspec.Struct, array_like=True):
    rows: bytes
    slots: bytes
    amounts: bytes
    merges: list["PackedMerge"]


class PackedMerge(msgspec.Struct, array_like=True):
    """
    A merge as the log and the rollups keep it.
    """

    series: str
    slot: int
    low: int | None
    high: int | None
    last: tuple[int, int] | None
    seen_ns: int
    buckets: dict[int, int]
    results: list[Result]
    worst: list[Exemplar]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Packed)


def pack(delta: Delta) -> bytes:
    """
    The delta as bytes: little-endian int64 columns and merges in MessagePack.
    """
    merges = [pack_merge(series, slot, merge) for (series, slot), merge in sorted(delta.merges.items())]
    return _encoder.encode(_Packed(_bytes(delta.rows), _bytes(delta.slots), _bytes(delta.amounts), merges))


def unpack(body: bytes) -> Delta:
    """
    The delta that `pack` wrote; `msgspec.DecodeError` where the bytes are no delta.
    """
    packed = _decoder.decode(body)
    merges = {(one.series, one.slot): unpack_merge(one) for one in packed.merges}
    return Delta(rows=_ints(packed.rows), slots=_ints(packed.slots), amounts=_ints(packed.amounts), merges=merges)


def pack_merge(series: str, slot: int, merge: Merge) -> PackedMerge:
    """
    One merge, with its series and slot.
    """
    return PackedMerge(
        series, slot, merge.low, merge.high, merge.last, merge.seen_ns, merge.buckets, merge.results, merge.worst
    )


def unpack_merge(packed: PackedMerge) -> Merge:
    """
    The merge again.
    """
    return Merge(
        low=packed.low,
        high=packed.high,
        last=packed.last,
        seen_ns=packed.seen_ns,
        buckets=packed.buckets,
        results=packed.results,
        worst=packed.worst,
    )


def together(deltas: Iterable[Delta]) -> Delta:
    """
    Several deltas as one.
    """
    all_ = list(deltas)
    merges: dict[tuple[str, int], Merge] = {}
    for delta in all_:
        for key, merge in delta.merges.items():
            merges.setdefault(key, Merge()).take(merge)
    rows, slots, amounts = (
        np.concatenate([getattr(delta, column) for delta in all_] or [_none()])
        for column in ("rows", "slots", "amounts")
    )
    return Delta(rows=rows, slots=slots, amounts=amounts, merges=merges)


def split(delta: Delta, head: int) -> tuple[Delta, Delta]:
    """
    What lies up to the slot `head`, and what lies ahead of it.
    """
    ahead = delta.slots > head
    later = {key: merge for key, merge in delta.merges.items() if key[1] > head}
    if not ahead.any() and not later:
        return delta, Delta()
    sooner = {key: merge for key, merge in delta.merges.items() if key[1] <= head}
    return _only(delta, ~ahead, sooner), _only(delta, ahead, later)


def added(delta: Delta) -> Delta:
    """
    The same with one amount per row and slot, and none that is 0.
    """
    order = np.lexsort((delta.rows, delta.slots))
    rows, slots, amounts = delta.rows[order], delta.slots[order], delta.amounts[order]
    if len(rows):
        starts = np.flatnonzero(np.r_[True, (np.diff(rows) != 0) | (np.diff(slots) != 0)])
        rows, slots, amounts = rows[starts], slots[starts], np.add.reduceat(amounts, starts)
    kept = amounts != 0
    return Delta(rows=rows[kept], slots=slots[kept], amounts=amounts[kept], merges=delta.merges)


def _only(delta: Delta, kept: NDArray[np.bool_], merges: dict[tuple[str, int], Merge]) -> Delta:
    return Delta(rows=delta.rows[kept], slots=delta.slots[kept], amounts=delta.amounts[kept], merges=merges)


def _bytes(column: Ints) -> bytes:
    return np.ascontiguousarray(column, dtype="<i8").tobytes()


def _ints(column: bytes) -> Ints:
    return np.frombuffer(column, dtype="<i8").astype(np.int64)
