"""
When did this week, month, quarter or year begin, by the manual's own clock?

>>> from datetime import UTC, datetime
>>> from zoneinfo import ZoneInfo
>>> at = datetime(2026, 3, 29, 12, tzinfo=UTC)
>>> begin, end = period_around(Period.MONTH, at, ZoneInfo("Europe/Berlin"))
>>> begin.isoformat(), end.isoformat()
('2026-02-28T23:00:00+00:00', '2026-03-31T22:00:00+00:00')
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from watchkeeper.manual.condition.ast import Period


def period_around(period: Period, at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """
    The first instant of the local period that holds `at`, and of the next one; both in UTC.
    """
    today = at.astimezone(zone).date()
    begin = _begin(period, today)
    return _midnight(begin, zone), _midnight(_next(period, begin), zone)


def _begin(period: Period, day: date) -> date:
    match period:
        case Period.DAY:
            return day
        case Period.WEEK:
            return day - timedelta(days=day.weekday())
        case Period.MONTH:
            return day.replace(day=1)
        case Period.QUARTER:
            return day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)
        case Period.YEAR:
            return day.replace(month=1, day=1)


def _next(period: Period, begin: date) -> date:
    longest = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 31, Period.QUARTER: 92, Period.YEAR: 366}[period]
    return _begin(period, begin + timedelta(days=longest))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # Where midnight does not exist (a clock change at 00:00), the first instant after the gap is meant.
    local = datetime.combine(day, time(0), tzinfo=zone)
    return local.astimezone(UTC)
