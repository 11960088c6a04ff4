"""
Which streams does a batch say something about, and when?

A source speaks by any batch of its signal; where the stream reads one metric or check, by a row of that name. It is
heard at the times that it speaks of, and now.
"""

from dataclasses import dataclass, field

import numpy as np

from watchkeeper.measure.columns import PerCode
from watchkeeper.measure.deltas import Buckets, Worst, begins
from watchkeeper.measure.grid import Tier
from watchkeeper.measure.groups import Counts
from watchkeeper.measure.plan import Plan, StreamPlan
from watchkeeper.measure.readings import Mask
from watchkeeper.measure.rows import heard_row
from watchkeeper.measure.sheet import Places
from watchkeeper.measure.values import Batch, Ints


@dataclass(slots=True)
class _Ears:
    """
    The streams of one signal and lateness: the places of those that any row speaks of, and of those of one name.
    """

    column: str
    any: list[int] = field(default_factory=list)
    named: dict[str, list[int]] = field(default_factory=dict)


class Hearing:
    """
    The streams of a plan, by what a batch must hold for them to be heard.
    """

    def __init__(self, plan: Plan, places: Places, fine: Tier) -> None:
        self._fine = fine
        self._ears: dict[str, dict[int, _Ears]] = {}
        self._names: dict[str, int] = {}
        self._codes = PerCode(
            lambda values: [self._names.get(value, 0) if isinstance(value, str) else 0 for value in values],
            dtype=np.int32,
            absent=0,
        )
        for stream in plan.streams.values():
            self._add(stream, places.of([heard_row(stream.meaning)]))

    def hear(self, batch: Batch, keep: Mask, now_ns: int) -> Counts:
        """
        When each stream was heard; `keep` are the rows that are not in the future.
        """
        places: list[Ints] = [np.zeros(0, dtype=np.int64)]
        slots: list[Ints] = [np.zeros(0, dtype=np.int64)]
        for lateness_ns, ears in self._ears.get(batch.signal, {}).items():
            fresh = keep & (batch.at_ns >= now_ns - lateness_ns)
            for mine, heard in self._heard(ears, batch, keep, fresh, now_ns):
                places.append(np.repeat(mine, len(heard)))
                slots.append(np.tile(heard, len(mine)))
        whole = np.concatenate(places)
        return Counts(
            places=whole,
            slots=np.concatenate(slots),
            amounts=np.ones(len(whole), dtype=np.int64),
            buckets=Buckets(),
            worst=Worst(),
        )

    def _add(self, stream: StreamPlan, places: list[int]) -> None:
        ears = self._ears.setdefault(stream.signal, {}).setdefault(stream.lateness_ns, _Ears(stream.name_column))
        if stream.metric is None:
            ears.any += places
        else:
            self._names.setdefault(stream.metric, len(self._names) + 1)
            ears.named.setdefault(stream.metric, []).extend(places)

    def _heard(self, ears: _Ears, batch: Batch, keep: Mask, fresh: Mask, now_ns: int) -> list[tuple[Ints, Ints]]:
        """
        The places of streams and the slots in which they were heard.
        """
        slots, open_ = batch.at_ns // self._fine.slot_ns, np.array([self._fine.slot(now_ns)], dtype=np.int64)
        found: list[tuple[Ints, Ints]] = []
        if ears.any:
            found.append((np.array(ears.any, dtype=np.int64), np.unique(np.concatenate([slots[fresh], open_]))))
        if ears.named and ears.column in batch.columns:
            names = self._codes.of(batch.columns[ears.column], batch.n)
            spoke = np.bincount(names[keep], minlength=len(self._names) + 1)
            by_name = _by_name(names[fresh], slots[fresh])
            for name, places in ears.named.items():
                number = self._names[name]
                if spoke[number]:
                    mine = by_name.get(number, open_)
                    found.append((np.array(places, dtype=np.int64), np.unique(np.concatenate([mine, open_]))))
        return found


def _by_name(names: Ints, slots: Ints) -> dict[int, Ints]:
    """
    The slots of each name.
    """
    order = np.lexsort((slots, names))
    names, slots = names[order], slots[order]
    once = begins((names, slots))
    names, slots = names[once], slots[once]
    starts = np.flatnonzero(begins((names,)))
    return dict(zip(names[starts].tolist(), np.split(slots, starts[1:]), strict=True)) if len(names) else {}
