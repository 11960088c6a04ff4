"""
On which pages does a person come in for the first time, sign in, and sign out?
"""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.act.accounts import passwords
from watchkeeper.act.accounts.refusals import CannotDo, NotSignedIn, TooSoon
from watchkeeper.act.accounts.sessions import Begun
from watchkeeper.web.cookies import give, give_known, known_name, take_away
from watchkeeper.web.doors import LOOPBACK
from watchkeeper.web.page_kit import PageKit
from watchkeeper.web.returning import safe_next
from watchkeeper.web.visitors import visitor_of

#: What a proxy or a tunnel says of whom it asks for.
FORWARDED: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
STATUS: Final[dict[type[Exception], int]] = {NotSignedIn: 401, TooSoon: 429, CannotDo: 400}


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningView:
    """
    A page for coming in. `why` says what was not right the last time.
    """

    title: str
    manual: str
    next: str = "/"
    name: str = ""
    token: str = ""
    why: str = ""
    least: int = passwords.LEAST
    lives: bool = False


class SigningPages:
    """
    Coming in: the first time, every other time, and going.
    """

    def __init__(self, kit: PageKit) -> None:
        self._kit, self._watch, self._doors = kit, kit.watch, kit.doors
        self._accounts = kit.watch.accounts

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """
        return [
            Route("/sign-in", self._sign_in, methods=["GET"]),
            Route("/sign-in", self._kit.form(self._signed_in), methods=["POST"]),
            Route("/sign-out", self._kit.form(self._signed_out), methods=["POST"]),
            Route("/set-up", self._set_up, methods=["GET"]),
            Route("/set-up", self._kit.form(self._set_up_done), methods=["POST"]),
        ]

    def _sign_in(self, request: Request) -> Response:
        back = safe_next(request.query_params.get("next", ""))
        if visitor_of(request).session:
            return RedirectResponse(back, status_code=303)
        if self._doors.demo and from_here(request):
            try:
                begun = self._accounts.sign_in_here(self._doors.demo, agent=agent_of(request))
            except NotSignedIn as why:
                return self._page(request, "sign_in.html", next=back, why=why)
            return self._come_in(begun, back)
        if self._accounts.awaits_setup:
            return RedirectResponse("/set-up", status_code=303)
        return self._page(request, "sign_in.html", next=back)

    def _signed_in(self, request: Request, fields: dict[str, str]) -> Response:
        back, name = safe_next(fields.get("next", "")), fields.get("name", "")
        try:
            begun = self._accounts.sign_in(
                name,
                fields.get("password", ""),
                agent=agent_of(request),
                address=address_of(request),
                known=request.cookies.get(known_name(self._doors), ""),
            )
        except (NotSignedIn, TooSoon) as why:
            return self._page(request, "sign_in.html", next=back, name=name[:100], why=why)
        self._leave(request)
        return self._come_in(begun, back)

    def _signed_out(self, request: Request, _fields: dict[str, str]) -> Response:
        self._leave(request)
        response = RedirectResponse("/sign-in", status_code=303, headers={"Clear-Site-Data": '"cache"'})
        take_away(response, self._doors)
        return response

    def _set_up(self, request: Request) -> Response:
        if not self._accounts.awaits_setup:
            return RedirectResponse("/sign-in", status_code=303)
        self._accounts.begin_setup()
        return self._page(request, "set_up.html", token=request.query_params.get("token", "")[:100])

    def _set_up_done(self, request: Request, fields: dict[str, str]) -> Response:
        name, token = fields.get("name", ""), fields.get("token", "")
        try:
            if fields.get("password", "") != fields.get("again", ""):
                raise CannotDo("found two different passwords; wanted the same one twice")
            begun = self._accounts.set_up(
                token,
                name=name,
                password=fields.get("password", ""),
                agent=agent_of(request),
                address=address_of(request),
            )
        except (NotSignedIn, TooSoon, CannotDo) as why:
            return self._page(request, "set_up.html", name=name[:100], token=token[:100], why=why)
        return self._come_in(begun, "/")

    def _come_in(self, begun: Begun, back: str) -> Response:
        response = RedirectResponse(back, status_code=303)
        give(response, self._doors, begun.cookie)
        if begun.known:
            give_known(response, self._doors, begun.known)
        return response

    def _leave(self, request: Request) -> None:
        visitor = visitor_of(request)
        if visitor.session:
            self._accounts.sign_out(visitor)

    def _page(self, request: Request, template: str, *, why: Exception | None = None, **more: Any) -> Response:
        titles = {"sign_in.html": "Sign in", "set_up.html": "Set up"}
        view = SigningView(
            title=titles[template], manual=self._watch.standing.manual.manual, why=str(why or ""), **more
        )
        response = self._kit.render(request, template, view, status=STATUS[type(why)] if why else 200)
        if isinstance(why, TooSoon):
            response.headers["Retry-After"] = str(why.seconds)
        return response


def agent_of(request: Request) -> str:
    """
    What a browser calls itself.
    """
    return request.headers.get("user-agent", "")


def address_of(request: Request) -> str:
    """
    Where a request comes from.
    """
    return request.client.host if request.client else ""


def from_here(request: Request) -> bool:
    """
    Whether a request comes from this machine, by one of its own names, and for nobody elsewhere.
    """
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        loopback = ip_address(address_of(request)).is_loopback
    except ValueError:
        return False
    named = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    return loopback and (named in LOOPBACK or f"[{named}]" in LOOPBACK)


def to_sign_in(path: str) -> str:
    """
    The page for signing in that leads back to a path.
    """
    return f"/sign-in?next={quote(path, safe='')}"
