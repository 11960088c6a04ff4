"""
What does one batch change?

A delta is what a batch adds to rows in slots, and what it merges into series. It is the record of the log: whatever was
acknowledged can be rebuilt from deltas alone, in any order.

>>> import numpy as np
>>> delta = Delta(rows=np.array([4]), slots=np.array([100]), amounts=np.array([2]))
>>> unpack(pack(delta)).amounts.tolist()
[2]
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.merges import KEEP_WORST, Merge, Result
from watchkeeper.measure.packing import PackedInts, pack_ints, unpack_ints
from watchkeeper.measure.values import Ints

Traces = NDArray[np.uint64]
Columns = TypeVar("Columns", "Buckets", "Worst")


def _none() -> Ints:
    return np.zeros(0, dtype=np.int64)


def _no_traces() -> Traces:
    return np.zeros((0, 2), dtype=np.uint64)


@dataclass(slots=True, kw_only=True)
class Buckets:
    """
    Entries of histograms: how many (`amounts`) fell into a bucket, by histogram row and finest slot.
    """

    rows: Ints = field(default_factory=_none)
    slots: Ints = field(default_factory=_none)
    buckets: Ints = field(default_factory=_none)
    amounts: Ints = field(default_factory=_none)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(slots=True, kw_only=True)
class Worst:
    """
    Examples: time, value in steps and trace id (two halves), by row of examples and finest slot; at most three of each
    row and slot, the largest (value, time, trace).
    """

    rows: Ints = field(default_factory=_none)
    slots: Ints = field(default_factory=_none)
    at_ns: Ints = field(default_factory=_none)
    values: Ints = field(default_factory=_none)
    traces: Traces = field(default_factory=_no_traces)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(slots=True, kw_only=True)
class Delta:
    """
    Amounts by (row number, finest slot), entries of histograms, examples, and merges by (series name, finest slot).
    """

    rows: Ints = field(default_factory=_none)
    slots: Ints = field(default_factory=_none)
    amounts: Ints = field(default_factory=_none)
    buckets: Buckets = field(default_factory=Buckets)
    worst: Worst = field(default_factory=Worst)
    merges: dict[tuple[str, int], Merge] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(len(self.rows) or len(self.buckets) or len(self.worst) or self.merges)


class _Packed(msgspec.Struct, array_like=True):
    amounts: tuple[PackedInts, PackedInts, PackedInts]
    buckets: tuple[PackedInts, PackedInts, PackedInts, PackedInts] | None
    worst: tuple[PackedInts, PackedInts, PackedInts, PackedInts, bytes] | None
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
    results: list[Result]
    distinct: dict[str, bytes]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Packed)


def pack(delta: Delta) -> bytes:
    """
    The delta as bytes: narrow little-endian columns and merges in MessagePack.
    """
    buckets, worst = delta.buckets, delta.worst
    packed = _Packed(
        (pack_ints(delta.rows), pack_ints(delta.slots), pack_ints(delta.amounts)),
        _packed_buckets(buckets) if len(buckets) else None,
        _packed_worst(worst) if len(worst) else None,
        [pack_merge(series, slot, merge) for (series, slot), merge in sorted(delta.merges.items())],
    )
    return _encoder.encode(packed)


def unpack(body: bytes) -> Delta:
    """
    The delta that `pack` wrote; `msgspec.DecodeError` or `ValueError` where the bytes are no delta.
    """
    packed = _decoder.decode(body)
    rows, slots, amounts = map(unpack_ints, packed.amounts)
    delta = Delta(rows=rows, slots=slots, amounts=amounts)
    delta.merges = {(one.series, one.slot): unpack_merge(one) for one in packed.merges}
    if packed.buckets is not None:
        rows, slots, which, amounts = map(unpack_ints, packed.buckets)
        delta.buckets = Buckets(rows=rows, slots=slots, buckets=which, amounts=amounts)
    if packed.worst is not None:
        *columns, traces = packed.worst
        rows, slots, at_ns, values = map(unpack_ints, columns)
        halves = np.frombuffer(traces, dtype="<u8").astype(np.uint64).reshape(-1, 2)
        delta.worst = Worst(rows=rows, slots=slots, at_ns=at_ns, values=values, traces=halves)
    return delta


def _packed_buckets(one: Buckets) -> tuple[PackedInts, PackedInts, PackedInts, PackedInts]:
    return pack_ints(one.rows), pack_ints(one.slots), pack_ints(one.buckets), pack_ints(one.amounts)


def _packed_worst(one: Worst) -> tuple[PackedInts, PackedInts, PackedInts, PackedInts, bytes]:
    traces = np.ascontiguousarray(one.traces, dtype="<u8").tobytes()
    return pack_ints(one.rows), pack_ints(one.slots), pack_ints(one.at_ns), pack_ints(one.values), traces


def pack_merge(series: str, slot: int, merge: Merge) -> PackedMerge:
    """
    One merge, with its series and slot.
    """
    return PackedMerge(
        series,
        slot,
        merge.low,
        merge.high,
        merge.last,
        merge.seen_ns,
        merge.results,
        dict(sorted(merge.distinct.items())),
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
        results=packed.results,
        distinct=packed.distinct,
    )


def together(deltas: Iterable[Delta]) -> Delta:
    """
    Several deltas as one.
    """
    all_ = list(deltas)
    if len(all_) == 1:
        return all_[0]
    merges: dict[tuple[str, int], Merge] = {}
    for delta in all_:
        for key, merge in delta.merges.items():
            merges.setdefault(key, Merge()).take(merge)
    rows, slots, amounts = (
        np.concatenate([getattr(one, column) for one in all_] or [_none()]) for column in ("rows", "slots", "amounts")
    )
    return Delta(
        rows=rows,
        slots=slots,
        amounts=amounts,
        buckets=_all_of(Buckets, [one.buckets for one in all_]),
        worst=_all_of(Worst, [one.worst for one in all_]),
        merges=merges,
    )


def split(delta: Delta, head: int) -> tuple[Delta, Delta]:
    """
    What lies up to the slot `head`, and what lies ahead of it.
    """
    ahead = [one.slots > head for one in (delta, delta.buckets, delta.worst)]
    later = {key: merge for key, merge in delta.merges.items() if key[1] > head}
    if not later and not any(one.any() for one in ahead):
        return delta, Delta()
    sooner = {key: merge for key, merge in delta.merges.items() if key[1] <= head}
    return _only(delta, [~one for one in ahead], sooner), _only(delta, ahead, later)


def added(delta: Delta) -> Delta:
    """
    The same with one amount per row and slot (and bucket), none that is 0, and the three worst of each row and slot;
    all in order.
    """
    slots, rows, amounts = summed((delta.slots, delta.rows), delta.amounts)
    some = delta.buckets
    if len(some):
        of_slots, of_rows, which, n = summed((some.slots, some.rows, some.buckets), some.amounts)
        some = Buckets(rows=of_rows, slots=of_slots, buckets=which, amounts=n)
    worst = worst_of(delta.worst) if len(delta.worst) else delta.worst
    return Delta(rows=rows, slots=slots, amounts=amounts, buckets=some, worst=worst, merges=delta.merges)


def normalised(delta: Delta) -> Delta:
    """
    The one form of all deltas that say the same: for comparing.
    """
    whole = added(delta)
    whole.merges = {key: merge for key, merge in sorted(delta.merges.items()) if merge}
    return whole


def worst_of(worst: Worst) -> Worst:
    """
    The three worst of each row and slot, each once, in order.
    """
    keys = (worst.traces[:, 1], worst.traces[:, 0], worst.at_ns, worst.values, worst.rows, worst.slots)
    order = np.lexsort(keys)
    if len(order):
        sorted_ = [key[order] for key in keys]
        order = order[begins(sorted_)]  # each example once
        new = begins([key[order] for key in keys[4:]])
        group = np.cumsum(new) - 1
        ends = np.r_[np.flatnonzero(new)[1:], len(order)]
        order = order[ends[group] - np.arange(len(order)) <= KEEP_WORST]
    return _taken(worst, order)


def summed(keys: tuple[Ints, ...], amounts: Ints) -> tuple[Ints, ...]:
    """
    One amount per key, none that is 0, in the order of the keys; the keys, then the amounts.
    """
    if not len(amounts):
        return (*keys, amounts)
    order = np.lexsort(keys[::-1])
    keys = tuple(key[order] for key in keys)
    starts = np.flatnonzero(begins(keys))
    sums = np.add.reduceat(amounts[order], starts)
    kept = sums != 0
    return (*(key[starts][kept] for key in keys), sums[kept])


def begins(keys: Sequence[NDArray[Any]]) -> NDArray[np.bool_]:
    """
    Where in sorted columns something new begins.
    """
    new = np.zeros(len(keys[0]), dtype=np.bool_)
    new[:1] = True
    for key in keys:
        new[1:] |= key[1:] != key[:-1]
    return new


def _only(delta: Delta, kept: Sequence[NDArray[np.bool_]], merges: dict[tuple[str, int], Merge]) -> Delta:
    return Delta(
        rows=delta.rows[kept[0]],
        slots=delta.slots[kept[0]],
        amounts=delta.amounts[kept[0]],
        buckets=_taken(delta.buckets, kept[1]),
        worst=_taken(delta.worst, kept[2]),
        merges=merges,
    )


def _taken(columns: Columns, kept: NDArray[Any]) -> Columns:
    return type(columns)(**{one.name: getattr(columns, one.name)[kept] for one in fields(columns)})


def _all_of(kind: type[Columns], parts: Sequence[Columns]) -> Columns:
    parts = [part for part in parts if len(part)]
    if len(parts) <= 1:
        return parts[0] if parts else kind()
    return kind(**{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(kind)})
