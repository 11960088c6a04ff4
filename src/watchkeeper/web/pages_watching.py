"""
Which pages show what the manual promises and how it stands?

The overview, objectives, alerts, the manual itself, its runbooks, and the search over all of them.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.act.paging.desk import PageDesk
from watchkeeper.act.watch import SHOWN_WINDOWS_NS
from watchkeeper.web.page_kit import PageKit
from watchkeeper.web.views.alerts import alert_page, alerts_view
from watchkeeper.web.views.finding import found_view
from watchkeeper.web.views.manual import manual_view
from watchkeeper.web.views.objective import objective_view
from watchkeeper.web.views.objective_row import FASTER
from watchkeeper.web.views.overview import overview_view
from watchkeeper.web.views.runbooks import runbook_page, runbooks_view
from watchkeeper.web.visitors import visitor_of


class WatchingPages:
    """
    The pages that are only read.
    """

    def __init__(self, kit: PageKit) -> None:
        self._kit, self._watch, self._doors = kit, kit.watch, kit.doors
        self._desk = PageDesk(kit.watch.state, kit.watch.clock, lambda: kit.watch.standing)

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """
        return [
            Route("/", self._overview),
            Route("/objectives/{name}", self._objective),
            Route("/alerts", self._alerts),
            Route("/alerts/{key:text}", self._alert),
            Route("/manual", self._manual),
            Route("/runbooks", self._runbooks),
            Route("/runbooks/{name}", self._runbook),
            Route("/find", self._find),
        ]

    def _overview(self, request: Request) -> Response:
        return self._kit.render(request, "overview.html", overview_view(self._watch, self._doors))

    def _objective(self, request: Request) -> Response:
        def view() -> Any:
            windows = [ns // FASTER if self._doors.fast else ns for ns in SHOWN_WINDOWS_NS]
            story = self._watch.objective(request.path_params["name"], windows_ns=windows)
            return objective_view(story, self._watch, self._doors)

        return self._kit.found(request, "objective.html", view)

    def _alerts(self, request: Request) -> Response:
        return self._kit.render(request, "alerts.html", alerts_view(self._watch))

    def _alert(self, request: Request) -> Response:
        def view() -> Any:
            key = request.path_params["key"]
            story, why = self._watch.alert(key), self._desk.why(key)
            return alert_page(story, self._watch, self._doors, why, person=visitor_of(request).person)

        return self._kit.found(request, "alert.html", view)

    def _manual(self, request: Request) -> Response:
        return self._kit.render(request, "manual.html", manual_view(self._watch, self._doors))

    def _runbooks(self, request: Request) -> Response:
        return self._kit.render(request, "runbooks.html", runbooks_view(self._watch))

    def _runbook(self, request: Request) -> Response:
        def view() -> Any:
            return runbook_page(request.path_params["name"], self._watch)

        return self._kit.found(request, "runbook.html", view)

    def _find(self, request: Request) -> Response:
        view = found_view(request.query_params.get("q", "")[:200], self._watch)
        if len(view.hits) == 1:
            return RedirectResponse(view.hits[0].href, status_code=303)
        return self._kit.render(request, "found.html", view)
