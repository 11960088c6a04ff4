"""
How does a test see what would have gone over the network, with no server there?
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from watchkeeper.outside.clock import Clock
from watchkeeper.outside.http import HttpClient


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

    >>> from watchkeeper.testing import HandClock
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
