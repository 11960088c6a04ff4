"""By when does somebody respond?"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.manuals import written
from watchkeeper.act.moments import respond_by
from watchkeeper.decide.business import business_of
from watchkeeper.manual.units import NextBusinessDay


def test_the_next_business_day_is_that_of_the_severitys_calendar():
    calendars = {"seoul": {"holidays": ["2026-03-09"], "zone": "Asia/Seoul"}}
    manual = written(calendars=calendars, severities={"P3": {}, "P4": {"calendar": "seoul"}})
    friday_ns = int(datetime(2026, 3, 6, 12, tzinfo=UTC).timestamp()) * 10**9

    def said(severity: str) -> str:
        business = business_of(manual, severity=severity)
        response = NextBusinessDay()
        return respond_by(response, start_ns=friday_ns, zone=ZoneInfo("UTC"), business=business, near_ns=friday_ns)

    assert said("P3") == "on the next business day, Monday 2026-03-09"
    assert said("P4") == "on the next business day, Tuesday 2026-03-10"
