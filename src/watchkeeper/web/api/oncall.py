"""
Who is on call, when does nobody hear, and how do people stand in for each other, in JSON?
"""

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field, StringConstraints

from watchkeeper.act.oncall import AHEAD_DAYS, CannotChange, OnCall, OnDuty
from watchkeeper.decide.oncall.values import Gap, Hole, Shift
from watchkeeper.outside.clock import nanoseconds
from watchkeeper.store.overrides import OverrideRow
from watchkeeper.web.api.asking import TheWatch, Who, router
from watchkeeper.web.api.errors import CHANGES, Conflict, Unfit, Unknown, answers
from watchkeeper.web.api.values import Instant, Model, Nothing, at, at_or_none

routes = router("on-call")

DAY_NS = 86_400 * 10**9

_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_Person = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
_Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
_Days = Annotated[int, Query(ge=1, le=366, description="Over so many days from now on.")]
_Schedule = Annotated[str | None, Query(max_length=200, description="Only this schedule.")]


class OverrideAnswer(Model):
    """
    An exception from a rotation. The two halves of a swap name each other.
    """

    number: int
    schedule: str
    begins: Instant
    ends: Instant
    person: str | None = Field(description="Who is on call; null: nobody.")
    swap_of: int | None
    author: str
    reason: str
    created: Instant
    undone: Instant | None
    undone_by: str | None


class DutyAnswer(Model):
    """
    One schedule: who is on call, until when, and who comes next.
    """

    schedule: str
    title: str | None
    role: str | None
    zone: str = Field(description="The time zone of its hand-offs (IANA).")
    person: str | None = Field(description="Who is on call; null: nobody.")
    name: str | None = Field(description="Their name for people.")
    since: Instant
    until: Instant | None = Field(description="When that changes; null: not within a year.")
    next: str | None = Field(description="Who comes then; null: nobody within a year.")
    next_from: Instant | None = Field(description="When they come: later than `until` where nobody is on call between.")
    why_unreachable: str | None = Field(description="Why no contact method of theirs works; null: one does.")
    override: OverrideAnswer | None = Field(description="The override that makes it so.")


class OnCallAnswer(Model):
    """
    Every schedule at an instant, in the manual's order.
    """

    at: Instant
    schedules: list[DutyAnswer]


class ShiftAnswer(Model):
    """
    A stretch of time in which one person is on call, or nobody.
    """

    begins: Instant
    ends: Instant
    person: str | None
    layer: int | None = Field(description="0: the rotation, 1 and on: the layers; null: an override, or nobody.")
    override: int | None = Field(description="The number of the override that makes it so.")


class ShiftList(Model):
    """
    The shifts of one schedule, without a break.
    """

    schedule: str
    shifts: list[ShiftAnswer]


class HoleAnswer(Model):
    """
    A stretch of time in which a page would reach nobody.
    """

    policy: str | None = Field(description="The escalation policy; null: everyone is paged.")
    severity: str | None = Field(description="Of the page; null: of none.")
    begins: Instant
    ends: Instant
    why: str


class GapAnswer(Model):
    """
    A stretch of time in which a schedule has nobody, or somebody who cannot be reached.
    """

    schedule: str
    person: str | None
    begins: Instant
    ends: Instant
    why: str


class HoleList(Model):
    """
    Where pages would reach nobody (`holes`), and where schedules are empty (`gaps`), from now on.
    """

    days: int
    holes: list[HoleAnswer]
    gaps: list[GapAnswer]


class OverrideList(Model):
    """
    The newest overrides, newest first.
    """

    overrides: list[OverrideAnswer]


class OverrideWish(Model):
    """
    Put somebody on call instead of whoever it is.
    """

    schedule: _Name
    person: _Person = Field(description="A name from `people`; empty: nobody.")
    begins: datetime | None = Field(default=None, description="RFC 3339 with a zone; now if not said.")
    ends: datetime = Field(description="RFC 3339 with a zone.")
    reason: _Reason


class SwapWish(Model):
    """
    Two people take each other's shifts: those who are on call at these two instants.
    """

    schedule: _Name
    first: datetime = Field(description="An instant of the one shift, RFC 3339 with a zone.")
    second: datetime = Field(description="An instant of the other shift.")
    with_schedule: _Name | None = Field(default=None, description="Where the other shift is, if in another schedule.")
    reason: _Reason


class SwapAnswer(Model):
    """
    The two halves of a swap.
    """

    overrides: list[OverrideAnswer]


@routes.get("/on-call", responses=answers(404, 422))
def on_call(
    watch: TheWatch,
    schedule: _Schedule = None,
    role: Annotated[str | None, Query(max_length=200, description="Only schedules of this role: `primary`.")] = None,
    when: Annotated[datetime | None, Query(alias="at", description="At this instant instead of now.")] = None,
) -> OnCallAnswer:
    """
    Who is on call now (or at another instant), until when, and who comes next.
    """
    desk = _desk(watch)
    at_ns = watch.clock.now_ns() if when is None else _ns(when, "at")
    found = desk.now(at_ns) if schedule is None else (_known(desk, schedule).one(schedule, at_ns),)
    return OnCallAnswer(at=at(at_ns), schedules=[_duty(one, desk) for one in found if role in (None, one.role)])


@routes.get("/shifts", responses=answers(404, 422))
def shifts(
    watch: TheWatch,
    schedule: Annotated[str, Query(max_length=200, description="Which schedule.")],
    days: _Days = 14,
    begins: Annotated[datetime | None, Query(description="From this instant on instead of now.")] = None,
) -> ShiftList:
    """
    The shifts of a schedule over some days.
    """
    desk = _known(_desk(watch), schedule)
    begin_ns = watch.clock.now_ns() if begins is None else _ns(begins, "begins")
    found = desk.shifts(schedule, begin_ns=begin_ns, end_ns=begin_ns + days * DAY_NS)
    return ShiftList(schedule=schedule, shifts=[_shift(one) for one in found])


@routes.get("/holes", responses=answers(422))
def holes(watch: TheWatch, days: _Days = AHEAD_DAYS) -> HoleList:
    """
    Every hour to come in which a page would reach nobody, and in which a schedule is empty.
    """
    desk = _desk(watch)
    return HoleList(
        days=days,
        holes=[_hole(one) for one in desk.holes(days)],
        gaps=[_gap(one) for one in desk.gaps(days)],
    )


@routes.get("/overrides", responses=answers())
def overrides(watch: TheWatch) -> OverrideList:
    """
    The newest exceptions from the rotations.
    """
    return OverrideList(overrides=[_override(row) for row in _desk(watch).overrides()])


@routes.post("/overrides", responses=answers(404) | CHANGES)
def override(wish: OverrideWish, watch: TheWatch, who: Who) -> OverrideAnswer:
    """
    Put somebody on call instead of whoever it is.
    """
    desk = _known(_desk(watch), wish.schedule)
    begin_ns = watch.clock.now_ns() if wish.begins is None else _ns(wish.begins, "begins")
    try:
        row = desk.override(
            wish.schedule, wish.person, begin_ns=begin_ns, end_ns=_ns(wish.ends, "ends"), reason=wish.reason, by=who
        )
    except CannotChange as why:
        raise Unfit(str(why)) from None
    return _override(row)


@routes.post("/overrides/{number}/undo", responses=answers(404) | CHANGES)
def undo_override(
    number: Annotated[int, Path(ge=1, le=2**53, description="The number of the override.")],
    _: Nothing,
    watch: TheWatch,
    who: Who,
) -> OverrideAnswer:
    """
    Let the rotation hold again; both halves of a swap go together.
    """
    desk = _desk(watch)
    try:
        return _override(desk.undo(number, by=who))
    except KeyError:
        raise Unknown("override", number, [row.id for row in desk.overrides()]) from None
    except CannotChange as why:
        raise Conflict(str(why)) from None


@routes.post("/swaps", responses=answers(404) | CHANGES)
def swap(wish: SwapWish, watch: TheWatch, who: Who) -> SwapAnswer:
    """
    Two people take each other's shifts.
    """
    desk = _known(_known(_desk(watch), wish.schedule), wish.with_schedule or wish.schedule)
    try:
        rows = desk.swap(
            wish.schedule,
            first_ns=_ns(wish.first, "first"),
            second_ns=_ns(wish.second, "second"),
            with_schedule=wish.with_schedule,
            reason=wish.reason,
            by=who,
        )
    except CannotChange as why:
        raise Unfit(str(why)) from None
    return SwapAnswer(overrides=[_override(row) for row in rows])


def _desk(watch: TheWatch) -> OnCall:
    return OnCall(watch.state, watch.clock, lambda: watch.standing)


def _known(desk: OnCall, schedule: str) -> OnCall:
    if schedule not in desk.manual.schedules:
        raise Unknown("schedule", schedule, list(desk.manual.schedules))
    return desk


def _ns(when: datetime, field: str) -> int:
    if when.tzinfo is None:
        raise Unfit(f"{field}: found an instant without a zone; wanted one such as 2026-11-20T10:00:00Z")
    if not 1971 <= when.year <= 2200:
        raise Unfit(f"{field}: found the year {when.year}; wanted one from 1971 to 2200")
    return nanoseconds(when)


def _duty(found: OnDuty, desk: OnCall) -> DutyAnswer:
    duty, person = found.duty, desk.manual.people.get(found.duty.person or "")
    return DutyAnswer(
        schedule=found.schedule,
        title=found.title,
        role=found.role,
        zone=found.zone,
        person=duty.person,
        name=(person.name or person.title) if person else None,
        since=at(duty.since_ns),
        until=at_or_none(duty.until_ns),
        next=duty.next,
        next_from=at_or_none(duty.next_ns),
        why_unreachable=found.why_unreachable,
        override=_override(found.override) if found.override else None,
    )


def _shift(found: Shift) -> ShiftAnswer:
    return ShiftAnswer(
        begins=at(found.begin_ns),
        ends=at(found.end_ns),
        person=found.person,
        layer=found.layer,
        override=found.override_id,
    )


def _hole(found: Hole) -> HoleAnswer:
    return HoleAnswer(
        policy=found.policy or None,
        severity=found.severity,
        begins=at(found.begin_ns),
        ends=at(found.end_ns),
        why=found.why,
    )


def _gap(found: Gap) -> GapAnswer:
    return GapAnswer(
        schedule=found.schedule,
        person=found.person,
        begins=at(found.begin_ns),
        ends=at(found.end_ns),
        why=found.why,
    )


def _override(row: OverrideRow) -> OverrideAnswer:
    return OverrideAnswer(
        number=row.id,
        schedule=row.schedule,
        begins=at(row.begin_ns),
        ends=at(row.end_ns),
        person=row.person or None,
        swap_of=row.swap_of,
        author=row.author,
        reason=row.reason,
        created=at(row.created_ns),
        undone=at_or_none(row.undone_ns),
        undone_by=row.undone_by,
    )
