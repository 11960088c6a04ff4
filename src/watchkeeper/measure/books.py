"""
What was added up, in every ring and every period?

One set of books holds what was counted; a second one, where people exclude minutes, holds what was counted in these.
"""

import numpy as np

from watchkeeper.measure.calendars import Calendars
from watchkeeper.measure.far import Far
from watchkeeper.measure.grid import Grid, Tier
from watchkeeper.measure.histograms import HistogramSlots
from watchkeeper.measure.plan import Plan
from watchkeeper.measure.rings import Ring
from watchkeeper.measure.values import Ints

CUT = "cut"  # minutes of the hours that a boundary cuts


class Cuts:
    """
    Which slots a boundary of a period cuts: of these hours the minutes are kept, of these days the hours.
    """

    def __init__(self, calendars: Calendars, grid: Grid, far: Far) -> None:
        self.hours = np.array(sorted(calendars.cut(grid.coarse.slot_ns)), dtype=np.int64)
        self.days = np.array(sorted(calendars.cut(grid.long.slot_ns) if far else ()), dtype=np.int64)


class Books:
    """
    Rings, histograms and running totals of one grid.
    """

    def __init__(self, plan: Plan, grid: Grid, far: Far, *, now_ns: int) -> None:
        self.grid, self._far = grid, far
        self.calendars = Calendars(plan.periods, plan.zone, now_ns=now_ns)
        self.rings = {tier.name: Ring(tier, head=tier.slot(now_ns)) for tier in grid.tiers}
        self.histograms = {tier.name: HistogramSlots(tier) for tier in (*grid.tiers, minutes(grid))}
        self.cut = Cuts(self.calendars, grid, far)
        self._per_hour, self._per_day = grid.coarse.slot_ns // grid.minute_ns, grid.long.slot_ns // grid.coarse.slot_ns

    @property
    def nbytes(self) -> int:
        """
        Bytes of memory in rings and histograms.
        """
        rings, histograms = self.rings.values(), self.histograms.values()
        return sum(ring.nbytes for ring in rings) + sum(slots.nbytes for slots in histograms)

    def advance(self, now_ns: int) -> None:
        """
        Open the slots of this instant, and begin its periods.
        """
        if self.calendars.advance(now_ns):
            self.cut = Cuts(self.calendars, self.grid, self._far)
            hours = self.cut.hours
            self.histograms[CUT].forget(lambda slots: ~np.isin(slots // self._per_hour, hours))
        for tier in self.grid.tiers:
            head = tier.slot(now_ns)
            if head > self.rings[tier.name].head:
                self.rings[tier.name].advance(head)
                self._forget(tier, head - tier.length)

    def add(self, rows: Ints, at_ns: Ints, amounts: Ints) -> None:
        """
        Count amounts by the beginning of their finest slots.
        """
        for tier in self.grid.tiers:
            self.add_to(tier, rows, at_ns, amounts)
        self.calendars.add(rows, at_ns, amounts)

    def _forget(self, tier: Tier, oldest: int) -> None:
        """
        Let go of histograms before a slot; but for the hours of days that a boundary cuts.
        """
        days = self.cut.days if tier.name == "coarse" else self.cut.days[:0]
        self.histograms[tier.name].forget(lambda slots: (slots < oldest) & ~np.isin(slots // self._per_day, days))

    def add_to(self, tier: Tier, rows: Ints, at_ns: Ints, amounts: Ints) -> None:
        """
        Count amounts in one ring.
        """
        if tier.name == "long":
            if not self._far:
                return
            mine = self._far.of(rows)
            rows, at_ns, amounts = rows[mine], at_ns[mine], amounts[mine]
        self.rings[tier.name].count(rows, at_ns, amounts)

    def spread(self, rows: Ints, at_ns: Ints, buckets: Ints, amounts: Ints) -> None:
        """
        Count entries of histograms.
        """
        for tier in (*self.grid.tiers, minutes(self.grid)):
            self.spread_to(tier, rows, at_ns, buckets, amounts)

    def spread_to(self, tier: Tier, rows: Ints, at_ns: Ints, buckets: Ints, amounts: Ints) -> None:
        """
        Count entries of histograms in one tier, or in the minutes of cut hours.
        """
        slots = at_ns // tier.slot_ns
        if tier.name == CUT:
            mine = np.isin(slots // self._per_hour, self.cut.hours)
        else:
            mine = slots > self.rings[tier.name].head - tier.length
            if tier.name == "coarse":
                mine |= np.isin(slots // self._per_day, self.cut.days)
            elif tier.name == "long":
                mine &= self._far.of(rows) if self._far else False
        if mine.any():
            self.histograms[tier.name].take(rows[mine], slots[mine], buckets[mine], amounts[mine])


def minutes(grid: Grid) -> Tier:
    """
    The minutes that are kept of cut hours, as a tier.
    """
    return Tier(name=CUT, slot_ns=grid.minute_ns, length=0)
