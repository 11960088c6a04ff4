"""Switches in JSON and at the terminal: what they say, flipping, extending, undoing, and who may."""

import json
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from tests.stories.switched import opened
from tests.web.api.conftest import ADDRESS, client_of
from tests.web.signing import signed_in
from watchkeeper.cli import asking, switches
from watchkeeper.cli.main import app
from watchkeeper.testing import Story
from watchkeeper.web.app import create_app
from watchkeeper.web.doors import Doors

FLIP = {"switch": "parse-rate", "value": ["50%"], "for_seconds": 3600, "reason": "the vendor throttles"}


@pytest.fixture
def told() -> Story:
    return opened()


@pytest.fixture
def api(told: Story) -> Iterator[TestClient]:
    with client_of(told) as client:
        yield client


def test_every_switch_says_what_it_says_and_what_lies_on_it(api):
    made = api.post("/api/v1/flips", json=FLIP | {"only": {"platform": ["spotify"]}}).json()
    found = {one["name"]: one for one in api.get("/api/v1/switches").json()["switches"]}

    assert (made["says"], made["value"], made["author"]) == ("50%, platform spotify", ["50"], "ada")
    rate = found["parse-rate"]
    assert (rate["says"], rate["role"], rate["longest_seconds"], rate["owner"]) == (
        "100%",
        "responder",
        86400,
        "parsers",
    )
    assert rate["flips"] == [made]
    assert (found["votes"]["range"], found["votes"]["public"], found["votes"]["role"]) == ("1..100", True, "manager")


def test_a_flip_for_everybody_says_when_it_ends(api):
    made = api.post("/api/v1/flips", json=FLIP).json()
    rate = api.get("/api/v1/switches").json()["switches"][0]

    assert (rate["value"], rate["changes"], rate["next"]) == (["50"], made["expires"], ["100"])


def test_a_flip_is_extended_and_undone_and_stays_on_the_list(api):
    api.post("/api/v1/flips", json=FLIP)
    longer = api.post("/api/v1/flips/1/extend", json={"for_seconds": 7200}).json()
    assert longer["expires"] > longer["begins"]
    undone = api.post("/api/v1/flips/1/undo", json={}).json()

    assert (undone["ended_by"], undone["ended_because"]) == ("ada", "undone")
    assert api.get("/api/v1/flips").json()["flips"] == [undone]
    assert api.post("/api/v1/flips/1/undo", json={}).status_code == 422
    assert api.post("/api/v1/flips/7/extend", json={"for_seconds": 60}).status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"switch": "parse-rat"}, 404, "parse-rat"),
        ({"value": ["much"]}, 422, "a percentage such as"),
        ({"value": []}, 422, "one value"),
        ({"for_seconds": 86401}, 422, "at most 1 d"),
        ({"ramp": "fast"}, 422, "a ramp such as"),
        ({"share": 0}, 422, "share"),
        ({"incident": 3}, 422, "no incident 3"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(api, change, status, says):
    answer = api.post("/api/v1/flips", json=FLIP | change)

    assert (answer.status_code, says in answer.text) == (status, True)


def test_who_may_not_flip_a_switch_hears_who_may(told):
    with TestClient(create_app(told.watch, Doors(address=ADDRESS)), base_url=ADDRESS) as client:
        signed_in(client, told.watch, "vi", role="viewer")
        assert client.post("/api/v1/flips", json=FLIP).status_code == 403
        signed_in(client, told.watch, "rey", role="responder")
        assert client.post("/api/v1/flips", json=FLIP).status_code == 200
        refused = client.post("/api/v1/flips", json=FLIP | {"switch": "votes", "value": ["5"]})

    assert refused.status_code == 403
    assert "wanted at least a manager" in refused.json()["error"]


@pytest.fixture
def run(api, monkeypatch):
    """The terminal, with the API instead of a socket."""

    def call(_at: str, method: str, path: str, body: object = None):
        answer = api.request(method, path, json=body) if method != "GET" else api.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    monkeypatch.setattr(switches, "call", call)
    assert asking.call is not call
    return lambda *words: CliRunner().invoke(app, ["switch", *words])


def test_at_the_terminal_a_switch_is_flipped_extended_seen_and_undone(run):
    made = run("set", "parse-rate", "50%", "--for", "1h", "--reason", "throttled", "--only", "platform=spotify")
    assert (made.exit_code, "parse-rate: 50%, platform spotify" in made.output) == (0, True)
    assert "switch undo 1" in made.output
    listed = run("list").output
    assert "throttled" in listed
    assert "votes" in listed
    assert "parse-rate: 50%" in run("extend", "1", "--for", "2h").output
    assert "undone: parse-rate" in run("undo", "1").output
    assert "undone" in run("log").output
    assert json.loads(run("log", "--json").output)["flips"][0]["number"] == 1


def test_a_set_takes_several_members_and_a_wrong_word_is_refused(run):
    assert (
        "10.0.0.1, 10.0.0.2" in run("set", "blocked", "10.0.0.2", "10.0.0.1", "--for", "1h", "--reason", "abuse").output
    )
    assert "wanted a time" in run("set", "breaker", "true", "--for", "soon", "--reason", "x").output
    assert "ATTRIBUTE=VALUE" in run("set", "breaker", "true", "--for", "1h", "--reason", "x", "--only", "p").output
