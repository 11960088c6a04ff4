"""
From which slots is put together what cannot be added up?

A window takes the slots of its tier; where a boundary of a calendar period cuts one, its part is put together from
finer ones: of a day the hours, of an hour the minutes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watchkeeper.measure.books import CUT, Books, minutes
from watchkeeper.measure.far import Far
from watchkeeper.measure.grid import Grid, Tier
from watchkeeper.measure.merges import Merge, merged
from watchkeeper.measure.slots import MergeSlots
from watchkeeper.measure.windows import Stretch


@dataclass(frozen=True, slots=True)
class Part:
    """
    The slots first..last of a tier.
    """

    tier: str
    first: int
    last: int

    @property
    def slots(self) -> tuple[int, int]:
        """
        First and last.
        """
        return self.first, self.last


class Pieces:
    """
    The merges of every tier.
    """

    def __init__(self, grid: Grid, far: Far, books: Books) -> None:
        self._grid, self._far, self._books = grid, far, books
        self._minutes = minutes(grid)
        self._tiers = {tier.name: MergeSlots(tier) for tier in (*grid.tiers, self._minutes)}
        self._per_hour = grid.coarse.slot_ns // grid.minute_ns
        self._per_day = grid.long.slot_ns // grid.coarse.slot_ns

    def take(self, series: str, at_ns: int, merge: Merge, tiers: Sequence[Tier] = ()) -> None:
        """
        Merge into the slot of each tier (of these, or of all) that holds this instant.
        """
        for tier in tiers or (*self._grid.tiers, self._minutes):
            slot = at_ns // tier.slot_ns
            if self._keeps(tier, series, slot):
                self._tiers[tier.name].take(series, slot, merge)

    def between(self, tier: str, series: str, first: int, last: int) -> Iterator[tuple[int, Merge]]:
        """
        The merges of these slots.
        """
        return self._tiers[tier].between(series, first, last)

    def over(self, series: str, parts: Sequence[Part]) -> Merge:
        """
        These parts of a series as one.
        """
        return merged(self._tiers[part.tier].over(series, *part.slots) for part in parts)

    def forget(self, now_ns: int) -> None:
        """
        Let go of what no window reaches any more.
        """
        hours, days = set(self._books.cut.hours.tolist()), set(self._books.cut.days.tolist())
        self._tiers[CUT].forget(lambda slot: slot // self._per_hour not in hours)
        for tier in self._grid.tiers:
            self._forget(tier, tier.slot(now_ns) - tier.length, days if tier.name == "coarse" else set())

    def cover(self, stretch: Stretch) -> list[Part]:
        """
        The slots that a window is put together from.
        """
        tier, (first, last) = stretch.tier, stretch.inside
        parts = [Part(tier.name, first, last)]
        if first > stretch.first:
            parts += self._cover(tier, stretch.start_ns, first * tier.slot_ns)
        if last < stretch.last and stretch.end_ns is not None:
            parts += self._cover(tier, max(stretch.start_ns, (last + 1) * tier.slot_ns), stretch.end_ns)
        return parts

    def _cover(self, tier: Tier, begin_ns: int, end_ns: int) -> list[Part]:
        """
        A part of a slot of this tier, in finer ones.
        """
        minute, hour = self._minutes, self._grid.coarse
        if tier.name != "long":
            return [Part(CUT, minute.slot(begin_ns), minute.slot(end_ns - 1))]
        first, last = -(-begin_ns // hour.slot_ns), end_ns // hour.slot_ns - 1
        parts = [Part(hour.name, first, last)]
        edges = (begin_ns, min(first * hour.slot_ns, end_ns)), (max((last + 1) * hour.slot_ns, begin_ns), end_ns)
        for a, b in edges if first <= last else ((begin_ns, end_ns),):
            if a < b:
                parts.append(Part(CUT, minute.slot(a), minute.slot(b - 1)))
        return parts

    def _forget(self, tier: Tier, oldest: int, days: set[int]) -> None:
        self._tiers[tier.name].forget(lambda slot: slot < oldest and slot // self._per_day not in days)

    def _keeps(self, tier: Tier, series: str, slot: int) -> bool:
        cut = self._books.cut
        if tier.name == CUT:
            return slot // self._per_hour in cut.hours
        if tier.name == "long" and not self._far.series(series):
            return False
        recent = slot > self._books.rings[tier.name].head - tier.length
        return recent or (tier.name == "coarse" and slot // self._per_day in cut.days)
