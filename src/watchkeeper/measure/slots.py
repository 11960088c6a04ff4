"""
Where do merges lie, slot by slot?

Runs of 16 slots are kept merged once a window asked for all of them, so that a long window reads few:

>>> slots = MergeSlots(Tier(name="fine", slot_ns=10, length=100))
>>> for slot in range(40):
...     slots.take("6f2a|", slot, Merge.of(value=slot, at_ns=10 * slot))
>>> whole = slots.over("6f2a|", 3, 38)
>>> whole.low, whole.high
(3, 38)
"""

from collections.abc import Callable, Iterator

from watchkeeper.measure.grid import Tier
from watchkeeper.measure.merges import Merge, merged

RUN = 16


class MergeSlots:
    """
    The merges of each series in the slots of one tier; slots in which nothing happened take no room.
    """

    def __init__(self, tier: Tier) -> None:
        self.tier = tier
        self._series: dict[str, dict[int, Merge]] = {}
        self._runs: dict[str, dict[int, Merge]] = {}
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
        if series in self._runs:
            self._runs[series].pop(slot // RUN, None)

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
        The slots first..last as one new merge.
        """
        begin, end = -(-first // RUN), (last + 1) // RUN
        if begin >= end or series not in self._series:
            return merged(merge for _, merge in self.between(series, first, last))
        parts = [merge for _, merge in self.between(series, first, begin * RUN - 1)]
        parts += [self._run(series, number) for number in range(begin, end)]
        parts += [merge for _, merge in self.between(series, end * RUN, last)]
        return merged(parts)

    def _run(self, series: str, number: int) -> Merge:
        runs = self._runs.setdefault(series, {})
        if number not in runs:
            runs[number] = merged(merge for _, merge in self.between(series, number * RUN, (number + 1) * RUN - 1))
        return runs[number]

    def forget(self, outdated: Callable[[int], bool]) -> None:
        """
        Let go of the slots of which this is true.
        """
        for old in [slot for slot in self._in_slot if outdated(slot)]:
            for series in self._in_slot.pop(old):
                del self._series[series][old]
                self._runs.get(series, {}).pop(old // RUN, None)
                if not self._series[series]:
                    del self._series[series]
                    self._runs.pop(series, None)
