"""
How is a watch served, from the first byte to the last?

The socket is bound before anything else, so that a port in use is said at once; the address is printed when it answers.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import structlog
import uvicorn

from watchkeeper.cli.bounded_http import BoundedHttp
from watchkeeper.cli.credentials import SETUP, noted, write_secret
from watchkeeper.cli.home import home_of
from watchkeeper.cli.say import counted, err, lines, out, plain
from watchkeeper.daemon import CannotStart, Daemon, Settings
from watchkeeper.outside import memory
from watchkeeper.outside.errors import Refused
from watchkeeper.store.errors import StoreError
from watchkeeper.web.app import create_app
from watchkeeper.web.doors import Doors

MOST_CONNECTIONS = 512  # beyond it 503: file descriptors are not for those who never finish a request
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class CannotListen(Exception):
    """
    The address cannot be listened on; the text says why and what to do.
    """


def up(
    manual: Path,
    *,
    data: Path,
    listen: str,
    public: str | None,
    fast: bool,
    allow_private: bool,
    database: str | None = None,
) -> int:
    """
    Run a manual until a signal ends it; the exit status.
    """
    try:
        base = None if public is None else public_base(public)
        where = home_of(database, os.environ)
        bound = bind(listen)
    except (CannotListen, StoreError) as error:
        err.print(str(error), markup=False)
        return 1
    address = address_of(bound)
    settings = Settings(
        manual=manual,
        data=data,
        address=base or address,
        environ=os.environ,
        fast=fast,
        allow_private=allow_private,
        database=where,
    )
    daemon = opened(settings)
    if daemon is None:
        return 1
    serve(daemon, bound, ready=lambda: welcome(daemon, address))
    return 0


def public_base(public: str) -> str:
    """
    The address that links begin with. Raises CannotListen for what a browser would not follow as one.
    """
    if not public.startswith(("http://", "https://")) or not urlsplit(public).hostname:
        raise CannotListen(f"--public: found {public!r}; wanted an address such as https://watch.example.org")
    return public.rstrip("/")


def welcome(daemon: Daemon, address: str) -> None:
    """
    Say where to look, where to send, and what remembers it.
    """
    name = plain(daemon.watch.standing.manual.manual)
    out.print(f"[bold]Watchkeeper runs the {name} manual:[/bold] {address}", soft_wrap=True)
    setup = daemon.watch.accounts.begin_setup()
    if setup is not None:
        out.print(f"  make your account   {address}/set-up?token={setup.reveal()}", soft_wrap=True, markup=False)
    out.print(f"  send it telemetry   OTEL_EXPORTER_OTLP_ENDPOINT={address}", soft_wrap=True)
    out.print("                      OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf")
    out.print('                      OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20TOKEN"')
    out.print("                      a TOKEN:  watchkeeper token add collector --scope ingest", soft_wrap=True)
    lines([f"  it remembers in     {daemon.settings.database or daemon.settings.data}"])
    if daemon.settings.fast:
        out.print("  fast: a minute of the manual passes as a second")
    out.print("[dim]After a change of the manual: watchkeeper reload. Ctrl-C ends it.[/dim]")


def opened(settings: Settings) -> Daemon | None:
    """
    A daemon, or None after saying why there is none.
    """
    before = os.umask(0o077)  # what is remembered, the key of links among it, is for this user alone
    try:
        return Daemon(settings)
    except CannotStart as error:
        lines(error.mistakes, err)
        err.print(f"{counted(len(error.mistakes), 'mistake')}: nothing was started")
    except (StoreError, Refused) as error:
        err.print(f"cannot start: {error}", markup=False)
    finally:
        os.umask(before)
    return None


def bind(listen: str) -> socket.socket:
    """
    A listening socket. Raises CannotListen; only loopback addresses are taken, for it speaks no TLS itself.
    """
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    if host not in LOOPBACK or not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise CannotListen(
            f"--listen: found {listen!r}; wanted a loopback address such as 127.0.0.1:8400 "
            "(passwords must not cross a network in the clear: put a proxy that speaks TLS before it, and say its "
            "address with --public)"
        )
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, int(port)))
        bound.listen(1024)
    except OSError as error:
        bound.close()
        raise CannotListen(
            f"--listen: {listen} cannot be used ({error.strerror}); try another port, or port 0 for any that is free"
        ) from None
    return bound


def address_of(bound: socket.socket) -> str:
    """
    The address of a bound socket, as a browser takes it.
    """
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """
    A server that, asked to end, first lets `ending` do its part while everything still answers.
    """

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending
        self._asked = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """
        The first signal ends in good order, the second at once.
        """
        if self._asked:
            self.force_exit = self.should_exit = True
            return
        self._asked = True
        threading.Thread(target=self._end, name="ending").start()

    def _end(self) -> None:
        self._ending()
        self.should_exit = True  # uvicorn's own way would raise the signal again, before the watch has ended


def serve(
    daemon: Daemon,
    bound: socket.socket,
    *,
    ready: Callable[[], None],
    ending: Callable[[], None] = lambda: None,
    control: str | None = None,
    demo: str = "",
) -> None:
    """
    Serve until SIGINT or SIGTERM; SIGHUP reloads.
    """
    quiet_logs()
    memory.share_arenas()
    doors = Doors(
        address=address_of(bound),
        public=daemon.settings.address,
        fast=daemon.settings.fast,
        control=control,
        demo=demo,
        client=daemon.http,
        links=daemon.links,
        slack=daemon.slack,
        reload=daemon.reload,
        mistakes=lambda: daemon.mistakes,
        checks=daemon.health,
        troubles=daemon.troubles,
        work=daemon.work,
        closing=lambda: server.should_exit,
    )
    app = create_app(daemon.watch, doors)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,  # nobody stands before us whose word on who asks would count
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
        limit_concurrency=MOST_CONNECTIONS,
        http=BoundedHttp,
        ws="none",  # nothing here speaks WebSocket
    )
    server = Server(config, ending)
    daemon.start()
    try:
        with (
            asyncio.Runner(loop_factory=config.get_loop_factory()) as runner,
            letting_in(daemon, doors.address, demo=bool(demo)),
        ):
            runner.run(_serve(server, bound, daemon, ready))
    finally:
        daemon.stop()


@contextmanager
def letting_in(daemon: Daemon, address: str, *, demo: bool) -> Iterator[None]:
    """
    Lay out what lets the first ones in: the operator's token for commands on this machine and, while nobody has an
    account, the set-up token. Both are files in the folder that only this user can read.
    """
    folder, accounts = daemon.settings.data, daemon.watch.accounts
    setup = None if demo else accounts.begin_setup()
    if setup is None:
        (folder / SETUP).unlink(missing_ok=True)
    else:
        write_secret(folder / SETUP, setup)
    with noted(address, folder, accounts.operator_token(), os.environ):
        yield


class Early:
    """
    What is asked for before anything is served: SIGTERM unwinds what was begun, SIGHUP is remembered for the start.
    """

    reload = False

    @classmethod
    def listen(cls) -> None:
        """
        From now on, until the server has its own way with signals.
        """
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        signal.signal(signal.SIGHUP, lambda *_: setattr(cls, "reload", True))


async def _serve(server: Server, bound: socket.socket, daemon: Daemon, ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, lambda: loop.run_in_executor(None, daemon.reload))
    task = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started and not task.done():
        await asyncio.sleep(0.01)
    if server.started:
        ready()
    if Early.reload:
        await loop.run_in_executor(None, daemon.reload)
    await task


def quiet_logs() -> None:
    """
    One line a message, to standard error; a bug shows its lines of code, never its values, for they may be secrets.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=err.is_terminal, exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
