"""
Which rows do points become?

- A **gauge**, and a sum that may fall, is a row with its value as it is: of a cumulative sum the level, of a delta the
  signed amount by which it changed.
- A **monotonic sum** is what it grew by. Where its unit counts things (`{request}`, `1`, none) and the growth is
  whole, the row has that many observations as weight and no value; an amount (`s`, `By`, or a fraction) is one
  observation with the growth as value.
- A **histogram**, explicit or exponential, is a row per bucket that grew, with the bucket's limits and the growth as
  weight. Where a cumulative exponential histogram changed its scale, the limits are those of the coarser one.

All at the time of the point. A cumulative point that grew nothing, or only sets the base, is a row of weight 0: its
source spoke. Numbers are in SI units.

A point weighs at most 2^36, all points of a body together 2^40; what is beyond is left out as `bad-weight`, but for
points of weight 0. So a sum of weights in 64 bits holds eight million of the heaviest bodies, far more than real ones.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.decode.exponential import HEAD, Spread, growth_of
from watchkeeper.measure.decode.form import MOST_WEIGHT
from watchkeeper.measure.decode.metric_points import BUCKETS, EXPONENTIAL, THINGS, VALUE, Points
from watchkeeper.measure.decode.si import Scale
from watchkeeper.measure.values import Batch, Floats, Ints

#: What all points of one body may weigh together.
MOST_TOGETHER: Final = 2**40
#: What `exchange` answers: only a base; not newer; all of it is growth; it goes on from what is handed back.
BASE, STALE, ANEW, GOES_ON = range(4)

Bools = NDArray[np.bool_]


class Grown(Protocol):
    """
    How much each value grew: 0 where a point only set the base, or was not newer.
    """

    @property
    def values(self) -> Floats: ...


class Counters(Protocol):
    """
    What is asked of the memory of counters (`CounterMemory`).
    """

    def grown(self, identities: NDArray[np.uint8], start_ns: Ints, at_ns: Ints, offsets: Ints, values: Floats) -> Grown:
        """
        The growth of each value of sums and histograms; in the order of the points, which matters.
        """
        ...

    def exchange(self, identity: bytes, *, start_ns: int, at_ns: int, values: Floats) -> tuple[int, Floats | None]:
        """
        Keep these numbers for a series and hand back those that were kept before (GOES_ON), or say why not.
        """
        ...


def batches_of(points: Points, counters: Counters) -> tuple[list[Batch], int]:
    """
    The rows of the points, values and buckets apart, and how many points were left out because of their weight.
    """
    if not points.n:
        return [], 0
    growth = _growth(points, counters)
    bucketed = points.kind >= BUCKETS
    numbers = _numbers(points, growth, np.flatnonzero(~bucketed))
    buckets = _buckets(_flat(points, growth, bucketed, counters), np.flatnonzero(bucketed))
    kept, refused = _bounded(numbers.total, buckets.total)
    found = [
        _numbers_batch(points, numbers, kept[: numbers.n]) if numbers.n else None,
        _buckets_batch(points, buckets, kept[numbers.n :]) if buckets.n else None,
    ]
    return [batch for batch in found if batch is not None and batch.n], refused


def _growth(points: Points, counters: Counters) -> Floats:
    """
    The values, those of cumulative points replaced by what they grew. Exponential histograms stay as they are.
    """
    asked = points.cumulative & (points.kind != EXPONENTIAL)
    if asked.all():
        return counters.grown(points.identity, points.start_ns, points.at_ns, points.offsets, points.values).values
    if not asked.any():
        return points.values
    sizes = np.diff(points.offsets)
    flat = np.repeat(asked, sizes)
    ends = np.concatenate(([0], np.cumsum(sizes[asked])))
    grown = counters.grown(
        points.identity[asked], points.start_ns[asked], points.at_ns[asked], ends, points.values[flat]
    )
    growth = points.values.copy()
    growth[flat] = grown.values
    return growth


@dataclass(slots=True)
class _Numbers:
    """
    Gauges and sums: which points they are, and the row of each.
    """

    point: Ints
    value: Floats
    total: Floats  # the weight

    @property
    def n(self) -> int:
        return len(self.point)


def _numbers(points: Points, growth: Floats, which: Ints) -> _Numbers:
    kind, number = points.kind[which], growth[points.offsets[which]]
    level = kind == VALUE
    things = (kind == THINGS) & (number == np.floor(number))
    told = level | ((number != 0) & ~things)
    with np.errstate(over="ignore", invalid="ignore"):  # only of weights, which have no value
        value = np.where(told, number * points.times[which] / points.over[which], np.nan)
    return _Numbers(point=which, value=value, total=np.where(told, 1.0, number))


def _numbers_batch(points: Points, numbers: _Numbers, kept: Bools) -> Batch:
    point, value, weight = numbers.point, numbers.value, numbers.total
    if not kept.all():
        point, value, weight = point[kept], value[kept], weight[kept]
    return Batch(
        signal="metrics",
        at_ns=points.at_ns[point],
        value=value,
        weight=weight.astype(np.int64),
        columns=points.columns(point),
    )


@dataclass(slots=True)
class _Flat:
    """
    The buckets of all histograms, one after the other.
    """

    sizes: Ints
    growth: Floats
    low: Floats
    high: Floats


def _flat(points: Points, growth: Floats, bucketed: Bools, counters: Counters) -> _Flat:
    sizes = np.diff(points.offsets)
    if (points.kind == EXPONENTIAL).any():
        return _settled(points, growth, np.flatnonzero(bucketed).tolist(), counters)
    if bucketed.all():
        return _Flat(sizes=sizes, growth=growth, low=points.low, high=points.high)
    flat = np.repeat(bucketed, sizes)
    return _Flat(sizes=sizes[bucketed], growth=growth[flat], low=points.low[flat], high=points.high[flat])


def _settled(points: Points, growth: Floats, which: list[int], counters: Counters) -> _Flat:
    """
    The same where cumulative exponential histograms are among them, one by one: each may change its buckets.
    """
    parts: list[tuple[Floats, Floats, Floats]] = []
    for point in which:
        part = slice(points.offsets[point], points.offsets[point + 1])
        told = growth[part], points.low[part], points.high[part]
        parts.append(_exchanged(points, point, told, counters) if points.kind[point] == EXPONENTIAL else told)
    grown, low, high = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _Flat(sizes=np.array([len(part[0]) for part in parts]), growth=grown, low=low, high=high)


def _exchanged(
    points: Points, point: int, told: tuple[Floats, Floats, Floats], counters: Counters
) -> tuple[Floats, Floats, Floats]:
    now, low, high = told
    turn, last = counters.exchange(
        points.identity[point].tobytes(),
        start_ns=int(points.start_ns[point]),
        at_ns=int(points.at_ns[point]),
        values=now,
    )
    counts, low, high = now[HEAD:], low[HEAD:], high[HEAD:]
    if turn == ANEW:
        return counts, low, high
    if turn != GOES_ON or last is None:
        return np.zeros(len(counts)), low, high
    if len(last) == len(now) and (last[:HEAD] == now[:HEAD]).all():  # the same buckets as before
        grown = counts - last[HEAD:]
        return (counts if (grown < 0).any() else grown), low, high
    unit = Scale(times=int(points.times[point]), over=int(points.over[point]))
    spread = growth_of(Spread.unpacked(last.tolist()), Spread.unpacked(now.tolist()))
    limits = np.array(list(spread.limits(unit)), dtype=np.float64)
    return np.array(spread.packed()[HEAD:]), limits[:, 0], limits[:, 1]


@dataclass(slots=True)
class _Buckets:
    """
    Histograms: which points they are, and the buckets that become rows.
    """

    point: Ints
    total: Floats
    rows: Ints  # buckets that grew, and the first one of each point where none did
    owner: Ints  # of each row: which histogram, from 0
    flat: _Flat

    @property
    def n(self) -> int:
        return len(self.point)


def _buckets(flat: _Flat, which: Ints) -> _Buckets:
    if not len(which):
        return _Buckets(point=which, total=np.empty(0), rows=which, owner=which, flat=flat)
    starts = np.cumsum(flat.sizes) - flat.sizes
    total = np.add.reduceat(flat.growth, starts)
    shown = flat.growth > 0
    shown[starts[total == 0]] = True
    rows = np.flatnonzero(shown)
    owner = np.repeat(np.arange(len(which)), np.add.reduceat(shown.astype(np.int64), starts))
    return _Buckets(point=which, total=total, rows=rows, owner=owner, flat=flat)


def _buckets_batch(points: Points, buckets: _Buckets, kept: Bools) -> Batch:
    rows, owner = buckets.rows, buckets.owner
    if not kept.all():
        mine = kept[owner]
        rows, owner = rows[mine], owner[mine]
    point = buckets.point[owner]
    return Batch(
        signal="metrics",
        at_ns=points.at_ns[point],
        weight=buckets.flat.growth[rows].astype(np.int64),
        columns=points.columns(point),
        low=buckets.flat.low[rows],
        high=buckets.flat.high[rows],
    )


def _bounded(numbers: Floats, buckets: Floats) -> tuple[Bools, int]:
    """
    Which points are kept, given their weights, and how many are not.
    """
    total = np.concatenate((numbers, buckets))
    kept = total <= MOST_WEIGHT
    if total.sum() > MOST_TOGETHER:
        kept &= (total == 0) | (np.cumsum(np.where(kept, total, 0.0)) <= MOST_TOGETHER)
    return kept, int(len(kept) - kept.sum())
