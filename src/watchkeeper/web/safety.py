"""
Who may ask, and who may change something?

Local pages are not open pages: another site that a browser has open can reach them too. So the Host must be one of ours
(nobody can point a name of theirs at us), a change must come from our own pages or speak JSON (which no form of another
site can send unasked), and pages may not be framed or given foreign scripts. This holds before anyone has an account.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchkeeper.web.doors import Doors

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
#: What a form of another site cannot send without asking first (Fetch standard, "CORS-safelisted request-header").
NOT_A_FORM: Final = frozenset({"application/json", "application/x-protobuf"})
#: Addresses that check the content type themselves, and count what they refuse.
TELEMETRY: Final = "/v1/"
#: Called from a command line with a token (which no page of another site can send), whatever the body is called.
ADMIN: Final = "/api/admin/"
#: Addresses that take only what a program has signed: it comes as a form, and no browser can make one.
SIGNED: Final = "/slack/"
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Safety:
    """
    The outermost layer: refuses what may not ask, and puts the security headers on every answer.
    """

    def __init__(self, app: ASGIApp, *, doors: Doors) -> None:
        self._app, self._hosts = app, doors.hosts
        public = urlsplit(doors.public)
        self._insecure = f"http://{public.netloc.lower()}" if public.scheme == "https" else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = why_refused(scope["method"], scope["path"], Headers(scope=scope), self._hosts, self._insecure)
        if refusal is None:
            await self._app(scope, receive, guarded)
        else:
            await refusal(scope, receive, guarded)


def why_refused(
    method: str, path: str, headers: Headers, hosts: frozenset[str], insecure: str | None = None
) -> JSONResponse | None:
    """
    The answer to a request that may not be made: 421 for a foreign Host, 403 for a change from a foreign place.
    `insecure` is our name without TLS, where we are called with it: whoever sits on the line can make pages of that.
    """
    host = headers.get("host", "").lower()
    if host not in hosts:
        return _refusal(421, f"found Host {host[:100]!r}; wanted one of {', '.join(sorted(hosts))}")
    if method in SAFE:
        return None
    origin = headers.get("origin")
    if origin is not None and (origin.partition("://")[2].lower() not in hosts or origin.lower() == insecure):
        return _refusal(403, f"found a change from {origin[:100]!r}; wanted one from a page of this address")
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return _refusal(403, "found a change from another site; wanted one from a page of this address")
    if path.startswith((TELEMETRY, SIGNED)) or (path.startswith(ADMIN) and "authorization" in headers):
        return None
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if origin is None and "sec-fetch-site" not in headers and kind not in NOT_A_FORM:
        return _refusal(403, f"found a change with Content-Type {kind[:100]!r} and no Origin; wanted application/json")
    return None


def _refusal(status: int, why: str) -> JSONResponse:
    return JSONResponse({"error": why}, status_code=status)
