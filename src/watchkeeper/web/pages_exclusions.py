"""
On which page are minutes taken out of the numbers, and put back?
"""

from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.act.excluding import CannotExclude
from watchkeeper.web.page_kit import PageKit
from watchkeeper.web.views.exclusions import exclusions_view, wish_of
from watchkeeper.web.visitors import visitor_of


class ExclusionPages:
    """
    Exclusions: the list, the form, and undoing.
    """

    def __init__(self, kit: PageKit) -> None:
        self._kit, self._watch = kit, kit.watch

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """
        return [
            Route("/exclusions", self._exclusions, methods=["GET"]),
            Route("/exclusions", self._kit.form(self._excluded), methods=["POST"]),
            Route("/exclusions/{number:int}/undo", self._kit.form(self._undone), methods=["POST"]),
        ]

    def _exclusions(self, request: Request) -> Response:
        return self._kit.render(request, "exclusions.html", exclusions_view(self._watch))

    def _excluded(self, request: Request, fields: dict[str, str]) -> Response:
        try:
            wish = wish_of(fields, ZoneInfo(self._watch.standing.manual.zone))
            self._watch.exclude(wish, by=visitor_of(request))
        except CannotExclude as why:
            view = exclusions_view(self._watch, written=fields, why=str(why))
            return self._kit.render(request, "exclusions.html", view, status=400)
        return RedirectResponse("/exclusions", status_code=303)

    def _undone(self, request: Request, _fields: dict[str, str]) -> Response:
        try:
            self._watch.undo_exclusion(request.path_params["number"], by=visitor_of(request))
        except KeyError:
            return self._kit.missing(request)
        return RedirectResponse("/exclusions", status_code=303)
