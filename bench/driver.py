"""
How is a server loaded without loading the one who measures?

A process of its own sends bodies that were made before, over many connections at once, and does nothing else: raw
sockets, one loop, no copy of a body. Each connection sends its bodies in order, the next one when the last is answered.
A server that asks to be left alone for a while (429, 503) is asked again after it.
"""

import multiprocessing
import selectors
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

from bench import asking

HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
TAKEN = (200, 202, 204)
AGAIN = (429, 503)
SILENCE_SECONDS = 60.0
_AGAIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """
    What came of it.
    """

    requests: int
    held: int  # how often a server asked to come again
    wall_seconds: float
    waits: list[float]  # seconds from sending a body until it was answered


class Failed(Exception):
    """
    A server refused a body, or fell silent.
    """


def send(address: str, path: str, bodies: Sequence[Sequence[bytes]], *, per_second: float | None = None) -> Load:
    """
    Send `bodies[i]` over connection i, all at once, at most `per_second` requests; returns when all are answered.
    """
    ours, its = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")  # the bodies are shared, not copied
    process = context.Process(target=_run, args=(its, address, path, bodies, per_second), daemon=True)
    process.start()
    its.close()
    try:
        said = ours.recv()
    except EOFError:
        raise Failed("the load driver ended without a word") from None
    finally:
        process.join()
        ours.close()
    if isinstance(said, Load):
        return said
    raise Failed(str(said))


def _run(
    answer: Connection, address: str, path: str, bodies: Sequence[Sequence[bytes]], per_second: float | None
) -> None:
    try:
        answer.send(Loop(address, path, bodies, per_second).run())
    except (Failed, OSError) as error:
        answer.send(str(error))


@dataclass(slots=True)
class _Line:
    """
    One connection: what is still to be sent of a request, and what came back.
    """

    link: socket.socket
    head: bytes
    bodies: Sequence[bytes]
    next: int = 0
    unsent: list[memoryview] = field(default_factory=list)
    heard: bytearray = field(default_factory=bytearray)
    began: float = 0.0


class Loop:
    """
    The loop that sends; `run` returns when every body is answered. Raises Failed.
    """

    def __init__(self, address: str, path: str, bodies: Sequence[Sequence[bytes]], per_second: float | None) -> None:
        told = urlsplit(address)
        lines = [
            f"POST {path} HTTP/1.1",
            f"Host: {told.netloc}",
            *(f"{name}: {said}" for name, said in {**HEADERS, **asking.credentials(address)}.items()),
        ]
        self._head = ("\r\n".join(lines) + "\r\nContent-Length: ").encode()
        self._place = (told.hostname or "127.0.0.1", told.port or 80)
        self._bodies, self._pause = bodies, 1 / per_second if per_second else 0.0
        self._looks = selectors.DefaultSelector()
        self._due = 0.0  # when the next request may begin, if the rate is bounded
        self._waiting: list[tuple[float, _Line]] = []
        self._held, self._waits = 0, list[float]()

    def run(self) -> Load:
        """
        Send everything.
        """
        with ExitStack() as opened:
            opened.enter_context(self._looks)
            lines = [self._line(opened, bodies) for bodies in self._bodies]
            began = self._due = time.perf_counter()
            for line in lines:
                self._next(line)
            left = sum(len(bodies) for bodies in self._bodies)
            while len(self._waits) < left:
                self._step()
            wall = time.perf_counter() - began
        return Load(requests=left, held=self._held, wall_seconds=wall, waits=self._waits)

    def _line(self, opened: ExitStack, bodies: Sequence[bytes]) -> _Line:
        link = opened.enter_context(socket.create_connection(self._place, timeout=10))
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.setblocking(False)
        return _Line(link, self._head, bodies)

    def _step(self) -> None:
        now = time.perf_counter()
        due = [one for one in self._waiting if one[0] <= now]
        self._waiting = [one for one in self._waiting if one[0] > now]
        for _, again in due:
            self._begin(again)
        soonest = min((at for at, _ in self._waiting), default=now + SILENCE_SECONDS)
        ready = self._looks.select(max(soonest - now, 0.0))
        if not ready and not self._waiting and not due:
            raise Failed(f"the server answered nothing for {SILENCE_SECONDS:g} s")
        for key, _ in ready:
            line: _Line = key.data
            if line.unsent:
                self._send(line)
            else:
                self._hear(line)

    def _next(self, line: _Line) -> None:
        """
        Begin the next request of a connection, now or when the rate allows it.
        """
        if line.next == len(line.bodies):
            return
        if not self._pause:
            self._begin(line)
            return
        self._due = max(self._due + self._pause, time.perf_counter() - 1.0)  # at most a second is made up for
        self._waiting.append((self._due, line))

    def _begin(self, line: _Line) -> None:
        body = line.bodies[line.next]
        line.unsent = [memoryview(line.head + f"{len(body)}\r\n\r\n".encode()), memoryview(body)]
        line.began = time.perf_counter()
        self._looks.register(line.link, selectors.EVENT_WRITE, line)
        self._send(line)

    def _send(self, line: _Line) -> None:
        try:
            sent = line.link.sendmsg(line.unsent)
        except BlockingIOError:
            return
        while line.unsent and sent >= len(line.unsent[0]):
            sent -= len(line.unsent.pop(0))
        if line.unsent:
            line.unsent[0] = line.unsent[0][sent:]
        else:
            self._looks.modify(line.link, selectors.EVENT_READ, line)

    def _hear(self, line: _Line) -> None:
        said = line.link.recv(65536)
        if not said:
            raise Failed("the server closed a connection in the middle of an answer")
        line.heard += said
        status = _status(line.heard)
        if status is None:
            return
        heard = bytes(line.heard)
        line.heard.clear()
        self._looks.unregister(line.link)
        if status in AGAIN:
            self._held += 1
            self._waiting.append((time.perf_counter() + _AGAIN_SECONDS, line))
        elif status in TAKEN:
            self._waits.append(time.perf_counter() - line.began)
            line.next += 1
            self._next(line)
        else:
            raise Failed(f"the server answered {heard[:400]!r}")


def _status(heard: bytearray) -> int | None:
    """
    The status of an answer that is complete; None while some of it is still to come.

    >>> _status(bytearray(b"HTTP/1.1 204 No Content\\r\\n\\r\\n"))
    204
    >>> _status(bytearray(b"HTTP/1.1 200 OK\\r\\ncontent-length: 3\\r\\n\\r\\nab"))
    """
    end = heard.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(heard[:end]).lower()
    status = int(head[9:12])
    if b"transfer-encoding: chunked" in head:
        return status if heard.endswith(b"0\r\n\r\n") else None
    _, found, rest = head.partition(b"content-length:")
    length = int(rest.split(b"\r\n", 1)[0]) if found else 0
    return status if len(heard) >= end + 4 + length else None
