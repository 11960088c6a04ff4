"""
Which streams does a batch say something about, and when?

A source speaks by any batch of its signal; where the stream reads one metric or check, by a row of that name. It is
heard at the times that it speaks of, and now.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.columns import PerCode
from watchkeeper.measure.deltas import Buckets, Worst, begins
from watchkeeper.measure.grid import Tier
from watchkeeper.measure.groups import Counts
from watchkeeper.measure.plan import Plan, StreamPlan
from watchkeeper.measure.rows import heard_row
from watchkeeper.measure.sheet import Places
from watchkeeper.measure.values import Batch, Ints

_FEW = 8  # streams that are marked one by one; more at once


@dataclass(slots=True)
class _Ears:
    """
    The streams of one signal and lateness: the places of those that any row speaks of, and of those of one name.
    """

    column: str
    any: list[int] = field(default_factory=list)
    named: dict[int, list[int]] = field(default_factory=dict)  # by the number of the name


class Hearing:
    """
    The streams of a plan, by what a batch must hold for them to be heard.
    """

    def __init__(self, plan: Plan, places: Places, fine: Tier, loops: ModuleType | None) -> None:
        self._fine = fine
        self._spoken = spoken if loops is None else loops.spoken
        self._ears: dict[str, dict[int, _Ears]] = {}
        self._names: dict[str, int] = {}
        self._codes = PerCode(
            lambda values: [self._names.get(value, 0) if isinstance(value, str) else 0 for value in values],
            dtype=np.int32,
            absent=0,
        )
        for stream in plan.streams.values():
            self._add(stream, places.of([heard_row(stream.meaning)]))

    def hear(self, batch: Batch, newest: int, now_ns: int) -> Counts:
        """
        When each stream was heard; rows after `newest` are in the future.
        """
        places: list[int] = []
        slots: list[int] = []
        many: list[tuple[Ints, Ints]] = []
        open_ = self._fine.slot(now_ns)
        for lateness_ns, ears in self._ears.get(batch.signal, {}).items():
            for mine, found in self._heard(ears, batch, now_ns - lateness_ns, newest):
                heard = sorted({*found, open_})
                if len(mine) > _FEW:
                    many.append((np.repeat(np.array(mine, dtype=np.int64), len(heard)), np.tile(heard, len(mine))))
                    continue
                for place in mine:
                    places += [place] * len(heard)
                    slots += heard
        of_places, of_slots = np.array(places, dtype=np.int64), np.array(slots, dtype=np.int64)
        if many:
            of_places = np.concatenate([of_places, *(one for one, _ in many)])
            of_slots = np.concatenate([of_slots, *(one for _, one in many)])
        return Counts(
            places=of_places,
            slots=of_slots,
            amounts=np.ones(len(of_places), dtype=np.int64),
            buckets=Buckets(),
            worst=Worst(),
        )

    def _add(self, stream: StreamPlan, places: list[int]) -> None:
        ears = self._ears.setdefault(stream.signal, {}).setdefault(stream.lateness_ns, _Ears(stream.name_column))
        if stream.metric is None:
            ears.any += places
        else:
            number = self._names.setdefault(stream.metric, len(self._names) + 1)
            ears.named.setdefault(number, []).extend(places)

    def _heard(self, ears: _Ears, batch: Batch, oldest: int, newest: int) -> Iterator[tuple[list[int], list[int]]]:
        """
        The places of streams, and the slots in which they were heard.
        """
        if ears.any:
            names = np.zeros(batch.n, dtype=np.int32)
            _, slots, _ = self._spoken(names, batch.at_ns, oldest, newest, self._fine.slot_ns, 0)
            yield ears.any, slots.tolist()
        if ears.named and ears.column in batch.columns:
            names = self._codes.of(batch.columns[ears.column], batch.n)
            found = self._spoken(names, batch.at_ns, oldest, newest, self._fine.slot_ns, len(self._names))
            by_name: dict[int, list[int]] = {}
            for name, slot in zip(found[0].tolist(), found[1].tolist(), strict=True):
                by_name.setdefault(name, []).append(slot)
            for number in np.flatnonzero(found[2]).tolist():
                if number in ears.named:
                    yield ears.named[number], by_name.get(number, [])


def spoken(
    names: NDArray[np.int32], at_ns: Ints, oldest: int, newest: int, slot_ns: int, most: int
) -> tuple[NDArray[np.int32], Ints, NDArray[np.uint8]]:
    """
    In which slots each name spoke, by rows from oldest to newest: (names, slots), each pair once; and which of 0..most
    spoke at all up to newest. The reference of the compiled form.
    """
    kept = at_ns <= newest
    spoke = (np.bincount(names[kept], minlength=most + 1) > 0).astype(np.uint8)
    kept &= at_ns >= oldest
    names, slots = names[kept], at_ns[kept] // slot_ns
    order = np.lexsort((slots, names))
    names, slots = names[order], slots[order]
    once = begins((names, slots)) if len(names) else np.zeros(0, dtype=np.bool_)
    return names[once], slots[once], spoke
