"""What comes before a request is known is bounded in size and in time; ordinary requests never notice."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import uvicorn
from uvicorn.server import ServerState

from watchkeeper.cli import bounded_http
from watchkeeper.cli.bounded_http import MOST_HEAD, BoundedHttp

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]
HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def hello(_scope, receive, send) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi"})


def heard(talk: Talk) -> bytes:
    """What a client hears that talks so with a server of ours."""

    async def run() -> bytes:
        config = uvicorn.Config(hello, log_level="critical", access_log=False, server_header=False, ws="none")
        state, loop = ServerState(), asyncio.get_running_loop()
        server = await loop.create_server(lambda: BoundedHttp(config, state, {}), "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
            try:
                async with asyncio.timeout(30):
                    return await talk(reader, writer)
            finally:
                writer.transport.abort()

    return asyncio.run(run())


@pytest.mark.parametrize("within", [b"Cookie: ", b"X", b""], ids=["one value", "one name", "the address"])
def test_headers_without_end_are_not_kept(within: bytes):
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(HEAD + within if within else b"GET /")
        for _ in range(2000):  # 128 MB, were they taken
            writer.write(b"a" * 2**16)
            try:
                await writer.drain()
            except ConnectionError:
                return b"closed"
        return b"taken"

    assert heard(talk) == b"closed"


def test_who_never_says_what_they_want_is_hung_up_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bounded_http, "HEAD_SECONDS", 0.05)

    async def nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> bytes:
        return await reader.read()

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(HEAD)
        return await reader.read()

    assert (heard(nothing), heard(half)) == (b"", b"")


def test_requests_that_follow_each_other_and_long_bodies_are_answered():
    body = b"a" * (4 * MOST_HEAD)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        found = b""
        for _ in range(3):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            found += (await reader.readuntil(b"hi"))[:15]
        for piece in (HEAD[:5], HEAD[5:] + b"Cookie: " + b"c" * 40_000, b"\r\n\r\n"):
            writer.write(piece)
            await writer.drain()
        return found + (await reader.readuntil(b"hi"))[:15]

    assert heard(talk) == b"HTTP/1.1 200 OK" * 4
