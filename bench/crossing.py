"""
How long is it from the event that crosses a threshold to the message at its receiver?

A real watch in a process of its own, a real receiver, real HTTP. Each crossing is one failed event with a label of its
own; the time runs from just before it is posted until the message about that label has arrived. A few go on at once,
each after a pause of random length, so that they meet the watch's turns at any phase.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil

from bench.rows import Row, row_of
from watchkeeper.outside.clock import RealClock
from watchkeeper.outside.http import HttpClient

CROSSINGS = 100  # as many as an indicator has series for; with fewer, p99 would be the largest
AT_ONCE = 4
PAUSE_SECONDS = 0.5  # a turn is taken every half second
PATIENCE_SECONDS = 20
_MANUAL = """
watchkeeper: 1
manual: Crossing
streams: {orders: {events: 'name == "order"'}}
indicators: {orders: {from: orders, bad: 'status == "failed"', by: [run]}}
severities: {P1: {respond: immediate}}
channels: {team: {kind: webhook, address_env: BENCH_RECEIVER}}
routes: [{tell: [team]}]
alerts: {orders: {indicator: orders, when: "> 50% over 5m", each: run, severity: P1}}
"""


class _Receiver(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._arrived: dict[str, int] = {}
        self._news = threading.Condition()

    def note(self, run: str, at_ns: int) -> None:
        with self._news:
            self._arrived.setdefault(run, at_ns)
            self._news.notify_all()

    def wait(self, run: str) -> int:
        """
        When the first message about this label arrived; waits for it.
        """
        with self._news:
            if not self._news.wait_for(lambda: run in self._arrived, timeout=PATIENCE_SECONDS):
                raise RuntimeError(f"no message about {run} within {PATIENCE_SECONDS} s")
            return self._arrived[run]


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        at_ns = RealClock().monotonic_ns()
        self.send_response(204)
        self.end_headers()
        self.server.note(json.loads(body)["data"]["labels"]["run"], at_ns)

    def log_message(self, *_: object) -> None:
        """
        Say nothing.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    address: str
    receiver: _Receiver
    clock: RealClock
    client: HttpClient

    def post(self, events: list[dict[str, Any]]) -> None:
        answer = self.client.request(
            "POST",
            f"{self.address}/v1/events",
            headers={"content-type": "application/json"},
            body=json.dumps(events).encode(),
        )
        if not answer.ok:
            raise RuntimeError(f"the watch took no events: {answer.status} {answer.body[:200]!r}")

    def cross(self, run: str) -> float:
        """
        The seconds from one event that crosses the threshold to its message.
        """
        self.clock.sleep(random.uniform(0, PAUSE_SECONDS), threading.Event())
        began_ns = self.clock.monotonic_ns()
        self.post([{"type": "order", "status": "failed", "run": run}])
        return (self.receiver.wait(run) - began_ns) / 1e9


def measure() -> list[Row]:
    """
    The seconds from event to message, and what one crossing costs the watch.
    """
    with tempfile.TemporaryDirectory() as folder, _receiving() as receiver:
        clock = RealClock()
        with _watching(Path(folder), receiver.server_address[1]) as (process, address):
            bench = _Bench(
                address=address, receiver=receiver, clock=clock, client=HttpClient(clock, allow_private=True)
            )
            now = clock.now()
            heard = [(now - timedelta(seconds=10 * n)).isoformat() for n in range(31)]
            bench.post([{"type": "order", "status": "ok", "at": at} for at in heard])  # else five minutes are unknown
            before = _cpu_seconds(process)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                seconds = list(pool.map(bench.cross, (f"run-{n:03}" for n in range(CROSSINGS))))
            cpu_ms = (_cpu_seconds(process) - before) * 1000 / CROSSINGS
    return [
        row_of("from crossing to message at a local receiver", "s", seconds, aim="p99 under 3 s", tail=True),
        row_of(f"CPU of the watch per crossing, mean of {CROSSINGS}", "CPU-ms", [cpu_ms]),
    ]


@contextmanager
def _receiving() -> Iterator[_Receiver]:
    with _Receiver() as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        try:
            yield receiver
        finally:
            receiver.shutdown()


@contextmanager
def _watching(folder: Path, port: int) -> Iterator[tuple[psutil.Process, str]]:
    (folder / "manual.yaml").write_text(_MANUAL, encoding="utf-8")
    command = [sys.executable, "-m", "watchkeeper.cli.main", "up", str(folder), "--data", str(folder / "data")]
    process = subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0", "--allow-private"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "BENCH_RECEIVER": f"http://127.0.0.1:{port}/"},
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline().split()
        if not said:
            raise RuntimeError("the watch did not start; what it said stands above")
        yield psutil.Process(process.pid), said[-1]
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


def _cpu_seconds(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)
