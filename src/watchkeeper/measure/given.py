"""
What do conditions compare that no row counts?

Ages, newest values and strikes are followed result by result (`Singles`). Extremes and different values are asked of
the engine, and asked again only when something was merged into their series or their window moved on.
"""

import numpy as np
from numpy.typing import NDArray

from watchkeeper.manual.condition import ast
from watchkeeper.measure.answers import Answer, Question, Since, Span
from watchkeeper.measure.deltas import Delta
from watchkeeper.measure.distinct import set_name
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.layout import Layout, Single
from watchkeeper.measure.singles import NONE, Singles
from watchkeeper.measure.values import Ints
from watchkeeper.measure.verdicts import ASK, CLEAR, CUT, NO_EVENTS, UNKNOWN, VALUELESS, Given

#: Who reports at a steady pace; of anything else silence may only mean that nothing happens.
REPORTS = ("checks", "metrics")
_AGE, _LEFT, _LAST, _ROW, _AMONG, _ASKED = range(6)


class Givens:
    """
    All that is given to a sweep, at any instant.
    """

    def __init__(self, engine: Engine, layout: Layout) -> None:
        self._engine, self._all = engine, layout.singles
        n = len(self._all)
        self._windows = [one.window for one in layout.windows]
        self._window = np.array([one.window for one in self._all], dtype=np.int64)
        self._heard = np.array([one.heard for one in self._all], dtype=np.int64)
        self._late_window = np.array(
            [layout.heard.window[one.heard] if one.heard >= 0 else one.window for one in self._all], dtype=np.int64
        )
        self._by_seen = np.array([one.plan.stream.signal in REPORTS for one in self._all], dtype=np.bool_)
        self._what = np.array([_what(one) for one in self._all], dtype=np.int64)
        self._most = np.array([_most(one) for one in self._all], dtype=np.int64)
        self._given = Given(
            x1=np.zeros(n, dtype=np.int64),
            y1=np.ones(n, dtype=np.int64),
            x2=np.zeros(n, dtype=np.int64),
            y2=np.ones(n, dtype=np.int64),
            state=np.zeros(n, dtype=np.int8),
        )
        self._newest, self._asked = (np.flatnonzero(which) for which in (self._what < _ASKED, self._what == _ASKED))
        self._stale = set(self._asked.tolist())
        self._of_series: dict[str, list[int]] = {}
        for i in self._asked.tolist():
            self._of_series.setdefault(self._all[i].series, []).append(i)
        self._delayed = np.array([one.delay_ns > 0 for one in layout.windows], dtype=np.bool_)
        self._slot_ns = engine.grid.fine.slot_ns
        self._edges = np.full((len(self._asked), 2), NONE, dtype=np.int64)  # where the windows of those asked end
        self._changed = NONE  # nothing is loaded yet
        self._singles = Singles([], good=[])
        self._which = np.zeros(n, dtype=np.int64)
        if n:
            engine.followers.append(self._follow)

    def close(self) -> None:
        """
        Follow the engine no longer.
        """
        if self._follow in self._engine.followers:
            self._engine.followers.remove(self._follow)

    def at(self, now_ns: int, start_ns: Ints, end_ns: Ints, known: Ints, half: NDArray[np.uint8]) -> Given:
        """
        Everything at this instant, for windows that begin and end so, and streams known in so many slots.
        """
        if not len(self._all):
            return self._given
        if self._engine.changed != self._changed:
            self._changed = self._engine.changed
            self._stale.update(self._asked.tolist())
            self._load(now_ns)
        self._ask(now_ns, start_ns, end_ns)
        self._see(now_ns, start_ns, end_ns, known, half)
        return self._given

    # --- what is followed

    def _load(self, now_ns: int) -> None:
        """
        Begin to follow single results where the engine stands.
        """
        mine = {self._all[i].series: self._all[i] for i in self._newest.tolist()}
        self._singles = Singles(list(mine), good=[one.posed.good for one in mine.values()])
        index = {series: i for i, series in enumerate(mine)}
        self._which = np.array([index.get(one.series, 0) for one in self._all], dtype=np.int64)
        longest: dict[str, int] = {}
        for i in self._newest.tolist():
            one = self._all[i]
            longest[one.series] = max(
                longest.get(one.series, 0), *(window.ns for window in one.posed.windows if isinstance(window, Span))
            )
        questions = [_question(one, Span(ns=longest[series])) for series, one in mine.items()]
        for series, answer in zip(mine, self._engine.ask_all(questions, now_ns), strict=True):
            self._singles.load(series, answer)

    def _follow(self, delta: Delta) -> None:
        if not delta.merges:
            return
        self._singles.take(delta.merges)
        for series, _ in delta.merges:
            self._stale.update(self._of_series.get(series, ()))

    # --- what is said

    def _ask(self, now_ns: int, start_ns: Ints, end_ns: Ints) -> None:
        """
        Ask again about what is stale: its window moved on, or something was merged into it.
        """
        window = self._window[self._asked]
        edges = np.stack(
            [start_ns[window], np.where(self._delayed[window], end_ns[window] // self._slot_ns, 0)], axis=1
        )
        moved = self._asked[(edges != self._edges).any(axis=1)]
        self._edges = edges
        self._stale.update(moved.tolist())
        stale = sorted(self._stale)
        self._stale.clear()
        questions = [_question(self._all[i], self._windows[self._window[i]]) for i in stale]
        for i, answer in zip(stale, self._engine.ask_all(questions, now_ns), strict=True):
            self._answer(i, answer)

    def _answer(self, i: int, answer: Answer) -> None:
        measure, given = self._all[i].posed.condition.measure, self._given
        if isinstance(measure, ast.Distinct):
            bounds = _different(measure, answer)
        else:
            steps = answer.low if isinstance(measure, ast.Min) else answer.high
            bounds = None if steps is None else (steps, 1, steps, 1)
        given.state[i] = VALUELESS if bounds is None else CLEAR
        given.x1[i], given.y1[i], given.x2[i], given.y2[i] = bounds or (0, 1, 0, 1)

    def _see(self, now_ns: int, start_ns: Ints, end_ns: Ints, known: Ints, half: NDArray[np.uint8]) -> None:
        """
        The newest results as they lie in their windows now.
        """
        i = self._newest
        if not len(i):
            return
        singles, given, which, what = self._singles, self._given, self._which[i], self._what[i]
        begin, end = start_ns[self._window[i]], end_ns[self._window[i]]
        seen, last_ns = singles.seen_ns[which], singles.last_ns[which]
        x = np.zeros(len(i), dtype=np.int64)
        x[what == _AGE] = (end - seen)[what == _AGE]
        x[what == _LEFT] = (singles.last[which] - end + last_ns)[what == _LEFT]
        x[what == _LAST] = singles.last[which][what == _LAST]
        row, among = what == _ROW, what == _AMONG
        x[row] = singles.in_a_row(which[row], begin[row])
        x[among] = singles.of_newest(which[among], begin[among], self._most[i][among])
        given.x1[i] = given.x2[i] = x
        valued = (what == _LAST) | (what == _LEFT)
        state = np.where(valued & (last_ns < begin), np.int8(VALUELESS), np.int8(CLEAR))
        state[seen < begin] = NO_EVENTS
        heard, looks = self._heard[i], self._heard[i] >= 0
        spoke = np.where(self._by_seen[i], seen >= start_ns[self._late_window[i]], known[heard] > 0)
        state[looks & ~spoke] = UNKNOWN
        back = now_ns < self._engine.head * self._engine.grid.fine.slot_ns  # the clock was set back: newer ones are in
        state[(looks & (half[heard] == CUT)) | back] = ASK
        given.state[i] = state


def _question(one: Single, window: Span | Since) -> Question:
    return Question(indicator=one.posed.indicator, window=window, label=one.label, value=one.value)


def _what(one: Single) -> int:
    match one.posed.condition.measure:
        case ast.Age():
            return _AGE
        case ast.Left():
            return _LEFT
        case ast.Last():
            return _LAST
        case ast.Bad():
            return _AMONG if isinstance(one.posed.condition.strikes, ast.XofY) else _ROW
    return _ASKED


def _most(one: Single) -> int:
    strikes = one.posed.condition.strikes
    return strikes.y if isinstance(strikes, ast.XofY) else 0


def _different(measure: ast.Distinct, answer: Answer) -> tuple[int, int, int, int] | None:
    """
    The bounds of a number of different values, or of a share of them; None for a share of nothing.
    """
    where = None if measure.where is None else measure.where.text
    low, high = answer.distinct.get(set_name(measure.key, where), (0, 0))
    if not measure.divided:
        return low, 1, high, 1
    least, most = answer.distinct.get(set_name(measure.key), (0, 0))
    if not most:
        return None
    return (low, most, high, least) if least > 0 and high < least else (low, most, 1, 1)
