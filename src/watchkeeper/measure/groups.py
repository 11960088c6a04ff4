"""
What do the rows of one signature add up to in one slot?

The arithmetic of a batch in numpy: rows sorted by (signature, slot, value) make groups, and each number of a group is one
`reduceat`. Everything is integer, so how a stream was cut into batches leaves no trace in a sum.
"""

from dataclasses import dataclass

import numpy as np

from watchkeeper.measure.fixed import fixed
from watchkeeper.measure.merges import KEEP_RESULTS, KEEP_WORST, Merge, bucket_of
from watchkeeper.measure.values import Batch, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """
    The groups of a batch for one kind of value: arrays of one entry a group, and the sorted rows behind them.
    """

    signatures: Ints
    slots: Ints
    count: Ints
    valued: Ints
    total: Ints
    bucketed: Ints
    under: Ints  # one column a bound: surely under it
    unsure: Ints  # one column a bound: perhaps under it
    starts: Ints  # where each group begins among the sorted rows
    at_ns: Ints
    values: Ints
    has: Ints  # weight of a valued row, else 0
    shown: Ints  # weight by bucket for the histogram
    weights: Ints
    trace_ids: list[str] | None
    results: bool

    @property
    def n(self) -> int:
        """
        How many groups.
        """
        return len(self.starts)

    def merge(self, g: int, *, worst: bool, result: bool | None) -> Merge:
        """
        The mergeable numbers of group g: with examples where asked, and with results where strikes are counted.
        """
        rows = slice(int(self.starts[g]), int(self.starts[g + 1]) if g + 1 < self.n else len(self.at_ns))
        at, weights = self.at_ns[rows], self.weights[rows]
        merge = Merge(seen_ns=int(at[weights > 0].max(initial=0)))
        valued = self.has[rows] > 0
        if valued.any():
            values, when = self.values[rows][valued], at[valued]
            newest = when.max()
            merge.low, merge.high = int(values[0]), int(values[-1])
            merge.last = (int(newest), int(values[when == newest].max()))
        buckets, where = np.unique(bucket_of(self.values[rows][self.shown[rows] > 0]), return_inverse=True)
        if len(buckets):
            sums = np.zeros(len(buckets), dtype=np.int64)
            np.add.at(sums, where, self.shown[rows][self.shown[rows] > 0])
            merge.buckets = dict(zip(buckets.tolist(), sums.tolist(), strict=True))
        if result is not None:
            merge.results = [(int(t), int(result)) for t in np.sort(at[weights > 0])[-KEEP_RESULTS:]]
        if worst and self.trace_ids is not None:
            merge.worst = self._worst(rows)
        return merge

    def _worst(self, rows: slice) -> list[tuple[int, int, str]]:
        assert self.trace_ids is not None
        last = range(max(rows.start, rows.stop - KEEP_WORST), rows.stop)
        return [
            (int(self.at_ns[i]), int(self.values[i]), self.trace_ids[i]) for i in reversed(last) if self.trace_ids[i]
        ]


def group(
    batch: Batch,
    rows: Ints,
    which: Ints,
    slot_ns: int,
    value: str,
    scale: int,
    bounds: list[tuple[int, bool]],
    *,
    results: bool,
) -> Groups:
    """
    Sum up rows by (signature, slot). `value` names what is summed; `bounds` are the thresholds to count under.
    """
    at, weight = batch.at_ns[rows], batch.weight[rows]
    slots = at // slot_ns
    values, valued = _values(batch, rows, value, scale)
    low, high, bucketed = _limits(batch, rows, scale)
    shown = np.where(bucketed, np.where(high < 2**62, high, low), values)
    order = np.lexsort((at, np.where(valued, values, shown), slots, which))
    at, weight, slots, which_ = at[order], weight[order], slots[order], which[order]
    values, valued, shown = values[order], valued[order], shown[order]
    low, high, bucketed = low[order], high[order], bucketed[order]
    starts = np.flatnonzero(np.r_[True, (np.diff(which_) != 0) | (np.diff(slots) != 0)])
    has, loose = np.where(valued, weight, 0), np.where(bucketed, weight, 0)

    def sums(amounts: Ints) -> Ints:
        return np.add.reduceat(amounts, starts)

    def columns(amounts: list[Ints]) -> Ints:
        return (
            np.stack([sums(one) for one in amounts], axis=1) if amounts else np.zeros((len(starts), 0), dtype=np.int64)
        )

    sure = [has * (values < bound) + loose * (high <= bound - inclusive) for bound, inclusive in bounds]
    # (low, high] may hold a value under the bound when low itself is under it and high is not
    unsure = [loose * ((high > bound - inclusive) & (low < bound - inclusive)) for bound, inclusive in bounds]
    return Groups(
        signatures=which_[starts],
        slots=slots[starts],
        count=sums(weight),
        valued=sums(has),
        total=sums(has * np.where(valued, values, 0)),
        bucketed=sums(loose),
        under=columns(sure),
        unsure=columns(unsure),
        starts=starts,
        at_ns=at,
        values=np.where(bucketed, shown, values),
        has=has,
        shown=has + loose,
        weights=weight,
        trace_ids=None if batch.trace_ids is None else [batch.trace_ids[int(i)].hex() for i in rows[order]],
        results=results,
    )


def _values(batch: Batch, rows: Ints, value: str, scale: int) -> tuple[Ints, Ints]:
    """
    Each row's value in integer steps, and whether it has one.
    """
    if value in ("duration", "value"):
        if batch.value is None:
            return _nothing(len(rows))
        raw = batch.value[rows]
        if raw.dtype == np.int64:  # nanoseconds; a duration is asked for in steps of `scale` a second
            return raw * scale // 1_000_000_000, np.ones(len(rows), dtype=np.bool_)
    else:
        column = batch.columns.get(value)
        if column is None or not len(column.values):
            return _nothing(len(rows))
        known = np.array(
            [float(v) if isinstance(v, int | float) and not isinstance(v, bool) else np.nan for v in column.values]
        )
        codes = column.codes[rows]
        raw = np.where(codes >= 0, known[codes], np.nan)
    has = np.isfinite(raw)
    return fixed(np.where(has, raw, 0.0), scale), has


def _limits(batch: Batch, rows: Ints, scale: int) -> tuple[Ints, Ints, Ints]:
    """
    The limits of each bucketed row in integer steps, and whether it is one. An open end lies at +-2^62.
    """
    if batch.low is None or batch.high is None:
        n = len(rows)
        return np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.bool_)
    low, high = batch.low[rows], batch.high[rows]
    is_ = ~(np.isnan(low) | np.isnan(high))
    steps = [fixed(np.where(is_, np.clip(limit, -(2**53), 2**53), 0.0), scale) for limit in (low, high)]
    steps[0] = np.where(np.isneginf(low), -(2**62), steps[0])
    steps[1] = np.where(np.isposinf(high), 2**62, steps[1])
    return steps[0], steps[1], is_


def _nothing(n: int) -> tuple[Ints, Ints]:
    return np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.bool_)
