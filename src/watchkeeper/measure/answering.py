"""
Which rows answer a question, and what do they say?
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from watchkeeper.measure.answers import Answer, Question, Under
from watchkeeper.measure.held import Held
from watchkeeper.measure.merges import KEEP_RESULTS
from watchkeeper.measure.plan import IndicatorPlan
from watchkeeper.measure.rows import (
    Registry,
    Series,
    bucketed_row,
    count_row,
    high_sum_row,
    matched_row,
    over_row,
    sum_row,
    under_row,
    valued_row,
)
from watchkeeper.measure.values import Ints
from watchkeeper.measure.windows import Stretch

#: How many slots are known, how many there are, and when the stream was first heard (ns).
HowHeard = tuple[int, int, int | None]

_NOTHING = Held()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    What a series is answered from: its rows, in the order in which `answered` reads them; -1 for one never counted.
    """

    plan: IndicatorPlan
    series: str
    rows: Ints


def asked_of(plan: IndicatorPlan, question: Question, registry: Registry) -> Asked:
    """
    The rows of the series that a question names.
    """
    series = str(Series(meaning=plan.meaning, label=question.label, value=question.value))
    names = [
        of(series) for of in (count_row, matched_row, valued_row, sum_row, high_sum_row, bucketed_row)
    ]  # `answered` reads them in this order
    for limit, _ in plan.bounds:
        names += [under_row(series, limit), over_row(series, limit)]
    return Asked(plan=plan, series=series, rows=np.array([registry.find(name) for name in names], dtype=np.int64))


def answered(
    asked: Asked,
    counted: Sequence[int],
    stretch: Stretch,
    heard: HowHeard,
    merge: Held | None,
) -> Answer:
    """
    The answer that the sums of these rows give.
    """
    n, matched, valued, low_sum, high_sum, bucketed, *limits = counted
    merge = merge or _NOTHING
    return Answer(
        start_ns=stretch.start_ns,
        end_ns=stretch.at_ns,
        count=n,
        matched=matched,
        valued=valued,
        total=(high_sum << 32) + low_sum,
        bucketed=bucketed,
        scale=asked.plan.scale,
        under={
            limit: Under(sure=limits[2 * k], most=n - limits[2 * k + 1])
            for k, (limit, _) in enumerate(asked.plan.bounds)
        },
        low=merge.low,
        high=merge.high,
        last=merge.last[1] if merge.last else None,
        last_at_ns=merge.last[0] if merge.last else None,
        seen_ns=merge.seen_ns or None,
        known=heard[0],
        slots=heard[1],
        born_ns=heard[2],
        buckets=merge.buckets,
        results=tuple(merge.results[-KEEP_RESULTS:]),
        worst=tuple(merge.worst),
    )


def nothing(asked: Asked, at_ns: int) -> Answer:
    """
    The answer where nothing is known.
    """
    return Answer(start_ns=at_ns, end_ns=at_ns, scale=asked.plan.scale)
