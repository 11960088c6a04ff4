"""
Which conditions hold right now, all of them, in under a millisecond?

Compiled once from what is asked (`Posed`): every condition, every value of a label and every window become rows to add
up and whole numbers to compare. A sweep then asks the engine for all sums at once and compares them. It says what
`decide.conditions.judge` says of the same answers, or `ASK` where only that can tell.

A sweep follows the engine that it was made for; make another one for another engine, or when other series are asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure import verdicts
from watchkeeper.measure.answers import Span
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.given import Givens
from watchkeeper.measure.layout import Window, laid_out
from watchkeeper.measure.native.backend import native as compiled
from watchkeeper.measure.posed import Posed
from watchkeeper.measure.values import Ints
from watchkeeper.measure.verdicts import ASK, CLEAR, HOLDS, NO_EVENTS, TOO_FEW, UNKNOWN, Codes, Given
from watchkeeper.measure.windows import Stretch

__all__ = ["ASK", "CLEAR", "HOLDS", "NO_EVENTS", "TOO_FEW", "UNKNOWN", "Sweep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """
    The windows at one instant: by window, the first and last slot (of its ring), when it begins and ends (ns), and
    whether it is there at all.
    """

    now_ns: int
    first: Ints
    last: Ints
    start_ns: Ints
    end_ns: Ints
    there: NDArray[np.bool_]
    periods: Mapping[int, Stretch]  # the calendar windows that are there


class Sweep:
    """
    All conditions, ready to be compared. Not thread-safe: whoever shares the engine holds its lock.
    """

    def __init__(self, engine: Engine, posed: Sequence[Posed], *, native: bool = True) -> None:
        self._engine = engine
        self._layout = laid_out(engine, posed)
        self._windows = self._layout.windows
        self._slot_ns = np.array([one.slot_ns for one in self._windows], dtype=np.int64)
        self._length_ns = np.array([_length(one) for one in self._windows], dtype=np.int64)
        self._delay_ns = np.array([one.delay_ns for one in self._windows], dtype=np.int64)
        self._rolls = np.array([isinstance(one.window, Span) for one in self._windows], dtype=np.bool_)
        self._calendars = np.flatnonzero(~self._rolls).tolist()
        self._none = np.zeros(1, dtype=np.int64)
        tiers = engine.grid.tiers
        self._tier_slots = np.array([tier.slot_ns for tier in tiers], dtype=np.int64)
        self._tier_limits = np.array([(tier.length - 2) * tier.slot_ns for tier in tiers], dtype=np.int64)
        self._sums = np.zeros(len(self._layout.cell_row), dtype=np.int64)
        self._givens = Givens(engine, self._layout)
        loops = compiled("sweep") if native else None
        self._reference = verdicts.Judge(self._layout.leaves, self._layout.alerts)
        self._judge = None if loops is None else loops.Judge(self._layout.leaves, self._layout.alerts)
        self._spare = tuple(
            np.zeros(n, dtype=np.int8) for n in (len(self._layout.leaves.kind), len(self._layout.alerts.first))
        )

    def __len__(self) -> int:
        return len(self._layout.alerts.begin)

    def truths(self, now_ns: int) -> Codes:
        """
        What each condition comes to: `CLEAR`, `HOLDS`, `UNKNOWN`, or `ASK`.
        """
        codes = self.codes(now_ns)
        return np.where(codes > ASK, np.int8(UNKNOWN), codes)

    def codes(self, now_ns: int) -> Codes:
        """
        The same, telling apart what is unknown because nothing (`NO_EVENTS`) or too little (`TOO_FEW`) happened.
        """
        self._layout.grow(self._engine.registry)
        moment = self._moment(now_ns)
        self._add_up(moment)
        known, half = self._hear(moment)
        given = self._givens.at(moment.now_ns, moment.start_ns, moment.end_ns, known, half)
        lengths = np.maximum(1, moment.end_ns - moment.start_ns)
        return self._compare(half, lengths, given)

    def close(self) -> None:
        """
        Follow the engine no longer.
        """
        self._givens.close()

    # --- how

    def _moment(self, now_ns: int) -> Moment:
        end = now_ns - self._delay_ns
        last = end // self._slot_ns
        first = (end - self._length_ns) // self._slot_ns
        start, there = first * self._slot_ns, self._rolls.copy()
        periods: dict[int, Stretch] = {}
        for i in self._calendars:
            stretch = self._engine.stretch(self._windows[i].window, int(end[i]), now_ns)
            start[i] = end[i] if stretch is None else stretch.start_ns
            if stretch is not None:
                there[i], periods[i] = True, stretch
        return Moment(now_ns=now_ns, first=first, last=last, start_ns=start, end_ns=end, there=there, periods=periods)

    def _add_up(self, moment: Moment) -> None:
        for part in self._layout.parts:
            rows = self._layout.numbers[part.cells]
            if part.tier is not None:
                windows = self._layout.cell_window[part.cells]
                found = self._engine.sums(part.tier, rows, moment.first[windows], moment.last[windows])
            else:
                stretch = moment.periods.get(part.window)
                window = self._windows[part.window].window
                found = self._none if stretch is None else self._engine.totals(rows, window, stretch)
            self._sums[part.cells] = found

    def _hear(self, moment: Moment) -> tuple[Ints, NDArray[np.uint8]]:
        """
        How many slots each stream is known in, per window, in a ring where a word spoken before it still counts; and
        whether that is half of them.
        """
        heard = self._layout.heard
        start, end = moment.start_ns[heard.window], moment.end_ns[heard.window]
        reach_ns = moment.now_ns - start + heard.speaks_ns
        tier = np.minimum(np.searchsorted(self._tier_limits, reach_ns, side="right"), len(self._tier_limits) - 1)
        slot_ns = self._tier_slots[tier]
        first, last, reach = start // slot_ns, end // slot_ns, np.maximum(1, -(-heard.speaks_ns // slot_ns))
        known = np.zeros(len(tier), dtype=np.int64)
        for number in np.unique(tier).tolist():
            mine, name = tier == number, self._engine.grid.tiers[number].name
            rows = self._layout.heard_numbers[mine]
            known[mine] = self._engine.known(name, rows, first[mine], last[mine], reach[mine])
        known = np.where(moment.there[heard.window], known, 0)
        half = (moment.there[heard.window] & (2 * known >= last - first + 1)).astype(np.uint8)
        if self._engine.exclusions:
            half[self._cut(first * slot_ns, (last + 1) * slot_ns)] = verdicts.CUT
        return known, half

    def _cut(self, begin_ns: Ints, end_ns: Ints) -> NDArray[np.bool_]:
        """
        In which of these stretches some time is excluded: what is known there is another question for each series.
        """
        edges = self._engine.exclusions.minutes.edges
        inside = np.searchsorted(edges, begin_ns, side="right"), np.searchsorted(edges, end_ns, side="left")
        cut: NDArray[np.bool_] = (inside[0] % 2 == 1) | (inside[1] > inside[0])
        return cut

    def _compare(self, half: NDArray[np.uint8], lengths: Ints, given: Given) -> Codes:
        if self._judge is None:
            return self._reference.codes(self._sums, half, lengths, given)
        codes = np.zeros(len(self), dtype=np.int8)
        bounds = (given.x1, given.y1, given.x2, given.y2, given.state)
        self._judge.codes(self._sums, half, lengths, *bounds, *self._spare, codes)
        return codes


def _length(one: Window) -> int:
    return one.window.ns if isinstance(one.window, Span) else 0
