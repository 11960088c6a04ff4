"""
How does telemetry get in over HTTP?

Bodies are read in a stream under a cap and handed to the intake, which answers once they are on disk. Whatever is wrong
with a body is the sender's to know: a 4xx with a sentence, counted by kind and outcome. Only when we cannot write does
a sender hear 503, and comes again.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

import anyio
import anyio.to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchkeeper.act.watch import Watch
from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.decode import events, otlp_metrics, otlp_traces
from watchkeeper.measure.decode.body import JSON, PROTOBUF, media_type, open_body
from watchkeeper.measure.deliveries import Decode, Delivery, Receipt, digest
from watchkeeper.measure.values import Decoded, Rejection, Wanted
from watchkeeper.web.ingest_answers import RETRY_AFTER, refused, taken

MOST_RAW: Final = 16 * 2**20  # bytes on the wire
MOST_UNPACKED: Final = 64 * 2**20
MOST_PROTOBUF: Final = 8 * 2**20  # its parser may make 30 times as much of it before anything can be counted
UNPACK_ASIDE: Final = 4 * 2**10  # larger packed bodies are unpacked in a thread: each may be a thousand times as large
UNPACKING: Final = 2  # bodies unpacked at the same time
SMALL: Final = 2**20
MOST_HELD: Final = 128 * 2**20  # bytes of all bodies above `SMALL` that are on their way in
READ_SECONDS: Final = 30.0
MOST_KEY: Final = 200  # characters of an Idempotency-Key

Answers = Callable[[int, str], Response]


class Room:
    """
    The memory that large bodies share while they arrive: however many clients send slowly, it is bounded.
    """

    def __init__(self, most: int = MOST_HELD) -> None:
        self.left = most  # bytes


class Hold:
    """
    What one body takes of a room; given back at the end of the `with` block.
    """

    def __init__(self, room: Room) -> None:
        self._room, self._held = room, 0

    def __enter__(self) -> "Hold":
        return self

    def __exit__(self, *_: object) -> None:
        self._room.left += self._held

    def grown(self, size: int) -> bool:
        """
        Whether there is room for the body now that it has `size` bytes; small ones always have it.
        """
        more = size - self._held
        if size > SMALL and more > self._room.left:
            return False
        if size > SMALL:
            self._room.left -= more
            self._held = size
        return True


class Ingest:
    """
    The addresses that take telemetry. `bodies` counts what was refused before it came to the intake.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch, self._room = watch, Room()
        self._unpacking = anyio.CapacityLimiter(UNPACKING)
        self.bodies: Counter[tuple[str, str]] = Counter()  # by kind and outcome

    def routes(self) -> list[Route]:
        """
        The routes, in one place.
        """
        return [
            Route("/v1/traces", self._traces, methods=["POST"]),
            Route("/v1/metrics", self._metrics, methods=["POST"]),
            Route("/v1/logs", self._logs, methods=["POST"]),
            Route("/v1/events", self._events, methods=["POST"]),
        ]

    async def _traces(self, request: Request) -> Response:
        json = _is_json(request)

        def decode(body: bytes, _counters: CounterMemory, _now_ns: int) -> Decoded | Rejection:
            return otlp_traces.decode(body, json=json, wanted=self._wanted("spans"))

        return await self._otlp("traces", request, decode, json=json)

    async def _metrics(self, request: Request) -> Response:
        json = _is_json(request)

        def decode(body: bytes, counters: CounterMemory, _now_ns: int) -> Decoded | Rejection:
            return otlp_metrics.decode(body, json=json, wanted=self._wanted("metrics"), counters=counters)

        return await self._otlp("metrics", request, decode, json=json)

    async def _logs(self, request: Request) -> Response:
        self.bodies["logs", "refused"] += 1
        why = "logs are not taken yet; send traces to /v1/traces, metrics to /v1/metrics, events to /v1/events"
        return refused(404, why, json=_is_json(request))

    async def _events(self, request: Request) -> Response:
        def decode(body: bytes, _counters: CounterMemory, now_ns: int) -> Decoded | Rejection:
            return events.decode(body, wanted=self._wanted("events"), now_ns=now_ns)

        body = await self._body("events", request, types=(JSON,), answers=_event_refused)
        if isinstance(body, Response):
            return body
        key = request.headers.get("idempotency-key", "")
        if len(key) > MOST_KEY:
            self.bodies["events", "refused"] += 1
            return _event_refused(400, f"Idempotency-Key has {len(key)} characters; wanted at most {MOST_KEY}")
        told = digest("events", key.encode()) if key else None
        receipt = await self._submit("events", request, body, decode, told)
        if receipt.busy or receipt.refused:
            status, why = _why_not(receipt)
            return _event_refused(status, why)
        return JSONResponse(
            {"taken": receipt.items, "left_out": receipt.left_out, "seen_before": receipt.seen_before}, status_code=202
        )

    async def _otlp(self, kind: str, request: Request, decode: Decode, *, json: bool) -> Response:
        def no(status: int, why: str) -> Response:
            return refused(status, why, json=json)

        body = await self._body(kind, request, types=(PROTOBUF, JSON), answers=no)
        if isinstance(body, Response):
            return body
        receipt = await self._submit(kind, request, body, decode, digest(kind, body))
        if receipt.busy or receipt.refused:
            return no(*_why_not(receipt))
        return taken(kind, receipt.left_out, json=json)

    async def _body(self, kind: str, request: Request, *, types: tuple[str, ...], answers: Answers) -> bytes | Response:
        with Hold(self._room) as hold:
            raw = await read_capped(request, hold=hold)
            if not isinstance(raw, Rejection):
                raw = await _opened(raw, request, types, self._unpacking)
        if isinstance(raw, Rejection):
            self.bodies[kind, "refused"] += 1
            return answers(raw.status, raw.why)
        return raw

    async def _submit(self, kind: str, request: Request, body: bytes, decode: Decode, key: bytes | None) -> Receipt:
        client = request.client.host if request.client else ""
        name = None if key is None else (client, key)
        delivery = Delivery(kind=kind, client=client, body=body, decode=decode, name=name)
        return await asyncio.wrap_future(self._watch.intake.submit(delivery))

    def _wanted(self, signal: str) -> Wanted:
        return self._watch.intake.engine.plan.wanted.get(signal, Wanted())


async def read_capped(request: Request, *, most: int = MOST_RAW, hold: Hold | None = None) -> bytes | Rejection:
    """
    The body as it came over the wire; 413 above `most` bytes, 408 when it does not arrive in time, 503 when others take
    all the room that `hold` is of.
    """
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most:
        return _too_large(most)
    body = bytearray()
    try:
        with anyio.fail_after(READ_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    return _too_large(most)
                if hold is not None and not hold.grown(len(body)):
                    return Rejection(status=503, why="too many large bodies are on their way in; send it again")
    except TimeoutError:
        return Rejection(status=408, why=f"the body did not arrive within {READ_SECONDS:g} seconds")
    except ClientDisconnect:
        return Rejection(status=400, why="the connection ended before the body did")
    return bytes(body)


def _opened(
    raw: bytes, request: Request, types: tuple[str, ...], limiter: anyio.CapacityLimiter
) -> Awaitable[bytes | Rejection]:
    packed = request.headers.get("content-encoding", "")

    def opened() -> bytes | Rejection:
        kind = request.headers.get("content-type", "")
        return open_body(raw, content_type=kind, content_encoding=packed, limit=_most(kind), types=types)

    async def here() -> bytes | Rejection:
        return opened()

    aside = packed and len(raw) > UNPACK_ASIDE
    return anyio.to_thread.run_sync(opened, limiter=limiter) if aside else here()


def _why_not(receipt: Receipt) -> tuple[int, str]:
    if receipt.refused is not None:
        return receipt.refused.status, receipt.refused.why
    return 503, f"{receipt.busy}; send it again"


def _event_refused(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status_code=status, headers=RETRY_AFTER if status == 503 else None)


def _too_large(most: int) -> Rejection:
    return Rejection(status=413, why=f"the body is larger than {most} bytes; send it in smaller batches")


def _is_json(request: Request) -> bool:
    """
    Protobuf is answered with protobuf; everything else, also what is neither, can read JSON.
    """
    return media_type(request.headers.get("content-type", "")) != PROTOBUF


def _most(content_type: str) -> int:
    return MOST_PROTOBUF if media_type(content_type) == PROTOBUF else MOST_UNPACKED
