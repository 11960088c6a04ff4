"""
Which HTTP status has each error, and what does its body say?

One table. The body is always `{"error": a sentence, "nearest": [names that exist]}`.
"""

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.types import Message

from watchkeeper.act.incidents import desk
from watchkeeper.act.incidents.desk import NotNow
from watchkeeper.act.switching import NotTheirs
from watchkeeper.outside.errors import OutsideError
from watchkeeper.store.errors import StateError
from watchkeeper.web.api.values import Model
from watchkeeper.web.faults import NoStandIn, UnknownFault
from watchkeeper.web.safety import SAFE

Name = TypeVar("Name", str, int)
Found = TypeVar("Found")

JSON: Final = "application/json"
NEAREST: Final = 3
FEW: Final = 8  # so many names are all told where none is near
MOST_BYTES: Final = 64 * 1024  # of a change; its parts have limits of their own


class Error(Model):
    """
    Why a request was not answered, and what was perhaps meant.
    """

    error: str = Field(description="One sentence: what was found, and what is wanted.")
    nearest: list[str] = Field(
        default_factory=list, description="Names that exist and are nearest to the one asked for."
    )


class Unknown(Exception):
    """
    There is no such thing. `why` says more, where more is known.

    >>> str(Unknown("schedule", "nights", ["team", "cover"]))
    "found no schedule 'nights'; wanted one of team, cover"
    """

    def __init__(self, what: str, name: str | int, known: Sequence[str | int], *, why: str = "") -> None:
        names = [str(one) for one in known if isinstance(one, str)]
        self.nearest = nearest(str(name), [str(one) for one in known])
        few = f"; wanted one of {', '.join(names)}" if 0 < len(names) <= FEW and not self.nearest and not why else ""
        super().__init__(f"found no {what} {str(name)[:200]!r}" + (f": {why}" if why else few))


class Conflict(Exception):
    """
    It cannot be done as things stand.
    """


class Unfit(Exception):
    """
    What is asked for does not fit; the text says what was found and what is wanted.
    """


class TooLong(Exception):
    """
    The body is longer than any change needs.
    """

    def __init__(self) -> None:
        super().__init__(f"found a body of more than {MOST_BYTES:,} bytes; wanted a shorter one")


class NotJson(Exception):
    """
    A change that does not speak JSON.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(f"found Content-Type {kind[:100]!r}; wanted {JSON}")


#: Every error that an address of the API may raise, and its HTTP status.
STATUS: Final[dict[type[Exception], int]] = {
    NotTheirs: 403,
    Unknown: 404,
    UnknownFault: 404,
    NoStandIn: 404,
    Conflict: 409,
    NotNow: 409,
    TooLong: 413,
    NotJson: 415,
    RequestValidationError: 422,
    Unfit: 422,
    desk.Unfit: 422,
    OutsideError: 502,
    StateError: 503,
}
_SAYS: Final = {
    400: "The body cannot be read.",
    403: "Who asks may not do this.",
    404: "There is no such thing; the nearest names are in the body.",
    409: "It cannot be done as things stand.",
    413: "The body is too long.",
    415: "A change speaks JSON.",
    422: "A field is missing or does not fit.",
    502: "What runs beside Watchkeeper did not answer.",
    503: "The state could not be read or written; try again.",
}


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """
    The errors of an address, for its description.
    """
    return {status: {"model": Error, "description": _SAYS[status]} for status in statuses}


CHANGES: Final = answers(400, 409, 413, 415, 422, 503)


class ApiRoute(APIRoute):
    """
    A route that demands JSON of every change, and tells its errors as the table says.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """
        The handler with the errors in front of it.
        """
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                _demand_json(request)
                return await handle(await _whole(request))
            except HTTPException as error:
                return _refusal(error.status_code, str(error.detail), headers=error.headers)
            except tuple(STATUS) as error:
                status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
                return _refusal(status, _sentence(error), getattr(error, "nearest", ()))

        return guarded


def found(ask: Callable[[Name], Found], name: Name, *, what: str, known: Callable[[], Sequence[Name]]) -> Found:
    """
    What a use case finds under a name; Unknown, with the nearest names, where there is none.
    """
    try:
        return ask(name)
    except KeyError:
        names = known()
        if name in names:  # it is there, so something else is missing: a bug, and no wrong name
            raise
        raise Unknown(what, name, names) from None


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """
    The names most like this one.

    >>> nearest("parse-sucess", ["parse-success", "parse-time", "availability"])
    ['parse-success', 'parse-time']
    """
    return get_close_matches(name[:200], list(known), n=NEAREST, cutoff=0.5)


def _demand_json(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method not in SAFE and kind != JSON:
        raise NotJson(kind)


async def _whole(request: Request) -> Request:
    """
    The same request with its body at hand, when that is not too long.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLong

    async def at_hand() -> Message:
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return Request(request.scope, at_hand)


def _refusal(status: int, why: str, near: Sequence[str] = (), headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse(Error(error=why, nearest=list(near)).model_dump(), status_code=status, headers=headers)


def _sentence(error: Exception) -> str:
    if not isinstance(error, RequestValidationError):
        return str(error)
    return "; ".join(_wrong(one) for one in error.errors())


def _wrong(one: dict[str, Any]) -> str:
    """
    One thing that does not fit: where it stands, and what is wanted there.
    """
    if one["type"] == "json_invalid":
        return f"the body is not JSON: {one['ctx']['error']} at character {one['loc'][-1]}"
    where = ".".join(str(part) for part in one["loc"] if part not in ("body", "path", "query")) or "body"
    return f"{where}: {one['msg'][:1].lower()}{one['msg'][1:]}"
