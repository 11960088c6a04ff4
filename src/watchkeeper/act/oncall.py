"""
Who is on call, and how do people change it?

Overrides and swaps are rows; everything else follows from the manual. Whatever changes something says who did it and
why, stands on the record, and can be undone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from watchkeeper.act import handoffs
from watchkeeper.act.accounts.audit import audited
from watchkeeper.act.accounts.visitor import By, name_of
from watchkeeper.act.overriding import override_of
from watchkeeper.act.standing import Standing
from watchkeeper.decide.oncall import coverage, holes
from watchkeeper.decide.oncall.reach import why_unreachable
from watchkeeper.decide.oncall.rotations import zone_of
from watchkeeper.decide.oncall.values import NOBODY, Duty, Gap, Hole, Shift
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.unfit import nearest
from watchkeeper.outside.clock import Clock
from watchkeeper.store import overrides
from watchkeeper.store.overrides import OverrideRow
from watchkeeper.store.state import State

DAY_NS: Final = 86_400 * 10**9
LOOK_BACK_NS: Final = 400 * DAY_NS  # how far back somebody's turn may have begun
JUST_NOW_NS: Final = 60 * 10**9  # what began while a request was on its way begins now
AHEAD_NS: Final = 366 * DAY_NS  # further ahead nobody plans
AHEAD_DAYS: Final = 30


class CannotChange(Exception):
    """
    The rotation cannot be changed so; the text says what was found and what is wanted.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """
    One schedule at an instant. `why_unreachable` says of whoever is on call that no contact method of theirs works.
    """

    schedule: str
    title: str | None
    role: str | None
    zone: str
    duty: Duty
    why_unreachable: str | None
    override: OverrideRow | None  # the one that makes it so


class OnCall:
    """
    The rotations of a running watch. Safe to call from any thread. KeyError for an unknown schedule.
    """

    def __init__(self, state: State, clock: Clock, standing: Callable[[], Standing]) -> None:
        self._state, self._clock, self._standing = state, clock, standing

    # --- reading

    @property
    def manual(self) -> Manual:
        """
        The manual that holds now.
        """
        return self._standing().manual

    def now(self, at_ns: int | None = None) -> tuple[OnDuty, ...]:
        """
        Every schedule at an instant (now), in the manual's order: who, until when, who next.
        """
        at_ns = self._clock.now_ns() if at_ns is None else at_ns
        rows = self._rows(at_ns - LOOK_BACK_NS)
        return tuple(self._on_duty(name, rows, at_ns) for name in self.manual.schedules)

    def one(self, schedule: str, at_ns: int | None = None) -> OnDuty:
        """
        One schedule at an instant (now).
        """
        at_ns = self._clock.now_ns() if at_ns is None else at_ns
        return self._on_duty(schedule, self._rows(at_ns - LOOK_BACK_NS), at_ns)

    def shifts(self, schedule: str, *, begin_ns: int, end_ns: int) -> list[Shift]:
        """
        Who is on call over a stretch of time, without a break, cut to it.
        """
        known = [override_of(row) for row in self._rows(begin_ns)]
        return coverage.shifts(schedule, self.manual, known, begin_ns=begin_ns, end_ns=end_ns)

    def holes(self, days: int = AHEAD_DAYS) -> list[Hole]:
        """
        From now on over so many days: when a page would reach nobody.
        """
        now_ns = self._clock.now_ns()
        standing, known = self._standing(), [override_of(row) for row in self._rows(now_ns)]
        return holes.holes(standing.manual, known, begin_ns=now_ns, end_ns=now_ns + days * DAY_NS, dead=standing.dead())

    def gaps(self, days: int = AHEAD_DAYS) -> list[Gap]:
        """
        From now on over so many days: when a schedule has nobody, or somebody who cannot be reached.
        """
        now_ns = self._clock.now_ns()
        standing, known = self._standing(), [override_of(row) for row in self._rows(now_ns)]
        return holes.gaps(standing.manual, known, begin_ns=now_ns, end_ns=now_ns + days * DAY_NS, dead=standing.dead())

    def overrides(self, most: int = 100) -> list[OverrideRow]:
        """
        The newest overrides, undone ones among them, newest first.
        """
        with self._state.reading() as view:
            return overrides.recent(view, most=most)

    def found(self, number: int) -> OverrideRow | None:
        """
        One override.
        """
        with self._state.reading() as view:
            return overrides.by_id(view, number)

    # --- changing

    def override(self, schedule: str, person: str, *, begin_ns: int, end_ns: int, reason: str, by: By) -> OverrideRow:
        """
        Put somebody (`''`: nobody) on call instead of whoever it is, from now at the earliest. Raises CannotChange.
        """
        self._known(schedule)
        if person != NOBODY and person not in self.manual.people:
            names = ", ".join(self.manual.people) or "nobody: the manual names no people"
            near = nearest(person, self.manual.people)
            raise CannotChange(f"found nobody called {person!r}; wanted one of {names}{near}")
        row = self._row(schedule, person, begin_ns=begin_ns, end_ns=end_ns, reason=reason, by=by)
        with self._state.transaction() as tx:
            number = overrides.add(tx, row)
            self._noted(tx, by, "override.add", row, number)
            found = overrides.by_id(tx, number)
        assert found is not None
        return found

    def swap(
        self, schedule: str, *, first_ns: int, second_ns: int, reason: str, by: By, with_schedule: str | None = None
    ) -> tuple[OverrideRow, OverrideRow]:
        """
        Two people take each other's shifts: the one on call at `first_ns`, and the one at `second_ns` (there or in
        another schedule). Of a shift that has begun, only the rest. Raises CannotChange.
        """
        other = with_schedule or schedule
        mine, theirs = self._shift(schedule, first_ns), self._shift(other, second_ns)
        if mine.person == theirs.person:
            raise CannotChange(f"found two shifts of {mine.person}; wanted shifts of two people")
        if schedule == other and mine.begin_ns < theirs.end_ns and theirs.begin_ns < mine.end_ns:
            raise CannotChange("found the same shift twice; wanted two")
        rows = [
            self._row(name, to.person or NOBODY, begin_ns=of.begin_ns, end_ns=of.end_ns, reason=reason, by=by)
            for name, of, to in ((schedule, mine, theirs), (other, theirs, mine))
        ]
        with self._state.transaction() as tx:
            numbers = overrides.add_swap(tx, rows)
            for row, number in zip(rows, numbers, strict=True):
                self._noted(tx, by, "override.swap", row, number)
            first, second = (overrides.by_id(tx, number) for number in numbers)
        assert first is not None
        assert second is not None
        return first, second

    def undo(self, number: int, *, by: By) -> OverrideRow:
        """
        Let the rotation hold again; both halves of a swap. KeyError for an unknown one, CannotChange for one that was
        undone or is over.
        """
        now_ns = self._clock.now_ns()
        with self._state.transaction() as tx:
            row = overrides.by_id(tx, number)
            if row is None:
                raise KeyError(number)
            if row.undone_ns is not None:
                raise CannotChange(f"override {number} was undone already, by {row.undone_by}")
            half = overrides.by_id(tx, row.swap_of) if row.swap_of else None
            if max(row.end_ns, half.end_ns if half else 0) <= now_ns:
                raise CannotChange(f"override {number} is over; what was is not changed")
            overrides.undo(tx, number, at_ns=now_ns, by=name_of(by))
            for one in (row, half):
                if one is not None:
                    self._noted(tx, by, "override.undo", one, one.id)
            found = overrides.by_id(tx, number)
        assert found is not None
        return found

    # --- how

    def _rows(self, since_ns: int) -> list[OverrideRow]:
        with self._state.reading() as view:
            return overrides.standing(view, since_ns=since_ns)

    def _on_duty(self, name: str, rows: Sequence[OverrideRow], at_ns: int) -> OnDuty:
        manual = self.manual
        entry, known = manual.schedules[name], [override_of(row) for row in rows]
        found = coverage.duty(name, manual, known, at_ns)
        [shift] = coverage.shifts(name, manual, known, begin_ns=at_ns, end_ns=at_ns + 1)
        why = None if found.person is None else why_unreachable(found.person, manual, self._standing().dead())
        return OnDuty(
            schedule=name,
            title=entry.title,
            role=entry.role,
            zone=str(zone_of(entry, manual)),
            duty=found,
            why_unreachable=why,
            override=next((row for row in rows if row.id == shift.override_id), None),
        )

    def _shift(self, schedule: str, at_ns: int) -> Shift:
        """
        The whole turn at an instant, from now at the earliest.
        """
        self._known(schedule)
        now_ns = self._clock.now_ns()
        if now_ns - JUST_NOW_NS <= at_ns:
            at_ns = max(at_ns, now_ns)
        if not now_ns <= at_ns <= now_ns + AHEAD_NS:
            raise CannotChange("found an instant that is past or more than a year ahead; wanted one of a shift to come")
        known = [override_of(row) for row in self._rows(now_ns)]
        found = coverage.duty(schedule, self.manual, known, at_ns)
        if found.person is None:
            raise CannotChange(f"nobody is on call in {schedule} then; wanted a shift that is somebody's")
        ends_ns = found.until_ns or now_ns + AHEAD_NS
        return Shift(person=found.person, begin_ns=max(found.since_ns, now_ns), end_ns=ends_ns)

    def _row(self, schedule: str, person: str, *, begin_ns: int, end_ns: int, reason: str, by: By) -> OverrideRow:
        now_ns = self._clock.now_ns()
        if not reason.strip():
            raise CannotChange("found no reason; wanted why the rotation does not hold")
        begin_ns = max(begin_ns, now_ns)
        if end_ns <= begin_ns:
            raise CannotChange("found an end that is past or not after the beginning; wanted a later one")
        if end_ns > now_ns + AHEAD_NS:
            raise CannotChange("found an end more than a year ahead; wanted an earlier one")
        return OverrideRow(
            schedule=schedule,
            begin_ns=begin_ns,
            end_ns=end_ns,
            person=person,
            author=name_of(by),
            reason=reason.strip(),
            created_ns=now_ns,
        )

    def _noted(self, tx: Connection, by: By, action: str, row: OverrideRow, number: int) -> None:
        """
        Onto the record; and the next hand-off may now be another one.
        """
        now_ns = self._clock.now_ns()
        detail = {"person": row.person, "begin_ns": row.begin_ns, "end_ns": row.end_ns, "reason": row.reason}
        audited(tx, by, action, f"override/{number}", detail={"schedule": row.schedule} | detail, at_ns=now_ns)
        handoffs.look_again(tx, row.schedule, at_ns=now_ns)

    def _known(self, schedule: str) -> None:
        if schedule not in self.manual.schedules:
            raise KeyError(schedule)
