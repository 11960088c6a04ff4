"""
What does a storm of alerts cost, and how fast do pages leave?

Ten thousand alerts begin to fire within a minute, in fifty batches: each batch is taken in, decided, grouped into
pages, escalated and written, in a state on disk, by one thread. Then ten thousand pages of their own, which no grouping
helps. What leaves goes through real channels to servers on this machine.
"""

import gc
import http.server
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from bench.rows import Row, figure, nearest_rank
from bench.setting import Setting
from watchkeeper.act.channels.choosing import channels_of
from watchkeeper.act.message import Writer
from watchkeeper.act.paging import escalating
from watchkeeper.act.sender import Sender
from watchkeeper.act.standing import Standing
from watchkeeper.manual.model.manual import Manual
from watchkeeper.outside.clock import RealClock
from watchkeeper.outside.http import HttpClient
from watchkeeper.store import notices, pages
from watchkeeper.store.pages import PageRow
from watchkeeper.store.state import State
from watchkeeper.testing import Story

RULES, QUEUES, BATCHES = 100, 100, 50
ALERTS = RULES * QUEUES
SECONDS = 60 / BATCHES  # of one batch
SENT = 400  # pages through a channel, in one repetition
PATIENCE_SECONDS = 120
TARGETS = {"batch": 1200.0, "pages": 1200.0, "memory": 256.0}  # a batch has 1.2 s: fifty of them in a minute

_STORM = """
watchkeeper: 1
manual: Storm
streams: {jobs: {spans: 'name == "job"'}}
indicators: {jobs: {from: jobs, bad: 'outcome == "failed"', by: [queue]}}
severities: {P1: {respond: immediate}}
channels: {push: {kind: webhook, address_env: HOOK}}
people: {ada: {channels: push}, bo: {channels: push}}
policies: {night: {steps: [{person: ada}, {person: bo, after: 5m}]}}
routes: [{policy: night, tell: push, group: queue}]
alerts:
"""


def measure(setting: Setting) -> list[Row]:
    """
    The rows of paging.
    """
    repeat = 2 if setting.quick else 3
    storms = [_storm() for _ in range(repeat)]
    alone = [_alone() for _ in range(repeat)]
    storm = f"{ALERTS:,} alerts in a minute, decided, grouped, enqueued"
    return [
        figure(f"{storm}: p99 of a batch", "ms", [one[0] for one in storms], target=TARGETS["batch"]),
        figure(f"{storm}: all of it", "CPU-s", [one[1] for one in storms], target=60.0),
        figure(f"{storm}: memory", "MiB", [one[2] for one in storms], target=TARGETS["memory"]),
        figure(
            f"{ALERTS:,} pages of their own: p99 of a batch", "ms", [one[0] for one in alone], target=TARGETS["pages"]
        ),
        figure(f"{ALERTS:,} pages of their own: all of it", "CPU-s", [one[1] for one in alone], target=60.0),
        figure("a page through a webhook on this machine", "ms", [_webhook() for _ in range(repeat)], target=20.0),
        figure("a page through SMTP on this machine", "ms", [_smtp() for _ in range(repeat)], target=50.0),
    ]


# --- the storm


def _storm() -> tuple[float, float, float]:
    """
    The 99th percentile of a batch (ms), the processor time of all (s), and what memory it took (MiB).
    """
    rules = "\n".join(
        f'  jobs-{i}: {{indicator: jobs, when: "> {i * 0.5:g}% over 5m", each: queue, severity: P1}}'
        for i in range(RULES)
    )
    with tempfile.TemporaryDirectory() as folder:
        story = Story(_STORM + rules, tick_seconds=SECONDS)
        story.state.close()
        story.state = State(Path(folder) / "state.db")
        story.restart()
        story._sender.send_due = lambda: 0  # type: ignore[method-assign]  # what leaves is measured by itself
        story.traffic(jobs={"queue": "warm", "outcome": "ok"}, per_minute=60).run(minutes=5).quiet()
        for queue in range(QUEUES):
            story.traffic(jobs={"queue": f"q{queue}", "outcome": "ok"}, per_minute=1000, minutes=SECONDS / 60)
        story.run(seconds=SECONDS).quiet()
        gc.collect()
        memory, spans_ms, began = _resident(), [], time.process_time()
        for batch in range(BATCHES):
            at = time.perf_counter()
            for queue in range(batch * QUEUES // BATCHES, (batch + 1) * QUEUES // BATCHES):
                story.traffic(jobs={"queue": f"q{queue}", "outcome": "failed"}, per_minute=2000, minutes=SECONDS / 60)
            story.run(seconds=SECONDS).quiet()
            spans_ms.append((time.perf_counter() - at) * 1000)
        used, grown = time.process_time() - began, _resident() - memory
        with story.state.reading() as view:
            found = pages.standing(view)
            members = sum(len(keys) for keys in pages.alerts_of(view, [row.id for row in found]).values())
        if members != ALERTS or len(found) != QUEUES:
            raise Differs(f"{members} alerts in {len(found)} pages; wanted {ALERTS} in {QUEUES}")
        story.state.close()
    return nearest_rank(spans_ms, 0.99), used, grown


class Differs(Exception):
    """
    What was measured is not what was meant to be.
    """


def _alone() -> tuple[float, float]:
    """
    The 99th percentile of a batch (ms) and the processor time of all (s), for pages that share nothing.
    """
    manual = _manual("webhook")
    standing, clock = _standing(manual), RealClock()
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder) / "state.db")
        spans_ms, began = [], time.process_time()
        for batch in range(BATCHES):
            at = time.perf_counter()
            _open(state, ALERTS // BATCHES, clock.now_ns(), prefix=f"{batch}-")
            escalating.run(state, standing, now_ns=clock.now_ns())
            spans_ms.append((time.perf_counter() - at) * 1000)
        used = time.process_time() - began
        with state.reading() as view:
            written = sum(notices.counts(view).values())
        if written < ALERTS:
            raise Differs(f"{written} messages of {ALERTS} pages")
        state.close()
    return nearest_rank(spans_ms, 0.99), used


def _open(state: State, count: int, now_ns: int, *, prefix: str = "") -> None:
    rows = [
        PageRow(
            key=f"{prefix}{i}",
            title=f"alert {prefix}{i}",
            policy="night",
            state="open",
            opened_ns=now_ns,
            due_ns=now_ns,
            reason="first",
            revision=1,
            severity="P1",
        )
        for i in range(count)
    ]
    with state.transaction() as tx:
        pages.add(tx, rows)


def _resident() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20


# --- what leaves


def _manual(kind: str, throttle: int = 20) -> Manual:
    ada: dict[str, Any] = {"email": "ada@shop.example", "channels": "push"}
    return Manual.model_validate(
        {
            "watchkeeper": 1,
            "manual": "Storm",
            "defaults": {"throttle": {"count": throttle, "per": "10m"}},
            "channels": {"push": {"kind": kind, "address_env": "HOOK", "from": "watch@shop.example"}},
            "severities": {"P1": {}},
            "people": {"ada": ada},
            "policies": {"night": {"steps": [{"person": "ada"}]}},
        }
    )


def _standing(manual: Manual) -> Standing:
    return Standing(manual=manual, rules={}, meanings={}, revision=1)


def _webhook() -> float:
    with _http_server() as (address, got):
        return _through("webhook", address, got)


def _smtp() -> float:
    with _smtp_server() as (address, got):
        return _through("email", address, got)


def _through(kind: str, address: str, got: Callable[[], int]) -> float:
    """
    Milliseconds per page, from the rows being there to the last answer being settled.
    """
    manual, clock = _manual(kind, throttle=10**6), RealClock()
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder) / "state.db")
        _open(state, SENT, clock.now_ns())
        escalating.run(state, _standing(manual), now_ns=clock.now_ns())
        channels = channels_of(manual, {"HOOK": address}, HttpClient(clock, allow_private=True))
        sender = Sender(state=state, channels=channels, clock=clock, render=Writer(manual, "http://watch.example"))
        began = time.perf_counter()
        sender.start()
        try:
            while (settled := _sent(state)) < SENT:
                if time.perf_counter() - began > PATIENCE_SECONDS:
                    raise Differs(f"{settled} of {SENT} pages left within {PATIENCE_SECONDS} s")
                time.sleep(0.02)
            spent = time.perf_counter() - began
        finally:
            sender.stop()
            state.close()
    if got() != SENT:
        raise Differs(f"{got()} pages arrived; wanted {SENT}")
    return spent * 1000 / SENT


def _sent(state: State) -> int:
    with state.reading() as view:
        return notices.counts(view).get("sent", 0)


@contextmanager
def _http_server() -> Iterator[tuple[str, Callable[[], int]]]:
    got: list[int] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(len(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", lambda: len(got)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _smtp_server() -> Iterator[tuple[str, Callable[[], int]]]:
    from aiosmtpd.controller import Controller

    got: list[int] = []

    class Counting:
        async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 its protocol's name
            got.append(len(envelope.content))
            return "250 taken"

    with socket.create_server(("127.0.0.1", 0)) as free:  # the controller wants to be told a port
        port = free.getsockname()[1]
    controller = Controller(Counting(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}?tls=none", lambda: len(got)
    finally:
        controller.stop()
