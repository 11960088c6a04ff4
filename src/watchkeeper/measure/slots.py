"""
Where do merges lie, slot by slot?
"""

from collections.abc import Callable, Iterator

from watchkeeper.measure.grid import Tier
from watchkeeper.measure.merges import Merge


class MergeSlots:
    """
    The merges of each series in the slots of one tier; slots in which nothing happened take no room.
    """

    def __init__(self, tier: Tier) -> None:
        self.tier = tier
        self._series: dict[str, dict[int, Merge]] = {}
        self._in_slot: dict[int, set[str]] = {}

    def take(self, series: str, slot: int, merge: Merge) -> None:
        """
        Merge into a slot.
        """
        slots = self._series.setdefault(series, {})
        if slot not in slots:
            slots[slot] = Merge()
            self._in_slot.setdefault(slot, set()).add(series)
        slots[slot].take(merge)

    def between(self, series: str, first: int, last: int) -> Iterator[tuple[int, Merge]]:
        """
        The merges of the slots first..last that hold any.
        """
        slots = self._series.get(series, {})
        if len(slots) <= last - first:
            return ((slot, merge) for slot, merge in slots.items() if first <= slot <= last)
        return ((slot, slots[slot]) for slot in range(first, last + 1) if slot in slots)

    def forget(self, outdated: Callable[[int], bool]) -> None:
        """
        Let go of the slots of which this is true.
        """
        for old in [slot for slot in self._in_slot if outdated(slot)]:
            for series in self._in_slot.pop(old):
                del self._series[series][old]
                if not self._series[series]:
                    del self._series[series]
