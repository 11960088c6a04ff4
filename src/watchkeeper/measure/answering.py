"""
Which rows answer a question, and what do they say?
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from watchkeeper.measure.answers import Answer, Question, Under
from watchkeeper.measure.distinct import bounds
from watchkeeper.measure.merges import KEEP_RESULTS, Exemplar, Merge
from watchkeeper.measure.plan import IndicatorPlan
from watchkeeper.measure.rows import (
    Registry,
    Series,
    bucketed_row,
    count_row,
    heard_row,
    high_sum_row,
    histogram_row,
    matched_row,
    over_row,
    sum_row,
    under_row,
    valued_row,
    worst_row,
)
from watchkeeper.measure.values import Ints
from watchkeeper.measure.windows import Stretch

#: How many slots are known, how many there are, and when the stream was first heard (ns).
HowHeard = tuple[int, int, int | None]

NOT_HEARD: HowHeard = (0, 0, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    What a series is answered from: its rows, in the order in which `answered` reads them; -1 for one never counted.
    """

    plan: IndicatorPlan
    of: Series
    series: str
    rows: Ints
    limits: tuple[int, ...]
    histogram: int
    worst: int
    heard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """
    What is not added up.
    """

    merge: Merge
    buckets: dict[int, int]
    worst: tuple[Exemplar, ...]


_FIRST = 6  # rows before those of the thresholds


def asked_of(plan: IndicatorPlan, question: Question, registry: Registry) -> Asked:
    """
    The rows of the series that a question names.
    """
    of = Series(meaning=plan.meaning, label=question.label, value=question.value)
    series, find = str(of), registry.find
    names = [
        of_row(series) for of_row in (count_row, matched_row, valued_row, sum_row, high_sum_row, bucketed_row)
    ]  # `answered` reads them in this order
    limits = tuple(limit for limit, _ in plan.bounds)
    for limit in limits:
        names += [under_row(series, limit), over_row(series, limit)]
    return Asked(
        plan=plan,
        of=of,
        series=series,
        rows=np.array([find(name) for name in names], dtype=np.int64),
        limits=limits,
        histogram=find(histogram_row(series)),
        worst=find(worst_row(series)),
        heard=find(heard_row(plan.stream.meaning)),
    )


def answered(
    asked: Asked,
    counted: Sequence[int],
    stretch: Stretch,
    heard: HowHeard,
    shown: Shown | None,
    excluded: tuple[int, int] = (0, 0),
) -> Answer:
    """
    The answer that the sums of these rows give. `excluded` is how many events were, and how long (ns).
    """
    n, low_sum, high_sum = counted[0], counted[3], counted[4]
    known, slots, born_ns = heard
    under = {
        limit: Under(sure=counted[k], most=n - counted[k + 1])
        for limit, k in zip(asked.limits, range(_FIRST, len(counted), 2), strict=True)
    }
    if shown is None:
        return Answer(
            start_ns=stretch.start_ns,
            end_ns=stretch.at_ns,
            count=n,
            matched=counted[1],
            valued=counted[2],
            total=(high_sum << 32) + low_sum,
            bucketed=counted[5],
            scale=asked.plan.reading.scale,
            under=under,
            known=known,
            slots=slots,
            born_ns=born_ns,
            excluded=excluded[0],
            excluded_ns=excluded[1],
        )
    merge = shown.merge
    return Answer(
        start_ns=stretch.start_ns,
        end_ns=stretch.at_ns,
        count=n,
        matched=counted[1],
        valued=counted[2],
        total=(high_sum << 32) + low_sum,
        bucketed=counted[5],
        scale=asked.plan.reading.scale,
        under=under,
        low=merge.low,
        high=merge.high,
        last=merge.last[1] if merge.last else None,
        last_at_ns=merge.last[0] if merge.last else None,
        seen_ns=merge.seen_ns or None,
        known=known,
        slots=slots,
        born_ns=born_ns,
        buckets=shown.buckets,
        results=tuple(merge.results[-KEEP_RESULTS:]),
        distinct={name: bounds(sketch) for name, sketch in merge.distinct.items()},
        worst=shown.worst,
        excluded=excluded[0],
        excluded_ns=excluded[1],
    )


def nothing(asked: Asked, at_ns: int) -> Answer:
    """
    The answer where nothing is known.
    """
    return Answer(start_ns=at_ns, end_ns=at_ns, scale=asked.plan.scale)
