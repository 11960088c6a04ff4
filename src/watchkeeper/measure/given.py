"""
What do conditions compare that no row counts?

Ages, newest values and strikes are followed result by result (`Singles`). Of extremes and different values the merge of
each window is kept: what comes in joins it, and it is merged anew only when its window moves on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watchkeeper.manual.condition import ast
from watchkeeper.measure.answers import Question, Since, Span
from watchkeeper.measure.distinct import bounds, set_name
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.layout import Layout, Single
from watchkeeper.measure.merges import Merge, merged
from watchkeeper.measure.moments import Moment
from watchkeeper.measure.singles import NONE, Singles
from watchkeeper.measure.values import Ints
from watchkeeper.measure.verdicts import ASK, CLEAR, CUT, NO_EVENTS, UNKNOWN, VALUELESS, Given

#: Who reports at a steady pace; of anything else silence may only mean that nothing happens.
REPORTS = ("checks", "metrics")
_AGE, _LEFT, _LAST, _ROW, _AMONG, _MERGED = range(6)


@dataclass(slots=True)
class _Kept:
    """
    The merge of a series in a window, what was merged since, and which comparisons read it.
    """

    one: Single
    delayed: bool
    entries: list[int] = field(default_factory=list)
    more: list[tuple[int, Merge]] = field(default_factory=list)
    merge: Merge = field(default_factory=Merge)
    begin_ns: int = NONE
    last: int = NONE
    ends: tuple[int | None, int | None] | None = None  # the smallest and the largest, as they were last read
    sketches: dict[str, bytes] = field(default_factory=dict)  # the same of what is different
    many: dict[str, tuple[int, int]] = field(default_factory=dict)  # how many that are

    def renewed(self) -> bool:
        """
        Read the merge; whether it says something new.
        """
        ends, sketches = (self.merge.low, self.merge.high), self.merge.distinct
        if ends == self.ends and sketches == self.sketches:
            return False
        many = {
            name: self.many[name] if self.sketches.get(name) == sketch else bounds(sketch)
            for name, sketch in sketches.items()
        }
        self.ends, self.sketches, self.many = ends, dict(sketches), many
        return True


class Givens:
    """
    All that is given to a sweep, at any moment.
    """

    def __init__(self, engine: Engine, layout: Layout, loops: Any | None) -> None:
        self._engine, self._all, self._loops = engine, layout.singles, loops
        n = len(self._all)
        self._windows = [one.window for one in layout.windows]
        self._slot_ns = engine.grid.fine.slot_ns
        self._given = Given(
            x1=np.zeros(n, dtype=np.int64),
            y1=np.ones(n, dtype=np.int64),
            x2=np.zeros(n, dtype=np.int64),
            y2=np.ones(n, dtype=np.int64),
            state=np.zeros(n, dtype=np.int8),
        )
        self._singles = Singles([], good=[])
        self._newest = np.array([i for i, one in enumerate(self._all) if _what(one) != _MERGED], dtype=np.int64)
        mine = [self._all[i] for i in self._newest.tolist()]
        self._what = np.array([_what(one) for one in mine], dtype=np.int64)
        self._most = np.array([_most(one) for one in mine], dtype=np.int64)
        self._window = np.array([one.window for one in mine], dtype=np.int64)
        self._heard = np.array([one.heard for one in mine], dtype=np.int64)
        late = [layout.heard.window[one.heard] if one.heard >= 0 else one.window for one in mine]
        self._late_window = np.array(late, dtype=np.int64)
        self._by_seen = np.array([one.plan.stream.signal in REPORTS for one in mine], dtype=np.bool_)
        self._series = {series: i for i, series in enumerate(dict.fromkeys(one.series for one in mine))}
        self._which = np.array([self._series[one.series] for one in mine], dtype=np.int64)
        self._kept: dict[tuple[str, int], _Kept] = {}
        self._of_series: dict[str, list[_Kept]] = {}
        for i, one in enumerate(self._all):
            if _what(one) == _MERGED:
                self._keeps(i, one, delayed=layout.windows[one.window].delay_ns > 0)
        self._changed = NONE  # nothing is loaded yet

    def follow(self, merges: Mapping[tuple[str, int], Merge]) -> None:
        """
        This was merged.
        """
        self._singles.take(merges)
        for (series, slot), merge in merges.items():
            for kept in self._of_series.get(series, ()):
                kept.more.append((slot * self._slot_ns, merge))

    def at(self, moment: Moment, known: Ints, half: NDArray[np.uint8]) -> Given:
        """
        Everything at this moment, with the streams known in so many slots.
        """
        if not len(self._all):
            return self._given
        if self._engine.changed != self._changed:
            self._changed = self._engine.changed
            self._load(moment.now_ns)
        self._keep(moment)
        if len(self._newest):
            self._see(moment, known, half)
        return self._given

    # --- what is followed

    def _keeps(self, i: int, one: Single, *, delayed: bool) -> None:
        key = (one.series, one.window)
        if key not in self._kept:
            self._kept[key] = _Kept(one, delayed)
            self._of_series.setdefault(one.series, []).append(self._kept[key])
        self._kept[key].entries.append(i)

    def _load(self, now_ns: int) -> None:
        """
        Begin to follow where the engine stands.
        """
        mine = [self._all[i] for i in self._newest.tolist()]
        by_series = {one.series: one for one in reversed(mine)}
        longest: dict[str, int] = {}
        for one in mine:
            lengths = [window.ns for window in one.posed.windows if isinstance(window, Span)]
            longest[one.series] = max(longest.get(one.series, 0), *lengths)
        self._singles = Singles(list(self._series), good=[by_series[series].posed.good for series in self._series])
        questions = [_question(by_series[series], Span(ns=longest[series])) for series in self._series]
        for series, answer in zip(self._series, self._engine.ask_all(questions, now_ns), strict=True):
            self._singles.load(series, answer)
        for kept in self._kept.values():
            kept.begin_ns = NONE

    # --- what is said

    def _keep(self, moment: Moment) -> None:
        """
        What was merged lately joins what is kept of a window; where that moved on, it is merged anew.
        """
        for (_, window), kept in self._kept.items():
            begin_ns, last = int(moment.start_ns[window]), 0
            if kept.delayed:
                last = int(moment.end_ns[window]) // self._slot_ns
            if begin_ns != kept.begin_ns or last != kept.last or (kept.more and kept.delayed):
                question = _question(kept.one, self._windows[window])
                kept.merge = merged([self._engine.merge_of(question, moment.now_ns)])
                kept.begin_ns, kept.last = begin_ns, last
            elif kept.more:
                kept.merge.take_all(merge for at_ns, merge in kept.more if at_ns >= begin_ns)
            else:
                continue
            kept.more.clear()
            if kept.renewed():
                for i in kept.entries:
                    self._bound(i, kept)

    def _bound(self, i: int, kept: _Kept) -> None:
        measure, given = self._all[i].posed.condition.measure, self._given
        if isinstance(measure, ast.Distinct):
            found = _different(measure, kept.many)
        else:
            ends = kept.ends or (None, None)
            steps = ends[0 if isinstance(measure, ast.Min) else 1]
            found = None if steps is None else (steps, 1, steps, 1)
        given.state[i] = VALUELESS if found is None else CLEAR
        given.x1[i], given.y1[i], given.x2[i], given.y2[i] = found or (0, 1, 0, 1)

    def _see(self, moment: Moment, known: Ints, half: NDArray[np.uint8]) -> None:
        """
        The newest results as they lie in their windows now.
        """
        singles, given = self._singles, self._given
        # A clock that was set back: what is newer than now is in them already.
        back = moment.now_ns < self._engine.head * self._slot_ns
        if self._loops is not None:
            mine = (self._newest, self._what, self._most, self._window, self._heard, self._late_window)
            seen = (singles.seen_ns, singles.last_ns, singles.last, singles.at_ns, singles.bad)
            self._loops.see(
                *mine,
                self._by_seen.view(np.uint8),
                self._which,
                *seen,
                moment.start_ns,
                moment.end_ns,
                known,
                half,
                back,
                given.x1,
                given.x2,
                given.state,
            )
            return
        which, what = self._which, self._what
        begin, end = moment.start_ns[self._window], moment.end_ns[self._window]
        seen_ns, last_ns = singles.seen_ns[which], singles.last_ns[which]
        x = np.zeros(len(what), dtype=np.int64)
        x[what == _AGE] = (end - seen_ns)[what == _AGE]
        x[what == _LEFT] = (singles.last[which] - end + last_ns)[what == _LEFT]
        x[what == _LAST] = singles.last[which][what == _LAST]
        row, among = what == _ROW, what == _AMONG
        x[row] = singles.in_a_row(which[row], begin[row])
        x[among] = singles.of_newest(which[among], begin[among], self._most[among])
        valued = (what == _LAST) | (what == _LEFT)
        state = np.where(valued & (last_ns < begin), np.int8(VALUELESS), np.int8(CLEAR))
        state[seen_ns < begin] = NO_EVENTS
        looks = self._heard >= 0
        spoke = np.where(self._by_seen, seen_ns >= moment.start_ns[self._late_window], known[self._heard] > 0)
        state[looks & ~spoke] = UNKNOWN
        state[(looks & (half[self._heard] == CUT)) | back] = ASK
        given.x1[self._newest] = given.x2[self._newest] = x
        given.state[self._newest] = state


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
    return _MERGED


def _most(one: Single) -> int:
    strikes = one.posed.condition.strikes
    return strikes.y if isinstance(strikes, ast.XofY) else 0


def _different(measure: ast.Distinct, many: Mapping[str, tuple[int, int]]) -> tuple[int, int, int, int] | None:
    """
    The bounds of a number of different values, or of a share of them; None for a share of nothing.
    """
    where = None if measure.where is None else measure.where.text
    low, high = many.get(set_name(measure.key, where), (0, 0))
    if not measure.divided:
        return low, 1, high, 1
    least, most = many.get(set_name(measure.key), (0, 0))
    if not most:
        return None
    return (low, most, high, least) if least > 0 and high < least else (low, most, 1, 1)
