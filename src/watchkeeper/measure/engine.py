"""
What happened in this window?

The engine holds every series in three rings (10 s, 2 min, 1 h), in running totals for calendar windows, and in merges
for what cannot be added. It knows no clock and no store: deltas come in, `now` comes with every question.
"""

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from watchkeeper.measure.answering import Asked, HowHeard, answered, asked_of, nothing
from watchkeeper.measure.answers import Answer, Question, Since, Span
from watchkeeper.measure.calendars import Calendars
from watchkeeper.measure.deltas import Delta, split
from watchkeeper.measure.grid import Grid, Tier
from watchkeeper.measure.heard import Heard
from watchkeeper.measure.held import Held, held_of, merged
from watchkeeper.measure.plan import Plan, StreamPlan
from watchkeeper.measure.rings import Ring
from watchkeeper.measure.rows import Registry, count_row, matched_row, series_of
from watchkeeper.measure.slots import MergeSlots
from watchkeeper.measure.values import Ints
from watchkeeper.measure.windows import Stretch, rolling, since

LATE_KEPT = 100_000  # amounts that arrived late between two turns; what is more is counted all the same, not corrected


class Engine:
    """
    All numbers of one manual. Not thread-safe: whoever shares it holds a lock.
    """

    def __init__(self, plan: Plan, registry: Registry, grid: Grid, *, now_ns: int) -> None:
        self.plan = plan
        self.registry = registry
        self.grid = grid.reaching(plan.longest_ns)
        self.rings = {tier.name: Ring(tier, head=tier.slot(now_ns)) for tier in self.grid.tiers}
        self.merges = {tier.name: MergeSlots(tier) for tier in self.grid.tiers}
        self.calendars = Calendars(plan.periods, plan.zone, now_ns=now_ns)
        self.cut = self.calendars.cut(self.grid.coarse.slot_ns)  # hours of which minutes are kept
        self.cuts = MergeSlots(Tier(name="cut", slot_ns=self.grid.minute_ns, length=0))
        self.heard = Heard(registry)
        self._waiting: list[Delta] = []
        self._late: deque[tuple[int, int, int]] = deque(maxlen=LATE_KEPT)
        self._asked: dict[tuple[str, str, str], Asked] = {}
        self._labels: dict[tuple[str, str], set[str]] = {}
        self._rows_seen = 0

    # --- time and deltas come in

    @property
    def head(self) -> int:
        """
        The open slot of the finest ring.
        """
        return self.rings["fine"].head

    def advance(self, now_ns: int) -> None:
        """
        Open the slots of this instant. Time never runs backwards here: an earlier `now` changes nothing.
        """
        if self.grid.fine.slot(now_ns) <= self.head:
            return
        if self.calendars.advance(now_ns):
            self.cut = self.calendars.cut(self.grid.coarse.slot_ns)
            per = self.grid.coarse.slot_ns // self.grid.minute_ns
            self.cuts.forget(lambda minute: minute // per not in self.cut)
        for tier in self.grid.tiers:
            if tier.slot(now_ns) > self.rings[tier.name].head:
                self.rings[tier.name].advance(tier.slot(now_ns))
                self._forget(tier.name, tier.slot(now_ns) - tier.length)
        waiting, self._waiting = self._waiting, []
        for delta in waiting:
            self.apply(delta)

    def apply(self, delta: Delta) -> None:
        """
        Count a committed delta. What lies ahead of the open slot waits until that slot opens.
        """
        self.heard.note(delta.rows, delta.slots * self.grid.fine.slot_ns)
        delta, ahead = split(delta, self.head)
        if ahead:
            self._waiting.append(ahead)
        late = delta.slots < self.head
        self._late.extend(
            zip(*(column[late].tolist() for column in (delta.rows, delta.slots, delta.amounts)), strict=True)
        )
        fine_ns = self.grid.fine.slot_ns
        at_ns = delta.slots * fine_ns
        for tier in self.grid.tiers:
            self.rings[tier.name].add(delta.rows, at_ns // tier.slot_ns, delta.amounts)
        self.calendars.add(delta.rows, at_ns, delta.amounts)
        for (series, slot), merge in held_of(delta, self.registry).items():
            for tier in self.grid.tiers:
                self.merges[tier.name].take(series, slot * fine_ns // tier.slot_ns, merge)
            if slot * fine_ns // self.grid.coarse.slot_ns in self.cut:
                self.cuts.take(series, slot * fine_ns // self.grid.minute_ns, merge)

    def take_late(self) -> list[tuple[int, int, int]]:
        """
        What arrived in slots that had closed, since this was last asked: (row, finest slot, amount).
        """
        late = list(self._late)
        self._late.clear()
        return late

    # --- questions go out

    def labels(self, indicator: str, label: str) -> list[str]:
        """
        The values of this label that were ever seen, sorted.
        """
        self._look_at_new_rows()
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
        self._look_at_new_rows()
        together: dict[tuple[Span | Since, int], list[int]] = {}
        for i, question in enumerate(questions):
            delay_ns = self.plan.indicators[question.indicator].stream.delay_ns
            together.setdefault((question.window, now_ns - delay_ns - question.ago_ns), []).append(i)
        answers: dict[int, Answer] = {}
        for (window, at_ns), members in together.items():
            found = self._window([questions[i] for i in members], window, at_ns, now_ns)
            answers.update(zip(members, found, strict=True))
        return [answers[i] for i in range(len(questions))]

    def history(self, question: Question, now_ns: int) -> tuple[Tier, int, Ints, Ints]:
        """
        Slot by slot over a rolling window: the tier, its first slot, counts and matched; for drawing.
        """
        stretch = self._drawn(question, now_ns)
        series = self._of(question).series
        counts, matched = (
            self.rings[stretch.tier.name].each(self.registry.find(name), stretch.first, stretch.last)
            for name in (count_row(series), matched_row(series))
        )
        return stretch.tier, stretch.first, counts, matched

    def heard_slots(self, indicator: str, tier: Tier, first: int, last: int) -> list[bool]:
        """
        Which of these slots were heard, for drawing what is unknown.
        """
        stream = self.plan.indicators[indicator].stream
        return [bool(slot) for slot in self.heard.slots(stream, self.rings[tier.name], first, last)]

    def merged(self, question: Question, now_ns: int) -> list[tuple[int, Held]]:
        """
        The merges of a rolling window, slot by slot, where there are any; for drawing quantiles.
        """
        stretch = self._drawn(question, now_ns)
        slots = self.merges[stretch.tier.name]
        return sorted(slots.between(self._of(question).series, stretch.first, stretch.last), key=lambda one: one[0])

    # --- how

    def _window(self, questions: list[Question], window: Span | Since, at_ns: int, now_ns: int) -> list[Answer]:
        stretch = self._stretch(window, at_ns, now_ns)
        asked = [self._of(question) for question in questions]
        if stretch is None:
            return [nothing(one, at_ns) for one in asked]
        counted = self._sums(np.concatenate([one.rows for one in asked]), window, stretch).tolist()
        heard: dict[str, HowHeard] = {}
        answers, i = [], 0
        for question, one in zip(questions, asked, strict=True):
            stream = one.plan.stream
            if stream.meaning not in heard:
                heard[stream.meaning] = (*self._known(stream, stretch, now_ns), self.heard.born_ns(stream))
            merge = self._merged(one.series, stretch) if question.merges else None
            answers.append(answered(one, counted[i : i + len(one.rows)], stretch, heard[stream.meaning], merge))
            i += len(one.rows)
        return answers

    def _stretch(self, window: Span | Since, at_ns: int, now_ns: int) -> Stretch | None:
        if isinstance(window, Span):
            return rolling(self.grid, window, at_ns, now_ns=now_ns)
        return since(self.grid, self.calendars.running[window.period], at_ns, now_ns=now_ns)

    def _sums(self, rows: Ints, window: Span | Since, stretch: Stretch) -> Ints:
        if isinstance(window, Span):
            return self.rings[stretch.tier.name].between(rows, stretch.first, stretch.last)
        running = self.calendars.running[window.period]
        totals = running.totals(rows, stretch.start_ns)
        # What a delay must not see yet is taken off again, in slots that no boundary cuts.
        head_ns = (self.head + 1) * self.grid.fine.slot_ns
        tier = self.grid.tier_for(head_ns - stretch.at_ns)
        end_ns = min(head_ns, running.end_ns if stretch.start_ns == running.begin_ns else running.begin_ns)
        return totals - self.rings[tier.name].between(rows, tier.slot(stretch.at_ns) + 1, tier.slot(end_ns - 1))

    def _known(self, stream: StreamPlan, stretch: Stretch, now_ns: int) -> tuple[int, int]:
        """
        Known slots, and all; in a coarser ring where a word spoken before the window would lie outside of its own.
        """
        seen = stretch.on(self.grid.tier_for(now_ns - stretch.start_ns + stream.speaks_ns))
        return self.heard.known(stream, self.rings[seen.tier.name], seen.first, seen.last)

    def _merged(self, series: str, stretch: Stretch) -> Held:
        slots, (first, last) = self.merges[stretch.tier.name], stretch.inside
        found = [slots.between(series, first, last)]
        slot_ns = stretch.tier.slot_ns
        if first > stretch.first:
            found.append(self._minutes(series, stretch.start_ns, first * slot_ns))
        if last < stretch.last and stretch.end_ns is not None:
            found.append(self._minutes(series, max(stretch.start_ns, (last + 1) * slot_ns), stretch.end_ns))
        return merged(merge for part in found for _, merge in part)

    def _minutes(self, series: str, begin_ns: int, end_ns: int) -> Iterator[tuple[int, Held]]:
        """
        The part of a slot that a boundary cuts.
        """
        return self.cuts.between(series, self.cuts.tier.slot(begin_ns), self.cuts.tier.slot(end_ns - 1))

    def _forget(self, tier: str, slot: int) -> None:
        self.merges[tier].forget(lambda old: old < slot)

    def _drawn(self, question: Question, now_ns: int) -> Stretch:
        assert isinstance(question.window, Span)
        return rolling(self.grid, question.window, now_ns, now_ns=now_ns)

    def _of(self, question: Question) -> Asked:
        key = (question.indicator, question.label, question.value)
        if key not in self._asked:
            self._asked[key] = asked_of(self.plan.indicators[question.indicator], question, self.registry)
        return self._asked[key]

    def _look_at_new_rows(self) -> None:
        new = self.registry.since(self._rows_seen)
        if new:
            self._rows_seen += len(new)
            self._asked.clear()  # what was never counted may be now
        for _, name in new:
            series = series_of(name)
            if series is not None and series.label:
                self._labels.setdefault((series.meaning, series.label), set()).add(series.value)
