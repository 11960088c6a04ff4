"""
How does the live application ask what its switches say?

By OFREP, the protocol of OpenFeature: one switch, or all of them at once with an ETag over what they say and who asked.
A value that will change by itself says when and to what (`expires`, `next` in the metadata), so that an application can
revert while it cannot reach us. A set comes as `{"members": [...]}`, a percentage as a float from 0 to 100.

Whoever comes with a token or session that may read asks for every switch. Whoever comes with none sees only those that
the manual marks `public`, the others as if they were not there; a token that does not hold is refused, not taken for
none. To those who may read, `GET /ofrep/v1/events` says when to ask again.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from hashlib import blake2b
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from watchkeeper.act.switchboard import Said
from watchkeeper.act.watch import Watch
from watchkeeper.decide.switches import Context, How, KeyMissing, context_of
from watchkeeper.manual.model.switching import SwitchValue
from watchkeeper.manual.model.unfit import nearest
from watchkeeper.measure.values import Rejection
from watchkeeper.outside.clock import instant
from watchkeeper.web.bodies import read_capped
from watchkeeper.web.doors import Doors
from watchkeeper.web.visitors import visitor_of

BASE: Final = "/ofrep/v1/evaluate/flags"
EVENTS: Final = "/ofrep/v1/events"
MOST_BYTES: Final = 64 * 2**10
EVERY_SECONDS: Final = 0.1  # how often a stream looks whether something was flipped
ALIVE_SECONDS: Final = 15  # at least this often it says something
INACTIVE_SECONDS: Final = 120  # a page that nobody looks at may close its stream after this
PRIVATE: Final = {"Cache-Control": "private, no-cache"}


class Ofrep:
    """
    The addresses of OFREP.
    """

    def __init__(self, watch: Watch, doors: Doors, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._watch, self._doors, self._every = watch, doors, every_seconds
        self._board = watch.switches.board

    def routes(self) -> list[Route]:
        """
        The routes.
        """
        return [
            Route(BASE, self._all, methods=["POST"]),
            Route(f"{BASE}/{{key:text}}", self._one, methods=["POST"]),
            Route(EVENTS, self._events, methods=["GET"]),
        ]

    async def _one(self, request: Request) -> Response:
        key, public = str(request.path_params["key"]), _public(request)
        if public is None:
            return _stranger()
        context = await _context(request)
        if isinstance(context, Response):
            return _with_key(context, key)
        names = self._board.names(public=public)
        if key not in names:
            why = f"found no switch {key[:200]!r}{nearest(key[:200], names)}"
            return _failed(404, "FLAG_NOT_FOUND", why, key=key)
        return await self._off_the_loop(lambda: self._answer(key, context))

    async def _all(self, request: Request) -> Response:
        public = _public(request)
        if public is None:
            return _stranger()
        context = await _context(request)
        if isinstance(context, Response):
            return context
        asked = request.headers.get("if-none-match", "")
        return await self._off_the_loop(lambda: self._answers(context, public=public, asked=asked))

    async def _off_the_loop(self, answer: Any) -> Response:
        """
        From memory at once, in a thread where the state must be read first.
        """
        found: Response = answer() if self._board.fresh else await run_in_threadpool(answer)
        return found

    def _answer(self, key: str, context: Context) -> Response:
        told = self._told(key, context)
        return JSONResponse(told, status_code=400 if "errorCode" in told else 200, headers=PRIVATE)

    def _answers(self, context: Context, *, public: bool, asked: str) -> Response:
        flags = [self._told(name, context) for name in self._board.names(public=public)]
        told: dict[str, Any] = {"flags": flags}
        if not public:  # a stream is held open: it is not for strangers
            stream = {"type": "sse", "url": self._doors.base + EVENTS, "inactivityDelaySec": INACTIVE_SECONDS}
            told["eventStreams"] = [stream]
        headers = {**PRIVATE, "ETag": _etag(told, context)}
        if headers["ETag"] in [one.strip().removeprefix("W/") for one in asked.split(",")]:
            return Response(status_code=304, headers=headers)
        return JSONResponse(told, headers=headers)

    def _told(self, name: str, context: Context) -> dict[str, Any]:
        try:
            return _success(self._board.say(name, context))
        except KeyMissing as why:
            return {"key": name, "errorCode": "TARGETING_KEY_MISSING", "errorDetails": str(why)}

    async def _events(self, request: Request) -> Response:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._changes(request), media_type="text/event-stream", headers=headers)

    async def _changes(self, request: Request) -> AsyncIterator[str]:
        yield "retry: 1000\n\n: hello\n\n"
        before, quiet = self._stamp(), 0.0
        while not self._doors.closing() and not await request.is_disconnected():
            await asyncio.sleep(self._every)
            now, quiet = self._stamp(), quiet + self._every
            if now != before:
                before, quiet = now, 0.0
                yield f"id: {now[0]}\ndata: {json.dumps({'type': 'refetchEvaluation'})}\n\n"
            elif quiet >= ALIVE_SECONDS:
                quiet = 0.0
                yield ": still here\n\n"

    def _stamp(self) -> tuple[int, int]:
        """
        What changes when something is flipped, or another manual runs.
        """
        return self._board.version, self._watch.standing.revision


def _success(said: Said) -> dict[str, Any]:
    found = said.found
    metadata: dict[str, Any] = {"kind": said.switch.kind}
    if said.next is not None:
        metadata["expires"] = instant(said.next.at_ns).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        metadata["next"] = _plain(said.next.value)
    return {
        "key": said.name,
        "value": _value(found.value),
        "reason": How(found.how).value,
        "variant": "default" if found.flip is None else f"flip-{found.flip.id}",
        "metadata": metadata,
    }


def _value(value: SwitchValue) -> Any:
    return {"members": list(value)} if isinstance(value, tuple) else value


def _plain(value: SwitchValue) -> bool | int | float | str:
    """
    A value where the protocol takes no lists.
    """
    return json.dumps(_value(value), ensure_ascii=False) if isinstance(value, tuple) else value


def _etag(told: Mapping[str, Any], context: Context) -> str:
    said = json.dumps([told, sorted(context.attributes.items())], sort_keys=True)
    return f'"{blake2b(said.encode(), digest_size=16).hexdigest()}"'


def _public(request: Request) -> bool | None:
    """
    Whether who asks sees only public switches; None for somebody whose token does not hold.
    """
    visitor = visitor_of(request)
    if visitor.may("read"):
        return False
    return None if "authorization" in request.headers and not visitor.known else True


async def _context(request: Request) -> Context | Response:
    raw = await read_capped(request, most=MOST_BYTES)
    if isinstance(raw, Rejection):
        return _failed(raw.status, "GENERAL", raw.why)
    try:
        body = json.loads(raw or b"{}")
    except (ValueError, RecursionError):
        return _failed(400, "PARSE_ERROR", 'found no JSON; wanted {"context": {...}}')
    context = body.get("context") if isinstance(body, dict) else body
    if context is None and isinstance(body, dict):
        return Context()
    if not isinstance(context, dict):
        return _failed(400, "INVALID_CONTEXT", "found a context that is no object; wanted attributes and values")
    return context_of(context)


def _failed(status: int, code: str, why: str, *, key: str | None = None) -> JSONResponse:
    said = {"errorCode": code, "errorDetails": why}
    return JSONResponse(said if key is None else {"key": key, **said}, status_code=status, headers=PRIVATE)


def _with_key(failed: Response, key: str) -> Response:
    said = json.loads(bytes(failed.body))
    return _failed(failed.status_code, said["errorCode"], said["errorDetails"], key=key)


def _stranger() -> JSONResponse:
    why = "found a token that is unknown, expired or revoked; wanted one that holds"
    return JSONResponse({"errorDetails": why}, status_code=401, headers=PRIVATE)
