"""
Who is on call, until when, who is next, and when is it nobody?
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from watchkeeper.act.overriding import override_of
from watchkeeper.act.watch import Watch
from watchkeeper.decide.oncall.coverage import duty, shifts
from watchkeeper.decide.oncall.values import NOBODY, Duty, Hole, Override
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.words import words_ns
from watchkeeper.outside.clock import instant
from watchkeeper.store.overrides import OverrideRow
from watchkeeper.web.views import words
from watchkeeper.web.views.holes import HoleLine, hole_lines
from watchkeeper.web.views.moments import Moment, moment
from watchkeeper.web.views.paged import HOLES_DAYS
from watchkeeper.web.views.ways import Reached, person_title, reached
from watchkeeper.web.views.week import Week, WeekRow, row_of, week_of

WRITTEN = "%Y-%m-%dT%H:%M"  # as a browser's field of date and time writes it
SWAP_DAYS = 60  # how far ahead shifts can be swapped on the page
MOST_WEEKS = 52


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleCard:
    """
    One schedule now; `who` is None when nobody is on call.
    """

    name: str
    title: str
    role: str
    who: Reached | None
    since: Moment | None
    until: Moment | None
    left: str
    next: str
    next_at: Moment | None  # where nobody is on call in between
    overridden: bool
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideLine:
    """
    An exception from a rotation that holds now or later.
    """

    number: int
    schedule: str
    who: str
    begins: Moment
    ends: Moment
    by: str
    reason: str
    swap: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """
    What a form offers.
    """

    value: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallView:
    """
    The page. `written` is what stands in the forms, `why` why one of them was not taken.
    """

    title: str
    headline: str
    until: Moment | None  # ends the headline where there is one schedule
    pulse: str
    cards: tuple[ScheduleCard, ...]
    week: Week
    rows: tuple[WeekRow, ...]
    weeks: int
    holes: tuple[HoleLine, ...]
    asked: bool  # whether any policy asks these schedules
    overrides: tuple[OverrideLine, ...]
    people: tuple[Choice, ...]
    schedules: tuple[Choice, ...]
    shifts: tuple[Choice, ...]
    written: Mapping[str, str]
    why: str
    zone: str
    lives: bool = False  # forms that somebody fills in are not replaced under their hands


def on_call_view(
    watch: Watch,
    rows: Sequence[OverrideRow],
    holes: Sequence[Hole],
    *,
    weeks: int = 0,
    written: Mapping[str, str] | None = None,
    why: str = "",
) -> OnCallView:
    """
    The schedules as they stand, their next seven days (or those `weeks` later), and when a page would reach nobody.
    """
    manual, now_ns, zone = watch.standing.manual, watch.clock.now_ns(), ZoneInfo(watch.standing.manual.zone)
    overrides = [override_of(row) for row in rows]
    weeks = max(-MOST_WEEKS, min(weeks, MOST_WEEKS))
    week = week_of(now_ns, zone, weeks=weeks)
    cards = tuple(_card(name, manual, overrides, watch.standing.dead(), now_ns) for name in manual.schedules)
    lines = hole_lines(holes, manual, now_ns=now_ns)
    return OnCallView(
        title="On call",
        headline=_headline(cards),
        until=cards[0].until if len(cards) == 1 and cards[0].who else None,
        pulse=_pulse(manual, lines),
        cards=cards,
        week=week,
        rows=tuple(_row(name, manual, overrides, week) for name in manual.schedules),
        weeks=weeks,
        holes=lines,
        asked=bool(manual.policies),
        overrides=tuple(_override(row, manual, now_ns) for row in rows if row.end_ns > now_ns),
        people=tuple(Choice(value=name, says=person_title(name, manual)) for name in manual.people),
        schedules=tuple(Choice(value=card.name, says=card.title) for card in cards),
        shifts=tuple(_shifts(manual, overrides, now_ns)),
        written=_usual(now_ns, zone) | {"person": _stand_in(manual, overrides, now_ns)} | dict(written or {}),
        why=why,
        zone=zone.key,
    )


def _card(
    name: str, manual: Manual, overrides: Sequence[Override], dead: Mapping[str, str], now_ns: int
) -> ScheduleCard:
    schedule, found, zone = manual.schedules[name], duty(name, manual, overrides, now_ns), ZoneInfo(manual.zone)
    now = shifts(name, manual, overrides, begin_ns=now_ns, end_ns=now_ns + 1)[0]
    until = found.until_ns
    next_ns = found.next_ns if found.next_ns != until else None
    return ScheduleCard(
        name=name,
        title=words.title(name, schedule),
        role=schedule.role or "",
        who=None if found.person is None else reached(found.person, manual, dead),
        since=moment(found.since_ns, now_ns=now_ns, zone=zone, with_day=True),
        until=None if until is None else moment(until, now_ns=now_ns, zone=zone, with_day=True),
        left="" if until is None else words_ns(until - now_ns),
        next=_next(found, manual),
        next_at=None if next_ns is None else moment(next_ns, now_ns=now_ns, zone=zone, with_day=True),
        overridden=now.override_id is not None,
        policies=tuple(
            words.title(key, policy)
            for key, policy in manual.policies.items()
            if any(name in step.schedule for step in policy.steps)
        ),
    )


def _next(found: Duty, manual: Manual) -> str:
    if found.next is not None:
        return f"then {person_title(found.next, manual)}"
    return "nobody else takes turns" if found.person is not None else "nobody comes within a year"


def _row(name: str, manual: Manual, overrides: Sequence[Override], week: Week) -> WeekRow:
    found = shifts(name, manual, overrides, begin_ns=week.begin_ns, end_ns=week.end_ns)
    names = {key: person_title(key, manual) for key in manual.people}
    return row_of(name, words.title(name, manual.schedules[name]), found, week, people=list(names), names=names)


def _override(row: OverrideRow, manual: Manual, now_ns: int) -> OverrideLine:
    zone = ZoneInfo(manual.zone)
    return OverrideLine(
        number=row.id,
        schedule=words.title(row.schedule, manual.schedules.get(row.schedule)),
        who="nobody" if row.person == NOBODY else person_title(row.person, manual),
        begins=moment(row.begin_ns, now_ns=now_ns, zone=zone, with_day=True),
        ends=moment(row.end_ns, now_ns=now_ns, zone=zone, with_day=True),
        by=row.author,
        reason=row.reason,
        swap=row.swap_of is not None,
    )


def _shifts(manual: Manual, overrides: Sequence[Override], now_ns: int) -> Iterator[Choice]:
    """
    The shifts that can be swapped: `SCHEDULE BEGIN END`, soonest first.
    """
    zone, end_ns = ZoneInfo(manual.zone), now_ns + SWAP_DAYS * 86_400 * 10**9
    for name, schedule in manual.schedules.items():
        for shift in shifts(name, manual, overrides, begin_ns=now_ns, end_ns=end_ns):
            if shift.person is None:
                continue
            begins, ends = (
                moment(at, now_ns=now_ns, zone=zone, with_day=True) for at in (shift.begin_ns, shift.end_ns)
            )
            who = person_title(shift.person, manual)
            says = f"{words.title(name, schedule)}: {who}, {begins.clock} to {ends.clock}"
            yield Choice(value=f"{name} {shift.begin_ns} {shift.end_ns}", says=says)


def _usual(now_ns: int, zone: ZoneInfo) -> dict[str, str]:
    """
    What the form begins with: from the next full hour, for eight hours.
    """
    first = (instant(now_ns).astimezone(zone) + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    return {
        "begins": first.strftime(WRITTEN),
        "ends": (first + timedelta(hours=8)).strftime(WRITTEN),
        **dict.fromkeys(("schedule", "person", "reason", "first", "second"), ""),
    }


def _stand_in(manual: Manual, overrides: Sequence[Override], now_ns: int) -> str:
    """
    Whom the form of an override begins with: somebody who is not on call in the first schedule anyway.
    """
    first = next(iter(manual.schedules), "")
    present = duty(first, manual, overrides, now_ns).person if first else None
    return next((name for name in manual.people if name != present), "")


def _headline(cards: Sequence[ScheduleCard]) -> str:
    if not cards:
        return "Nobody is on call: the manual names no schedule"
    empty = [card.title for card in cards if card.who is None]
    if empty:
        where = "" if len(cards) == 1 else f" in {_and(empty)}"
        return f"Nobody is on call{where} now"
    if len(cards) == 1:
        return f"{_who(cards[0])} is on call"
    if all(card.role for card in cards):
        return _and([f"{_who(card)} is {card.role}" for card in cards])
    return f"{_and(list(dict.fromkeys(map(_who, cards))))} are on call"


def _who(card: ScheduleCard) -> str:
    return card.who.title if card.who else "nobody"


def _and(parts: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def _pulse(manual: Manual, holes: Sequence[HoleLine]) -> str:
    if not manual.schedules:
        return ""
    if not manual.policies:
        return "No escalation policy pages these schedules yet."
    if not holes:
        return f"A page reaches somebody at every moment of the next {HOLES_DAYS} days."
    many = "1 hole" if len(holes) == 1 else f"{len(holes)} holes"
    return f"{many} in the next {HOLES_DAYS} days, in which a page reaches nobody."
