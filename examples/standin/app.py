"""
What does the application do with a request?

It takes the attributes from the body or the query, works in the operation's inner span, calls the vendor over HTTP and
answers. Every request, also a wrong one, is a server span and an entry in the server histogram.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from json import JSONDecodeError
from urllib.parse import urlsplit

import httpx2
from opentelemetry.trace import Span, SpanKind, StatusCode
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from standin.chance import EvenShare, draw_latency
from standin.faults import Faults
from standin.scenario import Call, Operation, Scalar, Scenario
from standin.telemetry import Telemetry


class WrongRequest(ValueError):
    """
    The caller sent something that the operation does not know.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """
    How an operation ended: the HTTP status, and whether it did what was asked.
    """

    status: int
    ok: bool
    why: str = ""


def index_of(scenario: Scenario) -> Callable[[Request], Awaitable[Response]]:
    """
    The page for whoever opens the address that the demo prints: what there is to call.
    """
    lines = [f"{operation.method} {operation.route}" for operation in scenario.operations.values()]
    text = (
        f"{scenario.service}, acted by a stand-in. Its users call:\n\n"
        + "\n".join(f"  {line}" for line in lines)
        + "\n"
    )

    async def index(_: Request) -> Response:
        return PlainTextResponse(text)

    return index


class Application:
    """
    One scenario's application; `vendors` maps each vendor to its address.
    """

    def __init__(
        self,
        scenario: Scenario,
        faults: Faults,
        telemetry: Telemetry,
        client: httpx2.AsyncClient,
        vendors: Mapping[str, str],
    ) -> None:
        self._faults, self._telemetry, self._client, self._vendors = faults, telemetry, client, vendors
        self._rng, self._failed = random.Random(f"{scenario.seed} app"), EvenShare()
        routes = [
            Route(operation.route, self._endpoint(name, operation), methods=[operation.method])
            for name, operation in scenario.operations.items()
        ]
        routes.append(Route("/", index_of(scenario)))
        self.asgi: ASGIApp = Starlette(routes=routes, middleware=[Middleware(ServerSpans, telemetry=telemetry)])

    def _endpoint(self, name: str, operation: Operation):  # type: ignore[no-untyped-def]  # starlette's own type is Any
        async def endpoint(request: Request) -> Response:
            request.scope["http_route"] = operation.route
            try:
                chosen = await read_attributes(request, operation)
            except WrongRequest as wrong:
                return JSONResponse({"error": str(wrong)}, 422)
            ending = await self._work(name, operation, chosen)
            if ending.ok:
                return JSONResponse(operation.answer)
            return JSONResponse(
                {"status": "down" if self._faults.down else "failed", "error": ending.why}, ending.status
            )

        return endpoint

    async def _work(self, name: str, operation: Operation, chosen: Mapping[str, Scalar]) -> Ending:
        if operation.span is None:
            return await self._try(name, operation, chosen, None)
        with self._telemetry.tracer.start_as_current_span(operation.span, attributes=chosen) as span:
            ending = await self._try(name, operation, chosen, span)
            outcome = operation.outcome
            span.set_attribute(outcome.attribute, outcome.ok if ending.ok else outcome.failed)
            if not ending.ok:
                span.set_status(StatusCode.ERROR, ending.why)
            if operation.counts:
                told = {outcome.attribute: outcome.ok if ending.ok else outcome.failed}
                self._telemetry.count(operation.counts, {**chosen, **told})
            return ending

    async def _try(self, name: str, operation: Operation, chosen: Mapping[str, Scalar], span: Span | None) -> Ending:
        if self._faults.down:
            return Ending(status=503, ok=False, why="everything is down")
        if operation.latency is not None:
            await asyncio.sleep(draw_latency(operation.latency, self._rng, factor=self._faults.operation_latency(name)))
        vendor = ""
        if operation.calls is not None:
            vendor = operation.calls.vendor_for(chosen)
            status = await self._call(operation.calls, vendor)
            if span is not None:
                span.set_attribute(operation.calls.status, status)
            if status >= 400:
                return Ending(status=operation.calls.when_it_fails, ok=False, why=f"{vendor} answered {status}")
        failures = [operation.failures] if operation.failures else []
        for number, wrong in enumerate([*failures, *self._faults.operation_failures(name)]):
            if self._failed.takes(f"{name} {vendor} {number}", wrong.share):
                return Ending(status=wrong.status, ok=False, why="it could not be done")
        return Ending(status=200, ok=True)

    async def _call(self, call: Call, vendor: str) -> int:
        method, path = call.request.split(" ")
        url, http = self._vendors[vendor] + path, self._telemetry.http
        port = urlsplit(url).port or 80
        attributes: dict[str, Scalar] = {
            http.method: method,
            http.url: url,
            http.peer: "127.0.0.1",
            http.peer_port: port,
        }
        attributes["peer.service"] = vendor
        with self._telemetry.tracer.start_as_current_span(method, kind=SpanKind.CLIENT, attributes=attributes) as span:
            try:
                status = (await self._client.request(method, url)).status_code
            except httpx2.HTTPError as error:
                span.set_attribute("error.type", type(error).__name__)
                status = 504
            else:
                span.set_attribute(http.status, status)
            if status >= 400:
                span.set_status(StatusCode.ERROR)
            return status


async def read_attributes(request: Request, operation: Operation) -> dict[str, Scalar]:
    """
    The operation's attributes as the caller gave them; one that is left out takes its first value. Raises WrongRequest.
    """
    given = dict(request.query_params) if operation.method in ("GET", "DELETE") else await _body(request)
    chosen: dict[str, Scalar] = {}
    for key, weights in operation.attributes.items():
        known = {str(value): value for value in weights}
        asked = str(given.get(key, next(iter(known))))
        if asked not in known:
            raise WrongRequest(f"{key}: found {asked!r}, wanted one of {', '.join(known)}")
        chosen[key] = known[asked]
    return chosen


async def _body(request: Request) -> Mapping[str, object]:
    try:
        body = await request.json() if await request.body() else {}
    except (JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WrongRequest("the body is not JSON") from error
    if not isinstance(body, dict):
        raise WrongRequest("the body must be a JSON object")
    return body


class ServerSpans:
    """
    Wraps every request in a server span; the endpoint leaves its route in the scope.
    """

    def __init__(self, app: ASGIApp, *, telemetry: Telemetry) -> None:
        self._app, self._telemetry = app, telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http, began = self._telemetry.http, time.perf_counter()
        method, path = scope["method"], scope["path"]
        attributes = {http.method: method, http.path: path, http.scheme: scope["scheme"]}
        with self._telemetry.tracer.start_as_current_span(method, kind=SpanKind.SERVER, attributes=attributes) as span:
            status = 500

            async def watching(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            await self._app(scope, receive, watching)
            told: dict[str, Scalar] = {http.method: method, http.status: status}
            if "http_route" in scope:
                told[http.route] = scope["http_route"]
                span.update_name(f"{method} {scope['http_route']}")
            span.set_attributes(told)
            if status >= 500:
                span.set_status(StatusCode.ERROR)
        self._telemetry.answered(told, seconds=time.perf_counter() - began)
