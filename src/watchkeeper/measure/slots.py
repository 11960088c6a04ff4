"""
Where do merges lie, slot by slot?
"""

from collections.abc import Iterator

from watchkeeper.measure.grid import Tier
from watchkeeper.measure.merges import Merge


class MergeSlots:
    """
    The merges of each series in the slots of one tier; slots in which nothing happened take no room.
    """

    def __init__(self, tier: Tier) -> None:
        self.tier = tier
        self._series: dict[str, dict[int, Merge]] = {}

    def take(self, series: str, slot: int, merge: Merge) -> None:
        """
        Merge into a slot.
        """
        self._series.setdefault(series, {}).setdefault(slot, Merge()).take(merge)

    def between(self, series: str, first: int, last: int) -> Iterator[tuple[int, Merge]]:
        """
        The merges of the slots first..last that hold any.
        """
        slots = self._series.get(series, {})
        if len(slots) <= last - first:
            return ((slot, merge) for slot, merge in slots.items() if first <= slot <= last)
        return ((slot, slots[slot]) for slot in range(first, last + 1) if slot in slots)

    def over(self, series: str, first: int, last: int) -> Merge:
        """
        All of the slots first..last as one.
        """
        whole = Merge()
        for _, merge in self.between(series, first, last):
            whole.take(merge)
        return whole

    def forget_before(self, slot: int) -> None:
        """
        Let go of the slots before this one.
        """
        for slots in self._series.values():
            for old in [one for one in slots if one < slot]:
                del slots[old]
