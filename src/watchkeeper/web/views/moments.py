"""
How is an instant shown?

The clock alone where it was today, with the day where it was not; the whole date and the zone stand behind it. Browsers
turn it into the reader's own time, where they may.

>>> from watchkeeper.outside.clock import nanoseconds
>>> noon = nanoseconds(datetime.fromisoformat("2026-11-20T12:00:05+00:00"))
>>> moment(noon, now_ns=noon, zone=ZoneInfo("Europe/Berlin")).clock
'13:00:05'
>>> moment(noon, now_ns=noon + 86_400 * 10**9, zone=ZoneInfo("UTC")).clock
'Fri 20 Nov 12:00'
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from watchkeeper.manual.words import words_ns
from watchkeeper.outside.clock import instant

SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """
    An instant for people: ISO 8601 for machines, short, in full, and how long ago it was (`4 min 12 s`).
    """

    iso: str
    clock: str
    full: str
    ago: str


def moment(at_ns: int, *, now_ns: int, zone: ZoneInfo, with_day: bool = False) -> Moment:
    """
    An instant as seen now, in this zone; `with_day` names the day also where it is today's.
    """
    at, now = instant(at_ns).astimezone(zone), instant(now_ns).astimezone(zone)
    today = at.date() == now.date() and not with_day
    return Moment(
        iso=instant(at_ns).strftime("%Y-%m-%dT%H:%M:%SZ"),
        clock=at.strftime("%H:%M:%S") if today else _day(at) + at.strftime(" %H:%M"),
        full=f"{_day(at)} {at.year} {at.strftime('%H:%M:%S')} {zone.key}",
        ago=span(now_ns - at_ns),
    )


def span(ns: int) -> str:
    """
    A length of time that runs, to the second: `4 min 12 s`, `2 h 05`; never negative.
    """
    return words_ns(max(0, ns) // SECOND * SECOND)


def _day(at: datetime) -> str:
    return at.strftime("%a ") + str(at.day) + at.strftime(" %b")
