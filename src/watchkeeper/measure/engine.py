"""
What happened in this window?

The engine holds every series in three rings (10 s, 2 min, 1 h), in running totals for calendar windows, and in merges for
what cannot be added. It knows no clock and no store: deltas come in, `now` comes with every question.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from watchkeeper.manual.condition.ast import Period
from watchkeeper.measure.answers import Answer, Question, Since, Span, Under
from watchkeeper.measure.deltas import Delta
from watchkeeper.measure.grid import Grid, Tier
from watchkeeper.measure.heard import Heard
from watchkeeper.measure.merges import KEEP_RESULTS, Merge, keep_worst
from watchkeeper.measure.periods import period_around
from watchkeeper.measure.plan import IndicatorPlan, Plan
from watchkeeper.measure.rings import Ring
from watchkeeper.measure.rows import (
    Registry,
    Series,
    bucketed_row,
    count_row,
    matched_row,
    named_row,
    series_of,
    sum_row,
    under_row,
    unsure_row,
    valued_row,
)
from watchkeeper.measure.running import Running
from watchkeeper.measure.slots import MergeSlots
from watchkeeper.measure.values import Ints


class Engine:
    """
    All numbers of one manual. Not thread-safe: whoever shares it holds a lock.
    """

    def __init__(self, plan: Plan, registry: Registry, grid: Grid, *, now_ns: int) -> None:
        self.plan = plan
        self.registry = registry
        self.grid = grid.reaching(plan.longest_ns)
        self.rings = {tier.name: Ring(tier, head=tier.slot(now_ns), rows=registry.top) for tier in self.grid.tiers}
        self.merges = {tier.name: MergeSlots(tier) for tier in self.grid.tiers}
        self.running = {period: Running(*self._period(period, now_ns)) for period in plan.periods}
        self.heard = Heard(registry)
        self._waiting: list[Delta] = []
        self._labels: dict[tuple[str, str], set[str]] = {}
        self._labels_seen = 0

    # --- time and deltas come in

    def advance(self, now_ns: int) -> None:
        """
        Open the slots of this instant. Time never runs backwards here: an earlier `now` changes nothing.
        """
        for tier in self.grid.tiers:
            if tier.slot(now_ns) > self.rings[tier.name].head:
                self.rings[tier.name].advance(tier.slot(now_ns))
                self.merges[tier.name].forget_before(tier.slot(now_ns) - tier.length)
        for period, running in self.running.items():
            if now_ns >= running.end_ns:
                running.turn(*self._period(period, now_ns))
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for delta in waiting:
                self.apply(delta)

    def apply(self, delta: Delta) -> None:
        """
        Count a committed delta. What lies ahead of the open slot waits until that slot opens.
        """
        delta, ahead = _split(delta, self.rings["fine"].head)
        if ahead:
            self._waiting.append(ahead)
        fine_ns = self.grid.fine.slot_ns
        at_ns = delta.slots * fine_ns
        for tier in self.grid.tiers:
            self.rings[tier.name].add(delta.rows, at_ns // tier.slot_ns, delta.amounts)
        for running in self.running.values():
            running.add(delta.rows, at_ns, delta.amounts)
        self.heard.note(delta.rows, at_ns)
        for (series, slot), merge in delta.merges.items():
            for tier in self.grid.tiers:
                self.merges[tier.name].take(series, slot * fine_ns // tier.slot_ns, merge)

    # --- questions go out

    def labels(self, indicator: str, label: str) -> list[str]:
        """
        The values of this label that were ever seen, sorted.
        """
        if len(self.registry.names) != self._labels_seen:
            self._labels_seen = len(self.registry.names)
            self._labels = {}
            for name in self.registry.names.values():
                series = series_of(name)
                if series is not None and series.label:
                    self._labels.setdefault((series.meaning, series.label), set()).add(series.value)
        plan = self.plan.indicators.get(indicator)
        return sorted(self._labels.get((plan.meaning, label), ())) if plan else []

    def ask(self, question: Question, now_ns: int) -> Answer:
        """
        The answer at this instant. The indicator must be in the plan (`KeyError` otherwise).
        """
        return self.ask_all([question], now_ns)[0]

    def ask_all(self, questions: Sequence[Question], now_ns: int) -> list[Answer]:
        """
        Many answers: all rows of one window are subtracted at once.
        """
        answers: list[Answer | None] = [None] * len(questions)
        together: dict[tuple[Span | Since, int, int], list[int]] = {}
        for i, question in enumerate(questions):
            delay = self.plan.indicators[question.indicator].stream.delay_ns
            at_ns = now_ns - delay - question.ago_ns
            together.setdefault((question.window, at_ns, question.ago_ns), []).append(i)
        for (window, at_ns, ago_ns), members in together.items():
            found = self._window([questions[i] for i in members], window, at_ns, ago_ns)
            for i, answer in zip(members, found, strict=True):
                answers[i] = answer
        return [answer for answer in answers if answer is not None]

    def history(self, question: Question, now_ns: int) -> tuple[Tier, int, Ints, Ints]:
        """
        Slot by slot over a rolling window: the tier, its first slot, counts and matched; for drawing.
        """
        assert isinstance(question.window, Span)
        tier = self.grid.tier_for(question.window.ns)
        first, last = tier.first(now_ns, question.window.ns), tier.slot(now_ns)
        series = self._series(question)
        ring = self.rings[tier.name]
        counts, matched = (ring.each(self._row(row), first, last) for row in (count_row(series), matched_row(series)))
        return tier, first, counts, matched

    def heard_slots(self, indicator: str, tier: Tier, first: int, last: int) -> list[bool]:
        """
        Which of these slots were heard, for drawing what is unknown.
        """
        stream = self.plan.indicators[indicator].stream
        return self.heard.slots(stream, self.rings[tier.name], first, last).tolist()

    def merged(self, question: Question, now_ns: int) -> list[tuple[int, Merge]]:
        """
        The merges of a rolling window, slot by slot, where there are any; for drawing quantiles.
        """
        assert isinstance(question.window, Span)
        tier = self.grid.tier_for(question.window.ns)
        slots = self.merges[tier.name]
        first, last = tier.first(now_ns, question.window.ns), tier.slot(now_ns)
        return sorted(slots.between(str(self._series(question)), first, last))

    # --- how

    def _window(self, questions: list[Question], window: Span | Since, at_ns: int, ago_ns: int) -> list[Answer]:
        wanted = [self._rows(question) for question in questions]
        flat = np.array([row for rows in wanted for row in rows], dtype=np.int64)
        counted, tier, first, last, start_ns = self._sums(flat, window, at_ns, ago_ns)
        answers, i = [], 0
        for question, rows in zip(questions, wanted, strict=True):
            plan = self.plan.indicators[question.indicator]
            mine = counted[i : i + len(rows)]
            i += len(rows)
            answers.append(self._answer(question, plan, mine, tier, first, last, start_ns, at_ns))
        return answers

    def _sums(self, rows: Ints, window: Span | Since, at_ns: int, ago_ns: int) -> tuple[Ints, Tier, int, int, int]:
        if isinstance(window, Span):
            tier = self.grid.tier_for(window.ns + ago_ns)  # an earlier window lies where only coarser rings reach
            first, last = tier.first(at_ns, window.ns), tier.slot(at_ns)
            return self.rings[tier.name].between(rows, first, last), tier, first, last, first * tier.slot_ns
        running = self.running[window.period]
        fine = self.rings["fine"]
        after = fine.between(rows, self.grid.fine.slot(at_ns) + 1, fine.head)  # what a delay must not see yet
        start_ns, totals = running.totals(rows, at_ns)
        tier = self.grid.tier_for(at_ns - start_ns)
        return totals - after, tier, tier.slot(start_ns), tier.slot(at_ns), start_ns

    def _answer(
        self,
        question: Question,
        plan: IndicatorPlan,
        counted: Ints,
        tier: Tier,
        first: int,
        last: int,
        start_ns: int,
        at_ns: int,
    ) -> Answer:
        n, matched, valued, total, bucketed, *limits = (int(v) for v in counted)
        merge = self.merges[tier.name].over(str(self._series(question)), first, last)
        known, slots = self.heard.known(plan.stream, self.rings[tier.name], first, last)
        under = {}
        for k, (limit, _) in enumerate(plan.bounds):
            sure, unsure = limits[2 * k : 2 * k + 2]
            unsure += self._before_named(question, plan, limit, n, tier, last, start_ns)
            under[limit] = Under(sure=sure, most=min(n, sure + unsure))
        return Answer(
            start_ns=start_ns,
            end_ns=at_ns,
            count=n,
            matched=matched,
            valued=valued,
            total=total,
            bucketed=bucketed,
            scale=plan.scale,
            under=under,
            low=merge.low,
            high=merge.high,
            last=merge.last[1] if merge.last else None,
            last_at_ns=merge.last[0] if merge.last else None,
            seen_ns=merge.seen_ns or None,
            known=known,
            slots=slots,
            born_ns=self.heard.born_ns(plan.stream),
            buckets=merge.buckets,
            results=tuple(merge.results[-KEEP_RESULTS:]),
            worst=tuple(keep_worst(merge.worst)),
        )

    def _before_named(
        self, question: Question, plan: IndicatorPlan, limit: int, n: int, tier: Tier, last: int, start_ns: int
    ) -> int:
        """
        How many were seen before the manual named this threshold, and so were never held against it.
        """
        named_ns = self.heard.born_of(named_row(plan.meaning, limit))
        if named_ns is None or named_ns <= start_ns:
            return 0
        row = np.array([self._row(count_row(self._series(question)))], dtype=np.int64)
        return n - int(self.rings[tier.name].between(row, tier.slot(named_ns) + 1, last)[0])

    def _rows(self, question: Question) -> list[int]:
        plan = self.plan.indicators[question.indicator]
        series = self._series(question)
        names = [of(series) for of in (count_row, matched_row, valued_row, sum_row, bucketed_row)]
        for limit, _ in plan.bounds:
            names += [under_row(series, limit), unsure_row(series, limit)]
        return [self._row(name) for name in names]

    def _row(self, name: str) -> int:
        row = self.registry.find(name)
        return -1 if row is None else row

    def _series(self, question: Question) -> Series:
        meaning = self.plan.indicators[question.indicator].meaning
        return Series(meaning=meaning, label=question.label, value=question.value)

    def _period(self, period: Period, now_ns: int) -> tuple[int, int, int]:
        """
        When the period before this one began, when this one began, and when it ends.
        """
        at = datetime.fromtimestamp(now_ns // 1_000_000_000, tz=UTC)
        begin, end = period_around(period, at, self.plan.zone)
        before, _ = period_around(period, begin - timedelta(seconds=1), self.plan.zone)
        return tuple(int(edge.timestamp()) * 1_000_000_000 for edge in (before, begin, end))  # type: ignore[return-value]


def _split(delta: Delta, head: int) -> tuple[Delta, Delta]:
    """
    What lies up to the open slot, and what lies ahead of it.
    """
    ahead = delta.slots > head
    return tuple(
        Delta(
            rows=delta.rows[rows],
            slots=delta.slots[rows],
            amounts=delta.amounts[rows],
            merges={key: merge for key, merge in delta.merges.items() if (key[1] > head) is later},
        )
        for rows, later in ((~ahead, False), (ahead, True))
    )  # type: ignore[return-value]  # mypy does not count a generator's items
