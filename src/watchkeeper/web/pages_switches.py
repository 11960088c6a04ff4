"""
On which page are the switches of the live application seen and flipped?
"""

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.act.switching import CannotFlip, FlipWish, NotTheirs
from watchkeeper.manual.model.switching import SET
from watchkeeper.web.forms import MOST_TEXT
from watchkeeper.web.page_kit import PageKit
from watchkeeper.web.views.switches import LASTS, MINUTE_NS, switches_view
from watchkeeper.web.visitors import visitor_of


class SwitchPages:
    """
    Switches: what they say, a form for each, and ending or extending a flip.
    """

    def __init__(self, kit: PageKit) -> None:
        self._kit, self._watch = kit, kit.watch

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """
        return [
            Route("/switches", self._page, methods=["GET"]),
            Route("/switches", self._kit.form(self._flipped), methods=["POST"]),
            Route("/switches/{number:int}/undo", self._kit.form(self._undone), methods=["POST"]),
            Route("/switches/{number:int}/extend", self._kit.form(self._extended), methods=["POST"]),
        ]

    def _page(self, request: Request) -> Response:
        return self._shown(request)

    def _flipped(self, request: Request, fields: dict[str, str]) -> Response:
        who = visitor_of(request)
        return self._done(request, fields, lambda: self._watch.switches.flip(self._wish(fields), who=who))

    def _undone(self, request: Request, fields: dict[str, str]) -> Response:
        number, who = request.path_params["number"], visitor_of(request)
        return self._done(request, fields, lambda: self._watch.switches.undo(number, who=who))

    def _extended(self, request: Request, fields: dict[str, str]) -> Response:
        number, who, for_ns = request.path_params["number"], visitor_of(request), _minutes(fields) * MINUTE_NS
        return self._done(request, fields, lambda: self._watch.switches.extend(number, for_ns=for_ns, who=who))

    def _done(self, request: Request, fields: Mapping[str, str], deed: Callable[[], object]) -> Response:
        try:
            deed()
        except KeyError:
            return self._kit.missing(request)
        except CannotFlip as why:
            return self._shown(request, written=fields, why=str(why), status=400)
        except NotTheirs as why:
            return self._shown(request, written=fields, why=str(why), status=403)
        return RedirectResponse("/switches", status_code=303)

    def _wish(self, fields: Mapping[str, str]) -> FlipWish:
        name, value = fields.get("switch", ""), fields.get("value", "")
        switch = self._watch.standing.manual.switches[name]
        several = switch.kind == SET
        return FlipWish(
            switch=name,
            value=[one.strip() for one in value.split(",") if one.strip()] if several else [value] if value else [],
            for_ns=_minutes(fields) * MINUTE_NS,
            reason=fields.get("reason", "")[:MOST_TEXT],
            only=_only(fields.get("only", "")),
            share=_share(fields.get("share", "")),
            ramp=fields.get("ramp", ""),
            incident=_number(fields.get("incident", "")),
        )

    def _shown(
        self, request: Request, *, written: Mapping[str, str] | None = None, why: str = "", status: int = 200
    ) -> Response:
        view = switches_view(self._watch, visitor_of(request), written=written, why=why)
        return self._kit.render(request, "switches.html", view, status=status)


def _minutes(fields: Mapping[str, str]) -> int:
    """
    How long it lasts, one of those that the form offers; 0, which is refused, for anything else.
    """
    return next((minutes for minutes, _ in LASTS if str(minutes) == fields.get("minutes")), 0)


def _only(text: str) -> dict[str, list[str]]:
    """
    Whom a person aims at.

    >>> _only("platform=spotify, platform=deezer, ip=10.0.0.0/8")
    {'platform': ['spotify', 'deezer'], 'ip': ['10.0.0.0/8']}
    """
    said: dict[str, list[str]] = {}
    for pair in filter(None, (one.strip() for one in text.split(","))):
        name, equals, value = pair.partition("=")
        if not equals:
            raise CannotFlip(f"found {pair[:60]!r}; wanted ATTRIBUTE=VALUE, such as platform=spotify")
        said.setdefault(name.strip(), []).append(value.strip())
    return said


def _share(text: str) -> float:
    try:
        return float(text.removesuffix("%")) if text else 100.0
    except ValueError:
        raise CannotFlip(f"found a share of {text[:40]!r}; wanted percent such as 20") from None


def _number(text: str) -> int | None:
    if text and not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise CannotFlip(f"found incident {text[:40]!r}; wanted the number of one")
    return int(text) if text else None
