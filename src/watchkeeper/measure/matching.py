"""
Which rows does a batch count for, and by how much?

Rows of a batch that carry the same attribute values (as far as the manual tells them apart) count for the same series;
such a set of values is a *signature*. What a signature counts for is worked out once and remembered, so the cost of a
batch hardly depends on how many indicators there are. The rest is arithmetic on columns, in compiled code where it is
there (`native/counting.pyx`) and else in numpy (`groups.py`), with the same outcome; Python sees no event.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from watchkeeper.measure.columns import PerCode
from watchkeeper.measure.deltas import Columns, Delta, together
from watchkeeper.measure.distinct import hash_of
from watchkeeper.measure.grid import MINUTE, Grid
from watchkeeper.measure.groups import Counts, count
from watchkeeper.measure.hearing import Hearing
from watchkeeper.measure.labels import Labels
from watchkeeper.measure.lanes import Lane, lanes_of
from watchkeeper.measure.ledger import ragged
from watchkeeper.measure.merging import Hashed, Merges, merge_into, sets_of
from watchkeeper.measure.native import backend
from watchkeeper.measure.plan import Plan
from watchkeeper.measure.readings import read
from watchkeeper.measure.rows import Registry
from watchkeeper.measure.sheet import Places
from watchkeeper.measure.values import Batch, Ints

AHEAD_NS = MINUTE  # clocks differ: an event up to this far ahead waits for its slot, later ones are refused


@dataclass(slots=True)
class Counted:
    """
    What came of a batch: its delta, how many rows no stream took, by reason, and what else is worth to be told.
    """

    delta: Delta
    left_out: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)


class Matcher:
    """
    Turns batches into deltas for one plan. Not thread-safe: one thread owns it.
    """

    def __init__(self, plan: Plan, registry: Registry, grid: Grid, *, native: bool = True) -> None:
        self.plan = plan
        self.labels = Labels(registry)
        self._registry, self._grid = registry, grid
        self._loops = backend.native("counting") if native else None
        self._places = Places(registry)
        self._hearing = Hearing(plan, self._places, grid.fine, self._loops)
        signals = {stream.signal for stream in plan.streams.values()}
        self._lanes = {
            signal: lanes_of(plan.of_signal(signal), self.labels, self._places, self._loops) for signal in signals
        }
        self._hashes: dict[str, PerCode] = {}

    def count(self, batch: Batch, now_ns: int) -> Counted:
        """
        The delta of a batch that arrived at `now_ns`. Raises what the registry raises when it cannot keep new rows.
        """
        newest = now_ns + AHEAD_NS
        lanes, merges, noted = self._lanes.get(batch.signal, []), Merges(), Counter[str]()
        counts: list[Counts] = [self._hearing.hear(batch, newest, now_ns)]
        for lane in lanes:
            if lane.full:
                lane.forget()
                noted["signatures forgotten"] += 1
            for one in self._counted(batch, lane, now_ns):
                counts.append(one)
                if one.looked is not None:
                    hashed = self._hashed(batch, sets_of(lane.ledger.looks, one.looked.parts))
                    merge_into(merges, one.looked, lane.ledger, hashed)
        left_out = {
            "in the future": int(np.count_nonzero(batch.at_ns > newest)),
            "too old": _older(batch, now_ns, max((lane.lateness_ns for lane in lanes), default=now_ns)),
        }
        some = _older(batch, now_ns, min((lane.lateness_ns for lane in lanes), default=now_ns)) - left_out["too old"]
        if some:
            noted["too old for some streams"] += some
        return Counted(
            delta=self._delta(counts, merges),
            left_out=Counter({reason: n for reason, n in left_out.items() if n}),
            noted=noted,
        )

    def _counted(self, batch: Batch, lane: Lane, now_ns: int) -> Iterator[Counts]:
        """
        What the rows that are neither too old nor too new count for.
        """
        oldest, newest = now_ns - lane.lateness_ns, now_ns + AHEAD_NS
        if lane.compiled is None:
            rows = np.flatnonzero((batch.at_ns >= oldest) & (batch.at_ns <= newest))
            if len(rows):
                yield from self._counted_by_reading(batch, rows, lane)
            return
        table = lane.classed(batch)
        which, new = lane.compiled.number(table, batch.at_ns, oldest, newest)
        if new:
            lane.learn(table[:, new])
        yield lane.compiled.count(batch, which, lane.ledger, self._grid.fine.slot_ns, len(self._places))

    def _counted_by_reading(self, batch: Batch, rows: Ints, lane: Lane) -> Iterator[Counts]:
        which = lane.signatures(lane.classed(batch), rows)
        ledger = lane.ledger
        parts_at = ledger.parts_at.all.astype(np.int64)
        wide = np.diff(parts_at)[which]
        parts, rows = ragged(parts_at[which], wide), np.repeat(rows, wide)
        readings = ledger.reading.all[parts]
        for i, reading in enumerate(lane.readings):
            mine = readings == i
            if mine.any():
                values = read(batch, rows[mine], reading)
                yield count(batch, rows[mine], parts[mine], values, self._grid.fine.slot_ns, ledger)

    def _hashed(self, batch: Batch, names: set[str]) -> Hashed:
        """
        The hash of each row's value of these attributes.
        """
        found = {}
        for name in names:
            if name not in self._hashes:
                self._hashes[name] = PerCode(self._hash, dtype=np.uint64, absent=0)
            column = batch.columns.get(name)
            there = np.zeros(batch.n, dtype=np.bool_) if column is None else column.codes >= 0
            found[name] = self._hashes[name].of(column, batch.n), there
        return found

    def _hash(self, values: Sequence[Any]) -> list[int]:
        key = self._registry.key()
        return [hash_of(value, key) for value in values]

    def _delta(self, counts: list[Counts], merges: Merges) -> Delta:
        parts = [
            Delta(rows=one.places, slots=one.slots, amounts=one.amounts, buckets=one.buckets, worst=one.worst)
            for one in counts
        ]
        whole = together(parts)
        whole.rows = self._places.ids(whole.rows)
        whole.buckets, whole.worst = self._numbered(whole.buckets), self._numbered(whole.worst)
        whole.merges = merges
        return whole

    def _numbered(self, columns: Columns) -> Columns:
        """
        With lasting numbers in place of places.
        """
        if len(columns):
            columns.rows = self._places.ids(columns.rows)
        return columns


def _older(batch: Batch, now_ns: int, lateness_ns: int) -> int:
    """
    How many rows are older than a stream of this lateness takes.
    """
    return int(np.count_nonzero(batch.at_ns < now_ns - lateness_ns))
