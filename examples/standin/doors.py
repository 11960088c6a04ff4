"""
On which loopback addresses does the stand-in listen?

One uvicorn server holds every socket and hands a request to the application whose socket it came in by. Only loopback
addresses are bound, and a request must name a loopback Host, so that no page of another site reaches in by DNS.

>>> split_address("127.0.0.1:8080"), names_loopback("localhost:8080"), names_loopback("evil.example")
(('127.0.0.1', 8080), True, False)
"""

import contextlib
import ipaddress
import logging
import socket
from collections.abc import Iterator

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Doors:
    """
    Opens sockets first, so that every address is known before the first request is answered.
    """

    def __init__(self) -> None:
        self._apps: dict[int, ASGIApp] = {}
        self._sockets: list[socket.socket] = []
        self._server: uvicorn.Server | None = None

    def open(self, app: ASGIApp, address: str = "127.0.0.1:0") -> str:
        """
        Binds an address (port 0: a free one) and returns it as a URL; raises OSError when it is taken.
        """
        host, port = split_address(address)
        bound = socket.create_server((host, port), backlog=512)
        bound.setblocking(False)
        actual = bound.getsockname()[1]
        self._sockets.append(bound)
        self._apps[actual] = app
        return f"http://{host}:{actual}"

    async def serve(self) -> None:
        """
        Answers until `close` is called, then gives open requests at most one second.
        """
        config = uvicorn.Config(
            self._dispatch,
            interface="asgi3",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _QuietServer(config)
        await self._server.serve(sockets=self._sockets)

    def close(self) -> None:
        """
        Begins the end; a request that is cut off by it is no error, so nothing is said about it.
        """
        logging.getLogger("uvicorn.error").disabled = True
        if self._server is not None:
            self._server.should_exit = True

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not names_loopback(host_of(scope)):
            refuse = PlainTextResponse("the Host must be a loopback address, such as 127.0.0.1 or localhost\n", 403)
            await refuse(scope, receive, send)
            return
        await self._apps[scope["server"][1]](scope, receive, send)


class _QuietServer(uvicorn.Server):
    """
    Leaves the signals to the stand-in, which has more to end than its servers.
    """

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def split_address(address: str) -> tuple[str, int]:
    """
    Host and port of `127.0.0.1:8080`; raises ValueError when it is no loopback address.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or not names_loopback(host):
        raise ValueError(
            f"found {address!r}, wanted a loopback address and a port, such as 127.0.0.1:8080 (0: a free port)"
        )
    return host, int(port)


def host_of(scope: Scope) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == b"host"), "")


def names_loopback(host: str) -> bool:
    """
    Whether a Host (with or without a port) is this very machine.
    """
    name = host.rsplit(":", 1)[0] if host.count(":") == 1 or host.startswith("[") else host
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
