"""
`oncall`: who is on call, at the terminal.
"""

import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner, Result

from tests.web.api.conftest import client_of
from watchkeeper.cli.main import app
from watchkeeper.testing import Story

SHOP = """
watchkeeper: 1
manual: Shop
zone: UTC
channels: {chat: {kind: slack, address_env: CHAT}}
people: {ada: {channels: chat}, bo: {}}
schedules:
  team: {role: primary, rotation: {every: 1d, at: "09:00", starts: 2026-03-02, people: [ada, bo]}}
  second: {role: secondary, rotation: {every: 1d, at: "09:00", starts: 2026-03-02, people: [bo, ada]}}
policies: {standard: {steps: [{schedule: team}]}}
"""

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A command against a watch at 2026-03-02 12:00 UTC, over HTTP."""
    monkeypatch.setitem(os.environ, "TZ", "UTC")
    with client_of(Story(SHOP, start="2026-03-02T12:00:00")) as api:

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
                return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["oncall", *words, *where])

            yield ask
            server.shutdown()
            thread.join()


def test_who_until_when_and_who_next(run):
    said = run()
    assert said.exit_code == 0, said.output
    [team] = [line.split() for line in said.output.splitlines() if line.startswith("team")]
    assert (team[1], team[2], team[-1]) == ("primary", "ada", "bo")
    assert team[3:6] == ["Tue", "3", "Mar"]
    assert "bo cannot be reached: no contact method and no channel is named for them" in said.output


def test_shifts_without_a_name_ask_which_of_several(run):
    said = run("shifts")
    assert said.exit_code == 2
    assert "wanted one of the schedules (team, second)" in said.output


def test_one_role_and_json(run):
    found = json.loads(run("--role", "secondary", "--json").output)
    assert [(one["schedule"], one["person"]) for one in found["schedules"]] == [("second", "bo")]
    assert "No schedule has the role boss" in run("--role", "boss").output


def test_shifts_over_some_days(run):
    lines = run("shifts", "team", "--days", "2").output.splitlines()[1:]
    assert [line.split()[-1] for line in lines] == ["ada", "bo", "ada"]


def test_holes_end_with_1(run):
    said = run("holes", "--days", "2")
    assert said.exit_code == 1
    assert "bo cannot be reached" in said.output
    assert "24" in said.output.splitlines()[1]


def test_an_override_its_list_and_its_undoing(run):
    begin = ("--begin", "2026-03-02T12:00+00:00")
    made = run("override", "team", "bo", "3h", "--reason", "ill", *begin)
    assert made.output.startswith("override 1: bo is on call in team, Mon 2 Mar"), made.output
    assert "(override 1)" in run().output
    assert "ill" in run("overrides").output
    assert run("undo", "1").output.startswith("undone: bo is on call in team")
    assert run("undo", "1").exit_code == 1


def test_nobody_is_put_on_call(run):
    made = run("override", "team", "nobody", "2026-03-02T18:00+00:00", "--reason", "a feast", "--json")
    assert json.loads(made.output)["person"] is None


def test_a_swap_is_two_overrides(run):
    made = run("swap", "team", "2026-03-02T12:00+00:00", "2026-03-03T12:00+00:00", "--reason", "a visit")
    assert [line.split()[1:3] for line in made.output.splitlines()[:2]] == [["1:", "bo"], ["2:", "ada"]]


def test_what_is_no_instant_is_said(run):
    assert "wanted an instant such as" in run("swap", "team", "soon", "later", "--reason", "a visit").output
