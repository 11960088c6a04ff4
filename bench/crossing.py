"""
How long is it from the event that crosses a threshold to the message at its receiver?

A real watch, a real receiver, real HTTP: for each crossing one event is posted, and the time until the message about it arrives
is taken.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench.rows import Row, row_of
from watchkeeper.outside.clock import RealClock

CROSSINGS = 30
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
        self.arrived: dict[str, int] = {}
        self.news = threading.Condition()


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        with self.server.news:
            for run in range(CROSSINGS):
                if f"run-{run:03}" in body:
                    self.server.arrived.setdefault(f"run-{run:03}", RealClock().monotonic_ns())
            self.server.news.notify_all()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """
        Say nothing.
        """


def measure() -> list[Row]:
    """
    One row: the seconds from event to message, with the 99th percentile as its largest figure.
    """
    with tempfile.TemporaryDirectory() as folder:
        receiver = _Receiver()
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        process, address = _watch(Path(folder), receiver.server_address[1])
        try:
            seconds = sorted(_cross(address, receiver, f"run-{run:03}") for run in range(CROSSINGS))
        finally:
            process.terminate()
            process.wait(timeout=10)
            receiver.shutdown()
    return [row_of("from crossing to message at a local receiver", "s", seconds, aim="p99 under 3 s")]


def _watch(folder: Path, port: int) -> tuple["subprocess.Popen[str]", str]:
    (folder / "manual.yaml").write_text(_MANUAL)
    command = [sys.executable, "-m", "watchkeeper.cli.main", "up", str(folder), "--data", str(folder / "data")]
    process = subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0", "--allow-private"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "BENCH_RECEIVER": f"http://127.0.0.1:{port}/"},
    )
    assert process.stdout is not None
    return process, process.stdout.readline().split()[-1]


def _cross(address: str, receiver: _Receiver, run: str) -> float:
    began = RealClock().monotonic_ns()
    event = {"type": "order", "attributes": {"status": "failed", "run": run}}
    request = urllib.request.Request(
        f"{address}/v1/events", json.dumps(event).encode(), {"content-type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=10).read()
    with receiver.news:
        if not receiver.news.wait_for(lambda: run in receiver.arrived, timeout=20):
            raise RuntimeError(f"no message about {run} within 20 s")
    return (receiver.arrived[run] - began) / 1e9
