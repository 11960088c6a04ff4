"""
Can a program see who is paged, answer for somebody, and learn why somebody was not paged?
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.web.api.conftest import client_of
from watchkeeper.testing import Story

MANUAL = """
watchkeeper: 1
manual: Shop
streams: {jobs: {spans: 'name == "job"'}}
indicators: {jobs: {from: jobs, bad: 'outcome == "failed"'}}
severities: {P1: {}}
channels: {push: {kind: slack, address_env: HOOK}}
people: {ada: {channels: push}, bo: {}, cy: {channels: push}}
policies: {night: {steps: [{person: ada}, {person: bo, after: 5m}, {person: cy}]}}
alerts: {jobs: {indicator: jobs, when: "> 50% over 5m", severity: P1, policy: night}}
"""


@pytest.fixture
def told() -> Story:
    story = Story(MANUAL, start="2026-03-02T11:00:00", tick_seconds=10)
    story.traffic(jobs={"outcome": "failed"}, per_minute=60)
    return story.run(minutes=7)


@pytest.fixture
def api(told: Story) -> Iterator[TestClient]:
    with client_of(told) as opened:
        yield opened


def test_an_alert_opens_a_page_that_climbs_until_it_is_acknowledged(told: Story, api: TestClient) -> None:
    (page,) = api.get("/api/v1/pages").json()["pages"]
    assert (page["title"], page["state"], page["policy"], page["severity"]) == ("jobs", "open", "night", "P1")
    answer = api.post("/api/v1/pages/acknowledge", json={"pages": [page["number"]]})
    assert answer.status_code == 200
    told.run(minutes=30)
    detail = api.get(f"/api/v1/pages/{page['number']}").json()
    assert (detail["state"], detail["alerts"]) == ("acknowledged", ["jobs"])
    assert {one["person"] for one in detail["messages"]} <= {"ada", "cy"}
    assert [one["verdict"] for one in detail["decisions"]][0] == "acknowledge"


def test_why_says_who_was_not_paged_and_why_not(told: Story, api: TestClient) -> None:
    told.run(minutes=6)
    found = api.get("/api/v1/why/jobs").json()["decisions"]
    (bo,) = [one for one in found if one["person"] == "bo"]
    assert (bo["verdict"], bo["reason"], bo["says"]) == ("refuse", "unreachable", "no contact method of theirs works")


def test_why_of_an_alert_that_is_not_there_names_the_nearest(api: TestClient) -> None:
    answer = api.get("/api/v1/why/jbos")
    assert (answer.status_code, answer.json()) == (404, {"error": "found no alert 'jbos'", "nearest": ["jobs"]})


@pytest.mark.parametrize(
    ("deed", "change", "state"),
    [("snooze", {"seconds": 60}, "snoozed"), ("escalate", {}, "open"), ("resolve", {"reason": "false"}, "ended")],
)
def test_what_can_be_done_with_a_page(api: TestClient, deed: str, change: dict[str, object], state: str) -> None:
    answer = api.post(f"/api/v1/pages/1/{deed}", json=change)
    assert (answer.status_code, answer.json()["state"]) == (200, state)


def test_what_cannot_be_done_is_said(api: TestClient) -> None:
    assert api.get("/api/v1/pages/99").status_code == 404
    assert api.post("/api/v1/pages/acknowledge", json={"pages": [99]}).status_code == 404
    assert api.post("/api/v1/pages/1/unacknowledge", json={}).status_code == 409
    api.post("/api/v1/pages/1/resolve", json={})
    again = api.post("/api/v1/pages/1/snooze", json={})
    assert (again.status_code, again.json()["error"]) == (409, "page 1 is over")


def test_a_test_page_says_by_which_ways_it_went(api: TestClient) -> None:
    found = api.post("/api/v1/people/ada/test", json={}).json()
    assert [(one["method"], one["sent"]) for one in found["messages"]] == [("push", True)]
    assert api.post("/api/v1/people/bo/test", json={}).json()["messages"][0]["reason"] == "unreachable"
    assert api.post("/api/v1/people/nobody/test", json={}).status_code == 404
