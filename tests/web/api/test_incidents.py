"""Incidents in JSON, and what people do with them."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.web.api.conftest import SPOTIFY, client_of, storm
from tests.web.signing import token_of
from watchkeeper.web.api.incidents import IncidentDetail, IncidentList

ONE = "/api/v1/incidents/1"
JSON = {"content-type": "application/json"}
BEGINNING = ["opened", "alert", "stage", "stage"]  # its detection is over with the opening


@pytest.fixture
def changed() -> Iterator[TestClient]:
    """A watch of its own for a test that changes it."""
    with client_of(storm()) as opened:
        yield opened


def test_an_incident_has_its_alerts_and_its_timeline(api):
    listed, one = api.get("/api/v1/incidents").json(), api.get(ONE).json()

    assert IncidentList.model_validate(listed)
    assert IncidentDetail.model_validate(one)
    assert [(it["number"], it["severity"], it["state"], it["alerts"]) for it in listed["incidents"]] == [
        (1, "P2", "open", [SPOTIFY])
    ]
    assert [entry["kind"] for entry in one["timeline"]] == BEGINNING


def test_a_person_notes_closes_and_reopens(changed):
    noted = changed.post(f"{ONE}/notes", json={"text": " asked the vendor "})
    closed = changed.post(f"{ONE}/close", json={}).json()
    reopened = changed.post(f"{ONE}/reopen", json={}).json()

    assert noted.status_code == 200
    assert (closed["state"], closed["closed_by"], closed["close_reason_says"]) == ("closed", "ada", "a person did it")
    assert (reopened["state"], reopened["closed"]) == ("open", None)
    assert [(entry["kind"], entry["by"]) for entry in reopened["timeline"]][4:] == [
        ("note", "ada"),
        ("acknowledged", "ada"),  # nobody had it
        ("closed", "ada"),
        ("stage", "ada"),
        ("reopened", "ada"),
    ]
    assert reopened["timeline"][4]["text"] == "asked the vendor"


def test_closing_twice_and_reopening_an_open_one_are_conflicts(changed):
    open_already = changed.post(f"{ONE}/reopen", json={})
    changed.post(f"{ONE}/close", json={})
    closed_already = changed.post(f"{ONE}/close", json={})

    assert (open_already.status_code, open_already.json()["error"]) == (409, "incident 1 is open")
    assert closed_already.status_code == 409
    assert closed_already.json()["error"].startswith("incident 1 is closed already: by ada, 2026-03-02T12:10")


@pytest.mark.parametrize("what", ["close", "reopen", "notes"])
def test_what_is_not_there_cannot_be_changed(api, what: str):
    answer = api.post(f"/api/v1/incidents/7/{what}", json={"text": "x"} if what == "notes" else {})

    assert (answer.status_code, answer.json()["error"]) == (404, "found no incident '7'")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "text: field required"),
        ({"text": "  "}, "text: string should have at least 1 character"),
        ({"text": "x", "by": "bo"}, "by: extra inputs are not permitted"),
        ([], "body: input should be"),
    ],
)
def test_a_field_that_does_not_fit_is_named(api, body: object, says: str):
    answer = api.post(f"{ONE}/notes", json=body)

    assert answer.status_code == 422
    assert answer.json()["error"].startswith(says)
    assert len(api.get(ONE).json()["timeline"]) == len(BEGINNING)


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        pytest.param("text=ada", {"content-type": "application/x-www-form-urlencoded"}, 403, id="a form"),
        pytest.param('{"text": "ada"}', {"content-type": "text/plain"}, 403, id="text"),
        pytest.param('{"text": "ada"}', {}, 403, id="no type"),
        pytest.param(
            "text=ada",
            {"content-type": "application/x-www-form-urlencoded", "origin": "http://127.0.0.1:8400"},
            415,
            id="a form of our own page",
        ),
        pytest.param('{"text": "ada"}', {**JSON, "origin": "http://evil.example"}, 403, id="another site"),
        pytest.param('{"text": "ada"}', {**JSON, "host": "evil.example"}, 421, id="another host"),
        pytest.param('{"text": ', JSON, 422, id="broken JSON"),
        pytest.param(b'{"text": "\xff"}', JSON, 400, id="no UTF-8"),
        pytest.param('{"text": "' + "x" * 70_000 + '"}', JSON, 413, id="too long"),
        pytest.param("[" * 50_000, JSON, 400, id="too deep"),
    ],
)
def test_a_wrong_change_is_refused_with_a_sentence_and_changes_nothing(api, content, headers, status: int):
    answer = api.post(f"{ONE}/notes", content=content, headers=headers)

    assert answer.status_code == status, answer.text
    assert answer.json()["error"]
    assert len(api.get(ONE).json()["timeline"]) == len(BEGINNING)


ADMIN = "/api/admin/incidents"


@pytest.fixture
def curl(changed: Any) -> TestClient:
    """A command line with a token, as the manual writes it: curl calls the body a form."""
    told = token_of(changed.app.state.watch, "respond")
    changed.cookies.clear()
    changed.headers.update(
        {"authorization": f"Bearer {told}", "content-type": "application/x-www-form-urlencoded"},
    )
    found: TestClient = changed
    return found


def test_a_token_acknowledges_the_only_incident_that_nobody_has_in_somebody_s_name(curl):
    answer = curl.post(ADMIN, content='{"status": "acknowledged", "assignee": "ada"}')

    assert answer.status_code == 200, answer.text
    assert (answer.json()["number"], answer.json()["acknowledged_by"]) == (1, "ada")
    again = curl.post(ADMIN, content='{"status": "acknowledged", "assignee": "ada"}')
    assert (again.status_code, again.json()["error"]) == (409, "no open incident waits for somebody")


def test_with_several_it_answers_the_list(curl):
    curl.post("/api/v1/incidents", json={"title": "Another", "severity": "P2"}, headers=JSON)
    answer = curl.post(ADMIN, content='{"status": "acknowledged", "assignee": "ada"}')

    assert answer.status_code == 409
    assert [one["number"] for one in answer.json()["incidents"]] == [1, 2]
    chosen = curl.post(ADMIN, content='{"status": "acknowledged", "assignee": "ada", "id": 2}')
    assert (chosen.status_code, chosen.json()["number"]) == (200, 2)


def test_a_name_that_nobody_has_is_refused_and_changes_nothing(curl):
    answer = curl.post(ADMIN, content='{"status": "acknowledged", "assignee": "your-name"}')

    assert answer.status_code == 422
    assert answer.json()["error"].startswith("found no person 'your-name'; wanted one of: ")
    assert curl.get(ONE).json()["acknowledged_by"] is None


def test_what_is_resolved_is_closed(curl):
    answer = curl.post(ADMIN, content='{"status": "resolved", "assignee": "ada", "id": 1}')

    assert (answer.json()["state"], answer.json()["acknowledged_by"]) == ("closed", "ada")


def test_without_a_token_a_form_stays_a_form(changed):
    answer = changed.post(
        ADMIN,
        content='{"status": "acknowledged"}',
        headers={"content-type": "application/x-www-form-urlencoded", "origin": "http://127.0.0.1:8400"},
    )
    assert answer.status_code in (403, 415)


def test_people_run_an_incident_through_the_api(changed):
    def did(what: str, **body: object) -> Any:
        answer = changed.post(f"{ONE}/{what}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert did("acknowledge")["stage"] == "Assessment"
    assert {one["role"] for one in did("roles", role="commander")["roles"]} == {"responders", "commander"}
    assert did("steps", stage="Assessment", step=1)["steps"][0]["step"] == 1
    assert did("stage")["stage"] == "Containment"
    assert did("severity", severity="P1", reason="worse")["severity"] == "P1"
    assert did("summary", text="spotify answers 429")["summary"] == "spotify answers 429"
    assert did("updates", text="we read less")["timeline"][-1]["kind"] == "update"
    noted = did("notes", text="asked the vender")["timeline"][-1]
    edited = did(f"notes/{noted['id']}", text="asked the vendor")["timeline"][-1]
    assert (edited["text"], edited["edits"][0]["text"]) == ("asked the vendor", "asked the vender")
    assert did("alerts", detach=[SPOTIFY])["alerts"] == []
    assert did("alerts", attach=[SPOTIFY])["alerts"] == [SPOTIFY]
    assert {one["name"] for one in did("services", services=["parser"])["clocks"]} == {"respond"}
    second = changed.post("/api/v1/incidents", json={"title": "The same", "severity": "P2"}).json()
    merged = changed.post(f"/api/v1/incidents/{second['number']}/merge", json={"into": 1}).json()
    assert (merged["number"], merged["merged"]) == (1, [2])

    times = changed.get("/api/v1/response-times").json()
    assert (times["incidents"], times["acknowledge"]["n"], times["resolve"]) == (1, 1, None)
    evidence = did("close")["evidence"]
    assert evidence["alerts"][0]["says"].startswith("Parse success on spotify is 9")
    assert evidence["at"].endswith("Z")
