"""Silences in JSON and at the terminal: an end and a reason are a must, what a silence hits is known before."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from tests.stories.shop import manual, opened, orders
from tests.web.api.conftest import client_of
from watchkeeper.cli.main import app
from watchkeeper.store import audit
from watchkeeper.testing import Story

ENDS = "2026-03-02T14:00:00Z"


@pytest.fixture
def told() -> Story:
    return orders(opened(manual(rest="services: {shop: {}}")), "failed").at("12:00")


@pytest.fixture
def api(told: Story) -> Iterator[TestClient]:
    with client_of(told) as client:
        yield client


def silence(api: TestClient, **keys: object):
    return api.post("/api/v1/silences", json={"ends": ENDS, "reason": "we know", "meant": {"alert": ["orders"]}} | keys)


def test_what_is_silenced_is_listed_with_who_why_and_until_when(api, told):
    made = silence(api).json()
    assert (made["number"], made["of"], made["holds"], made["reason"]) == (1, "alert orders", True, "we know")
    assert made["ends"].startswith("2026-03-02T14:00:00")
    assert api.get("/api/v1/silences").json()["silences"] == [made]
    with told.state.reading() as view:
        newest = audit.recent(view, most=1)[0]
    assert (newest.action, newest.target, newest.who) == ("silence.create", "silence/1", made["author"])


def test_an_undone_silence_holds_no_longer_and_is_undone_once(api):
    silence(api)
    undone = api.post("/api/v1/silences/1/undo", json={}).json()
    assert undone["holds"] is False
    assert undone["undone_by"] == undone["author"]
    again = api.post("/api/v1/silences/1/undo", json={})
    assert (again.status_code, "undone already" in again.text) == (409, True)
    assert api.post("/api/v1/silences/7/undo", json={}).status_code == 404


def test_one_that_is_over_cannot_be_undone(api, told):
    silence(api, ends="2026-03-02T12:01:00Z")
    told.at("12:05")
    assert api.post("/api/v1/silences/1/undo", json={}).status_code == 409


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"ends": None}, "ends"),
        ({"reason": " "}, "reason"),
        ({"ends": "2026-03-02T10:00:00Z"}, "not ahead"),
        ({"ends": "2026-03-02T10:00:00"}, "without a zone"),
        ({"ends": "2028-03-02T10:00:00Z"}, "more than a year"),
        ({"begins": "2026-03-03T10:00:00Z"}, "not ahead"),
        ({"meant": {"alert": ["order"]}}, "did you mean `orders`"),
        ({"meant": {"service": ["shops"]}}, "did you mean `shop`"),
        ({"meant": {"severity": ["P9"]}}, "no severity"),
        ({"meant": {"label": {"land": ["de"]}}}, "no label"),
        ({"meant": {"colour": ["red"]}}, "colour"),
    ],
)
def test_a_silence_that_cannot_be_says_what_is_wanted(api, keys, says):
    answer = silence(api, **keys)
    assert answer.status_code == 422
    assert says in answer.text
    assert api.get("/api/v1/silences").json()["silences"] == []


def test_what_a_silence_would_hit_is_known_before(api):
    found = api.post("/api/v1/silences/preview", json={"label": {"country": ["de"]}}).json()
    assert found == {"rules": ["orders"], "alerts": ["orders[country=de]"], "firing": ["orders[country=de]"]}
    everything = api.post("/api/v1/silences/preview", json={}).json()
    assert everything["rules"] == ["orders", "busy"]
    assert everything["alerts"][0] == "orders[country=de]"
    assert api.post("/api/v1/silences/preview", json={"severity": ["P3"]}).json()["firing"] == []


@contextmanager
def served(api: TestClient) -> Iterator[str]:
    class Passes(BaseHTTPRequestHandler):
        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = api.request(self.command, self.path, content=body, headers={"Content-Type": "application/json"})
            self.send_response(answer.status_code)
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = _pass

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Passes) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def run(at: str, *words: str, ok: bool = True) -> str:
    said = CliRunner(env={"COLUMNS": "200", "TZ": "UTC"}).invoke(app, ["silence", *words, "--at", at])
    assert (said.exit_code == 0) is ok, said.output
    return said.output


def test_the_terminal_silences_lists_and_undoes(api):
    with served(api) as at:
        assert "Nothing is silenced" in run(at, "list")
        ends = "2026-03-02T14:00+00:00"
        made = run(at, "add", ends, "--alert", "orders", "--only", "country=de", "--reason", "we know")
        assert "silenced as 1: alert orders, country de" in made
        assert "we know" in run(at, "list")
        assert "no longer silenced" in run(at, "undo", "1")


def test_the_terminal_says_what_a_silence_would_hit(api):
    with served(api) as at:
        assert "1 rule, 1 alert, firing: 1" in run(at, "preview", "--alert", "orders")
        assert json.loads(run(at, "preview", "--severity", "P3", "--json"))["rules"] == ["busy"]


def test_at_the_terminal_everything_is_silenced_only_by_that_word(api):
    with served(api) as at:
        assert "--everything" in run(at, "add", "2026-03-02T14:00+00:00", "--reason", "x", ok=False)
        made = run(at, "add", "2026-03-02T14:00+00:00", "--reason", "x", "--everything")
        assert "everything" in made
        assert "LABEL=VALUE" in run(at, "add", "2h", "--reason", "x", "--only", "de", ok=False)
