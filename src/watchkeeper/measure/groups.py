"""
What do the rows of one signature add up to in one slot?

The arithmetic of a batch in numpy: rows sorted by (signature, slot, value) make groups, and each number of a group is
one `reduceat`. Everything is integer, so how a stream was cut into batches leaves no trace in a sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.held import Held
from watchkeeper.measure.merges import KEEP_RESULTS, KEEP_WORST, Exemplar, bucket_of
from watchkeeper.measure.plan import Reading
from watchkeeper.measure.readings import Read, read
from watchkeeper.measure.values import Batch, Ints, trace_of

_LOW_BITS = 2**32 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """
    The groups of a batch for one reading: arrays of one entry a group, and the sorted rows behind them.
    """

    signatures: Ints
    slots: Ints
    count: Ints
    valued: Ints
    low_sum: Ints
    high_sum: Ints
    bucketed: Ints
    under: Ints  # one column a bound: surely under it
    over: Ints  # one column a bound: surely not
    starts: Ints  # where each group begins among the sorted rows
    at_ns: Ints
    weight: Ints
    values: Read
    traces: NDArray[np.uint64] | None  # of the whole batch
    rows: Ints  # the place of each sorted row in the batch

    @property
    def n(self) -> int:
        """
        How many groups.
        """
        return len(self.starts)

    def merge(self, g: int, *, worst: bool, result: bool | None) -> Held:
        """
        The mergeable numbers of group g: with examples where asked, and with results where strikes are counted.
        """
        end = int(self.starts[g + 1]) if g + 1 < self.n else len(self.at_ns)
        rows = np.arange(int(self.starts[g]), end)
        rows = rows[self.weight[rows] > 0]  # a row of weight 0 only says that its source spoke
        at = self.at_ns[rows]
        merge = Held(seen_ns=int(at.max(initial=0)), buckets=self._buckets(rows))
        self._extremes(merge, rows[self.values.has[rows]])
        if result is not None:
            merge.results = [(when, int(result)) for when in np.sort(at)[-KEEP_RESULTS:].tolist()]
        if worst:
            merge.worst = self._worst(rows)
        return merge

    def _extremes(self, merge: Held, rows: Ints) -> None:
        if len(rows):
            values, at = self.values.value[rows], self.at_ns[rows]
            newest = int(at.max())
            merge.low, merge.high = int(values[0]), int(values[-1])  # the rows are sorted by value
            merge.last = (newest, int(values[at == newest].max()))

    def _buckets(self, rows: Ints) -> dict[int, int]:
        rows = rows[self.values.has[rows] | self.values.loose[rows]]
        buckets, which = np.unique(bucket_of(self.values.shown[rows]), return_inverse=True)
        weights = np.zeros(len(buckets), dtype=np.int64)
        np.add.at(weights, which, self.weight[rows])
        return dict(zip(buckets.tolist(), weights.tolist(), strict=True))

    def _worst(self, rows: Ints) -> list[Exemplar]:
        """
        The largest values that have a trace, by (value, time, trace).
        """
        found: list[Exemplar] = []
        for i in rows[::-1].tolist() if self.traces is not None else ():
            trace_id = trace_of(*self.traces[int(self.rows[i])].tolist()) if self.traces is not None else ""
            one = (int(self.at_ns[i]), int(self.values.shown[i]), trace_id)
            if len(found) >= KEEP_WORST and (one[1], one[0]) != (found[-1][1], found[-1][0]):
                break  # what follows is smaller, or as large and earlier
            if trace_id and one not in found:
                found.append(one)
        return sorted(found, key=lambda one: (one[1], one[0], one[2]), reverse=True)[:KEEP_WORST]


def group(
    batch: Batch, rows: Ints, which: Ints, slot_ns: int, reading: Reading, bounds: Sequence[tuple[int, bool]]
) -> Groups:
    """
    Sum up rows by (signature, slot); there is at least one. `bounds` are the thresholds to count under.
    """
    values = read(batch, rows, reading)
    slots = batch.at_ns[rows] // slot_ns
    order = np.lexsort((batch.at_ns[rows], values.shown, slots, which))
    values, rows, slots, which = values.taken(order), rows[order], slots[order], which[order]
    starts = np.flatnonzero(np.r_[True, (np.diff(which) != 0) | (np.diff(slots) != 0)])
    weight = batch.weight[rows]
    has, loose = np.where(values.has, weight, 0), np.where(values.loose, weight, 0)
    under, over = _held(values, has, loose, bounds)
    return Groups(
        signatures=which[starts],
        slots=slots[starts],
        count=np.add.reduceat(weight, starts),
        valued=np.add.reduceat(has, starts),
        low_sum=np.add.reduceat(has * (values.value & _LOW_BITS), starts),
        high_sum=np.add.reduceat(has * (values.value >> 32), starts),
        bucketed=np.add.reduceat(loose, starts),
        under=np.add.reduceat(under, starts, axis=0),
        over=np.add.reduceat(over, starts, axis=0),
        starts=starts,
        at_ns=batch.at_ns[rows],
        weight=weight,
        values=values,
        traces=batch.traces,
        rows=rows,
    )


def _held(values: Read, has: Ints, loose: Ints, bounds: Sequence[tuple[int, bool]]) -> tuple[Ints, Ints]:
    """
    The weight of each row, one column a bound, that is surely under the bound, and that is surely not.

    A bucket (low, high] that ends at the threshold counts as under it, whether the manual writes `<` or `<=`: its
    source cannot tell the two apart.
    """
    limits = np.array([bound for bound, _ in bounds], dtype=np.int64)
    ends = limits - np.array([inclusive for _, inclusive in bounds], dtype=np.int64)
    is_under = values.value[:, None] < limits
    under, over = has[:, None] * is_under, has[:, None] * ~is_under
    if loose.any():
        inside = values.high[:, None] <= ends
        beyond = ~inside & (values.low[:, None] >= ends)
        under, over = under + loose[:, None] * inside, over + loose[:, None] * beyond
    return under, over
