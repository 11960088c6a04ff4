"""
Which minutes do not count?

An exclusion takes the minutes of an interval out of all indicators or of some, as a whole or for one value of a label.
What it takes out is counted apart, on a second set of books: an answer is what was counted less what was counted there.

>>> import numpy as np
>>> from watchkeeper.measure.rows import counting_registry
>>> registry = counting_registry()
>>> registry.ids(["6f2a||n", "6f2a|region=eu|n"])
[0, 1]
>>> minute = 60 * 10**9
>>> one = Exclusion(id=1, begin_ns=5 * minute, end_ns=7 * minute, label="region", value="eu")
>>> which, rows = Exclusions([one], registry, minute).apart(np.array([0, 1, 1]), np.array([5, 6, 7]) * minute)
>>> which.tolist(), rows.tolist()
([1, 1], [1, 0])

For a value of a label, the events of that value are taken out of the value's own series and out of the indicator as a
whole, but not out of the values of another label, because nobody counted the two together. For the same reason only the
first label (by name) is taken out of the whole where minutes of two labels overlap.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.rows import Registry, Series, series_of
from watchkeeper.measure.values import Ints

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """
    The minutes that [begin, end) touches; of all indicators or, by meaning, of some; of one value of a label or of all.
    """

    id: int
    begin_ns: int
    end_ns: int
    label: str = ""
    value: str = ""
    scope: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Minutes:
    """
    Disjoint intervals, in order, as edges: begin, end, begin, end ...
    """

    edges: Ints

    def __bool__(self) -> bool:
        return len(self.edges) > 0

    def hold(self, at_ns: Ints) -> NDArray[np.bool_]:
        """
        Which of these instants lie in one of them.
        """
        begun: Ints = np.searchsorted(self.edges, at_ns, side="right")
        inside: NDArray[np.bool_] = begun % 2 == 1
        return inside

    def within(self, begin_ns: int, end_ns: int) -> list[Interval]:
        """
        Their parts in [begin, end).
        """
        pairs = self.edges.reshape(-1, 2).tolist()
        return [(max(a, begin_ns), min(b, end_ns)) for a, b in pairs if a < end_ns and b > begin_ns]

    def without(self, others: "Minutes") -> "Minutes":
        """
        These less the others.
        """
        left: list[Interval] = []
        for begin, end in self.edges.reshape(-1, 2).tolist():
            at = begin
            for a, b in others.within(begin, end):
                if at < a:
                    left.append((at, a))
                at = b
            if at < end:
                left.append((at, end))
        return minutes_of(left)


def minutes_of(intervals: Iterable[Interval]) -> Minutes:
    """
    Intervals that may overlap, as disjoint ones.
    """
    edges: list[int] = []
    for begin, end in sorted(intervals):
        if edges and begin <= edges[-1]:
            edges[-1] = max(edges[-1], end)
        elif begin < end:
            edges += [begin, end]
    return Minutes(np.array(edges, dtype=np.int64))


NEVER = minutes_of([])


@dataclass(frozen=True, slots=True)
class _Rule:
    """
    When a row's amounts are taken out of itself, and when out of the row of the whole indicator.
    """

    own: Minutes
    up: Minutes


class Exclusions:
    """
    All that is excluded. Not thread-safe.
    """

    def __init__(self, exclusions: Sequence[Exclusion], registry: Registry, minute_ns: int) -> None:
        self.all = tuple(exclusions)
        self._registry, self._minute_ns = registry, minute_ns
        self.minutes = minutes_of(self._interval(one) for one in self.all)  # of any of them
        self._of: dict[Series, _Rule] = {}
        self._rules: list[_Rule] = []
        self._rule = np.zeros(0, dtype=np.int64)  # by row: its rule; -1 for none
        self._whole = np.zeros(0, dtype=np.int64)  # by row: the row of the whole indicator
        self._rows_seen = 0

    def __bool__(self) -> bool:
        return bool(self.all)

    @property
    def edges_ns(self) -> list[int]:
        """
        Where any of them begins or ends.
        """
        return [edge for one in self.all for edge in self._interval(one)]

    def of(self, series: Series) -> Minutes:
        """
        When nothing of this series counts.
        """
        return self._rule_of(series).own

    def apart(self, rows: Ints, at_ns: Ints) -> tuple[Ints, Ints]:
        """
        Which of these amounts (by row and beginning of their slot) are taken out, and of which row; an amount may be
        taken out of two.
        """
        if not self.minutes or not len(rows) or not self.minutes.hold(at_ns).any():
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        self._look_at_new_rows(int(rows.max()) + 1)
        rules = self._rule[rows]
        which: list[Ints] = []
        to: list[Ints] = []
        for number in np.unique(rules[rules >= 0]).tolist():
            mine = np.flatnonzero(rules == number)
            rule = self._rules[number]
            own = mine[rule.own.hold(at_ns[mine])]
            up = mine[rule.up.hold(at_ns[mine])]
            which += [own, up]
            to += [rows[own], self._wholes(rows[up])]
        if not which:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        return np.concatenate(which), np.concatenate(to)

    def _interval(self, one: Exclusion) -> Interval:
        minute = self._minute_ns
        return one.begin_ns // minute * minute, -(-one.end_ns // minute) * minute

    def _said(self, meaning: str, label: str, value: str | None) -> Minutes:
        """
        What is excluded of an indicator for a label (none: as a whole), for one of its values or for any.
        """
        return minutes_of(
            self._interval(one)
            for one in self.all
            if one.label == label
            and (value is None or one.value == value)
            and (one.scope is None or meaning in one.scope)
        )

    def _rule_of(self, series: Series) -> _Rule:
        if series not in self._of:
            self._of[series] = self._new_rule(series)
        return self._of[series]

    def _new_rule(self, series: Series) -> _Rule:
        whole = self._said(series.meaning, "", None)
        if not series.label:
            return _Rule(whole, NEVER)
        mine = self._said(series.meaning, series.label, series.value)
        up = mine.without(whole)
        for label in sorted({one.label for one in self.all if one.label and one.label < series.label}):
            up = up.without(self._said(series.meaning, label, None))
        return _Rule(minutes_of([*_pairs(whole), *_pairs(mine)]), up)

    def _look_at_new_rows(self, top: int) -> None:
        more = max(top, self._registry.top) - len(self._rule)
        if more > 0:
            none = np.full(more, -1, dtype=np.int64)
            self._rule, self._whole = np.r_[self._rule, none], np.r_[self._whole, none]
        new = self._registry.since(self._rows_seen)
        self._rows_seen += len(new)
        numbers = {id(rule): number for number, rule in enumerate(self._rules)}
        for row, name in new:
            series = series_of(name)
            rule = self._rule_of(series) if series is not None else None
            if series is None or rule is None or not (rule.own or rule.up):
                continue
            if id(rule) not in numbers:
                numbers[id(rule)] = len(self._rules)
                self._rules.append(rule)
            self._rule[row] = numbers[id(rule)]

    def _wholes(self, rows: Ints) -> Ints:
        """
        The rows of the whole indicator that belong to these rows of a label's value.
        """
        for row in np.unique(rows[self._whole[rows] < 0]).tolist():
            name = self._registry.name(row)
            series = series_of(name)
            assert series is not None  # a row that has a rule is of a series
            (self._whole[row],) = self._registry.ids(
                [f"{Series(meaning=series.meaning)}{name.removeprefix(str(series))}"]
            )
        return self._whole[rows]


def _pairs(minutes: Minutes) -> list[Interval]:
    return [(begin, end) for begin, end in minutes.edges.reshape(-1, 2).tolist()]
