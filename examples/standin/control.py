"""
How is the stand-in steered while it runs?

    GET  /faults                     every switch: on or off, since when, what it touches
    POST /faults/NAME {"on": true}   switches one
    GET  /state                      what was sent, answered and failed, by operation
    POST /load {"on": false}         stops and starts the users
    POST /telemetry {"to": URL}      where the telemetry goes (null: nowhere), a loopback address; "token" goes with it

Changes are JSON only, so that no form and no page of another site can make one.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from standin.doors import names_loopback
from standin.faults import Faults, FaultState, UnknownFault
from standin.load import Load
from standin.scenario import Scenario
from standin.telemetry import Telemetry


class WrongChange(ValueError):
    """
    A change that cannot be made, with its HTTP status.
    """

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)


class Control:
    """
    The control API of one running stand-in.
    """

    def __init__(self, scenario: Scenario, faults: Faults, load: Load, telemetry: Telemetry, *, fast: bool) -> None:
        self._scenario, self._faults, self._load, self._telemetry, self._fast = scenario, faults, load, telemetry, fast

    def asgi(self) -> ASGIApp:
        return Starlette(
            routes=[
                Route("/faults", self._list),
                Route("/faults/{name}", self._switch, methods=["POST"]),
                Route("/state", self._state),
                Route("/load", self._steer_load, methods=["POST"]),
                Route("/telemetry", self._point, methods=["POST"]),
            ],
            exception_handlers={WrongChange: _refuse, UnknownFault: _not_found},
        )

    async def _list(self, _: Request) -> Response:
        return JSONResponse({"faults": [fault_view(state) for state in self._faults.states()]})

    async def _switch(self, request: Request) -> Response:
        on = _flag(await read_change(request))
        return JSONResponse(fault_view(self._faults.switch(request.path_params["name"], on=on)))

    async def _state(self, _: Request) -> Response:
        return JSONResponse(
            {
                "scenario": self._scenario.scenario,
                "service": self._scenario.service,
                "fast": self._fast,
                "load": self._load.on,
                "telemetry": self._telemetry.target,
                "faults": [state.name for state in self._faults.states() if state.since],
                "operations": self._load.state(),
            }
        )

    async def _steer_load(self, request: Request) -> Response:
        self._load.on = _flag(await read_change(request))
        return JSONResponse({"on": self._load.on})

    async def _point(self, request: Request) -> Response:
        change = await read_change(request)
        target = change.get("to")
        if target is not None and not is_loopback_url(target):
            raise WrongChange(
                422, f"to: found {target!r}, wanted a loopback address such as http://127.0.0.1:4318, or null"
            )
        token = change.get("token", "")
        if not (isinstance(token, str) and token.isascii() and token.isprintable() and len(token) <= 200):
            raise WrongChange(422, "token: wanted a short text")
        await asyncio.to_thread(self._telemetry.point_at, target, token)
        return JSONResponse({"to": target})


def fault_view(state: FaultState) -> dict[str, Any]:
    """
    One switch as the API shows it.
    """
    return {
        "name": state.name,
        "title": state.fault.title,
        "on": state.since is not None,
        "since": state.since.isoformat() if state.since else None,
        "touches": list(state.fault.touches),
        "label": state.fault.label,
        "share": state.fault.share,
    }


async def read_change(request: Request) -> Mapping[str, Any]:
    """
    The JSON object of a change. Raises WrongChange when it comes from elsewhere, is no JSON or is too large.
    """
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise WrongChange(403, f"found a change from {origin!r}, wanted one from this address or from no page at all")
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise WrongChange(415, "wanted content-type application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > 10_000:
            raise WrongChange(413, "the body is longer than 10,000 bytes")
    try:
        change = json.loads(body)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WrongChange(400, "the body is not JSON") from error
    if not isinstance(change, dict):
        raise WrongChange(422, "wanted a JSON object")
    return change


def is_loopback_url(target: object) -> bool:
    """
    >>> is_loopback_url("http://127.0.0.1:4318"), is_loopback_url("http://example.com"), is_loopback_url(7)
    (True, False, False)
    """
    if not isinstance(target, str):
        return False
    try:
        url = urlsplit(target)
        return url.scheme == "http" and url.port is not None and names_loopback(url.netloc)
    except ValueError:
        return False


def _flag(change: Mapping[str, Any]) -> bool:
    on = change.get("on")
    if not isinstance(on, bool):
        raise WrongChange(422, f"on: found {on!r}, wanted true or false")
    return on


async def _refuse(_: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, WrongChange)
    return JSONResponse({"error": str(wrong)}, wrong.status)


async def _not_found(_: Request, unknown: Exception) -> Response:
    assert isinstance(unknown, UnknownFault)
    return JSONResponse({"error": unknown.sentence, "nearest": unknown.nearest, "known": unknown.known}, 404)
