"""
In which windows was enough of each stream heard?

Asked of the rings again only where a window moved on, or a stream spoke in a slot in which it had not spoken.
"""

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.engine import Engine
from watchkeeper.measure.layout import Layout
from watchkeeper.measure.moments import Moment
from watchkeeper.measure.values import Ints
from watchkeeper.measure.verdicts import CUT, Half


class Hearing:
    """
    How many slots of each window each stream is known in, and whether that is half of them.
    """

    def __init__(self, engine: Engine, layout: Layout) -> None:
        self._engine, self._layout = engine, layout
        tiers = engine.grid.tiers
        self._slots_ns = np.array([tier.slot_ns for tier in tiers], dtype=np.int64)
        self._limits_ns = np.array([(tier.length - 2) * tier.slot_ns for tier in tiers], dtype=np.int64)
        n = len(layout.heard.window)
        self._known = np.zeros(n, dtype=np.int64)
        self._half = np.zeros(n, dtype=np.uint8)
        self._were = np.full((3, n), -1, dtype=np.int64)

    def at(self, moment: Moment, *, anew: bool) -> tuple[Ints, Half]:
        """
        Known slots, and `DEAF`, `HALF` or `CUT`; `anew` where it may be another although no window moved.

        It is looked at in a ring in which a word spoken before the window would still count.
        """
        heard = self._layout.heard
        start, end = moment.start_ns[heard.window], moment.end_ns[heard.window]
        tier = np.searchsorted(self._limits_ns, moment.now_ns - start + heard.speaks_ns, side="right")
        tier = np.minimum(tier, len(self._limits_ns) - 1)
        slot_ns = self._slots_ns[tier]
        are = np.stack([tier, start // slot_ns, end // slot_ns])
        moved = (are != self._were).any(axis=0) | anew
        if moved.any():
            self._were = are
            self._count(np.flatnonzero(moved), are, moment.there[heard.window])
        return self._known, self._half

    def _count(self, which: Ints, are: Ints, there: NDArray[np.bool_]) -> None:
        tier, first, last = are[:, which]
        slot_ns = self._slots_ns[tier]
        reach = np.maximum(1, -(-self._layout.heard.speaks_ns[which] // slot_ns))
        rows, known = self._layout.heard_numbers[which], np.zeros(len(which), dtype=np.int64)
        for number in np.unique(tier).tolist():
            mine = tier == number
            name = self._engine.grid.tiers[number].name
            known[mine] = self._engine.known(name, rows[mine], first[mine], last[mine], reach[mine])
        self._known[which] = np.where(there[which], known, 0)
        half = (there[which] & (2 * known >= last - first + 1)).astype(np.uint8)
        if self._engine.exclusions:
            half[self._cut(first * slot_ns, (last + 1) * slot_ns)] = CUT
        self._half[which] = half

    def _cut(self, begin_ns: Ints, end_ns: Ints) -> NDArray[np.bool_]:
        """
        In which of these stretches some time is excluded: what is known there is another question for each series.
        """
        edges = self._engine.exclusions.minutes.edges
        before, until = np.searchsorted(edges, begin_ns, side="right"), np.searchsorted(edges, end_ns, side="left")
        cut: NDArray[np.bool_] = (before % 2 == 1) | (until > before)
        return cut
