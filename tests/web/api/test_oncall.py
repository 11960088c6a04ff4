"""Who is on call, holes, overrides and swaps, in JSON."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from tests.web.api.conftest import client_of
from watchkeeper.testing import Story
from watchkeeper.web.api.oncall import HoleList, OnCallAnswer, OverrideList, ShiftList

SHOP = """
watchkeeper: 1
manual: Shop
zone: Europe/Berlin
channels: {chat: {kind: slack, address_env: CHAT}}
people:
  ada: {name: Ada, channels: chat}
  bo: {channels: chat}
schedules:
  team: {role: primary, rotation: {every: 1d, at: "09:00", starts: 2026-03-02, people: [ada, bo]}}
  day/shift: {rotation: {every: 1d, people: ada, during: {from: "09:00", to: "17:00"}}}
policies: {standard: {steps: [{schedule: day/shift}]}}
defaults: {policy: standard}
"""


@pytest.fixture
def api() -> Iterator[TestClient]:
    with client_of(Story(SHOP, start="2026-03-02T13:00:00")) as opened:
        yield opened


def said(answer: Response) -> Any:
    """What was answered, instants without the fraction of a second."""
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text.replace(".000Z", "Z"))


def override(api: TestClient, **keys: Any) -> dict[str, Any]:
    wish = {"schedule": "team", "person": "bo", "ends": "2026-03-02T18:00:00+01:00", "reason": "ill"} | keys
    found: dict[str, Any] = said(api.post("/api/v1/overrides", json=wish))
    return found


def test_now_until_when_and_who_next(api):
    found = said(api.get("/api/v1/on-call"))
    assert OnCallAnswer.model_validate(found)
    team = found["schedules"][0]
    assert (team["schedule"], team["role"], team["person"], team["name"]) == ("team", "primary", "ada", "Ada")
    assert (team["since"], team["until"]) == ("2026-03-02T08:00:00Z", "2026-03-03T08:00:00Z")
    assert (team["next"], team["next_from"], team["zone"]) == ("bo", "2026-03-03T08:00:00Z", "Europe/Berlin")


def test_one_schedule_at_another_instant(api):
    query = {"schedule": "day/shift", "at": "2026-03-02T23:00:00Z"}
    [found] = said(api.get("/api/v1/on-call", params=query))["schedules"]
    assert (found["person"], found["until"], found["next"]) == (None, "2026-03-03T08:00:00Z", "ada")


def test_shifts_tile_the_days_asked_for(api):
    found = said(api.get("/api/v1/shifts", params={"schedule": "team", "days": 2}))
    assert ShiftList.model_validate(found)
    assert [(one["begins"], one["person"]) for one in found["shifts"]] == [
        ("2026-03-02T12:00:00Z", "ada"),
        ("2026-03-03T08:00:00Z", "bo"),
        ("2026-03-04T08:00:00Z", "ada"),
    ]


def test_holes_are_said_before_the_page(api):
    found = said(api.get("/api/v1/holes", params={"days": 1}))
    assert HoleList.model_validate(found)
    [hole] = found["holes"]
    assert (hole["policy"], hole["begins"], hole["ends"]) == (
        "standard",
        "2026-03-02T16:00:00Z",
        "2026-03-03T08:00:00Z",
    )
    assert hole["why"] == "step 1: nobody is on call in `day/shift`"
    assert [one["schedule"] for one in found["gaps"]] == ["day/shift"]


def test_an_override_holds_is_listed_and_can_be_undone_once(api):
    made = override(api)
    assert (made["author"], made["begins"], made["ends"]) == ("ada", "2026-03-02T12:00:00Z", "2026-03-02T17:00:00Z")
    team = said(api.get("/api/v1/on-call"))["schedules"][0]
    assert (team["person"], team["override"]["number"]) == ("bo", made["number"])
    assert OverrideList.model_validate(api.get("/api/v1/overrides").json())
    undone = said(api.post(f"/api/v1/overrides/{made['number']}/undo", json={}))
    assert undone["undone_by"] == "ada"
    again = api.post(f"/api/v1/overrides/{made['number']}/undo", json={})
    assert (again.status_code, again.json()["error"]) == (409, f"override {made['number']} was undone already, by ada")


def test_a_swap_is_two_overrides(api):
    wish = {"schedule": "team", "first": "2026-03-02T12:30:00Z", "second": "2026-03-03T12:30:00Z", "reason": "a visit"}
    found = said(api.post("/api/v1/swaps", json=wish))["overrides"]
    assert [(one["person"], one["ends"]) for one in found] == [
        ("bo", "2026-03-03T08:00:00Z"),
        ("ada", "2026-03-04T08:00:00Z"),
    ]
    assert [one["swap_of"] for one in found] == [found[1]["number"], found[0]["number"]]


@pytest.mark.parametrize(
    ("path", "wish", "status", "why"),
    [
        ("overrides", {"person": "bob"}, 422, "found nobody called 'bob'; wanted one of ada, bo; did you mean `bo`?"),
        ("overrides", {"schedule": "teem"}, 404, "found no schedule 'teem'"),
        ("overrides", {"ends": "2026-03-01T00:00:00Z"}, 422, "found an end that is past"),
        ("overrides", {"ends": "2026-03-02T18:00:00"}, 422, "ends: found an instant without a zone"),
        ("overrides", {"ends": "9999-12-31T18:00:00Z"}, 422, "ends: found the year 9999"),
        ("overrides/7/undo", None, 404, "found no override '7'"),
        ("swaps", {"second": "2026-03-02T13:00:00Z"}, 422, "found two shifts of ada"),
        ("swaps", {"with_schedule": "nights"}, 404, "found no schedule 'nights'"),
    ],
)
def test_what_cannot_be_says_why(api, path, wish, status, why):
    usual = {"schedule": "team", "reason": "ill"} | (
        {"person": "bo", "ends": "2026-03-02T18:00:00Z"}
        if path == "overrides"
        else {"first": "2026-03-02T12:30:00Z", "second": "2026-03-03T12:30:00Z"}
    )
    answer = api.post(f"/api/v1/{path}", json={} if wish is None else usual | wish)
    assert answer.status_code == status
    assert answer.json()["error"].startswith(why)


@pytest.mark.parametrize("query", [{"schedule": "nights"}, {"schedule": "team", "at": "0001-01-01T00:00:00Z"}])
def test_asking_for_what_is_not_there_is_no_crash(api, query):
    assert api.get("/api/v1/on-call", params=query).status_code in (404, 422)
