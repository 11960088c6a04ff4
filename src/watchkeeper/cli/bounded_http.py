"""
How much may somebody send, and how slowly, before it is known what they ask for?

The parser keeps the headers of a request in memory until the last has come, however many they are, and waits for it as
long as it takes. Here both are bounded, for by then nobody has shown who they are.
"""

from asyncio import TimerHandle
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD: Final = 64 * 1024  # bytes after the piece that the request begins in
HEAD_SECONDS: Final = 20.0


class BoundedHttp(HttpToolsProtocol):
    """
    A connection on which the headers of each request are of a bounded size, and arrive in a bounded time.
    """

    _head: int | None = None  # bytes of headers that are not whole yet; None between requests and in a body
    _begins = False  # in this piece
    _deadline: TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """
        Somebody is there, and has to say what they want.
        """
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """
        They are gone.
        """
        self._no_wait()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """
        A piece came.
        """
        self._begins = False
        super().data_received(data)
        if self._head is None or self.transport.is_closing():
            return
        if self._deadline is None:
            self._wait()
        if not self._begins:
            self._head += len(data)
        if self._head > MOST_HEAD:
            self.send_400_response(f"The headers are longer than {MOST_HEAD} bytes.")

    def on_message_begin(self) -> None:
        """
        A request begins.
        """
        self._head, self._begins = 0, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """
        It is known what they ask for.
        """
        self._head = None
        self._no_wait()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._late)

    def _no_wait(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self.transport.close()  # nothing is said: browsers open connections that they may never use
