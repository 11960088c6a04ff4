"""
Who hears of a crossing, and when?

A small HTTP server that reads both forms of message, the peer's and ours, and notes when the first about each run came.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench import processes

PATIENCE_SECONDS = 30


class Receiver(ThreadingHTTPServer):
    """
    Notes when the first message about each run arrived.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._arrived: dict[str, float] = {}
        self._news = threading.Condition()

    @property
    def address(self) -> str:
        """
        Where to post.
        """
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def note(self, runs: list[str], at: float) -> None:
        """
        A message about these runs arrived.
        """
        with self._news:
            for run in runs:
                self._arrived.setdefault(run, at)
            self._news.notify_all()

    def wait(self, run: str) -> float:
        """
        When the first message about this run arrived; waits for it. Raises NotReady when none does.
        """
        with self._news:
            if not self._news.wait_for(lambda: run in self._arrived, timeout=PATIENCE_SECONDS):
                raise processes.NotReady(f"no message about {run} within {PATIENCE_SECONDS} s")
            return self._arrived[run]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        at = time.perf_counter()
        self.send_response(204)
        self.end_headers()
        told = json.loads(body)
        found = told["alerts"] if "alerts" in told else [told["data"]]  # the peer's form, and ours
        self.server.note([one["labels"]["run"] for one in found], at)

    def log_message(self, *_: object) -> None:
        """
        Say nothing.
        """


@contextmanager
def receiving() -> Iterator[Receiver]:
    """
    A receiver, for as long as the block goes on.
    """
    with Receiver() as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
