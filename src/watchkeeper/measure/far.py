"""
Which rows are asked about further back than a month?

Only these lie in the ring of days: those of indicators with such a window, and what was heard of their streams.
"""

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.grid import Grid
from watchkeeper.measure.plan import IndicatorPlan, Plan
from watchkeeper.measure.rows import Registry, heard_row, series_of
from watchkeeper.measure.values import Ints


class Far:
    """
    The indicators of a plan that look far back, and their rows as they come.
    """

    def __init__(self, plan: Plan, grid: Grid, registry: Registry) -> None:
        mine = [one for one in plan.indicators.values() if not grid.coarse.reaches(one.reach_ns)]
        self._meanings = frozenset(one.meaning for one in mine)
        self._heard = frozenset(heard_row(one.stream.meaning) for one in mine)
        self._registry = registry
        self._rows = np.zeros(0, dtype=np.bool_)
        self._rows_seen = 0

    def __bool__(self) -> bool:
        return bool(self._meanings)

    def asks(self, indicator: IndicatorPlan) -> bool:
        """
        Whether the indicator looks far back.
        """
        return indicator.meaning in self._meanings

    def series(self, series: str) -> bool:
        """
        Whether the series is one of such an indicator.
        """
        return series.partition("|")[0] in self._meanings

    def of(self, rows: Ints) -> NDArray[np.bool_]:
        """
        Which of these rows are.
        """
        more = max(int(rows.max(initial=-1)) + 1, self._registry.top) - len(self._rows)
        if more > 0:
            self._rows = np.r_[self._rows, np.zeros(more, dtype=np.bool_)]
        new = self._registry.since(self._rows_seen)
        self._rows_seen += len(new)
        for row, name in new:
            series = series_of(name)
            self._rows[row] = name in self._heard if series is None else series.meaning in self._meanings
        return self._rows[rows]
