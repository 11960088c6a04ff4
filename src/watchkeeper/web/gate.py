"""
Who may come in, and who is sent away?

Every request goes through here, after the layer of safety and before everything else. What it needs stands in one table
(`permissions.py`); who makes it, its token or its cookie says. Somebody unknown hears 401 (a browser is sent to where
it signs in), somebody who may not hears 403, a change from a browser must carry what we gave its page (CSRF).
"""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchkeeper.act.accounts.secrets import digest, same
from watchkeeper.act.accounts.visitor import SESSION, STRANGER, Visitor
from watchkeeper.act.watch import Watch
from watchkeeper.measure.values import Rejection
from watchkeeper.store.errors import StateError
from watchkeeper.web.bodies import read_capped
from watchkeeper.web.cookies import cookie_name, cookie_of
from watchkeeper.web.doors import Doors
from watchkeeper.web.permissions import Permissions
from watchkeeper.web.safety import SAFE
from watchkeeper.web.visitors import KEY

FIELD: Final = "csrf"
HEADER: Final = "x-csrf-token"
FORM: Final = "application/x-www-form-urlencoded"
MOST_FORM: Final = 64 * 2**10
MOST_FIELDS: Final = 100
BAD_TOKEN: Final = "a token that is unknown, expired or revoked"  # noqa: S105  words about one
NOBODY: Final = "nobody signed in"
BEARER: Final = b"bearer "
#: Told apart in the record. Made-up ones are not: each would be another reason, and a minute has room for few.
METHODS: Final = SAFE | {"POST", "PUT", "PATCH", "DELETE"}
CALENDARS: Final = "/calendars/"  # no calendar program sends a header: there a token may stand in the address

#: Who is wanted, by what is needed.
WANTED: Final = {
    "self": "somebody who signed in with an account of their own",
    "ingest": "a token with the scope ingest",
    "read": "a viewer, or the scope read",
    "respond": "a responder, or the scope respond",
    "manage": "a manager, or the scope manage",
    "admin": "an admin, or the scope admin",
}
#: The page that says to a person why nothing was shown or changed.
Page = Callable[[Request, int, str], Response]


class Gate:
    """
    Lets in who may come in, and tells the handlers who it is.
    """

    def __init__(self, app: ASGIApp, *, watch: Watch, doors: Doors, page: Page) -> None:
        self._app, self._keys, self._refused = app, watch.accounts.keys, watch.accounts.refused
        self._permissions, self._page = Permissions(), page
        self._cookie = cookie_name(doors).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        need = self._permissions.need(scope["method"], scope["path"])
        try:
            visitor = await self._visitor(scope)
        except StateError as error:
            visitor = None
            if need != "open":
                await _away(error)(scope, receive, send)
                return
        if visitor is not None:
            scope[KEY] = visitor
        if need != "open":
            refusal = await self._why_not(scope, visitor, need)
            if refusal is None and visitor is not None and visitor.through == SESSION and scope["method"] not in SAFE:
                refusal, receive = await self._forged(scope, receive, visitor)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _visitor(self, scope: Scope) -> Visitor | None:
        token = cookies = b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                token = value
            elif name == b"cookie":
                cookies = value if not cookies else cookies + b"; " + value
        if not token and scope["path"].startswith(CALENDARS):
            token = _in_address(scope)
        if token:
            return await self._by_token(token)
        cookie = cookie_of(cookies, self._cookie) if cookies else ""
        if not cookie:
            return None
        told = digest(cookie)
        return self._keys.cookie(told) or await run_in_threadpool(self._keys.signed_in, told)

    async def _by_token(self, header: bytes) -> Visitor | None:
        if header[:7].lower() != BEARER:
            return None
        told, keys = digest(header[7:].strip().decode("latin-1")), self._keys
        if keys.stale():
            await run_in_threadpool(keys.refresh)
        visitor = keys.token(told)
        if visitor is None and keys.stale(unknown=True):
            await run_in_threadpool(keys.refresh)
            visitor = keys.token(told)
        return visitor

    async def _why_not(self, scope: Scope, visitor: Visitor | None, need: str) -> Response | None:
        """
        The answer to somebody who may not; None for who may.
        """
        if visitor is None:
            return await self._unknown(scope)
        if visitor.may(need):
            return None
        await self._told(scope, visitor, f"wanted {WANTED[need]}")
        return await self._said(
            scope, 403, f"found {visitor.name} ({visitor.role or visitor.through}); wanted {WANTED[need]}"
        )

    async def _forged(self, scope: Scope, receive: Receive, visitor: Visitor) -> tuple[Response | None, Receive]:
        """
        The answer to a change that does not carry what we gave our page; None to one that does. The body is still to be
        read.
        """
        carried, receive = await _carried(scope, receive)
        if isinstance(carried, Rejection):
            return await self._said(scope, carried.status, carried.why), receive
        if same(carried, visitor.csrf):
            return None, receive
        await self._told(scope, visitor, "a change without what our page carries")
        why = f"found a change without what our page carries; wanted the field {FIELD} or the header {HEADER}"
        return await self._said(scope, 403, why), receive

    async def _unknown(self, scope: Scope) -> Response:
        headers = Headers(scope=scope)
        given = "authorization" in headers
        if given or scope["method"] not in SAFE:
            await self._told(scope, STRANGER, BAD_TOKEN if given else NOBODY)
        more = {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}
        if headers.get("hx-request") == "true":  # a page that was open when its session ended
            return Response(status_code=401, headers=more | {"HX-Redirect": "/sign-in"})
        if scope["method"] in SAFE and "text/html" in headers.get("accept", ""):
            return RedirectResponse(f"/sign-in?next={quote(_asked(scope), safe='')}", status_code=303)
        wanted = "wanted one that holds" if given else "wanted a token: Authorization: Bearer wk_..."
        return _refusal(401, f"found {BAD_TOKEN if given else NOBODY}; {wanted}", more)

    async def _told(self, scope: Scope, visitor: Visitor, why: str) -> None:
        """
        Write it down.
        """
        address = scope["client"][0] if scope.get("client") else ""
        method = scope["method"] if scope["method"] in METHODS else "other"
        action = f"http.{method.lower()}"
        await run_in_threadpool(self._refused.told, visitor, action, scope["path"], why, address=address)

    async def _said(self, scope: Scope, status: int, why: str) -> Response:
        """
        A page for people, JSON for programs.
        """
        headers = Headers(scope=scope)
        if "text/html" in headers.get("accept", "") or headers.get("hx-request") == "true":
            return await run_in_threadpool(self._page, Request(scope), status, why)
        return _refusal(status, why)


async def _carried(scope: Scope, receive: Receive) -> tuple[str | Rejection, Receive]:
    """
    What a change carries of what we gave the page, in its header or in the form; and the body to be read again.
    """
    headers = Headers(scope=scope)
    if HEADER in headers:
        return headers[HEADER], receive
    if headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return "", receive
    body = await read_capped(Request(scope, receive), most=MOST_FORM)
    if isinstance(body, Rejection):
        return body, receive
    left = [body]

    async def again() -> Message:
        return {"type": "http.request", "body": left.pop(), "more_body": False} if left else await receive()

    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=MOST_FIELDS)
    except ValueError:
        return "", again
    return fields.get(FIELD, [""])[0], again


def _in_address(scope: Scope) -> bytes:
    """
    The token that a calendar program carries in the address, for it can carry none elsewhere; as in a header.
    """
    found = QueryParams(scope.get("query_string", b"").decode("latin-1")).get("token", "")
    return BEARER + found.encode("latin-1", "replace") if found else b""


def _asked(scope: Scope) -> str:
    path, query = quote(scope["path"]), scope.get("query_string", b"").decode("latin-1")
    return f"{path}?{query}" if query else path


def _refusal(status: int, why: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    more = {"Cache-Control": "no-store", **(headers or {})}
    return JSONResponse({"error": why, "nearest": []}, status_code=status, headers=more)


def _away(error: StateError) -> PlainTextResponse:
    return PlainTextResponse(f"{error}\nTry again in a moment.\n", status_code=503, headers={"Retry-After": "1"})
