"""
How does a request reach exactly the host that was looked at, within its time?

Each request has a connection of its own: the name is resolved once, every address is judged, and the connection goes
to an address that was judged. TLS still asks for the name. One deadline holds for all of it, so that an answer that
comes one byte at a time cannot keep a sender for ever. Proxies named by the environment are not used: they would
resolve again. A certificate that is not trusted ends the request before it is sent; the certificate is then read from
the same address once more, so that people learn when it ends.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final

import httpcore2
import httpx2

from watchkeeper.outside.addresses import resolve
from watchkeeper.outside.certificates import anyone, until_ns
from watchkeeper.outside.clock import Clock
from watchkeeper.outside.errors import OutsideError

_PIECE: Final = 16384  # bytes written before the deadline is looked at again

#: What is done about a server, by the name that TLS asked it for, whose certificate is not trusted.
_Untrusted = Callable[[str | None], None]


class PinnedTransport(httpx2.BaseTransport):
    """
    For one request, to be answered before `deadline_ns` of the monotonic clock.
    """

    def __init__(self, *, tls: ssl.SSLContext, clock: Clock, deadline_ns: int, allow_private: bool) -> None:
        self._backend = _Backend(lambda: (deadline_ns - clock.monotonic_ns()) / 1e9, allow_private)
        self._pool = httpcore2.ConnectionPool(tls, max_connections=1, network_backend=self._backend)

    @property
    def reached(self) -> bool:
        """
        Has anything of the request been handed to the network?
        """
        return self._backend.wrote

    @property
    def untrusted_until_ns(self) -> int | None:
        """
        The end of the life of the certificate that was not trusted; None when there was none or it cannot be read.
        """
        return self._backend.untrusted_until_ns

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        assert isinstance(request.stream, httpx2.SyncByteStream)
        answer = self._pool.handle_request(
            httpcore2.Request(request.method, url, headers=request.headers.raw, content=request.stream)
        )
        assert isinstance(answer.stream, Iterable)
        return httpx2.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()


class _Backend(httpcore2.SyncBackend):
    def __init__(self, seconds_left: Callable[[], float], allow_private: bool) -> None:
        self._seconds_left = seconds_left
        self._allow_private = allow_private
        self.wrote = False
        self.untrusted_until_ns: int | None = None

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore2.NetworkStream:
        addresses = resolve(host, port, seconds=self.left(), allow_private=self._allow_private)
        for n, address in enumerate(addresses, 1):
            try:
                share = self.left() / (len(addresses) - n + 1)  # a dead first address leaves time for the next
                stream = super().connect_tcp(address, port, timeout=share, socket_options=())
                return _Stream(stream, self, partial(self._look, address, port))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if n == len(addresses):
                    raise
        raise OutsideError(f"the name {host} has no address", retryable=True)

    def _look(self, address: str, port: int, name: str | None) -> None:
        """
        Shake hands once more, with the address that was judged, and read the certificate; nothing is sent.
        """
        try:
            plain = super().connect_tcp(address, port, timeout=self.left(), socket_options=())
            talking = plain.start_tls(anyone(), name, self.left())  # closes the connection itself when it fails
        except (httpcore2.NetworkError, httpcore2.TimeoutException):
            return  # it stays unknown when the certificate ends; that it is not trusted is said all the same
        try:
            certificate = talking.get_extra_info("socket").getpeercert(binary_form=True)
            self.untrusted_until_ns = until_ns(certificate) if certificate else None
        finally:
            talking.close()

    def left(self) -> float:
        seconds = self._seconds_left()
        if seconds <= 0:
            raise httpcore2.ReadTimeout("the deadline has passed")
        return seconds


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream, backend: _Backend, untrusted: _Untrusted) -> None:
        self._inner = inner
        self._backend = backend
        self._untrusted = untrusted

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 the deadline rules
        return self._inner.read(max_bytes, self._backend.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        for start in range(0, len(buffer), _PIECE):
            self._backend.wrote = True
            self._inner.write(buffer[start : start + _PIECE], self._backend.left())

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        try:
            inner = self._inner.start_tls(ssl_context, server_hostname, self._backend.left())
        except httpcore2.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                self._untrusted(server_hostname)
            raise
        return _Stream(inner, self._backend, self._untrusted)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def close(self) -> None:
        self._inner.close()
