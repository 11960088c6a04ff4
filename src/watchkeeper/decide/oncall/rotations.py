"""
Whose turn is it in one rotation, and when does it change?

Turns are counted on the wall clock, from the first one, and each change is computed anew from there: a week-long turn
that holds a clock change is an hour longer or shorter, and still ends at 10:00.

>>> shop = Manual(
...     watchkeeper=1, manual="Shop", zone="Europe/Berlin", people={"ada": {}, "bo": {}},
...     schedules={"team": {"rotation": {"every": "1w", "from": "Monday", "at": "10:00", "people": ["ada", "bo"]}}},
... )
>>> from watchkeeper.decide.walls import utc
>>> turning = turning_of(shop.schedules["team"].rotation, shop.schedules["team"], shop)
>>> march = 1_774_310_400 * 10**9  # 2026-03-24; the clock changes on the 29th
>>> for turn in turns(turning, march, march + 7 * 86_400 * 10**9):
...     hours = (turn.end_ns - turn.begin_ns) // (3600 * 10**9)
...     print(turn.person, utc(turn.begin_ns).isoformat(" ", "minutes"), hours)
ada 2026-03-23 09:00+00:00 167
bo 2026-03-30 08:00+00:00 168
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from watchkeeper.decide.walls import first_at, wall
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.reaching import Hours, QuietHours, Rotation, Schedule
from watchkeeper.manual.model.scalars import WEEKDAYS

#: The first turn of a rotation that does not say when it `starts`; a Monday.
FIRST_DAY: Final = date(2024, 1, 1)
_DAY: Final = timedelta(days=1)
_MIDNIGHT: Final = time()


@dataclass(frozen=True, slots=True)
class Turn:
    """
    One turn of a rotation, or a part of it.
    """

    person: str
    begin_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Turning:
    """
    A rotation with everything filled in: local times are in `zone`, those of `hours` in `hours_zone`.
    """

    people: tuple[str, ...]
    zone: ZoneInfo
    first: datetime  # on the wall: when the first turn begins
    every: timedelta
    lasts: timedelta  # of each turn: all of it, or until the day that it ends
    hours: tuple[Hours, ...]
    hours_zone: ZoneInfo


def zone_of(schedule: Schedule, manual: Manual) -> ZoneInfo:
    """
    The time zone of a schedule: its own, else its hand-off's, else the manual's.
    """
    hand_off = schedule.hand_off
    return ZoneInfo(schedule.zone or (hand_off.zone if hand_off else None) or manual.zone)


def turning_of(rotation: Rotation, schedule: Schedule, manual: Manual) -> Turning:
    """
    Fill in what the rotation leaves to its schedule: day and time of the hand-off, zone, people.
    """
    hand_off, zone = schedule.hand_off, zone_of(schedule, manual)
    day = rotation.from_ or (hand_off.day if hand_off else None)
    at, change_zone = rotation.at or _opening(rotation.during), zone
    if rotation.at is None and hand_off is not None and hand_off.at is not None:
        at, change_zone = hand_off.at, ZoneInfo(hand_off.zone) if hand_off.zone else zone
    every = timedelta(microseconds=rotation.every.ns // 1000)
    first = _first_day(rotation.starts, day)
    return Turning(
        people=rotation.people or schedule.people,
        zone=change_zone,
        first=datetime.combine(first, at),
        every=every,
        lasts=_lasts(first, every, rotation.to),
        hours=rotation.during,
        hours_zone=zone,
    )


def turns(turning: Turning, begin_ns: int, end_ns: int) -> Iterator[Turn]:
    """
    Every turn that touches this stretch of time, whole, in order. Before the first one it is nobody's turn.
    """
    if not turning.people or begin_ns >= end_ns:
        return
    number = max(_number_at(turning, begin_ns), 0)
    begins_ns = _begins(turning, number)
    while begins_ns < end_ns:
        next_ns = _begins(turning, number + 1)
        ends_ns = next_ns if turning.lasts == turning.every else _begins(turning, number, turning.lasts)
        if ends_ns > max(begins_ns, begin_ns):  # a turn that lies wholly in a missing hour is none
            yield Turn(turning.people[number % len(turning.people)], begins_ns, ends_ns)
        number, begins_ns = number + 1, next_ns


def covered(turning: Turning, begin_ns: int, end_ns: int) -> Iterator[Turn]:
    """
    The parts of these turns that lie within the hours that the rotation covers, cut to this stretch of time.
    """
    open_ = open_hours(turning.hours, turning.hours_zone, begin_ns, end_ns) if turning.hours else [(begin_ns, end_ns)]
    at = 0
    for turn in turns(turning, begin_ns, end_ns):
        while at < len(open_) and open_[at][1] <= turn.begin_ns:
            at += 1
        for opens_ns, closes_ns in open_[at:]:
            if opens_ns >= turn.end_ns:
                break
            yield Turn(turn.person, max(turn.begin_ns, opens_ns), min(turn.end_ns, closes_ns))


def open_hours(
    hours: Sequence[Hours | QuietHours], zone: ZoneInfo, begin_ns: int, end_ns: int
) -> list[tuple[int, int]]:
    """
    When these hours of the week are within this stretch of time, in order; those that touch are one.
    """
    day, last = wall(begin_ns, zone).date() - _DAY, wall(end_ns, zone).date() + _DAY
    days = (day + _DAY * n for n in range((last - day).days + 1))
    found = ((first_at(a, zone), first_at(b, zone)) for day in days for a, b in _hours_of(hours, day))
    return _joined((max(a, begin_ns), min(b, end_ns)) for a, b in found)


def _opening(hours: Sequence[Hours]) -> time:
    """
    Who covers the night takes all of it: where the hours begin alike, so does the turn; else it begins at midnight.
    """
    begins = {one.from_ or _MIDNIGHT for one in hours}
    return begins.pop() if len(begins) == 1 else _MIDNIGHT


def _first_day(starts: str | None, day: str | None) -> date:
    first = FIRST_DAY if starts is None else date.fromisoformat(starts if len(starts) > 7 else f"{starts}-01")
    return first if day is None else first + timedelta(days=(WEEKDAYS.index(day) - first.weekday()) % 7)


def _lasts(first: date, every: timedelta, to: str | None) -> timedelta:
    """
    A turn lasts to the last such day in it; to its own day (or to none) it is whole.
    """
    return every if to is None else every - timedelta(days=(first.weekday() - WEEKDAYS.index(to)) % 7)


def _number_at(turning: Turning, at_ns: int) -> int:
    """
    Which turn it is. The wall clock may have shown more than it shows now, in an hour that comes twice.
    """
    number = (wall(at_ns, turning.zone) - turning.first) // turning.every
    while _begins(turning, number + 1) <= at_ns:
        number += 1
    return number


def _begins(turning: Turning, number: int, into: timedelta = timedelta(0)) -> int:
    return first_at(turning.first + number * turning.every + into, turning.zone)


def _hours_of(hours: Sequence[Hours | QuietHours], day: date) -> Iterator[tuple[datetime, datetime]]:
    for one in hours:
        if one.days and WEEKDAYS[day.weekday()] not in one.days:
            continue
        opens, closes = one.from_ or _MIDNIGHT, one.to or _MIDNIGHT
        ends = day if closes > opens else day + _DAY
        yield datetime.combine(day, opens), datetime.combine(ends, closes)


def _joined(found: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for begin_ns, end_ns in sorted(one for one in found if one[0] < one[1]):
        if joined and begin_ns <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end_ns))
        else:
            joined.append((begin_ns, end_ns))
    return joined
