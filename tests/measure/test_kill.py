"""
Is every event counted exactly once, and every transition told, when the process is killed at any moment?
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.databases import MAJORS, Server
from watchkeeper.cli.credentials import token_for
from watchkeeper.manual.load import Loaded, load
from watchkeeper.measure.answers import Question, Span
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.grid import FAST, HOUR
from watchkeeper.measure.plan import plan_of
from watchkeeper.measure.restoring import restore
from watchkeeper.measure.rows import Registry
from watchkeeper.store import tables
from watchkeeper.store.opening import open_ground

MANUAL = """
watchkeeper: 1
manual: Shop
streams: {jobs: {spans: 'name == "job"'}}
indicators: {jobs: {from: jobs, bad: 'outcome == "failed"', by: [queue]}}
alerts: {jobs: {indicator: jobs, when: "> 50% over 2m", each: queue, severity: P1}}
severities: {P1: {title: Bad}}
channels: {ops: {kind: webhook, address_env: NOWHERE}}
routes: [{tell: ops}]
"""
SENDERS, SPANS = 4, 5


class Load:
    """
    Senders that post bodies of spans, and post a body again until it is answered; what was answered is kept.
    """

    def __init__(self) -> None:
        self.door = (0, "")  # where the watch answers, and the token that it lets in there
        self.answered = [0] * SENDERS
        self.again = 0  # bodies sent once more
        self.refused = 0  # answers that said so
        self._stop, self._gone = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(i,)) for i in range(SENDERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, *, at_once: bool = False) -> None:
        """
        Begin no new body; `at_once`: and leave the one that is not answered yet.
        """
        self._stop.set()
        if at_once:
            self._gone.set()
        for thread in self._threads:
            thread.join()

    def _send(self, sender: int) -> None:
        n = 0
        while not self._stop.is_set():
            body = _body(sender, n, failed=n % 40 >= 10)
            while not self._post(body):
                if self._gone.is_set():
                    return
                self.again += 1
                self._stop_or(0.05)
            self.answered[sender] += SPANS
            n += 1
            self._stop_or(0.01)

    def _post(self, body: bytes) -> bool:
        port, token = self.door
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("POST", "/v1/traces", body, headers)
            answer = connection.getresponse()
            status = answer.status
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
        assert status in (200, 503), status
        if status == 503:
            assert int(answer.headers["Retry-After"]) > 0
            self.refused += 1
        return status == 200

    def _stop_or(self, seconds: float) -> None:
        threading.Event().wait(seconds)


def _body(sender: int, n: int, *, failed: bool) -> bytes:
    at = time.time_ns()  # noqa: TID251 the real process lives in real time
    spans = [
        {
            "name": "job",
            "traceId": f"{sender:08x}{n:08x}{i:016x}",
            "spanId": f"{sender:04x}{n:08x}{i:04x}",
            "startTimeUnixNano": str(at - 1_000_000),
            "endTimeUnixNano": str(at),
            "attributes": [
                {"key": "outcome", "value": {"stringValue": "failed" if failed else "ok"}},
                {"key": "queue", "value": {"stringValue": f"q{sender}"}},
            ],
        }
        for i in range(SPANS)
    ]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


def operator(port: int) -> str:
    """
    The token of whoever started the watch, as soon as it has written it down.
    """
    for _ in range(200):
        token = token_for(f"http://127.0.0.1:{port}", os.environ)
        if token is not None:
            return token.reveal()
        threading.Event().wait(0.05)
    raise AssertionError("the watch wrote no token down")


@contextmanager
def running(manual: Path, home: Path | str) -> Iterator[tuple[subprocess.Popen[str], tuple[int, str]]]:
    where = ["--data", str(home)] if isinstance(home, Path) else []
    command = [sys.executable, "-m", "watchkeeper.cli.main", "up", str(manual), *where, "--fast"]
    environment = {**os.environ, "NOWHERE": "http://127.0.0.1:9/", "PYTHONUNBUFFERED": "1"}
    environment["WATCHKEEPER_DATABASE"] = home if isinstance(home, str) else ""
    process = subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0", "--allow-private"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=manual if manual.is_dir() else manual.parent,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline()
        assert "http://" in address, address
        port = int(address.rsplit(":", 1)[1])
        yield process, (port, operator(port))
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def kill_often(manual: Path, home: Path | str, kills: int, seed: int) -> Load:
    """
    Under load, kill the watch so many times; at last let every body be answered and end it in good order.
    """
    chance, load = random.Random(seed), Load()
    for kill in range(kills + 1):
        with running(manual, home) as (process, load.door):
            if kill == 0:
                load.start()
            if kill < kills:
                threading.Event().wait(chance.uniform(0.1, 2.5))
                process.kill()
            else:
                threading.Event().wait(4.0)
                load.stop()
                process.terminate()
                process.wait(timeout=30)
    return load


def kill_the_server_often(manual: Path, server: Server, home: str, kills: int, seed: int) -> Load:
    """
    Under load, end the database as a power failure would, and start it again; the watch lives through it.
    """
    chance, load = random.Random(seed), Load()
    with running(manual, home) as (process, load.door):
        load.start()
        for _ in range(kills):
            threading.Event().wait(chance.uniform(0.3, 2.5))
            server.kill()
            threading.Event().wait(chance.uniform(0.0, 0.5))
            server.start()
        threading.Event().wait(1.5)
        load.stop()
        process.terminate()
        process.wait(timeout=60)
        assert process.returncode == 0
    return load


def counted(home: Path | str, manual: Path) -> list[int]:
    loaded = load(manual)
    assert isinstance(loaded, Loaded)
    now_ns = time.time_ns()  # noqa: TID251 as above
    log, state = open_ground(home)
    try:
        engine = Engine(plan_of(loaded.manual), Registry(log.intern, log.names()), FAST, now_ns=now_ns)
        restore(log, engine, now_ns=now_ns)
        window = Span(ns=6 * HOUR)
        asked = [Question(indicator="jobs", window=window, label="queue", value=f"q{i}") for i in range(SENDERS)]
        assert log.check() + state.check() == []
        return [answer.count for answer in engine.ask_all(asked, now_ns)]
    finally:
        log.close()
        state.close()


def transitions_without_notices(home: Path | str) -> tuple[int, list[object]]:
    log, state = open_ground(home)
    log.close()
    try:
        with state.reading() as view:
            told = {row.transition_id for row in view.execute(select(tables.outbox))}
            judged = {(row.alert_key, row.at_ns) for row in view.execute(select(tables.decisions))}
            rows = [row for row in view.execute(select(tables.transitions)) if row.new in ("firing", "resolved")]
        return len(rows), [row for row in rows if row.id not in told and (row.alert_key, row.at_ns) not in judged]
    finally:
        state.close()


def check(load: Load, manual: Path, home: Path | str, seed: int) -> None:
    assert counted(home, manual) == load.answered, f"seed {seed}"
    assert load.again, "no body was cut off, so nothing was tried"
    transitions, silent = transitions_without_notices(home)
    assert silent == [], f"seed {seed}"
    assert transitions, "no alert fired, so nothing was tried"


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    path = tmp_path / "manual.yaml"
    path.write_text(MANUAL)
    return path


@pytest.fixture(params=MAJORS)
def own_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """
    A database that nobody else uses, for it is killed.
    """
    server = Server(request.param)
    yield server
    server.stop()


def test_five_kills_under_load_lose_no_event_and_double_none(manual: Path, tmp_path: Path) -> None:
    check(kill_often(manual, tmp_path / "data", 5, 20261120), manual, tmp_path / "data", 20261120)


def test_three_kills_of_a_watch_on_postgresql_lose_no_event_and_double_none(manual: Path, database: str) -> None:
    check(kill_often(manual, database, 3, 20261121), manual, database, 20261121)


def test_two_kills_of_the_database_itself_lose_no_event_and_double_none(manual: Path, own_server: Server) -> None:
    home = own_server.fresh()
    check(kill_the_server_often(manual, own_server, home, 2, 20261122), manual, home, 20261122)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_kills_under_load_lose_no_event_and_double_none(manual: Path, home: Path | str, seed: int) -> None:
    check(kill_often(manual, home, 10, seed), manual, home, seed)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_kills_of_the_database_lose_no_event_and_double_none(
    manual: Path, own_server: Server, seed: int
) -> None:
    home = own_server.fresh()
    check(kill_the_server_often(manual, own_server, home, 10, seed), manual, home, seed)
