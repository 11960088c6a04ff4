"""Shifts as a calendar program gets them."""

from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from starlette.testclient import TestClient

from tests.web.signing import token_of
from watchkeeper.act.oncall import OnCall
from watchkeeper.testing import Story
from watchkeeper.web.app import create_app
from watchkeeper.web.doors import Doors

ADDRESS = "http://127.0.0.1:8400"
SHOP = """
watchkeeper: 1
manual: Shop
people: {ada: {name: "Ada, the first; of her\\nname"}, bo: {}}
schedules:
  team/a: {role: primary, zone: Europe/Berlin, rotation: {every: 1w, from: Monday, at: "10:00", people: [ada, bo]}}
  team/b:
    title: "b, c; d\\rBEGIN:VEVENT\\r\\nSUMMARY:x"
    rotation: {every: 1w, from: Monday, at: "10:00", people: [ada]}
  gone: {}
"""


class Feed:
    """A watch at 2026-03-24 (the clocks change on the 29th), and a calendar program."""

    def __init__(self) -> None:
        self.story = Story(SHOP, start="2026-03-24T12:00:00")
        self.client = TestClient(create_app(self.story.watch, Doors(address=ADDRESS)), base_url=ADDRESS)
        self.token = token_of(self.story.watch, "read")

    def get(self, path: str = "/calendars/team/a.ics", **query: str) -> str:
        answer = self.client.get(path, params={"token": self.token} | query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/calendar")
        return answer.text

    def events(self, **query: str) -> list[icalendar.Component]:
        return list(icalendar.Calendar.from_ical(self.get(**query)).walk("VEVENT"))


@pytest.fixture
def feed() -> Feed:
    return Feed()


def test_every_shift_is_an_event_in_utc_that_keeps_to_the_wall_across_the_change(feed):
    events = {event["dtstart"].dt: event for event in feed.events()}
    before, after = datetime(2026, 3, 23, 9, tzinfo=UTC), datetime(2026, 3, 30, 8, tzinfo=UTC)
    assert events[before]["dtend"].dt == after
    assert events[after]["dtend"].dt - after == timedelta(days=7)
    assert str(events[after]["summary"]) == "bo is on call (primary)"
    assert str(events[before]["summary"]) == "Ada, the first; of her name is on call (primary)"


def test_the_feed_is_valid_line_by_line(feed):
    text = feed.get()
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    [calendar] = icalendar.Calendar.from_ical(text, multiple=True)
    assert calendar.errors == []
    for event in calendar.walk("VEVENT"):
        assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"} <= set(event)
    assert len({str(event["uid"]) for event in calendar.walk("VEVENT")}) == len(calendar.walk("VEVENT"))


def test_fetching_again_later_names_the_same_events_alike(feed):
    def named() -> dict[datetime, str]:
        return {event["dtstart"].dt: str(event["uid"]) for event in feed.events()}

    before = named()
    feed.story.clock.move(hours=30)
    after = named()
    assert len(set(before) & set(after)) > 20
    assert len(set(after) - set(before)) <= 1
    assert all(before[at] == after[at] for at in set(before) & set(after))


def test_one_persons_shifts_alone(feed):
    assert {str(event["summary"]).split()[0] for event in feed.events(person="bo")} == {"bo"}


def test_a_schedule_with_nobody_is_an_empty_calendar(feed):
    assert icalendar.Calendar.from_ical(feed.get("/calendars/gone.ics")).walk("VEVENT") == []


@pytest.mark.parametrize("path", ["/calendars/teem.ics", "/calendars/gone", "/calendars/.ics", "/calendars/"])
def test_an_unknown_calendar_is_not_found(feed, path):
    assert feed.client.get(path, params={"token": feed.token}).status_code == 404


def test_a_stranger_and_a_token_for_something_else_see_nothing(feed):
    assert feed.client.get("/calendars/team/a.ics").status_code == 401
    assert feed.client.get("/calendars/team/a.ics", params={"token": "wk_no"}).status_code == 401
    ingest = token_of(feed.story.watch, "ingest")
    assert feed.client.get("/calendars/team/a.ics", params={"token": ingest}).status_code == 403


def test_a_token_in_the_address_opens_calendars_only(feed):
    assert feed.client.get("/api/v1/on-call", params={"token": feed.token}).status_code == 401
    header = {"authorization": f"Bearer {feed.token}"}
    assert feed.client.get("/calendars/team/a.ics", headers=header).status_code == 200


def test_what_people_write_is_no_line_of_its_own(feed):
    now_ns = feed.story.clock.now_ns()
    desk = OnCall(feed.story.state, feed.story.clock, lambda: feed.story.watch.standing)
    reason = "ill\r\nEND:VEVENT\rATTACH:https://evil.example\x00\x1b\u2028"
    desk.override("team/b", "bo", begin_ns=now_ns, end_ns=now_ns + 10**12, reason=reason, by="ada")
    text = feed.get("/calendars/team/b.ics")
    assert not set(text.replace("\r\n", "")) & set("\r\n\x00\x1b\u2028")
    assert not [line for line in text.split("\r\n") if line.startswith(("ATTACH", "SUMMARY:x"))]
    [calendar] = icalendar.Calendar.from_ical(text, multiple=True)
    assert str(calendar["x-wr-calname"]) == r"Shop: b\, c\; d BEGIN:VEVENT SUMMARY:x"
    assert [str(event["description"]) for event in calendar.walk("VEVENT") if "description" in event] == [
        "Override 1: ill END:VEVENT ATTACH:https://evil.example"
    ]
