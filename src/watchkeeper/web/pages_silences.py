"""
On which page are alerts silenced, and the silence ended?
"""

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.act.silencing import CannotSilence, Silences, SilenceWish
from watchkeeper.decide.values import AlertMemory
from watchkeeper.web.forms import MOST_TEXT
from watchkeeper.web.page_kit import PageKit
from watchkeeper.web.views.silences import LASTS, matchers_of, silences_view
from watchkeeper.web.visitors import visitor_of

MINUTE_NS = 60 * 10**9


class SilencePages:
    """
    Silences: the list, the form with a look at what it hits, and ending one.
    """

    def __init__(self, kit: PageKit) -> None:
        self._kit, self._watch = kit, kit.watch
        self._silences = Silences(kit.watch.state, kit.watch.clock, lambda: kit.watch.standing)

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """
        return [
            Route("/silences", self._page, methods=["GET"]),
            Route("/silences", self._kit.form(self._silenced), methods=["POST"]),
            Route("/silences/{number:int}/undo", self._kit.form(self._undone), methods=["POST"]),
        ]

    def _page(self, request: Request) -> Response:
        return self._shown(request)

    def _silenced(self, request: Request, fields: dict[str, str]) -> Response:
        try:
            matchers = matchers_of(fields)
            if fields.get("look"):
                return self._shown(request, written=fields, hits=self._silences.preview(matchers).alerts)
            end_ns = self._watch.clock.now_ns() + _minutes(fields) * MINUTE_NS
            wish = SilenceWish(end_ns=end_ns, reason=fields.get("reason", "")[:MOST_TEXT], matchers=matchers)
            self._silences.create(wish, by=visitor_of(request))
        except CannotSilence as why:
            return self._shown(request, written=fields, why=str(why))
        return RedirectResponse("/silences", status_code=303)

    def _undone(self, request: Request, fields: dict[str, str]) -> Response:  # noqa: ARG002 (nothing to fill in)
        try:
            self._silences.undo(request.path_params["number"], by=visitor_of(request))
        except KeyError:
            return self._kit.missing(request)
        return RedirectResponse("/silences", status_code=303)

    def _shown(
        self,
        request: Request,
        *,
        written: Mapping[str, str] | None = None,
        hits: Sequence[AlertMemory] | None = None,
        why: str = "",
    ) -> Response:
        view = silences_view(self._watch, self._silences.recent(), written=written, hits=hits, why=why)
        return self._kit.render(request, "silences.html", view, status=400 if why else 200)


def _minutes(fields: Mapping[str, str]) -> int:
    """
    How long it lasts, one of those that the form offers; 0, which is refused, for anything else.
    """
    return next((minutes for minutes, _ in LASTS if str(minutes) == fields.get("minutes")), 0)
