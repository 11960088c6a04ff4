"""
How do I test what happens over days, without waiting and without a network?

>>> clock = HandClock("2026-03-01T12:00:00Z")
>>> clock.move(minutes=90)
>>> clock.now().isoformat()
'2026-03-01T13:30:00+00:00'
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from watchkeeper.outside.clock import Clock, instant, nanoseconds
from watchkeeper.outside.http import HttpClient


class HandClock:
    """
    A clock that stands still until it is moved. Sleeping moves it. Safe to share between threads.
    """

    def __init__(self, start: str | datetime = "2026-01-01T00:00:00Z") -> None:
        at = datetime.fromisoformat(start) if isinstance(start, str) else start
        self._lock = threading.Lock()
        self._now_ns = nanoseconds(at.replace(tzinfo=UTC) if at.tzinfo is None else at)
        self._monotonic_ns = 0

    def now(self) -> datetime:
        return instant(self._now_ns)

    def now_ns(self) -> int:
        return self._now_ns

    def monotonic_ns(self) -> int:
        return self._monotonic_ns

    def sleep(self, seconds: float, stop: threading.Event) -> bool:
        if not stop.is_set():
            self._pass(round(seconds * 1e9))
        return stop.is_set()

    def move(self, span: timedelta | None = None, **units: float) -> None:
        """
        Let a span of time pass: `move(timedelta(hours=1))` or `move(hours=1)`.
        """
        whole = (span or timedelta()) + timedelta(**units)
        self._pass(whole // timedelta(microseconds=1) * 1000)

    def set_wall(self, at: datetime) -> None:
        """
        Step the wall clock, as an administrator or a time server does; the monotonic clock does not notice.
        """
        with self._lock:
            self._now_ns = nanoseconds(at)

    def _pass(self, span_ns: int) -> None:
        if span_ns < 0:
            raise ValueError("time only passes forwards; set_wall steps the wall clock back")
        with self._lock:
            self._now_ns += span_ns
            self._monotonic_ns += span_ns


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """
    One request as a server would have got it; header names in lower case.
    """

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


class FakeNetwork:
    """
    Every server there is: writes down each call and answers as told.

    >>> network = FakeNetwork()
    >>> network.answers("http://chat.example/hook", 503, 200)
    >>> client = network.client(HandClock())
    >>> [client.request("POST", "http://chat.example/hook", body=b"hello").status for _ in range(3)]
    [503, 200, 200]
    >>> network.calls[0].body, client.request("GET", "http://other.example").status
    (b'hello', 404)
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._answers: dict[str, list[Any]] = {}

    def answers(
        self, url: str, *statuses: int | httpx2.Response | Exception | Callable[[Call], httpx2.Response]
    ) -> None:
        """
        What this address answers, call after call; the last answer is repeated.

        An answer is a status, a whole response, an error to raise (such as httpx2.ConnectError), or a function.
        """
        self._answers[url] = list(statuses)

    def client(self, clock: Clock) -> HttpClient:
        """
        An HttpClient whose requests end up here.
        """
        return HttpClient(clock, transport=httpx2.MockTransport(self._handle))

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        call = Call(method=request.method, url=str(request.url), headers=dict(request.headers), body=request.read())
        self.calls.append(call)
        waiting = self._answers.get(call.url, [404])
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(call)
        if isinstance(answer, httpx2.Response):
            return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return httpx2.Response(answer)
