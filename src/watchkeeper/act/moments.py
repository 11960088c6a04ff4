"""
When was it, in the manual's own time, and by when does somebody respond?

>>> noon = 1772366520 * 10**9
>>> moment(noon, ZoneInfo("UTC"), near_ns=noon), moment(noon, ZoneInfo("Europe/Berlin"), near_ns=noon + 86_400 * 10**9)
('12:02 UTC', '2026-03-01 13:02 CET')
"""

from zoneinfo import ZoneInfo

from watchkeeper.decide.business import Business, next_day
from watchkeeper.manual.model.scalars import WEEKDAYS
from watchkeeper.manual.units import Duration, NextBusinessDay
from watchkeeper.manual.words import words, words_ns
from watchkeeper.outside.clock import instant

_MINUTE_NS = 60 * 10**9


def moment(at_ns: int, zone: ZoneInfo, *, near_ns: int) -> str:
    """
    The local time with its zone, to the minute; with the date when it is another day than `near_ns`.
    """
    at, near = instant(at_ns).astimezone(zone), instant(near_ns).astimezone(zone)
    name = at.tzname() or ""
    day = "" if at.date() == near.date() else f"{at:%Y-%m-%d} "
    return f"{day}{at:%H:%M} {f'UTC{name}' if name[:1] in '+-' else name}"


def lasted(span_ns: int) -> str:
    """
    How long something lasted: whole minutes from 10 minutes on.
    """
    return words_ns(span_ns - span_ns % (_MINUTE_NS if span_ns >= 10 * _MINUTE_NS else 10**9))


def respond_by(
    response: Duration | NextBusinessDay, *, start_ns: int, zone: ZoneInfo, business: Business, near_ns: int
) -> str:
    """
    A time to respond that began at `start_ns`, with the instant at which it ends.
    """
    if isinstance(response, Duration):
        if response.ns == 0:
            return "at once"
        end_ns = start_ns + response.ns
        by = "by" if end_ns >= near_ns else "was due by"
        return f"within {words(response)}, {by} {moment(end_ns, zone, near_ns=near_ns)}"
    day = next_day(start_ns, business).date
    return f"on the next business day, {WEEKDAYS[day.weekday()]} {day:%Y-%m-%d}"
