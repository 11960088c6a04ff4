"""
How does a week of shifts become bars?

Each schedule is a row of seven days, each shift a bar with a name, each time in which nobody is on call a loud gap.
Places are per cent of the width, so that a page of any width draws them without a script.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from watchkeeper.decide.oncall.values import Shift
from watchkeeper.outside.clock import instant, nanoseconds
from watchkeeper.web.views.moments import Moment, moment

DAYS: Final = 7
ROOM: Final = 14  # per cent of the week that a name needs
TONES: Final = 6  # how many tints there are; names stand on the bars


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """
    One shift: its place and width in per cent, whose it is (empty: nobody), and in full.
    """

    at: float
    width: float
    who: str
    says: str
    tone: int
    overridden: bool
    label: float  # where its name begins, in per cent of its own width: beside the line of the present


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """
    One day of the week: where it begins, its name, its date, and whether it is a day of the weekend.
    """

    at: float
    name: str
    date: str
    rests: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftLine:
    """
    The same shift for a list.
    """

    who: str
    begins: Moment
    ends: Moment
    overridden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekRow:
    """
    A schedule's week.
    """

    name: str
    title: str
    bars: tuple[Bar, ...]
    lines: tuple[ShiftLine, ...]
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """
    Seven days from a local midnight; `now` is where the present stands, None in another week.
    """

    begin_ns: int
    end_ns: int
    title: str
    days: tuple[Day, ...]
    now: float | None
    zone: str


def week_of(now_ns: int, zone: ZoneInfo, *, weeks: int = 0) -> Week:
    """
    The week that begins today (`weeks` later), by the local calendar: a day in which clocks change is longer or
    shorter than others, and drawn so.
    """
    today = instant(now_ns).astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    midnights = [nanoseconds(today + timedelta(days=weeks * DAYS + day)) for day in range(DAYS + 1)]
    begin, end = midnights[0], midnights[-1]
    first, last = (instant(at).astimezone(zone) for at in (begin, midnights[-2]))
    return Week(
        begin_ns=begin,
        end_ns=end,
        title=f"{first.day} {first:%b} to {last.day} {last:%b}",
        days=tuple(_day(at, begin, end, zone) for at in midnights[:-1]),
        now=_place(now_ns, begin, end) if begin <= now_ns < end else None,
        zone=zone.key,
    )


def row_of(
    name: str, title: str, shifts: Iterable[Shift], week: Week, *, people: Sequence[str], names: dict[str, str]
) -> WeekRow:
    """
    A schedule's shifts as bars; `people` gives each their tint, `names` what they are called.
    """
    zone = ZoneInfo(week.zone)
    lines, bars = [], []
    for shift in shifts:
        begin, end = max(shift.begin_ns, week.begin_ns), min(shift.end_ns, week.end_ns)
        if end <= begin:
            continue
        line = _line(shift, names, zone, now_ns=week.begin_ns)
        lines.append(line)
        at, until = _place(begin, week.begin_ns, week.end_ns), _place(end, week.begin_ns, week.end_ns)
        bars.append(
            Bar(
                at=at,
                width=round(until - at, 3),
                who=line.who,
                says=f"{line.who or 'nobody'}, {line.begins.full} to {line.ends.full}",
                tone=people.index(shift.person) % TONES if shift.person in people else TONES,
                overridden=line.overridden,
                label=_label(at, until, week.now),
            )
        )
    return WeekRow(name=name, title=title, bars=tuple(bars), lines=tuple(lines), says=_says(title, lines))


def _line(shift: Shift, names: dict[str, str], zone: ZoneInfo, *, now_ns: int) -> ShiftLine:
    return ShiftLine(
        who="" if shift.person is None else names.get(shift.person, shift.person),
        begins=moment(shift.begin_ns, now_ns=now_ns, zone=zone, with_day=True),
        ends=moment(shift.end_ns, now_ns=now_ns, zone=zone, with_day=True),
        overridden=shift.override_id is not None,
    )


def _says(title: str, lines: Sequence[ShiftLine]) -> str:
    told = "; ".join(f"{line.who or 'nobody'} from {line.begins.clock} to {line.ends.clock}" for line in lines)
    return f"{title}: {told or 'nobody'}"


def _day(at: int, begin: int, end: int, zone: ZoneInfo) -> Day:
    local = instant(at).astimezone(zone)
    return Day(
        at=_place(at, begin, end), name=f"{local:%a}", date=f"{local.day} {local:%b}", rests=local.weekday() >= 5
    )


def _label(at: float, until: float, now: float | None) -> float:
    crossed = now is not None and at < now < until - ROOM
    return round((now - at) * 100 / (until - at), 2) if crossed and now is not None else 0.0


def _place(at: int, begin: int, end: int) -> float:
    return round((at - begin) * 100 / (end - begin), 3)
