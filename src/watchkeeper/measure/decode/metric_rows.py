"""
Which rows do the points of one metric become?

- A **gauge**, and a cumulative sum that may fall, is a row with the value as it is.
- A **monotonic sum** is what it grew by. Where its unit counts things (`{request}`, `1`, none) and the growth is
  whole, the row has that many observations as weight and no value; an amount (`s`, `By`, or a fraction) is one
  observation with the growth as value.
- An **explicit histogram** is a row per bucket that grew, with the bucket's limits and the growth as weight.

All at the time of the point. A cumulative point that grew nothing, or only sets the base, is a row of weight 0: its
source spoke. Numbers are in SI units.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite, nan
from typing import Final

import numpy as np

from watchkeeper.measure.decode.columns_builder import ColumnsBuilder
from watchkeeper.measure.decode.form import MOST_WEIGHT, TOO_BIG, Form, Node
from watchkeeper.measure.decode.si import Scale, counts_things, si
from watchkeeper.measure.values import Batch, Counters

#: A histogram with more buckets than this is refused: every bucket is a row, and a counter to remember.
MOST_BUCKETS: Final = 1024

#: Names the series of a point; the limits of its buckets are part of the name.
Identity = Callable[[Node, Iterable[float]], bytes]

_DELTA: Final = 1  # AggregationTemporality
_CUMULATIVE: Final = 2
_NO_VALUE: Final = 1  # DataPointFlags: NO_RECORDED_VALUE_MASK


@dataclass(slots=True, kw_only=True)
class Rows:
    """
    Rows while they are collected: `point` is the row of the columns that each belongs to.
    """

    point: list[int] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    weight: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)  # or the upper limit of a bucket
    low: list[float] = field(default_factory=list)

    def batch(self, columns: ColumnsBuilder) -> Batch:
        """
        The rows as a batch: of buckets where lower limits were collected, else of values.
        """
        value = np.array(self.value, dtype=np.float64)
        low = np.array(self.low, dtype=np.float64) if self.low else None
        return Batch(
            signal="metrics",
            at_ns=np.array(self.at, dtype=np.int64),
            weight=np.array(self.weight, dtype=np.int64),
            columns=columns.build(np.array(self.point, dtype=np.int64)),
            value=value if low is None else None,
            low=low,
            high=value if low is not None else None,
        )


class MetricRows:
    """
    Reads one metric after another. `rejected` counts points left out by reason, `noted` what was passed over.
    """

    def __init__(self, *, form: Form, columns: ColumnsBuilder, counters: Counters) -> None:
        self._form = form
        self._columns = columns
        self._counters = counters
        self._name = columns.index("name")
        self._points = 0
        self.numbers, self.buckets = Rows(), Rows()
        self.rejected: Counter[str] = Counter()
        self.noted: Counter[str] = Counter()

    def add(self, metric: Node, identity: Identity) -> None:
        """
        The points of a metric; `identity` names the series of a point.
        """
        kind = self._form.data(metric)
        points = () if kind is None else getattr(metric, kind).data_points or ()
        read = self._reader(metric, kind, identity)
        for point in points:
            if read is None:
                self.rejected["not-supported-yet"] += 1
                continue
            if (point.flags or 0) & _NO_VALUE:
                self.noted["no-recorded-value"] += 1
                continue
            why = read(point) if self._timely(point) else "bad-time"
            if why is not None:
                self.rejected[why] += 1

    def _reader(self, metric: Node, kind: str | None, identity: Identity) -> Callable[[Node], str | None] | None:
        """
        What reads one point of it: returns why the point is rejected, or None. None for what cannot be read yet.
        """
        scale = si(metric.unit or "")
        if kind == "gauge":
            return lambda point: self._gauge(metric, point, scale)
        if kind not in ("sum", "histogram"):
            return None
        temporality = getattr(metric, kind).aggregation_temporality or 0
        if temporality not in (_DELTA, _CUMULATIVE):
            return lambda _: "bad-temporality"
        since = None if temporality == _DELTA else identity
        if kind == "histogram":
            return lambda point: self._histogram(metric, point, scale, since)
        if metric.sum.is_monotonic:
            return lambda point: self._growth(metric, point, scale, since)
        return None if temporality == _DELTA else lambda point: self._gauge(metric, point, scale)

    def _timely(self, point: Node) -> bool:
        start, at = point.start_time_unix_nano or 0, point.time_unix_nano or 0
        return 0 <= start <= at < TOO_BIG and at > 0

    def _gauge(self, metric: Node, point: Node, scale: Scale) -> str | None:
        number = self._form.number(point)
        if number is None or not isfinite(value := scale.of(number)):
            return "bad-value"
        self._number(metric, point, value, 1)
        return None

    def _growth(self, metric: Node, point: Node, scale: Scale, identity: Identity | None) -> str | None:
        number = self._form.number(point)
        if number is None or not isfinite(scale.of(number)) or number < 0:
            return "bad-value"
        growth: float | None = number
        if identity is not None:
            growth = self._counters.increment(
                identity(point, ()), start_ns=point.start_time_unix_nano or 0, at_ns=point.time_unix_nano, value=number
            )
        if not growth:
            self._number(metric, point, nan, 0)
        elif not counts_things(metric.unit or "") or growth != int(growth):
            self._number(metric, point, scale.of(growth), 1)
        elif growth > MOST_WEIGHT:
            return "bad-weight"
        else:
            self._number(metric, point, nan, int(growth))
        return None

    def _histogram(self, metric: Node, point: Node, scale: Scale, identity: Identity | None) -> str | None:
        limits = [scale.of(one) for one in point.explicit_bounds or ()]
        counts = list(point.bucket_counts or ())
        if not counts:  # "the bucket counts may be left out": then only how many is known
            limits, counts = [], [point.count or 0]
        if not _sound(limits, counts, point.count or 0):
            return "bad-histogram"
        growths: Sequence[float] | None = counts
        if identity is not None:
            growths = self._counters.increments(
                identity(point, limits),
                start_ns=point.start_time_unix_nano or 0,
                at_ns=point.time_unix_nano,
                values=counts,
            )
        grown = [int(one) for one in growths] if growths is not None else [0]
        if sum(grown) > MOST_WEIGHT:
            return "bad-weight"
        self._buckets(metric, point, [-inf, *limits, inf], grown)
        return None

    def _number(self, metric: Node, point: Node, value: float, weight: int) -> None:
        rows = self.numbers
        rows.point.append(self._row(metric, point))
        rows.at.append(point.time_unix_nano)
        rows.weight.append(weight)
        rows.value.append(value)

    def _buckets(self, metric: Node, point: Node, limits: list[float], grown: list[int]) -> None:
        rows, row, at = self.buckets, self._row(metric, point), point.time_unix_nano
        for bucket, weight in enumerate(grown if any(grown) else [0]):
            if weight or not any(grown):
                rows.point.append(row)
                rows.at.append(at)
                rows.weight.append(weight)
                rows.low.append(limits[bucket])
                rows.value.append(limits[bucket + 1])

    def _row(self, metric: Node, point: Node) -> int:
        self._columns.row(point.attributes or (), [(self._name, metric.name or "")])
        self._points += 1
        return self._points - 1


def _sound(limits: list[float], counts: list[int], total: int) -> bool:
    """
    Whether limits and counts make a histogram: rising limits, one bucket more than limits, counts that add up.
    """
    return (
        len(counts) == len(limits) + 1 <= MOST_BUCKETS
        and all(low < high for low, high in zip([-inf, *limits], limits, strict=False))
        and all(0 <= count < TOO_BIG for count in counts)
        and sum(counts) == total
    )
