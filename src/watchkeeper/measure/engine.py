"""
What happened in this window?

The engine holds every series in rings (10 s, 2 min, 1 h, and days where a manual looks that far back), in running
totals for calendar windows, in histograms and examples, and in merges for what cannot be added. It knows no clock and
no store: deltas come in, `now` comes with every question.
"""

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from watchkeeper.measure.answering import Asked, HowHeard, Shown, answered, asked_of, nothing
from watchkeeper.measure.answers import Answer, Question, Since, Span
from watchkeeper.measure.books import Books
from watchkeeper.measure.deltas import Delta, Worst, split
from watchkeeper.measure.examples import KEEP, ExampleSlots
from watchkeeper.measure.exclusions import Exclusion, Exclusions
from watchkeeper.measure.far import Far
from watchkeeper.measure.grid import Grid, Tier
from watchkeeper.measure.heard import Heard
from watchkeeper.measure.held import Held
from watchkeeper.measure.merges import Merge, keep_worst
from watchkeeper.measure.pieces import Pieces
from watchkeeper.measure.plan import Plan
from watchkeeper.measure.rings import Ring
from watchkeeper.measure.rows import Registry, Series, count_row, matched_row, series_of
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
        self.far = Far(plan, self.grid, registry)
        self.heard = Heard(registry)
        self.followers: list[Callable[[Delta], None]] = []  # told what was counted, as it is counted
        self.changed = 0  # goes up when answers change by other means than by deltas and time
        self.exclusions = Exclusions((), registry, self.grid.minute_ns)
        self._now_ns = now_ns
        self.books = self._books()
        self.apart: Books | None = None  # what of that is excluded; None where nothing is
        self.pieces = Pieces(self.grid, self.far, self.books)
        self.examples = ExampleSlots(self.grid.middle)
        self._waiting: list[Delta] = []
        self._late: deque[Ints] = deque()
        self._late_kept = 0
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

    @property
    def rings(self) -> dict[str, Ring]:
        """
        The rings by the name of their tier; what is excluded is in them too.
        """
        return self.books.rings

    def advance(self, now_ns: int) -> None:
        """
        Open the slots of this instant. Time never runs backwards here: an earlier `now` changes nothing.
        """
        if self.grid.fine.slot(now_ns) <= self.head:
            return
        self._now_ns = now_ns
        self.books.advance(now_ns)
        if self.apart is not None:
            self.apart.advance(now_ns)
        self.pieces.forget(now_ns)
        self.examples.forget(self._oldest_example())
        waiting, self._waiting = self._waiting, []
        for delta in waiting:
            self.apply(delta)

    def apply(self, delta: Delta) -> None:
        """
        Count a committed delta. What lies ahead of the open slot waits until that slot opens.
        """
        fine_ns = self.grid.fine.slot_ns
        self.heard.note(delta.rows, delta.slots * fine_ns)
        delta, ahead = split(delta, self.head)
        if ahead:
            self._waiting.append(ahead)
        self.books.add(delta.rows, delta.slots * fine_ns, delta.amounts)
        if len(delta.buckets):
            some = delta.buckets
            self.books.spread(some.rows, some.slots * fine_ns, some.buckets, some.amounts)
        if len(delta.worst):
            self.show(delta.worst)
        self._is_late(delta.rows, delta.slots, delta.amounts)
        self.apply_apart(delta, late=True)
        for follower in self.followers:
            follower(delta)

    def apply_apart(self, delta: Delta, *, late: bool = False) -> None:
        """
        Count what of a delta is excluded, and merge what is not; the rest of it is counted already.
        """
        fine_ns = self.grid.fine.slot_ns
        if self.apart is not None:
            rows, at_ns, amounts = self.of_excluded(delta.rows, delta.slots * fine_ns, delta.amounts)
            self.apart.add(rows, at_ns, amounts)
            if late:
                self._is_late(rows, at_ns // fine_ns, -amounts)
            some = delta.buckets
            self.apart.spread(*self.of_excluded(some.rows, some.slots * fine_ns, some.buckets, some.amounts))
            delta.merges = {
                key: one for key, one in delta.merges.items() if not self.excludes(key[0], key[1] * fine_ns)
            }
        for (series, slot), merge in delta.merges.items():
            self.pieces.take(series, slot * fine_ns, merge)

    def show(self, worst: Worst) -> None:
        """
        Keep examples, whose slots are the finest.
        """
        slots = worst.slots * self.grid.fine.slot_ns // self.grid.middle.slot_ns
        some = Worst(rows=worst.rows, slots=slots, at_ns=worst.at_ns, values=worst.values, traces=worst.traces)
        self.examples.take(some, self._oldest_example())

    def excludes(self, series: str, at_ns: int) -> bool:
        """
        Whether nothing of a series counts in the slot that begins then.
        """
        of = series_of(f"{series}|") if self.exclusions else None
        return of is not None and bool(self.exclusions.of(of).hold(np.array([at_ns]))[0])

    def of_excluded(self, rows: Ints, at_ns: Ints, *columns: Ints) -> tuple[Ints, ...]:
        """
        The excluded ones of these, by row and beginning of their slot: of which row they are taken, and the rest.
        """
        which, to = self.exclusions.apart(rows, at_ns)
        return (to, at_ns[which], *(column[which] for column in columns))

    def exclude(self, exclusions: Sequence[Exclusion]) -> None:
        """
        From now on these exclusions hold, and no others. What was counted before is told apart by `folding.exclude`.
        """
        self.exclusions = Exclusions(exclusions, self.registry, self.grid.minute_ns)
        self.apart = self._books() if exclusions else None
        self.pieces = Pieces(self.grid, self.far, self.books)
        self.changed += 1

    def take_late(self) -> Ints:
        """
        What arrived in slots that had closed, since this was last asked: row, finest slot, amount, a line each.
        """
        late = np.concatenate([np.zeros((3, 0), dtype=np.int64), *self._late], axis=1)
        self._late.clear()
        self._late_kept = 0
        return late.T

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
        Many answers: all rows of one window are added up at once.
        """
        self._look_at_new_rows()
        together: dict[tuple[Span | Since, int], list[int]] = {}
        asked: list[Asked] = []
        for i, question in enumerate(questions):
            one = self._asked.get((question.indicator, question.label, question.value)) or self._of(question)
            asked.append(one)
            key = (question.window, now_ns - one.plan.stream.delay_ns - question.ago_ns)
            members = together.get(key)
            if members is None:
                together[key] = [i]
            else:
                members.append(i)
        answers: list[Answer] = [None] * len(questions)  # type: ignore[list-item]  # each is set below
        for (window, at_ns), members in together.items():
            shows = [questions[i].merges for i in members]
            found = self._window([asked[i] for i in members], shows, window, at_ns, now_ns)
            for i, answer in zip(members, found, strict=True):
                answers[i] = answer
        return answers

    def sums(self, tier: str, rows: Ints, firsts: Ints, lasts: Ints) -> Ints:
        """
        What each row counted in its own slots first..last of a ring, without what is excluded.
        """
        found = self.books.rings[tier].sums(rows, firsts, lasts)
        return found if self.apart is None else found - self.apart.rings[tier].sums(rows, firsts, lasts)

    def known(self, tier: str, rows: Ints, firsts: Ints, lasts: Ints, reaches: Ints) -> Ints:
        """
        In how many of its slots first..last each row of `heard` is known; exclusions change nothing here.
        """
        return self.books.rings[tier].known(rows, firsts, lasts, reaches)

    def stretch(self, window: Span | Since, at_ns: int, now_ns: int) -> Stretch | None:
        """
        The slots of a window that ends then; None for a calendar window that is not kept any more.
        """
        return self._stretch(window, at_ns, now_ns)

    def totals(self, rows: Ints, window: Span | Since, stretch: Stretch) -> Ints:
        """
        What each row counted in a window, without what is excluded.
        """
        found = self._sums(rows, window, stretch, self.books)
        return found if self.apart is None else found - self._sums(rows, window, stretch, self.apart)

    def merge_of(self, question: Question, now_ns: int) -> Merge:
        """
        What is not added up, but merged, of a series in a window.
        """
        asked = self._of(question)
        stretch = self._stretch(question.window, now_ns - asked.plan.stream.delay_ns - question.ago_ns, now_ns)
        return Merge() if stretch is None else self.pieces.over(asked.series, self.pieces.cover(stretch))

    def history(self, question: Question, now_ns: int) -> tuple[Tier, int, Ints, Ints]:
        """
        Slot by slot over a rolling window: the tier, its first slot, counts and matched; for drawing.
        """
        stretch = self._drawn(question, now_ns)
        series = self._of(question).series
        counts, matched = (
            self._each(stretch, self.registry.find(name)) for name in (count_row(series), matched_row(series))
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
        Merges and histograms of a rolling window, slot by slot, where there are any; for drawing.
        """
        stretch, asked = self._drawn(question, now_ns), self._of(question)
        found: dict[int, Held] = {}
        for slot, merge in self.pieces.between(stretch.tier.name, asked.series, stretch.first, stretch.last):
            found.setdefault(slot, Held()).take(merge)
        for books, sign in ((self.books, 1), (self.apart, -1)):
            if books is not None and asked.histogram >= 0:
                slots = books.histograms[stretch.tier.name]
                columns = slots.between(asked.histogram, stretch.first, stretch.last)
                for slot, bucket, n in zip(*(column.tolist() for column in columns), strict=True):
                    buckets = found.setdefault(slot, Held()).buckets
                    buckets[bucket] = buckets.get(bucket, 0) + sign * n
        return sorted(found.items(), key=lambda one: one[0])

    # --- how

    def _books(self) -> Books:
        return Books(self.plan, self.grid, self.far, now_ns=self._now_ns)

    def _oldest_example(self) -> int:
        return self.rings["middle"].head - KEEP + 1

    def _is_late(self, rows: Ints, slots: Ints, amounts: Ints) -> None:
        late = slots < self.head
        if late.any():
            self._late.append(np.stack([rows[late], slots[late], amounts[late]]))
            self._late_kept += self._late[-1].shape[1]
        while self._late_kept > LATE_KEPT:
            self._late_kept -= self._late.popleft().shape[1]

    def _window(
        self, asked: list[Asked], shows: list[bool], window: Span | Since, at_ns: int, now_ns: int
    ) -> list[Answer]:
        stretch = self._stretch(window, at_ns, now_ns)
        if stretch is None:
            return [nothing(one, at_ns) for one in asked]
        rows = np.concatenate([one.rows for one in asked])
        counted = self._sums(rows, window, stretch, self.books)
        apart = None
        if self.apart is not None:
            excluded = self._sums(rows, window, stretch, self.apart)
            counted, apart = counted - excluded, excluded.tolist()
        heard = self._heard(asked, stretch, now_ns)
        pictures: dict[str, Shown] = {}
        sums, far, answers, i = counted.tolist(), stretch.tier is self.grid.long, [], 0
        for one, show in zip(asked, shows, strict=True):
            end = i + len(one.rows)
            if far and isinstance(window, Span) and not self.far.asks(one.plan):
                answers.append(nothing(one, at_ns))
            elif apart is None:
                how = heard[one.heard, one.plan.stream.speaks_ns]
                shown = self._shown(one, stretch, pictures) if show else None
                answers.append(answered(one, sums[i:end], stretch, how, shown))
            else:
                how, long_ns = self._heard_without(one, stretch, now_ns)
                shown = self._shown(one, stretch, pictures) if show else None
                answers.append(answered(one, sums[i:end], stretch, how, shown, (apart[i], long_ns)))
            i = end
        return answers

    def _stretch(self, window: Span | Since, at_ns: int, now_ns: int) -> Stretch | None:
        if isinstance(window, Span):
            return rolling(self.grid, window, at_ns, now_ns=now_ns)
        if not self.grid.coarse.reaches(now_ns - at_ns):
            return None  # what came after it could not be taken off again
        return since(self.grid, self.books.calendars.running[window.period], at_ns, now_ns=now_ns)

    def _sums(self, rows: Ints, window: Span | Since, stretch: Stretch, books: Books) -> Ints:
        if isinstance(window, Span):
            return books.rings[stretch.tier.name].between(rows, stretch.first, stretch.last)
        running = books.calendars.running[window.period]
        totals = running.totals(rows, stretch.start_ns)
        # What a delay must not see yet is taken off again, in slots that no boundary cuts.
        head_ns = (self.head + 1) * self.grid.fine.slot_ns
        tier = self.grid.tier_for(head_ns - stretch.at_ns)
        end_ns = min(head_ns, running.end_ns if stretch.start_ns == running.begin_ns else running.begin_ns)
        return totals - books.rings[tier.name].between(rows, tier.slot(stretch.at_ns) + 1, tier.slot(end_ns - 1))

    def _heard(self, asked: list[Asked], stretch: Stretch, now_ns: int) -> dict[tuple[int, int], HowHeard]:
        """
        How each stream was heard, by its row and for how long a word counts; in a coarser ring where a word spoken
        before the window would lie outside of its own.
        """
        streams = {(one.heard, one.plan.stream.speaks_ns): one.plan.stream for one in asked}
        by_speaks: dict[int, list[int]] = {}
        for row, speaks_ns in streams:
            by_speaks.setdefault(speaks_ns, []).append(row)
        found: dict[tuple[int, int], HowHeard] = {}
        for speaks_ns, rows in by_speaks.items():
            seen = stretch.on(self.grid.tier_for(now_ns - stretch.start_ns + speaks_ns))
            reach = max(1, -(-speaks_ns // seen.tier.slot_ns))
            columns = (np.full(len(rows), one, dtype=np.int64) for one in (seen.first, seen.last, reach))
            known = self.known(seen.tier.name, np.array(rows, dtype=np.int64), *columns).tolist()
            for row, n in zip(rows, known, strict=True):
                born_ns = self.heard.born_ns(streams[row, speaks_ns])
                found[row, speaks_ns] = (n, seen.last - seen.first + 1, born_ns)
        return found

    def _heard_without(self, one: Asked, stretch: Stretch, now_ns: int) -> tuple[HowHeard, int]:
        """
        The same where slots may be excluded as a whole: they are neither known nor unknown; and how long (ns) is.
        """
        stream, minutes = one.plan.stream, self.exclusions.of(one.of)
        seen = stretch.on(self.grid.tier_for(now_ns - stretch.start_ns + stream.speaks_ns))
        known = self.heard.slots(stream, self.rings[seen.tier.name], seen.first, seen.last)
        slot_ns = seen.tier.slot_ns
        out = np.zeros(len(known), dtype=np.bool_)
        for begin, end in minutes.within(seen.first * slot_ns, (seen.last + 1) * slot_ns):
            out[-(-begin // slot_ns) - seen.first : max(end // slot_ns - seen.first, 0)] = True
        long_ns = sum(end - begin for begin, end in minutes.within(stretch.start_ns, stretch.at_ns))
        return (int((known & ~out).sum()), int((~out).sum()), self.heard.born_ns(stream)), long_ns

    def _shown(self, asked: Asked, stretch: Stretch, pictures: dict[str, Shown]) -> Shown:
        """
        What is not added up of a series in a window; worked out once, however many ask for it together.
        """
        if asked.series not in pictures:
            pictures[asked.series] = self._picture(asked, stretch)
        return pictures[asked.series]

    def _picture(self, asked: Asked, stretch: Stretch) -> Shown:
        parts = self.pieces.cover(stretch)
        merge = self.pieces.over(asked.series, parts)
        buckets: dict[int, int] = {}
        for books, sign in ((self.books, 1), (self.apart, -1)):
            if books is None or asked.histogram < 0:
                continue
            for part in parts:
                for bucket, n in books.histograms[part.tier].over(asked.histogram, *part.slots).items():
                    buckets[bucket] = buckets.get(bucket, 0) + sign * n
        if self.apart is not None:
            buckets = {bucket: n for bucket, n in buckets.items() if n}
        return Shown(merge=merge, buckets=buckets, worst=self._worst(asked, stretch))

    def _worst(self, asked: Asked, stretch: Stretch) -> tuple[tuple[int, int, str], ...]:
        if asked.worst < 0:
            return ()
        end_ns = min((stretch.last + 1) * stretch.tier.slot_ns, stretch.end_ns or 2**62)
        oldest_ns = self._oldest_example() * self.grid.middle.slot_ns
        found = self.examples.between(asked.worst, max(stretch.start_ns, oldest_ns), end_ns)
        if self.exclusions:
            minutes = self.exclusions.of(asked.of)
            found = [one for one in found if not minutes.hold(np.array([one[0]]))[0]]
        return tuple(keep_worst(found))

    def _each(self, stretch: Stretch, row: int) -> Ints:
        counted = self.rings[stretch.tier.name].each(row, stretch.first, stretch.last)
        if self.apart is not None:
            counted = counted - self.apart.rings[stretch.tier.name].each(row, stretch.first, stretch.last)
        return counted

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
        if not new:
            return
        self._rows_seen += len(new)
        touched: set[Series | None] = set()
        for _, name in new:
            series = series_of(name)
            touched.add(series)
            if series is not None and series.label:
                self._labels.setdefault((series.meaning, series.label), set()).add(series.value)
        for key, one in list(self._asked.items()):  # what was never counted may be now
            if one.of in touched or (one.heard < 0 and None in touched):
                del self._asked[key]
