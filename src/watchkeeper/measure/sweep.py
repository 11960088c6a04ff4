"""
Which conditions hold right now, all of them, in under a millisecond?

Compiled once from what is asked (`Posed`): every condition, every value of a label and every window become rows to add
up and whole numbers to compare. A sweep then asks the engine for all sums at once and compares them. It says what
`decide.conditions.judge` says of the same answers, or `ASK` where only that can tell.

A sweep follows the engine that it was made for; make another one for another engine, or when other series are asked.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure import verdicts
from watchkeeper.measure.deltas import Delta
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.given import Givens
from watchkeeper.measure.half_heard import Hearing
from watchkeeper.measure.layout import laid_out
from watchkeeper.measure.moments import Moments
from watchkeeper.measure.native.backend import native as compiled
from watchkeeper.measure.posed import Posed
from watchkeeper.measure.values import Ints
from watchkeeper.measure.verdicts import ASK, CLEAR, HOLDS, NO_EVENTS, TOO_FEW, UNKNOWN, Codes, Given
from watchkeeper.measure.windowed import Sums

__all__ = ["ASK", "CLEAR", "HOLDS", "NO_EVENTS", "TOO_FEW", "UNKNOWN", "Sweep"]


class Sweep:
    """
    All conditions, ready to be compared. Not thread-safe: whoever shares the engine holds its lock.
    """

    def __init__(self, engine: Engine, posed: Sequence[Posed], *, native: bool = True) -> None:
        self._engine = engine
        self._layout = laid_out(engine, posed)
        self._moments = Moments(engine, self._layout.windows)
        loops = compiled("sweep") if native else None
        self._sums = Sums(engine, self._layout, loops)
        self._givens = Givens(engine, self._layout, loops)
        engine.followers.append(self._follow)
        self._hearing = Hearing(engine, self._layout)
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
        if self._layout.grow(self._engine.registry):
            self._sums.index()
        moment = self._moments.at(now_ns)
        anew = self._sums.at(moment)
        known, half = self._hearing.at(moment, anew=anew)
        given = self._givens.at(moment, known, half)
        lengths = np.maximum(1, moment.end_ns - moment.start_ns)
        return self._compare(half, lengths, given)

    def close(self) -> None:
        """
        Follow the engine no longer.
        """
        self._engine.followers.remove(self._follow)

    # --- how

    def _follow(self, delta: Delta) -> None:
        self._sums.follow(delta)
        if delta.merges:
            self._givens.follow(delta.merges)

    def _compare(self, half: NDArray[np.uint8], lengths: Ints, given: Given) -> Codes:
        if self._judge is None:
            return self._reference.codes(self._sums.values, half, lengths, given)
        codes = np.zeros(len(self), dtype=np.int8)
        bounds = (given.x1, given.y1, given.x2, given.y2, given.state)
        self._judge.codes(self._sums.values, half, lengths, *bounds, *self._spare, codes)
        return codes
