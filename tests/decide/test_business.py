"""Which day is the next one for business?"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.manuals import written
from watchkeeper.decide.business import business_of, due_ns, next_day
from watchkeeper.decide.walls import utc
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.units import Duration, NextBusinessDay

SEOUL = {"days": ["Monday", "Tuesday", "Wednesday", "Thursday"], "from": "10:00", "to": "19:00", "zone": "Asia/Seoul"}


def manual(**keys: Any) -> Manual:
    calendar = SEOUL | {"holidays": ["2026-03-02", "2026-04"]}
    return written(
        calendars={"seoul": calendar},
        severities={"P1": {}, "P4": {"calendar": "seoul"}},
        **keys,
    )


def at(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("begins", "day"),
    [
        ("2026-03-02T00:00", "2026-03-03"),
        ("2026-03-05T23:59", "2026-03-06"),
        ("2026-03-06T12:00", "2026-03-09"),
        ("2026-03-07T12:00", "2026-03-09"),
        ("2026-03-08T23:59", "2026-03-09"),
    ],
)
def test_without_a_calendar_the_business_days_of_the_manual_count(begins, day):
    found = next_day(at(begins), business_of(manual(), severity="P1"))
    assert (found.date.isoformat(), found.begin_ns, found.end_ns) == (day, at(f"{day}T09:00"), at(f"{day}T17:00"))


def test_the_day_is_that_of_the_calendars_zone():
    late_in_the_west = at("2026-03-09T16:00")  # the 10th in Seoul
    assert next_day(late_in_the_west, business_of(manual(), severity="P4")).date.isoformat() == "2026-03-11"


def test_holidays_and_months_of_holidays_are_skipped():
    assert next_day(at("2026-02-26T01:00"), business_of(manual(), severity="P4")).date.isoformat() == "2026-03-03"
    assert next_day(at("2026-03-31T01:00"), business_of(manual(), severity="P4")).date.isoformat() == "2026-05-04"


def test_hours_follow_the_wall_clock():
    friday = at("2026-03-27T12:00", "Europe/Berlin")  # the clock changes on the Sunday
    found = next_day(friday, business_of(manual(zone="Europe/Berlin"), severity=None))
    assert utc(found.begin_ns).hour == 7


def test_a_calendar_without_a_day_of_business_means_the_next_day():
    found = manual(business_days=[])
    assert next_day(at("2026-03-02T00:00"), business_of(found, severity=None)).date.isoformat() == "2026-03-03"


def test_what_is_due_on_the_next_day_of_business_is_due_as_it_ends():
    begins = at("2026-03-06T12:00")
    assert due_ns(NextBusinessDay(), start_ns=begins, severity="P4", manual=manual()) == at(
        "2026-03-09T19:00", "Asia/Seoul"
    )
    assert due_ns(Duration(ns=60, written="60ns"), start_ns=begins, severity="P4", manual=manual()) == begins + 60
