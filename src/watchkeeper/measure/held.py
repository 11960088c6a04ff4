"""
What does a series hold in one slot, besides what is added up: merges, histogram and examples together?
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from watchkeeper.measure.deltas import Delta, PackedMerge, pack_merge, unpack_merge
from watchkeeper.measure.merges import Exemplar, Merge, keep_worst
from watchkeeper.measure.rows import Registry, series_of
from watchkeeper.measure.values import trace_of


@dataclass(slots=True, kw_only=True)
class Held(Merge):
    """
    A merge with its histogram and its examples.
    """

    buckets: dict[int, int] = field(default_factory=dict)
    worst: list[Exemplar] = field(default_factory=list)

    def take(self, other: Merge) -> None:
        """
        Merge another into this one; the other stays as it is.
        """
        Merge.take(self, other)
        if isinstance(other, Held):
            for bucket, n in other.buckets.items():
                self.buckets[bucket] = self.buckets.get(bucket, 0) + n
            if other.worst:
                self.worst = keep_worst(self.worst + other.worst)


class PackedHeld(msgspec.Struct, array_like=True):
    """
    The same as the rollups keep it.
    """

    merge: PackedMerge
    buckets: dict[int, int]
    worst: list[Exemplar]


def pack_held(series: str, held: Held) -> PackedHeld:
    """
    One series, packed.
    """
    return PackedHeld(pack_merge(series, 0, held), held.buckets, held.worst)


def unpack_held(packed: PackedHeld) -> Held:
    """
    The series again.
    """
    whole = Held(buckets=packed.buckets, worst=packed.worst)
    Merge.take(whole, unpack_merge(packed.merge))
    return whole


def merged(merges: Iterable[Merge]) -> Held:
    """
    Several as one new one.
    """
    whole = Held()
    for merge in merges:
        whole.take(merge)
    return whole


def held_of(delta: Delta, registry: Registry) -> dict[tuple[str, int], Held]:
    """
    All of a delta that is not added up, by series and slot.
    """
    found: dict[tuple[str, int], Held] = {}
    for key, merge in delta.merges.items():
        found.setdefault(key, Held()).take(merge)
    some = delta.buckets
    for row, slot, bucket, n in zip(
        *(one.tolist() for one in (some.rows, some.slots, some.buckets, some.amounts)), strict=True
    ):
        buckets = found.setdefault((_series(row, registry), slot), Held()).buckets
        buckets[bucket] = buckets.get(bucket, 0) + n
    worst = delta.worst
    columns = (worst.rows, worst.slots, worst.at_ns, worst.values, worst.traces)
    for row, slot, at_ns, value, trace in zip(*(one.tolist() for one in columns), strict=True):
        held = found.setdefault((_series(row, registry), slot), Held())
        held.worst = keep_worst([*held.worst, (at_ns, value, trace_of(*trace))])
    return found


def _series(row: int, registry: Registry) -> str:
    return str(series_of(registry.name(row)))
