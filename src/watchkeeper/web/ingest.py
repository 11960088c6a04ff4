"""
How does telemetry get in over HTTP?

Bodies are handed to the intake, which answers once they are on disk. Whatever is wrong with a body is the sender's to
know: a 4xx with a sentence, counted by kind and outcome. A sender hears 503 when we cannot write just now, and 429 when
it alone has more waiting than its share; both say when to come again.
"""

import asyncio
from collections import Counter
from typing import Final

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchkeeper.act.watch import Watch
from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.decode import cloudevents, events, remote_write
from watchkeeper.measure.decode.body import JSON, PROTOBUF, media_type
from watchkeeper.measure.decode.decoders import Decoders
from watchkeeper.measure.deliveries import Decode, Delivery, Receipt, digest
from watchkeeper.measure.values import Decoded, Rejection, Wanted
from watchkeeper.web.bodies import MOST_RAW, UNPACKING, Hold, Room, opened, read_capped
from watchkeeper.web.ingest_answers import (
    Refusal,
    event_refused,
    refused,
    taken,
    written,
    written_not,
)
from watchkeeper.web.telemetry import Handler
from watchkeeper.web.visitors import visitor_of

MOST_UNPACKED: Final = 64 * 2**20
MOST_KEY: Final = 200  # characters of an Idempotency-Key
MOST_AGENT: Final = 100  # characters of a User-Agent that tell clients of one machine apart
SNAPPY: Final = "snappy"
_WRITE: Final = "remote-write"


class Ingest:
    """
    The addresses that take telemetry. `bodies` counts what was refused before it came to the intake.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch, self._room = watch, Room()
        self._unpacking = anyio.CapacityLimiter(UNPACKING)
        self._decoders = Decoders(watch.intake.engine.plan)
        self.bodies: Counter[tuple[str, str]] = Counter()  # by kind and outcome

    def handlers(self) -> dict[str, Handler]:
        """
        What answers a POST to each address.
        """
        return {
            "/v1/traces": self._traces,
            "/v1/metrics": self._metrics,
            "/v1/logs": self._logs,
            "/v1/events": self._events,
            "/api/v1/write": self._write,
        }

    def routes(self) -> list[Route]:
        """
        The same as routes, which know what to answer to other methods.
        """
        return [Route(path, handler, methods=["POST"]) for path, handler in self.handlers().items()]

    async def _traces(self, request: Request) -> Response:
        json = _is_json(request)

        def decode(body: bytes, _counters: CounterMemory, _now_ns: int) -> Decoded | Rejection:
            return self._current().traces.decode(body, json=json)

        return await self._otlp("traces", request, decode, json=json)

    async def _metrics(self, request: Request) -> Response:
        json = _is_json(request)

        def decode(body: bytes, counters: CounterMemory, _now_ns: int) -> Decoded | Rejection:
            return self._current().metrics.decode(body, json=json, counters=counters)

        return await self._otlp("metrics", request, decode, json=json)

    async def _logs(self, request: Request) -> Response:
        json = _is_json(request)

        def decode(body: bytes, _counters: CounterMemory, _now_ns: int) -> Decoded | Rejection:
            return self._current().logs.decode(body, json=json)

        return await self._otlp("logs", request, decode, json=json)

    async def _otlp(self, kind: str, request: Request, decode: Decode, *, json: bool) -> Response:
        def no(status: int, why: str) -> Response:
            return refused(status, why, json=json)

        body = await self._body(kind, request, types=(PROTOBUF, JSON), no=no)
        if isinstance(body, Response):
            return body
        receipt = await self._submit(kind, request, body, decode, digest(kind, body))
        return no(*_why_not(receipt)) if _failed(receipt) else taken(kind, receipt.left_out, json=json)

    async def _events(self, request: Request) -> Response:
        kind = cloudevents.kind_of(request.headers.get("content-type", ""), request.headers)
        if kind is not None:
            return await self._cloudevents(request, kind)

        def decode(body: bytes, _counters: CounterMemory, now_ns: int) -> Decoded | Rejection:
            return events.decode(body, wanted=self._wanted("events"), now_ns=now_ns)

        body = await self._body("events", request, types=(JSON,), no=event_refused)
        if isinstance(body, Response):
            return body
        key = request.headers.get("idempotency-key", "")
        if len(key) > MOST_KEY:
            self.bodies["events", "refused"] += 1
            return event_refused(400, f"Idempotency-Key has {len(key)} characters; wanted at most {MOST_KEY}")
        told = digest("events", key.encode()) if key else None
        return _told(await self._submit("events", request, body, decode, told))

    async def _cloudevents(self, request: Request, kind: str) -> Response:
        headers = dict(request.headers)

        def decode(body: bytes, _counters: CounterMemory, now_ns: int) -> Decoded | Rejection:
            wanted = self._wanted("events")
            return cloudevents.decode(body, kind=kind, headers=headers, wanted=wanted, now_ns=now_ns)

        media = media_type(request.headers.get("content-type", ""))
        body = await self._body("cloudevents", request, types=(media,), no=event_refused)
        if isinstance(body, Response):
            return body
        return _told(await self._submit("cloudevents", request, body, decode, None))

    async def _write(self, request: Request) -> Response:
        """
        Prometheus remote-write 1.0. It must never hear 429: unless told otherwise, its sender then drops the data.
        """
        why = _not_ours(request)
        body = Rejection(status=415, why=why) if why else await self._raw(request)
        if isinstance(body, Rejection):
            self.bodies[_WRITE, "refused"] += 1
            return written_not(body.status, body.why)

        def decode(packed: bytes, counters: CounterMemory, now_ns: int) -> Decoded | Rejection:
            body = remote_write.unpack(packed, MOST_UNPACKED)
            if isinstance(body, Rejection):
                return body
            return self._current().remote_write.decode(body, counters=counters, now_ns=now_ns)

        receipt = await self._submit(_WRITE, request, body, decode, None)
        if _failed(receipt):
            status, why = _why_not(receipt)
            return written_not(503 if status == 429 else status, why)
        return written()

    async def _raw(self, request: Request) -> bytes | Rejection:
        with Hold(self._room) as hold:
            return await read_capped(request, most=MOST_RAW, hold=hold)

    async def _body(self, kind: str, request: Request, *, types: tuple[str, ...], no: Refusal) -> bytes | Response:
        with Hold(self._room) as hold:
            raw = await read_capped(request, most=MOST_RAW, hold=hold)
            if not isinstance(raw, Rejection):
                most = self._most(request)
                raw = await opened(raw, request, most=most, types=types, limiter=self._unpacking)
        if isinstance(raw, Rejection):
            self.bodies[kind, "refused"] += 1
            return no(raw.status, raw.why)
        return raw

    async def _submit(self, kind: str, request: Request, body: bytes, decode: Decode, key: bytes | None) -> Receipt:
        visitor = visitor_of(request)
        client = f"{request.client.host if request.client else ''} {visitor.through}".rstrip()
        name = None if key is None else (client, key)
        line = f"{client} {request.headers.get('user-agent', '')[:MOST_AGENT]}"
        delivery = Delivery(kind=kind, client=line, body=body, decode=decode, name=name)
        return await asyncio.wrap_future(self._watch.intake.submit(delivery))

    def _current(self) -> Decoders:
        """
        The decoders of the present plan; called by the way in alone, which is one thread.
        """
        plan = self._watch.intake.engine.plan
        if self._decoders.plan is not plan:
            self._decoders = Decoders(plan)
        return self._decoders

    def _wanted(self, signal: str) -> Wanted:
        return self._watch.intake.engine.plan.wanted.get(signal, Wanted())

    def _most(self, request: Request) -> int:
        """
        How large an unpacked body may be.
        """
        return MOST_UNPACKED if _is_json(request) else self._decoders.most_protobuf


def _told(receipt: Receipt) -> Response:
    if _failed(receipt):
        return event_refused(*_why_not(receipt))
    return JSONResponse(
        {"taken": receipt.items, "left_out": receipt.left_out, "seen_before": receipt.seen_before}, status_code=202
    )


def _failed(receipt: Receipt) -> bool:
    return receipt.busy is not None or receipt.refused is not None


def _why_not(receipt: Receipt) -> tuple[int, str]:
    if receipt.refused is not None:
        return receipt.refused.status, receipt.refused.why
    return 429 if receipt.by_share else 503, f"{(receipt.busy or '').rstrip('.')}; send it again"


def _is_json(request: Request) -> bool:
    """
    Protobuf is answered with protobuf; everything else, also what is neither, can read JSON.
    """
    return media_type(request.headers.get("content-type", "")) != PROTOBUF


def _not_ours(request: Request) -> str | None:
    """
    Why a request is not remote-write 1.0; None where it is.
    """
    kind, packed = request.headers.get("content-type", ""), request.headers.get("content-encoding", "")
    if media_type(kind) != PROTOBUF or "write.v2" in kind:
        return f"Content-Type: found {kind[:100]!r}; wanted {PROTOBUF} (remote-write 1.0: prometheus.WriteRequest)"
    return None if packed == SNAPPY else f"Content-Encoding: found {packed[:100]!r}; wanted {SNAPPY}"
