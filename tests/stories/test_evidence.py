"""What was known when an incident opened is kept with it: numbers, releases, who was on call."""

from typing import Any

from tests.stories.scenes import EXAMPLES
from watchkeeper.testing import Story

HOUR_NS = 3600 * 10**9


def quiet(*, tick_seconds: float = 60) -> Story:
    return Story(EXAMPLES / "mysetlist", start="2026-03-02T11:00:00", tick_seconds=tick_seconds).run(minutes=30)


def mysetlist() -> Story:
    told = Story(EXAMPLES / "mysetlist", start="2026-03-02T11:00:00", tick_seconds=60)
    return told.traffic(requests={"route": "/shows", "status": 200, "duration": 0.2}, per_minute=60).run(minutes=30)


def evidence(told: Story) -> dict[str, Any]:
    return told.watch.desk.case(1).row.evidence or {}


def test_the_releases_of_the_day_before_stand_there_newest_first():
    told = quiet(tick_seconds=900)
    for hours in (2, 20, 3):
        told.event("release", version="1.4").run(hours=hours)
    told.watch.desk.open(title="It does not work", severity="critical", by="somebody")
    told.event("release", version="1.5").run(minutes=5)

    opened_ns = told.watch.desk.case(1).incident.opened_ns
    ages = [round((opened_ns - one["at_ns"]) / HOUR_NS, 1) for one in evidence(told)["releases"]]
    assert ages == [3.0, 23.0]  # that of 25 hours before is no news, and what came afterwards was not known
    assert {one["alert"] for one in evidence(told)["releases"]} == {"deployed"}


def test_an_incident_that_an_alert_opens_has_its_numbers_in_words():
    told = mysetlist()
    told.quiet().traffic(requests={"route": "/shows", "status": 200, "duration": 9.0}, per_minute=60).run(minutes=10)

    (slow,) = [one for one in evidence(told)["alerts"] if one["key"] == "response-time"]
    assert slow["says"].startswith("Response time has a mean of ")


def test_who_was_on_call_then_stays_whoever_is_on_call_later():
    told = quiet()
    told.override("primary", "hugo", "11:00", "13:00", by="finn")
    told.watch.desk.open(title="It does not work", severity="critical", by="somebody")
    told.at("14:00")

    assert told.on_call("primary") != "hugo"
    assert [one["person"] for one in evidence(told)["on_call"] if one["role"] == "primary"] == ["hugo"]
