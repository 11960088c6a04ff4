"""
What did Watchkeeper tell people?

A receiver for Slack, Discord, ntfy and webhook posts: it answers as each of them does, checks nothing, keeps the last
200, prints one line for each and shows them.

    POST /slack/...  /discord/...  /webhook/...   (any other path, as ntfy's /, is taken by the shape of its body)
    GET  /messages?after=N&wait=SECONDS           newest first; waits for one that is newer than N
    GET  /                                        the same for people
"""

import asyncio
import contextlib
import json
import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from standin.receiver_page import page

KEPT = 200
LONGEST_BODY = 256_000
LONGEST_WAIT = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """
    One accepted post; `number` counts from 1 and never repeats.
    """

    number: int
    at: datetime
    via: str
    path: str
    text: str
    headers: dict[str, str]
    body: Any


class Receiver:
    """
    Keeps what was posted; `broken` gives the status to answer instead while a fault says so.
    """

    def __init__(self, broken: Callable[[], int | None], tell: Callable[[str], None]) -> None:
        self._broken, self._tell = broken, tell
        self._messages: deque[Message] = deque(maxlen=KEPT)
        self._received = self._refused = 0
        self._came = asyncio.Condition()

    def asgi(self) -> ASGIApp:
        return Starlette(
            routes=[
                Route("/", self._page),
                Route("/messages", self._list),
                Route("/{path:path}", self._accept, methods=["POST"]),
            ]
        )

    async def _accept(self, request: Request) -> Response:
        if refuse := self._broken():
            self._refused += 1
            return PlainTextResponse("the receiver is broken on purpose", refuse)
        if (raw := await read_capped(request)) is None:
            return PlainTextResponse("the body is too long", 413)
        try:
            body: Any = json.loads(raw)
        except (ValueError, RecursionError):
            body = raw.decode("utf-8", "replace")
        message = await self._keep(request, body)
        return _answer(message)

    async def _keep(self, request: Request, body: Any) -> Message:
        self._received += 1
        message = Message(
            number=self._received,
            at=datetime.now(UTC),
            via=told_by(request.url.path, body),
            path=request.url.path,
            text=text_of(body),
            headers={
                key: value
                for key, value in request.headers.items()
                if key.startswith("webhook-") or key == "user-agent"
            },
            body=body,
        )
        self._messages.appendleft(message)
        self._tell(f"{message.at.astimezone():%H:%M:%S}  {message.via:<8} {one_line(message.text)}")
        async with self._came:
            self._came.notify_all()
        return message

    async def _list(self, request: Request) -> Response:
        try:
            after = int(request.query_params.get("after", 0))
            wait = min(LONGEST_WAIT, max(0.0, float(request.query_params.get("wait", 0))))
        except ValueError:
            return JSONResponse({"error": "after: wanted a whole number; wait: wanted seconds"}, 422)
        if wait and self._received <= after:
            async with self._came:
                with contextlib.suppress(TimeoutError):  # nothing came: the list below is empty and says so
                    await asyncio.wait_for(self._came.wait_for(lambda: self._received > after), wait)
        shown = [message_view(message) for message in self._messages if message.number > after]
        return JSONResponse({"received": self._received, "refused": self._refused, "messages": shown})

    async def _page(self, _: Request) -> Response:
        return HTMLResponse(page([message_view(message) for message in self._messages], received=self._received))


def message_view(message: Message) -> dict[str, Any]:
    return {
        "number": message.number,
        "at": message.at.isoformat(),
        "via": message.via,
        "path": message.path,
        "text": message.text,
        "headers": message.headers,
        "body": message.body,
        "actions": actions_of(message.body),
    }


def told_by(path: str, body: Any) -> str:
    """
    Which kind of channel posted: by the first part of the path, else by the shape of the body.

    >>> told_by("/slack/T1/B1", {}), told_by("/x", {"embeds": []}), told_by("/x", {"type": "t"})
    ('slack', 'discord', 'webhook')
    >>> told_by("/", {"topic": "ada", "message": "Disk is full"})
    'ntfy'
    """
    first = path.strip("/").split("/")[0]
    if first in ("slack", "discord", "webhook"):
        return first
    keys = set(body) if isinstance(body, dict) else set()
    if {"topic", "message"} <= keys:
        return "ntfy"
    if keys & {"content", "embeds"}:
        return "discord"
    return "slack" if keys & {"text", "blocks"} else "webhook"


def text_of(body: Any) -> str:
    """
    The words of a post, whichever of the usual places they stand in.

    >>> text_of({"embeds": [{"title": "P2 parse success", "description": "14 of 212 failed"}]})
    'P2 parse success\\n14 of 212 failed'
    >>> text_of({"type": "alert.fired", "data": {"title": "Parse success is low"}})
    'Parse success is low'
    >>> text_of({"topic": "ada", "title": "P1 · Disk is full", "message": "Why you: it is their turn"})
    'to ada: P1 · Disk is full\\nWhy you: it is their turn'
    """
    if not isinstance(body, dict):
        return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    if {"topic", "message"} <= body.keys():
        return f"to {body['topic']}: " + "\n".join(str(body[key]) for key in ("title", "message") if body.get(key))
    for key in ("text", "content", "title", "summary", "message"):
        if isinstance(body.get(key), str) and body[key].strip():
            return str(body[key])
    parts = [*_list_of(body, "embeds"), *_list_of(body, "attachments"), *_list_of(body, "blocks")]
    found = [
        part[key] for part in parts for key in ("title", "description", "fallback") if isinstance(part.get(key), str)
    ]
    found += [part["text"]["text"] for part in parts if isinstance(part.get("text"), dict) and "text" in part["text"]]
    if found:
        return "\n".join(map(str, found))
    data = body.get("data")
    return text_of(data) if isinstance(data, dict) else json.dumps(body, ensure_ascii=False)


def one_line(text: str, *, longest: int = 220) -> str:
    """
    Text for a terminal: one line, nothing that steers the terminal.

    >>> one_line("a\\nb\\x1b[2J")
    'a b[2J'
    """
    plain = "".join(c for c in " ".join(text.split()) if c.isprintable())
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


async def read_capped(request: Request) -> bytes | None:
    """
    The body, or None when it is longer than the receiver takes.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            return None
    return bytes(body)


class Printer:
    """
    Prints lines from its own thread, so that a reader who stopped reading never holds up the application.
    """

    def __init__(self) -> None:
        self._lines: queue.Queue[str] = queue.Queue(maxsize=100)
        threading.Thread(target=self._print, daemon=True).start()

    def __call__(self, line: str) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            return  # nobody reads; the messages are still at /messages

    def _print(self) -> None:
        try:
            while True:
                print(self._lines.get(), flush=True)
        except (BrokenPipeError, ValueError):
            return  # whoever read is gone


def _list_of(body: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = body.get(key)
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def actions_of(body: Any) -> list[tuple[str, str]]:
    """
    The buttons of a push message: their labels and addresses.

    >>> actions_of({"actions": [{"label": "Acknowledge", "url": "http://a.example/answer/x"}, {"url": "javascript:1"}]})
    [('Acknowledge', 'http://a.example/answer/x')]
    """
    listed = _list_of(body, "actions") if isinstance(body, dict) else []
    found = [(str(one.get("label") or "answer"), str(one.get("url", ""))) for one in listed]
    return [(label, url) for label, url in found if url.startswith(("http://", "https://"))]


def _answer(message: Message) -> Response:
    if message.via == "slack":
        return PlainTextResponse("ok")
    return Response(status_code=204)
