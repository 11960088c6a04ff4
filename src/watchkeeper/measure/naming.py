"""
Since when is each threshold counted?

A threshold counts from when the manual first names it. What came before was not held against it, so only bounds are known
there. For an indicator that never counted anything the question does not arise, and the mark is set at the beginning of time.
"""

import numpy as np

from watchkeeper.measure.deltas import Delta
from watchkeeper.measure.grid import Grid
from watchkeeper.measure.heard import Heard
from watchkeeper.measure.plan import Plan
from watchkeeper.measure.rows import Registry, Series, count_row, named_row


def naming(plan: Plan, registry: Registry, heard: Heard, grid: Grid, *, now_ns: int) -> Delta:
    """
    The marks that this plan still needs, as a delta for the log.
    """
    marks: dict[str, int] = {}
    for indicator in plan.indicators.values():
        counted = registry.find(count_row(Series(meaning=indicator.meaning))) is not None
        for limit, _ in indicator.bounds:
            name = named_row(indicator.meaning, limit)
            if heard.born_of(name) is None:
                marks[name] = grid.fine.slot(now_ns) if counted else 0
    return Delta(
        rows=np.array(registry.ids(list(marks)), dtype=np.int64),
        slots=np.array(list(marks.values()), dtype=np.int64),
        amounts=np.ones(len(marks), dtype=np.int64),
    )
