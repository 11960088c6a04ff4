"""
How much did each row count since the period began?

A calendar window is a running total between two local boundaries. At a boundary the total starts afresh, and the period
that just ended is kept, because late observations and delayed streams still belong to it.
"""

import numpy as np

from watchkeeper.measure.values import Ints


class Running:
    """
    Totals of all rows in the current period [begin, end), and in the one before it.
    """

    def __init__(self, before_ns: int, begin_ns: int, end_ns: int) -> None:
        self.before_ns, self.begin_ns, self.end_ns = before_ns, begin_ns, end_ns
        self._now = np.zeros(64, dtype=np.int64)
        self._before = np.zeros(64, dtype=np.int64)

    def turn(self, before_ns: int, begin_ns: int, end_ns: int) -> None:
        """
        A new period begins. When whole periods passed unseen, nothing was counted in the one before.
        """
        self._before = self._now if before_ns == self.begin_ns else np.zeros_like(self._now)
        self._now = np.zeros_like(self._now)
        self.before_ns, self.begin_ns, self.end_ns = before_ns, begin_ns, end_ns

    def add(self, rows: Ints, at_ns: Ints, amounts: Ints) -> None:
        """
        Count amounts by the beginning of their slot. Boundaries are whole minutes, so no slot lies across one.
        """
        self._make_room(int(rows.max(initial=-1)) + 1)
        now = at_ns >= self.begin_ns
        before = ~now & (at_ns >= self.before_ns)
        np.add.at(self._now, rows[now], amounts[now])
        np.add.at(self._before, rows[before], amounts[before])

    def around(self, at_ns: int) -> tuple[int, int] | None:
        """
        Begin and end of the period that holds `at_ns`; None where it lies before both that are kept.
        """
        if at_ns >= self.begin_ns:
            return self.begin_ns, self.end_ns
        return (self.before_ns, self.begin_ns) if at_ns >= self.before_ns else None

    def totals(self, rows: Ints, begin_ns: int) -> Ints:
        """
        What each row counted in the period that began then; a row never counted (-1) gives 0.
        """
        totals = self._now if begin_ns == self.begin_ns else self._before
        known = (rows >= 0) & (rows < len(totals))
        return np.where(known, totals[np.where(known, rows, 0)], 0)

    def _make_room(self, rows: int) -> None:
        more = rows - len(self._now)
        if more > 0:
            grown = np.zeros(max(more, len(self._now)), dtype=np.int64)
            self._now, self._before = np.r_[self._now, grown], np.r_[self._before, grown]
