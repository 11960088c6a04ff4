"""
Which were the worst, just now?

For every series the three worst observations of each two minutes, as columns, for two hours.
"""

from dataclasses import dataclass, field, fields

import numpy as np

from watchkeeper.measure.deltas import Worst, worst_of
from watchkeeper.measure.grid import Tier
from watchkeeper.measure.merges import Exemplar
from watchkeeper.measure.values import trace_of

#: Slots of the middle tier: two hours, and the open one.
KEEP = 61
_HEAP = 512


@dataclass(slots=True)
class _Slot:
    known: Worst = field(default_factory=Worst)
    heap: list[Worst] = field(default_factory=list)
    waiting: int = 0

    def sort(self) -> None:
        if self.heap:
            self.known = worst_of(joined([self.known, *self.heap]))
            self.heap, self.waiting = [], 0


class ExampleSlots:
    """
    The examples of every row in the newest slots of the middle tier.
    """

    def __init__(self, tier: Tier) -> None:
        self.tier = tier
        self._slots: dict[int, _Slot] = {}

    def take(self, worst: Worst, oldest: int) -> None:
        """
        Add examples, whose slots are those of this tier; those before `oldest` are left out.
        """
        for number in np.unique(worst.slots).tolist():
            if number >= oldest:
                slot = self._slots.setdefault(number, _Slot())
                mine = taken(worst, worst.slots == number)
                slot.heap.append(mine)
                slot.waiting += len(mine)
                if slot.waiting > _HEAP + len(slot.known):
                    slot.sort()

    def between(self, row: int, begin_ns: int, end_ns: int) -> list[Exemplar]:
        """
        The examples of one row with a time in [begin, end), in any order.
        """
        found: list[Exemplar] = []
        for number in range(self.tier.slot(begin_ns), self.tier.slot(end_ns - 1) + 1) if self._slots else ():
            slot = self._slots.get(number)
            if slot is None:
                continue
            slot.sort()
            a, b = np.searchsorted(slot.known.rows, (row, row + 1)).tolist()
            for i in range(a, b):
                at_ns = int(slot.known.at_ns[i])
                if begin_ns <= at_ns < end_ns:
                    found.append((at_ns, int(slot.known.values[i]), trace_of(*slot.known.traces[i].tolist())))
        return found

    def forget(self, oldest: int) -> None:
        """
        Let go of the slots before this one.
        """
        for number in [number for number in self._slots if number < oldest]:
            del self._slots[number]


def joined(parts: list[Worst]) -> Worst:
    """
    Several as one.
    """
    return Worst(**{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Worst)})


def taken(worst: Worst, kept: object) -> Worst:
    """
    Those of an index or a mask.
    """
    return Worst(**{one.name: getattr(worst, one.name)[kept] for one in fields(Worst)})
