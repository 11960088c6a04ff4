"""
Was anybody listening to hear it?

A slot is *known* when a source of its stream spoke in it, or within `speaks_every` before it. Known and no events is
quiet; not known is unknown.
"""

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.plan import StreamPlan
from watchkeeper.measure.rings import Ring
from watchkeeper.measure.rows import Registry, heard_row, is_heard
from watchkeeper.measure.values import Ints


class Heard:
    """
    How much of a window was heard, and when each stream was heard first.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._rows: dict[int, str] = {}  # the rows that are about hearing
        self._is = np.zeros(64, dtype=np.bool_)  # by row: whether it is one of them
        self._rows_seen = 0
        self.births: dict[str, int] = {}  # by row name, ns: kept for ever, one a stream

    def note(self, rows: Ints, at_ns: Ints) -> None:
        """
        Remember the first time of each row that is about hearing.
        """
        self._look_at_new_rows(int(rows.max(initial=-1)) + 1)
        mine = self._is[rows]
        for row in np.unique(rows[mine]).tolist():
            self.bear(self._rows[row], int(at_ns[rows == row].min()))

    def bear(self, name: str, at_ns: int) -> None:
        """
        The row was seen at this time; the earliest time is kept.
        """
        self.births[name] = min(at_ns, self.births.get(name, at_ns))

    def born_ns(self, stream: StreamPlan) -> int | None:
        """
        When the stream was first heard; None when never.
        """
        return self.births.get(heard_row(stream.meaning))

    def slots(self, stream: StreamPlan, ring: Ring, first: int, last: int) -> NDArray[np.bool_]:
        """
        Which of the slots first..last are known.
        """
        row = self._registry.find(heard_row(stream.meaning))
        return ring.known_slots(row, first, last, max(1, -(-stream.speaks_ns // ring.tier.slot_ns)))

    def _look_at_new_rows(self, top: int) -> None:
        more = max(top, self._registry.top) - len(self._is)
        if more > 0:
            self._is = np.r_[self._is, np.zeros(more + len(self._is) // 8, dtype=np.bool_)]
        new = self._registry.since(self._rows_seen)
        self._rows_seen += len(new)
        for row, name in new:
            if is_heard(name):
                self._rows[row] = name
                self._is[row] = True
