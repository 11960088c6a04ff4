"""
How much did each row count between two slots?

A ring keeps running totals: column s holds what each row had counted by the end of slot s, so any window is one
subtraction. A late observation is added to every column from its own slot on:

>>> from watchkeeper.measure.grid import Tier
>>> import numpy as np
>>> ring = Ring(Tier(name="fine", slot_ns=10, length=8), head=100)
>>> ring.add(np.array([0]), np.array([100]), np.array([5]))
>>> ring.advance(102)
>>> ring.add(np.array([0, 0]), np.array([101, 102]), np.array([2, 1]))
>>> ring.between(np.array([0]), 101, 102).tolist(), ring.between(np.array([0]), 100, 102).tolist()
([3], [8])
"""

import numpy as np

from watchkeeper.measure.grid import Tier
from watchkeeper.measure.values import Ints


class Ring:
    """
    Running totals of all rows, int64, over the newest `tier.length` slots; `head` is the open slot.
    """

    def __init__(self, tier: Tier, *, head: int, rows: int = 64) -> None:
        self.tier = tier
        self.head = head
        self._totals = np.zeros((max(rows, 1), tier.length), dtype=np.int64)

    @property
    def nbytes(self) -> int:
        """
        Bytes of memory that the ring takes.
        """
        return int(self._totals.nbytes)

    def advance(self, slot: int) -> None:
        """
        Open this slot; slots in between saw nothing.
        """
        length = self.tier.length
        if slot <= self.head:
            return
        now = self._totals[:, self.head % length].copy()
        opened = np.arange(max(self.head + 1, slot - length + 1), slot + 1) % length
        self._totals[:, opened] = now[:, None]
        self.head = slot

    def add(self, rows: Ints, slots: Ints, amounts: Ints) -> None:
        """
        Count amounts in their own slots, none of which lies after the open one.

        What is older than the ring has no window here and is left out.
        """
        self._make_room(int(rows.max(initial=-1)) + 1)
        kept = slots > self.head - self.tier.length
        for slot in np.unique(slots[kept]):
            here = slots == slot
            touched, which = np.unique(rows[here], return_inverse=True)
            sums = np.zeros(len(touched), dtype=np.int64)
            np.add.at(sums, which, amounts[here])
            columns = np.arange(slot, self.head + 1) % self.tier.length
            self._totals[np.ix_(touched, columns)] += sums[:, None]

    def fill(self, rows: Ints, slots: Ints, amounts: Ints) -> None:
        """
        Put amounts into an empty ring, all at once.
        """
        self._make_room(int(rows.max(initial=-1)) + 1)
        length = self.tier.length
        oldest = self.head - length + 1
        kept = (slots >= oldest) & (slots <= self.head)
        counted = np.zeros_like(self._totals)
        np.add.at(counted, (rows[kept], slots[kept] - oldest), amounts[kept])
        self._totals[:, np.arange(oldest, self.head + 1) % length] += np.cumsum(counted, axis=1)

    def between(self, rows: Ints, first: int, last: int) -> Ints:
        """
        What each of these rows counted in the slots first..last; a row that was never counted (-1) gives 0.

        The oldest slot of the ring is the base of every difference and cannot be asked for: `Tier.reaches` knows.
        """
        oldest = self.head - self.tier.length + 1
        last = min(last, self.head)
        before = max(first - 1, oldest)
        if last <= before:
            return np.zeros(len(rows), dtype=np.int64)
        known = (rows >= 0) & (rows < len(self._totals))
        safe = np.where(known, rows, 0)
        length = self.tier.length
        found: Ints = self._totals[safe, last % length] - self._totals[safe, before % length]
        return np.where(known, found, 0)

    def each(self, row: int, first: int, last: int) -> Ints:
        """
        What one row counted in each of the slots first..last; 0 before the ring begins and after the open slot.
        """
        wanted = np.arange(first, last + 1)
        counted = np.zeros(len(wanted), dtype=np.int64)
        inside = (wanted > self.head - self.tier.length + 1) & (wanted <= self.head)
        if 0 <= row < len(self._totals) and inside.any():
            length = self.tier.length
            slots = wanted[inside]
            counted[inside] = self._totals[row, slots % length] - self._totals[row, (slots - 1) % length]
        return counted

    def _make_room(self, rows: int) -> None:
        if rows > len(self._totals):
            grown = np.zeros((rows + rows // 8 + 16, self.tier.length), dtype=np.int64)
            grown[: len(self._totals)] = self._totals
            self._totals = grown
