"""
A real receiver of messages on this machine: writes down each request and answers as told.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec


@dataclass(frozen=True, kw_only=True)
class Said:
    """
    An answer. With `until` the answer comes only when that is set; `echo` sends back all that was received.
    """

    status: int = 204
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    until: threading.Event | None = None
    echo: bool = False


@dataclass(frozen=True, kw_only=True)
class Got:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Receiver:
    def __init__(self, port: int) -> None:
        self.port = port
        self.got: list[Got] = []
        self.answers: list[Said] = [Said()]
        self.arrived = threading.Event()

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def says(self, *answers: Said | int) -> None:
        """
        What it answers, request after request; the last answer is repeated.
        """
        self.answers = [one if isinstance(one, Said) else Said(status=one) for one in answers]

    def next_answer(self, got: Got) -> Said:
        self.got.append(got)
        self.arrived.set()
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            got = Got(path=self.path, headers={k.lower(): v for k, v in self.headers.items()}, body=body)
            said = receiver.next_answer(got)
            if said.until is not None:
                said.until.wait(timeout=30)
            answer = repr(got).encode() if said.echo else said.body
            try:
                self.send_response(said.status)
                for name, value in {**said.headers, "content-length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)
            except OSError:
                pass  # the sender had given up

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
