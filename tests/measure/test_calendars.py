"""
When do periods begin, and what did each row count in them?
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from watchkeeper.manual.condition.ast import Period
from watchkeeper.measure.calendars import Calendars
from watchkeeper.measure.periods import period_around

S = 10**9


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ns(text: str) -> int:
    return int(at(text).timestamp()) * S


@pytest.mark.parametrize(
    ("period", "zone", "now", "begin", "end"),
    [
        (Period.DAY, "Europe/Berlin", "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00"),  # 23 hours
        (Period.DAY, "Europe/Berlin", "2026-10-25T12:00", "2026-10-24T22:00", "2026-10-25T23:00"),  # 25 hours
        (Period.WEEK, "Asia/Kathmandu", "2026-06-07T18:14", "2026-05-31T18:15", "2026-06-07T18:15"),
        (Period.WEEK, "Asia/Kathmandu", "2026-06-07T18:15", "2026-06-07T18:15", "2026-06-14T18:15"),
        (Period.MONTH, "America/St_Johns", "2026-03-01T03:30", "2026-03-01T03:30", "2026-04-01T02:30"),
        (Period.MONTH, "Australia/Lord_Howe", "2026-04-10T00:00", "2026-03-31T13:00", "2026-04-30T13:30"),
        (Period.QUARTER, "UTC", "2026-12-31T23:59", "2026-10-01T00:00", "2027-01-01T00:00"),
        (Period.YEAR, "Pacific/Auckland", "2026-12-31T11:00", "2026-12-31T11:00", "2027-12-31T11:00"),
        (Period.DAY, "America/Havana", "2026-03-08T12:00", "2026-03-08T05:00", "2026-03-09T04:00"),  # no midnight
    ],
)
def test_a_period_begins_at_the_local_midnight(period, zone, now, begin, end):
    assert period_around(period, at(now), ZoneInfo(zone)) == (at(begin), at(end))


def counted(calendars: Calendars, period: Period, begin: str) -> int:
    return int(calendars.running[period].totals(np.array([0]), ns(begin))[0])


def add(calendars: Calendars, when: str, amount: int) -> None:
    calendars.add(np.array([0]), np.array([ns(when)]), np.array([amount]))


def test_a_late_amount_belongs_to_the_period_it_happened_in():
    calendars = Calendars([Period.MONTH], ZoneInfo("Asia/Kolkata"), now_ns=ns("2026-03-31T18:20"))
    add(calendars, "2026-03-31T18:20", 1)
    assert calendars.advance(ns("2026-03-31T18:30"))
    add(calendars, "2026-03-31T18:29", 2)  # late, over the boundary
    add(calendars, "2026-03-31T18:30", 4)
    assert counted(calendars, Period.MONTH, "2026-02-28T18:30") == 3
    assert counted(calendars, Period.MONTH, "2026-03-31T18:30") == 4


def test_whole_periods_asleep_leave_nothing_in_the_one_before():
    calendars = Calendars([Period.WEEK], ZoneInfo("UTC"), now_ns=ns("2026-03-02T00:00"))
    add(calendars, "2026-03-02T00:00", 7)
    calendars.advance(ns("2026-03-25T00:00"))
    assert counted(calendars, Period.WEEK, "2026-03-16T00:00") == 0
    assert counted(calendars, Period.WEEK, "2026-03-23T00:00") == 0


def test_what_lies_before_the_period_kept_is_not_told():
    calendars = Calendars([Period.DAY], ZoneInfo("UTC"), now_ns=ns("2026-03-02T10:00"))
    assert calendars.running[Period.DAY].around(ns("2026-02-28T23:59")) is None


def test_only_zones_of_half_and_quarter_hours_cut_hours():
    for zone, cut in (("Europe/Berlin", 0), ("Asia/Kathmandu", 3)):
        calendars = Calendars([Period.MONTH], ZoneInfo(zone), now_ns=ns("2026-03-02T10:00"))
        assert len(calendars.cut(3600 * S)) == cut
