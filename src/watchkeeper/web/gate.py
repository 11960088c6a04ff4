"""
Who may come in, and who is sent away?

Every request goes through here, after the layer of safety and before everything else. What it needs stands in one table
(`permissions.py`); who makes it, its token or its cookie says. Somebody unknown hears 401 (a browser is sent to the page
for signing in), somebody who may not hears 403, a change from a browser must carry what we gave its page (CSRF).
"""

from typing import Final
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchkeeper.act.accounts.keys import Keys
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
BEARER: Final = b"bearer "


class Gate:
    """
    Lets in who may come in, and tells the handlers who it is.
    """

    def __init__(self, app: ASGIApp, *, watch: Watch, doors: Doors) -> None:
        self._app, self._keys = app, watch.accounts.keys
        self._permissions = Permissions()
        self._accounts = watch.accounts
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
            if need != "open":
                await _away(error)(scope, receive, send)
                return
            visitor = None
        if visitor is not None:
            scope[KEY] = visitor
        if need != "open":
            if visitor is None:
                await (await self._unknown(scope))(scope, receive, send)
                return
            if not visitor.may(need):
                await (await self._forbidden(scope, visitor, need))(scope, receive, send)
                return
            if visitor.through == SESSION and scope["method"] not in SAFE:
                given = await _carried(scope, receive)
                if isinstance(given, Response):
                    await given(scope, receive, send)
                    return
                carried, receive = given
                if not same(carried, visitor.csrf):
                    await (await self._forged(scope, visitor))(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    async def _visitor(self, scope: Scope) -> Visitor | None:
        token = cookies = b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                token = value
            elif name == b"cookie":
                cookies = value if not cookies else cookies + b"; " + value
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

    async def _unknown(self, scope: Scope) -> Response:
        headers = Headers(scope=scope)
        if scope["method"] in SAFE and "text/html" in headers.get("accept", ""):
            return RedirectResponse(f"/sign-in?next={quote(_asked(scope), safe='')}", status_code=303)
        why = "found nobody signed in; wanted a token: Authorization: Bearer wk_..."
        if "authorization" in headers:
            why = "found a token that is unknown, expired or revoked; wanted one that holds"
        more = {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}
        if headers.get("hx-request") == "true":
            more["HX-Redirect"] = "/sign-in"
        return JSONResponse({"error": why, "nearest": []}, status_code=401, headers=more)

    async def _forbidden(self, scope: Scope, visitor: Visitor, need: str) -> Response:
        if need == "self":
            why = "found a token; wanted a person who signed in with an account of their own"
        else:
            why = f"found {visitor.name} ({visitor.role or visitor.through}), who may not; wanted one who may {need}"
        return _refusal(403, why)

    async def _forged(self, scope: Scope, visitor: Visitor) -> Response:
        return _refusal(403, f"found a change without what our page carries; wanted the field {FIELD} or {HEADER}")


async def _carried(scope: Scope, receive: Receive) -> tuple[str, Receive] | Response:
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
        return _refusal(body.status, body.why)

    left = [body]

    async def again() -> Message:
        return {"type": "http.request", "body": left.pop(), "more_body": False} if left else await receive()

    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=100)
    except ValueError:
        return "", again
    return fields.get(FIELD, [""])[0], again


def _asked(scope: Scope) -> str:
    path, query = quote(scope["path"]), scope.get("query_string", b"").decode("latin-1")
    return f"{path}?{query}" if query else path


def _refusal(status: int, why: str) -> JSONResponse:
    return JSONResponse({"error": why, "nearest": []}, status_code=status, headers={"Cache-Control": "no-store"})


def _away(error: StateError) -> PlainTextResponse:
    return PlainTextResponse(f"{error}\nTry again in a moment.\n", status_code=503, headers={"Retry-After": "1"})
