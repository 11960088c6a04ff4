"""
`incident`: what people do with incidents, at the terminal.
"""

import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner, Result

from tests.act.incidents.desk_of import MANUAL
from tests.web.api.conftest import client_of
from watchkeeper.cli.main import app
from watchkeeper.testing import Story

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A command against a watch at 2026-03-02 12:00 UTC, over HTTP."""
    monkeypatch.setitem(os.environ, "TZ", "UTC")
    with client_of(Story(MANUAL, start="2026-03-02T12:00:00")) as api:

        class Door(BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer("GET", None)

            def do_POST(self):
                self.answer("POST", self.rfile.read(int(self.headers["content-length"])))

            def answer(self, method: str, body: bytes | None) -> None:
                found = api.request(method, self.path, content=body, headers={"content-type": "application/json"})
                self.send_response(found.status_code)
                self.end_headers()
                self.wfile.write(found.content)

            def log_message(self, *_):
                """Quiet."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()

            def ask(*words: str) -> Result:
                where = ["--at", f"http://127.0.0.1:{server.server_port}"]
                return CliRunner().invoke(app, ["incident", *words, *where], env={"COLUMNS": "160"})

            yield ask
            server.shutdown()
            thread.join()


def test_an_incident_is_run_from_opening_to_closing(run):
    assert "There was no incident yet" in run("list").output
    opened = run("open", "Orders fail", "--severity", "P1", "--service", "shop")
    assert "#1 Orders fail P1: open, Acknowledge, nobody has it" in opened.output
    assert "respond: due 2026-03-02 12:15" in opened.output
    assert "open, Assess, ada has it" in run("acknowledge", "--assignee", "Ada Reyes").output
    for words in (
        ("stage", "1", "Communicate"),
        ("step", "1", "Assess", "1", "--note", "all red"),
        ("step", "1", "Assess", "1", "--undo"),
        ("role", "1", "commander", "--person", "bo"),
        ("severity", "1", "P0", "--reason", "all of it"),
        ("note", "1", "the bank is down"),
        ("update", "1", "we wait for the bank"),
        ("summary", "1", "the bank's certificate ran out"),
        ("close", "1"),
        ("reopen", "1"),
    ):
        found = run(*words)
        assert found.exit_code == 0, (words, found.output)
    shown = run("show", "1").output
    for said in ("commander: bo", "P1 → P0: all of it", "the bank is down", "opened again by ada"):
        assert said in shown
    assert "open: Orders fail" in run("list").output


def test_incidents_that_are_the_same_go_on_as_one_and_times_are_counted(run):
    run("open", "Orders fail", "--severity", "P1", "--alert", "orders", "--alert", "disk")
    run("open", "The same", "--severity", "P1")
    assert "#1 Orders fail" in run("merge", "2", "1").output
    assert "#3 The disk" in run("split", "1", "--alert", "disk", "--title", "The disk").output
    run("acknowledge", "1")
    run("close", "1")
    found = json.loads(run("times", "--json").output)
    assert (found["incidents"], found["acknowledge"]["n"], found["resolve"]["n"]) == (2, 1, 1)
    assert "2 incidents in 30 days" in run("times").output


def test_what_cannot_be_done_ends_with_1_and_the_reason(run):
    run("open", "Orders fail", "--severity", "P1")
    run("open", "Another", "--severity", "P1")
    for words, why in (
        (("acknowledge",), "found 2 open incidents that nobody has"),
        (("acknowledge", "1", "--assignee", "eve"), "found no person 'eve'"),
        (("show", "7"), "found no incident '7'"),
        (("severity", "1", "P9"), "found no severity 'P9'"),
    ):
        found = run(*words)
        assert found.exit_code == 1
        assert why in found.output.replace("\n", " ")
