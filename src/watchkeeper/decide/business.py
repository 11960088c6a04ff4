"""
Which day is the next one for business, and by when is something due?

>>> shop = Manual(watchkeeper=1, manual="Shop", zone="Europe/Berlin")
>>> friday_night = 1_772_834_400 * 10**9  # 2026-03-06 22:00 UTC
>>> day = next_day(friday_night, business_of(shop, severity=None))
>>> day.date.isoformat(), utc(day.begin_ns).isoformat(" ", "minutes"), utc(day.end_ns).isoformat(" ", "minutes")
('2026-03-09', '2026-03-09 08:00+00:00', '2026-03-09 16:00+00:00')
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from watchkeeper.decide.walls import first_at, utc, wall
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.scalars import WEEKDAYS
from watchkeeper.manual.units import Duration, NextBusinessDay

__all__ = ["Business", "BusinessDay", "business_of", "due_ns", "next_day", "utc"]

OPENS: Final = time(9)
CLOSES: Final = time(17)
_DAY: Final = timedelta(days=1)
_FURTHEST: Final = 800  # days; a calendar of holidays only ends somewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """
    Which days are for business, and which of their hours. Hours that end no later than they begin end the next day.
    """

    days: tuple[str, ...]
    opens: time
    closes: time
    holidays: frozenset[str]  # `2026-12-25`, or a whole month
    zone: ZoneInfo

    def holds(self, day: date) -> bool:
        """
        Is this a day of business?
        """
        said = day.isoformat()
        return WEEKDAYS[day.weekday()] in self.days and self.holidays.isdisjoint((said, said[:7]))


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessDay:
    """
    One day of business: its date, and when its hours begin and end (ns since 1970).
    """

    date: date
    begin_ns: int
    end_ns: int


def business_of(manual: Manual, *, severity: str | None) -> Business:
    """
    The business calendar of a severity, else the business days of the manual.
    """
    entry = manual.severities.get(severity or "")
    calendar = manual.calendars.get(entry.calendar) if entry is not None and entry.calendar else None
    if calendar is None:
        return Business(
            days=manual.business_days, opens=OPENS, closes=CLOSES, holidays=frozenset(), zone=ZoneInfo(manual.zone)
        )
    return Business(
        days=calendar.days,
        opens=calendar.from_ or OPENS,
        closes=calendar.to or CLOSES,
        holidays=frozenset(calendar.holidays),
        zone=ZoneInfo(calendar.zone or manual.zone),
    )


def next_day(at_ns: int, business: Business) -> BusinessDay:
    """
    The first day of business after the day of this instant, in the calendar's zone; without any, simply the next day.
    """
    tomorrow = wall(at_ns, business.zone).date() + _DAY
    days = (tomorrow + _DAY * n for n in range(_FURTHEST))
    found = next((day for day in days if business.holds(day)), tomorrow)
    ends = found if business.closes > business.opens else found + _DAY
    return BusinessDay(
        date=found,
        begin_ns=first_at(datetime.combine(found, business.opens), business.zone),
        end_ns=first_at(datetime.combine(ends, business.closes), business.zone),
    )


def due_ns(response: Duration | NextBusinessDay, *, start_ns: int, severity: str | None, manual: Manual) -> int:
    """
    When a time to respond that began at `start_ns` is over: a span later, or as the next day of business ends.
    """
    if isinstance(response, Duration):
        return start_ns + response.ns
    return next_day(start_ns, business_of(manual, severity=severity)).end_ns
