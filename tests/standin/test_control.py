"""
The control API switches, steers, and refuses what it must.
"""

from collections.abc import Callable

import pytest

from tests.standin.conftest import Running, Sink

DOORS = ("app", "control", "receiver")


def test_the_ready_line_names_every_address_and_the_process(jamfind: Running) -> None:
    assert set(jamfind.ready) == {"app", "control", "receiver", "vendors", "pid"}
    assert set(jamfind.ready["vendors"]) == {"spotify", "apple", "deezer", "youtube", "stripe", "paystack"}
    assert jamfind.ready["pid"] == jamfind.process.pid
    assert all(jamfind.ready[door].startswith("http://127.0.0.1:") for door in DOORS)


def test_a_switch_shows_since_when_it_is_on_and_what_it_touches(jamfind: Running) -> None:
    first = jamfind.switch("payment-failures", on=True)
    assert jamfind.switch("payment-failures", on=True) == first
    listed = {fault["name"]: fault for fault in jamfind.get("control", "/faults").json()["faults"]}
    assert listed["payment-failures"] == first
    assert first["touches"] == ["payment-errors"]
    assert first["label"] == {"provider": "paystack"}
    assert jamfind.get("control", "/state").json()["faults"] == ["payment-failures"]

    assert jamfind.switch("payment-failures", on=False) == {**first, "on": False, "since": None}


def test_an_unknown_fault_is_answered_with_the_nearest_name(jamfind: Running) -> None:
    answer = jamfind.post("control", "/faults/vendor-storm", json={"on": True})

    assert answer.status_code == 404
    assert answer.json()["error"] == "no fault is called 'vendor-storm'; did you mean 'vendor-429-storm'?"
    assert answer.json()["nearest"] == "vendor-429-storm"


@pytest.mark.parametrize(
    ("options", "status"),
    [
        pytest.param({"data": {"on": "true"}}, 415, id="a form"),
        pytest.param({"content": '{"on": true}', "headers": {"content-type": "text/plain"}}, 415, id="text"),
        pytest.param({"content": "{", "headers": {"content-type": "application/json"}}, 400, id="broken JSON"),
        pytest.param({"json": {"on": "yes"}}, 422, id="a word for a flag"),
        pytest.param({"json": [True]}, 422, id="a list"),
        pytest.param({"json": {"on": True, "pad": "x" * 20_000}}, 413, id="too long"),
        pytest.param({"json": {"on": True}, "headers": {"origin": "http://evil.example"}}, 403, id="another site"),
        pytest.param({"json": {"on": True}, "headers": {"host": "evil.example"}}, 403, id="another host"),
    ],
)
def test_a_wrong_change_is_refused_and_changes_nothing(
    jamfind: Running, options: dict[str, object], status: int
) -> None:
    answer = jamfind.post("control", "/faults/slow-parse", **options)

    assert answer.status_code == status
    assert jamfind.get("control", "/state").json()["faults"] == []


@pytest.mark.parametrize("door", DOORS)
def test_no_door_answers_to_a_foreign_host(jamfind: Running, door: str) -> None:
    assert jamfind.get(door, "/", headers={"host": "evil.example:80"}).status_code == 403


def test_an_attribute_that_the_operation_does_not_know_is_named(jamfind: Running) -> None:
    answer = jamfind.post("app", "/api/parse", json={"platform": "tidal"})

    assert answer.status_code == 422
    assert answer.json()["error"] == "platform: found 'tidal', wanted one of spotify, apple, deezer, youtube"


def test_users_and_telemetry_can_be_brought_in_later(starts: Callable[..., Running], sink: Sink) -> None:
    quiet = starts("--fast", "--no-load")
    assert quiet.post("app", "/api/vote", json={}).status_code == 200
    assert not any(tally["sent"] for tally in quiet.get("control", "/state").json()["operations"].values())
    refused = quiet.post("control", "/telemetry", json={"to": "http://collector.example:4318"})
    assert refused.status_code == 422

    assert quiet.post("control", "/telemetry", json={"to": sink.url}).json() == {"to": sink.url}
    assert quiet.post("control", "/load", json={"on": True}).json() == {"on": True}
    sink.wait_for(lambda: any(span.name == "vote" for span in sink.spans), "a vote of the new users")

    state = quiet.get("control", "/state").json()
    assert state["load"] is True
    assert state["telemetry"] == sink.url
    assert state["operations"]["vote"]["sent"] > 0


def test_the_address_of_the_application_says_what_there_is_to_call(jamfind: Running) -> None:
    said = jamfind.get("app", "/").text

    assert "jamfind" in said
    assert "POST /api/parse" in said
