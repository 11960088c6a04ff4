"""
Which points does a metric hold, and what does each of them say?

This is the first of two steps: a walk over what came in makes columns of points; how points become rows says
`metric_rows.py`. The walk here is the reference; the compiled one (`native/metrics.pyx`) makes the same columns. The
memory of counters is not touched in this step, so a body may still be refused.

A point that makes no sense is left out here and counted: `bad-time` (none, not in order, or beyond 64 bits),
`bad-value` (none, not finite, or a falling counter's negative), `bad-histogram`, `bad-temporality`, and
`not-supported-yet` for summaries. A point with the flag NO_RECORDED_VALUE is passed over.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Final

import numpy as np
from numpy.typing import NDArray

from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.decode.columns_builder import ColumnsBuilder
from watchkeeper.measure.decode.exponential import LEAST_SCALE, MOST_SCALE, Spread
from watchkeeper.measure.decode.form import TOO_BIG, Form, Node
from watchkeeper.measure.decode.identity import SIZE
from watchkeeper.measure.decode.si import Scale, counts_things, si
from watchkeeper.measure.values import Floats, Ints

#: What a point is: a value as it stands, a sum of things, a sum of an amount, a histogram, an exponential histogram.
VALUE, THINGS, AMOUNT, BUCKETS, EXPONENTIAL = range(5)
#: A histogram with more buckets than this is refused: every bucket is a row, and a number to remember.
MOST_BUCKETS: Final = 1024
Kinds = NDArray[np.uint8]
#: Names the series of a point; the limits of its buckets are part of the name.
Identity = Callable[[Node, Iterable[float]], bytes]
#: Columns of the points with these numbers, in this order.
Columns = Callable[[Ints], Mapping[str, Column]]

_DELTA: Final = 1  # AggregationTemporality
_CUMULATIVE: Final = 2
_NO_VALUE: Final = 1  # DataPointFlags: NO_RECORDED_VALUE_MASK
_NOBODY: Final = bytes(SIZE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """
    n points as columns. Point i has the numbers `values[offsets[i]:offsets[i + 1]]`, as they were sent: one of a gauge
    or sum, one per bucket of a histogram; a cumulative exponential histogram is packed as `Spread` says. `low` and
    `high` are the limits of each bucket in SI units, beside `values`. A number times `times` over `over` is in SI
    units. `identity` names the series of a cumulative point; zeros elsewhere.
    """

    kind: Kinds
    cumulative: NDArray[np.bool_]
    start_ns: Ints  # 0: not said
    at_ns: Ints
    offsets: Ints  # n + 1 of them
    values: Floats
    low: Floats
    high: Floats
    identity: NDArray[np.uint8]  # (n, 16)
    times: Floats
    over: Floats
    columns: Columns

    @property
    def n(self) -> int:
        """
        How many points.
        """
        return len(self.kind)


@dataclass(slots=True)
class PointsBuilder:
    """
    Reads one metric after another. `rejected` counts points left out by reason, `noted` what was passed over.
    """

    form: Form
    columns: ColumnsBuilder
    rejected: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)
    _heads: list[tuple[int, bool, int, int]] = field(default_factory=list)
    _scales: list[tuple[int, int]] = field(default_factory=list)
    _identities: list[bytes] = field(default_factory=list)
    _values: list[float] = field(default_factory=list)
    _low: list[float] = field(default_factory=list)
    _high: list[float] = field(default_factory=list)
    _ends: list[int] = field(default_factory=lambda: [0])

    def add(self, metric: Node, identity: Identity) -> None:
        """
        The points of a metric; `identity` names the series of a point.
        """
        kind = self.form.data(metric)
        points = () if kind is None else getattr(metric, kind).data_points or ()
        read = self._reader(metric, kind, identity)
        for point in points:
            if read is None:
                self.rejected["not-supported-yet"] += 1
                continue
            if (point.flags or 0) & _NO_VALUE:
                self.noted["no-recorded-value"] += 1
                continue
            why = read(point) if _timely(point) else "bad-time"
            if why is not None:
                self.rejected[why] += 1

    def build(self) -> Points:
        """
        What was read.
        """
        heads = np.array(self._heads, dtype=np.int64).reshape(-1, 4)
        scales = np.array(self._scales, dtype=np.float64).reshape(-1, 2)
        return Points(
            kind=heads[:, 0].astype(np.uint8),
            cumulative=heads[:, 1].astype(np.bool_),
            start_ns=heads[:, 2].copy(),
            at_ns=heads[:, 3].copy(),
            offsets=np.array(self._ends, dtype=np.int64),
            values=np.array(self._values, dtype=np.float64),
            low=np.array(self._low, dtype=np.float64),
            high=np.array(self._high, dtype=np.float64),
            identity=np.frombuffer(b"".join(self._identities), dtype=np.uint8).reshape(-1, SIZE),
            times=scales[:, 0].copy(),
            over=scales[:, 1].copy(),
            columns=self.columns.build,
        )

    def _reader(self, metric: Node, kind: str | None, identity: Identity) -> Callable[[Node], str | None] | None:
        """
        What reads one point of it: returns why the point is rejected, or None. None for what cannot be read.
        """
        unit = si(metric.unit or "")
        if kind == "gauge":
            return lambda point: self._number(metric, point, unit, VALUE, None)
        if kind not in ("sum", "histogram", "exponential_histogram"):
            return None
        temporality = getattr(metric, kind).aggregation_temporality or 0
        if temporality not in (_DELTA, _CUMULATIVE):
            return lambda _: "bad-temporality"
        since = None if temporality == _DELTA else identity
        if kind == "histogram":
            return lambda point: self._histogram(metric, point, unit, since)
        if kind == "exponential_histogram":
            return lambda point: self._exponential(metric, point, unit, since)
        if not metric.sum.is_monotonic:
            return lambda point: self._number(metric, point, unit, VALUE, None)
        growth = THINGS if counts_things(metric.unit or "") else AMOUNT
        return lambda point: self._number(metric, point, unit, growth, since)

    def _number(self, metric: Node, point: Node, unit: Scale, kind: int, identity: Identity | None) -> str | None:
        number = self.form.number(point)
        if number is None or not isfinite(unit.of(number := float(number))) or (kind != VALUE and number < 0):
            return "bad-value"
        self._values.append(number)
        self._point(metric, point, unit, kind, None if identity is None else identity(point, ()))
        return None

    def _histogram(self, metric: Node, point: Node, unit: Scale, identity: Identity | None) -> str | None:
        limits = [unit.of(one) for one in point.explicit_bounds or ()]
        counts = list(point.bucket_counts or ())
        if not counts:  # "the bucket counts may be left out": then only how many is known
            limits, counts = [], [point.count or 0]
        if not _sound(limits, counts, point.count or 0):
            return "bad-histogram"
        self._values += map(float, counts)
        self._low += [-inf, *limits]
        self._high += [*limits, inf]
        self._point(metric, point, unit, BUCKETS, None if identity is None else identity(point, limits))
        return None

    def _exponential(self, metric: Node, point: Node, unit: Scale, identity: Identity | None) -> str | None:
        spread = _spread(point)
        if spread is None:
            return "bad-histogram"
        packed, limits = spread.packed(), list(spread.limits(unit))
        body = packed[-len(limits) :]
        self._values += body if identity is None else packed
        gap = [] if identity is None else [0.0] * (len(packed) - len(limits))
        self._low += gap + [low for low, _ in limits]
        self._high += gap + [high for _, high in limits]
        kind = BUCKETS if identity is None else EXPONENTIAL
        self._point(metric, point, unit, kind, None if identity is None else identity(point, ()))
        return None

    def _point(self, metric: Node, point: Node, unit: Scale, kind: int, identity: bytes | None) -> None:
        """
        The point whose numbers were just added.
        """
        self.columns.row(point.attributes or (), [(self.columns.index("name"), metric.name or "")])
        start, at = point.start_time_unix_nano or 0, point.time_unix_nano
        self._heads.append((kind, identity is not None, start, at))
        self._scales.append((unit.times, unit.over))
        self._identities.append(identity or _NOBODY)
        missing = len(self._values) - len(self._low)  # a number has no limits
        self._low += [0.0] * missing
        self._high += [0.0] * missing
        self._ends.append(len(self._values))


def _timely(point: Node) -> bool:
    start, at = point.start_time_unix_nano or 0, point.time_unix_nano or 0
    return 0 <= start <= at < TOO_BIG and at > 0


def _sound(limits: list[float], counts: list[int], total: int) -> bool:
    """
    Whether limits and counts make a histogram: rising limits, one bucket more than limits, counts that add up.
    """
    return (
        len(counts) == len(limits) + 1 <= MOST_BUCKETS
        and all(low < high for low, high in zip([-inf, *limits], limits, strict=False))
        and _counts(counts, total)
    )


def _counts(counts: Sequence[int], total: int) -> bool:
    return all(0 <= count < TOO_BIG for count in counts) and sum(counts) == total


def _spread(point: Node) -> Spread | None:
    """
    The exponential histogram of a point; None where it makes no sense.
    """
    low, negative = _range(point.negative)
    high, positive = _range(point.positive)
    scale, zero, threshold = point.scale or 0, point.zero_count or 0, point.zero_threshold or 0.0
    sound = (
        len(negative) + len(positive) < MOST_BUCKETS
        and LEAST_SCALE <= scale <= MOST_SCALE
        and 0 <= threshold < inf
        and all(-(2**31) <= first < 2**31 for first in (low, high))
        and _counts([*negative, zero, *positive], point.count or 0)
    )
    return (
        Spread(
            scale=scale, threshold=threshold, zero=float(zero),
            low=low, negative=[float(one) for one in negative], high=high, positive=[float(one) for one in positive],
        )
        if sound
        else None
    )  # fmt: skip


def _range(part: Node | None) -> tuple[int, Sequence[int]]:
    return (0, ()) if part is None else (part.offset or 0, part.bucket_counts or ())
