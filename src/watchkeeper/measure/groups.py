"""
What do observations add up to, by signature and slot?

The arithmetic of a batch in numpy: rows sorted by (part, slot) make groups, each number of a group is one `reduceat`,
and every group is then spread over the rows that it adds to. Everything is integer, so how a stream was cut into
batches leaves no trace in a sum. `native/counting.pyx` says the same in compiled code; this is its reference and
its fallback.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.deltas import Buckets, Worst, begins, summed, worst_of
from watchkeeper.measure.ledger import BOUNDS, BUCKETED, COUNT, HIGH_SUM, LOW_SUM, VALUED, Ledger, ragged
from watchkeeper.measure.merges import bucket_of
from watchkeeper.measure.merging import Looked
from watchkeeper.measure.readings import Read
from watchkeeper.measure.values import Batch, Ints

_LOW_BITS = 2**32 - 1


@dataclass(slots=True, kw_only=True)
class Counts:
    """
    What a batch adds, rows still by place.
    """

    places: Ints
    slots: Ints
    amounts: Ints
    buckets: Buckets
    worst: Worst
    looked: Looked | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sorted:
    """
    The observations of one reading, sorted by group.
    """

    at_ns: Ints
    weight: Ints
    values: Read
    rows: Ints  # in the batch
    part: Ints
    starts: Ints
    group: Ints  # of each observation
    parts: Ints  # of each group
    slots: Ints  # of each group

    @property
    def has(self) -> Ints:
        return np.where(self.values.has, self.weight, 0)

    @property
    def loose(self) -> Ints:
        return np.where(self.values.loose, self.weight, 0)


def count(batch: Batch, rows: Ints, parts: Ints, values: Read, slot_ns: int, ledger: Ledger) -> Counts:
    """
    Sum up the rows of a batch, of which each counts for one part of the ledger; there is at least one row.
    """
    found = _sorted(batch, rows, parts, values, slot_ns)
    numbers, at = _numbers(found, ledger)
    first, entries = ledger.entries_at.all.astype(np.int64), np.diff(ledger.entries_at.all)[found.parts]
    which = ragged(first[found.parts], entries)
    amounts = numbers[np.repeat(at, entries) + ledger.kind.all[which]]
    slots, places, amounts = summed(
        (np.repeat(found.slots, entries), ledger.place.all[which].astype(np.int64)), amounts
    )
    return Counts(
        places=places,
        slots=slots,
        amounts=amounts,
        buckets=_buckets(found, ledger),
        worst=_worst(found, ledger, batch.traces),
        looked=_looked(found, ledger),
    )


def _sorted(batch: Batch, rows: Ints, parts: Ints, values: Read, slot_ns: int) -> _Sorted:
    at_ns = batch.at_ns[rows]
    slots = at_ns // slot_ns
    order = np.lexsort((slots, parts))
    parts, slots = parts[order], slots[order]
    new = begins((parts, slots))
    starts = np.flatnonzero(new)
    return _Sorted(
        at_ns=at_ns[order],
        weight=batch.weight[rows][order],
        values=values.taken(order),
        rows=rows[order],
        part=parts,
        starts=starts,
        group=np.cumsum(new) - 1,
        parts=parts[starts],
        slots=slots[starts],
    )


def _numbers(found: _Sorted, ledger: Ledger) -> tuple[Ints, Ints]:
    """
    The numbers of all groups one after another, and where those of each group begin.
    """
    wide = BOUNDS + 2 * np.diff(ledger.bounds_at.all)[found.parts].astype(np.int64)
    at = np.cumsum(wide) - wide
    numbers = np.zeros(int(wide.sum()), dtype=np.int64)
    has, loose, value = found.has, found.loose, found.values.value
    for kind, each in (
        (COUNT, found.weight),
        (VALUED, has),
        (LOW_SUM, has * (value & _LOW_BITS)),
        (HIGH_SUM, has * (value >> 32)),
        (BUCKETED, loose),
    ):
        numbers[at + kind] = np.add.reduceat(each, found.starts)
    _add_held(found, ledger, numbers, at)
    return numbers, at


def _add_held(found: _Sorted, ledger: Ledger, numbers: Ints, at: Ints) -> None:
    """
    How many are surely under each threshold of their part, and how many surely not.

    A bucket (low, high] that ends at the threshold counts as under it, whether the manual writes `<` or `<=`: its
    source cannot tell the two apart.
    """
    bounds = np.diff(ledger.bounds_at.all)[found.part].astype(np.int64)
    if not bounds.any():
        return
    each = np.repeat(np.arange(len(bounds)), bounds)
    which = ragged(ledger.bounds_at.all[found.part].astype(np.int64), bounds)
    limits, ends = ledger.limit.all[which], ledger.end.all[which]
    is_under = found.values.value[each] < limits
    has, loose = found.has[each], found.loose[each]
    under, over = has * is_under, has * ~is_under
    if loose.any():
        inside = found.values.high[each] <= ends
        beyond = ~inside & (found.values.low[each] >= ends)
        under, over = under + loose * inside, over + loose * beyond
    target = at[found.group][each] + BOUNDS + 2 * (which - ledger.bounds_at.all[found.part][each])
    np.add.at(numbers, target, under)
    np.add.at(numbers, target + 1, over)


def _buckets(found: _Sorted, ledger: Ledger) -> Buckets:
    wide = np.diff(ledger.histograms_at.all)[found.part].astype(np.int64)
    weight = found.has + found.loose
    wide[weight == 0] = 0
    if not wide.any():
        return Buckets()
    which = ragged(ledger.histograms_at.all[found.part].astype(np.int64), wide)
    slots, rows, buckets, amounts = summed(
        (
            np.repeat(found.slots[found.group], wide),
            ledger.histogram.all[which].astype(np.int64),
            np.repeat(bucket_of(found.values.shown), wide),
        ),
        np.repeat(weight, wide),
    )
    return Buckets(rows=rows, slots=slots, buckets=buckets, amounts=amounts)


def _worst(found: _Sorted, ledger: Ledger, traces: NDArray[np.uint64] | None) -> Worst:
    """
    Of those that have a trace.
    """
    if traces is None:
        return Worst()
    wide = np.diff(ledger.worst_at.all)[found.part].astype(np.int64)
    mine = np.flatnonzero((wide > 0) & (found.weight > 0) & traces[found.rows].any(axis=1))
    if not len(mine):
        return Worst()
    of_group = worst_of(
        Worst(
            rows=found.group[mine],
            slots=found.slots[found.group[mine]],
            at_ns=found.at_ns[mine],
            values=found.values.shown[mine],
            traces=traces[found.rows[mine]],
        )
    )
    parts = found.parts[of_group.rows]
    wide = np.diff(ledger.worst_at.all)[parts].astype(np.int64)
    which = ragged(ledger.worst_at.all[parts].astype(np.int64), wide)
    return worst_of(
        Worst(
            rows=ledger.worst.all[which].astype(np.int64),
            slots=np.repeat(of_group.slots, wide),
            at_ns=np.repeat(of_group.at_ns, wide),
            values=np.repeat(of_group.values, wide),
            traces=np.repeat(of_group.traces, wide, axis=0),
        )
    )


def _looked(found: _Sorted, ledger: Ledger) -> Looked | None:
    """
    The groups that are looked at more closely.
    """
    mine = ledger.looked.all[found.part] > 0
    if not mine.any():
        return None
    order = np.flatnonzero(mine)
    groups = found.group[order]
    starts = np.flatnonzero(begins((groups,)))
    return Looked(
        starts=starts,
        parts=found.parts[groups[starts]],
        slots=found.slots[groups[starts]],
        at_ns=found.at_ns[order],
        weight=found.weight[order],
        values=found.values.taken(order),
        rows=found.rows[order],
    )
