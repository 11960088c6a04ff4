"""
Which pages are there?

A handler finds the value, builds one documented view, and renders it. What is not found answers with the nearest names.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from watchkeeper.act.excluding import CannotExclude
from watchkeeper.act.watch import SHOWN_WINDOWS_NS, Watch
from watchkeeper.measure.values import Rejection
from watchkeeper.outside.errors import OutsideError
from watchkeeper.web.doors import Doors
from watchkeeper.web.faults import NoStandIn, UnknownFault, switch_fault
from watchkeeper.web.forms import MOST_TEXT, fields_of, person
from watchkeeper.web.render import STATIC, Assets, Renderer
from watchkeeper.web.views.alerts import alert_page, alerts_view
from watchkeeper.web.views.exclusions import exclusions_view, wish_of
from watchkeeper.web.views.faults import faults_view
from watchkeeper.web.views.finding import found_view
from watchkeeper.web.views.incidents import incident_page, incidents_view
from watchkeeper.web.views.manual import manual_view
from watchkeeper.web.views.objective import objective_view
from watchkeeper.web.views.objective_row import FASTER
from watchkeeper.web.views.overview import overview_view
from watchkeeper.web.views.runbooks import runbook_page, runbooks_view

#: What the field `on` of a fault's form may say.
SWITCHES = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedView:
    """
    A form that changed nothing, and why.
    """

    title: str
    why: str


class Pages:
    """
    The pages for people.
    """

    def __init__(self, watch: Watch, doors: Doors) -> None:
        self._watch, self._doors = watch, doors
        self._render = Renderer(doors)

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """
        return [
            Mount("/static", Assets(directory=STATIC), name="static"),
            Route("/", self._overview),
            Route("/objectives/{name}", self._objective),
            Route("/alerts", self._alerts),
            Route("/alerts/{key:text}", self._alert),
            Route("/incidents", self._incidents),
            Route("/incidents/{number:int}", self._incident),
            Route("/incidents/{number:int}/{deed}", self._change_incident, methods=["POST"]),
            Route("/manual", self._manual),
            Route("/runbooks", self._runbooks),
            Route("/runbooks/{name}", self._runbook),
            Route("/faults", self._faults),
            Route("/faults/{name}", self._switch, methods=["POST"]),
            Route("/exclusions", self._exclusions, methods=["GET"]),
            Route("/exclusions", self._exclude, methods=["POST"]),
            Route("/exclusions/{number:int}/undo", self._undo_exclusion, methods=["POST"]),
            Route("/find", self._find),
        ]

    def missing(self, request: Request) -> Response:
        """
        The page that says that there is nothing here, with the names that come nearest.
        """
        sought = request.url.path.rstrip("/").rpartition("/")[2]
        return self._render(request, "found.html", found_view(sought, self._watch, missing=True), status=404)

    def _overview(self, request: Request) -> Response:
        return self._render(request, "overview.html", overview_view(self._watch, self._doors))

    def _objective(self, request: Request) -> Response:
        def view() -> Any:
            windows = [ns // FASTER if self._doors.fast else ns for ns in SHOWN_WINDOWS_NS]
            story = self._watch.objective(request.path_params["name"], windows_ns=windows)
            return objective_view(story, self._watch, self._doors)

        return self._found(request, "objective.html", view)

    def _alerts(self, request: Request) -> Response:
        return self._render(request, "alerts.html", alerts_view(self._watch))

    def _alert(self, request: Request) -> Response:
        def view() -> Any:
            return alert_page(self._watch.alert(request.path_params["key"]), self._watch, self._doors)

        return self._found(request, "alert.html", view)

    def _incidents(self, request: Request) -> Response:
        return self._render(request, "incidents.html", incidents_view(self._watch))

    def _incident(self, request: Request) -> Response:
        def view() -> Any:
            return incident_page(self._watch.incident(request.path_params["number"]), self._watch)

        return self._found(request, "incident.html", view)

    async def _change_incident(self, request: Request) -> Response:
        fields = await fields_of(request)
        if isinstance(fields, Rejection):
            return self._refused(request, fields)
        return await run_in_threadpool(self._changed_incident, request, fields)

    def _changed_incident(self, request: Request, fields: dict[str, str]) -> Response:
        number, by = request.path_params["number"], person(fields)
        try:
            match request.path_params["deed"]:
                case "close":
                    self._watch.close_incident(number, by=by)
                case "reopen":
                    self._watch.reopen_incident(number, by=by)
                case "notes" if text := fields.get("text", "")[:MOST_TEXT]:
                    self._watch.note(number, text=text, by=by)
                case "notes":
                    pass  # an empty note is no note
                case _:
                    return self.missing(request)
        except KeyError:
            return self.missing(request)
        if request.headers.get("hx-request") == "true":
            return self._incident(request)
        return RedirectResponse(f"/incidents/{number}", status_code=303)

    def _manual(self, request: Request) -> Response:
        return self._render(request, "manual.html", manual_view(self._watch, self._doors))

    def _runbooks(self, request: Request) -> Response:
        return self._render(request, "runbooks.html", runbooks_view(self._watch))

    def _runbook(self, request: Request) -> Response:
        def view() -> Any:
            return runbook_page(request.path_params["name"], self._watch)

        return self._found(request, "runbook.html", view)

    def _faults(self, request: Request) -> Response:
        try:
            return self._render(request, "faults.html", faults_view(self._watch, self._doors))
        except NoStandIn:
            return self.missing(request)

    async def _switch(self, request: Request) -> Response:
        fields = await fields_of(request)
        if isinstance(fields, Rejection):
            return self._refused(request, fields)
        return await run_in_threadpool(self._switched, request, fields)

    def _switched(self, request: Request, fields: dict[str, str]) -> Response:
        if fields.get("on") not in SWITCHES:
            found = f"`on={fields['on'][:40]}`" if "on" in fields else "no field `on`"
            return self._refused(request, Rejection(status=400, why=f"found {found}; wanted `on=true` or `on=false`"))
        try:
            switch_fault(self._watch, self._doors, request.path_params["name"], on=SWITCHES[fields["on"]])
        except (NoStandIn, UnknownFault):
            return self.missing(request)
        except OutsideError:
            pass  # the page says that the stand-in does not answer
        if request.headers.get("hx-request") == "true":
            return self._faults(request)
        return RedirectResponse("/faults", status_code=303)

    def _exclusions(self, request: Request) -> Response:
        return self._render(request, "exclusions.html", exclusions_view(self._watch))

    async def _exclude(self, request: Request) -> Response:
        fields = await fields_of(request)
        if isinstance(fields, Rejection):
            return self._refused(request, fields)
        return await run_in_threadpool(self._excluded, request, fields)

    def _excluded(self, request: Request, fields: dict[str, str]) -> Response:
        try:
            wish = wish_of(fields, ZoneInfo(self._watch.standing.manual.zone))
            self._watch.exclude(wish, by=person(fields))
        except CannotExclude as why:
            view = exclusions_view(self._watch, written=fields, why=str(why))
            return self._render(request, "exclusions.html", view, status=400)
        return RedirectResponse("/exclusions", status_code=303)

    async def _undo_exclusion(self, request: Request) -> Response:
        fields = await fields_of(request)
        if isinstance(fields, Rejection):
            return self._refused(request, fields)
        try:
            await run_in_threadpool(self._watch.undo_exclusion, request.path_params["number"], by=person(fields))
        except KeyError:
            return await run_in_threadpool(self.missing, request)
        return RedirectResponse("/exclusions", status_code=303)

    def _find(self, request: Request) -> Response:
        view = found_view(request.query_params.get("q", "")[:200], self._watch)
        if len(view.hits) == 1:
            return RedirectResponse(view.hits[0].href, status_code=303)
        return self._render(request, "found.html", view)

    def _found(self, request: Request, template: str, view: Callable[[], Any]) -> Response:
        try:
            found = view()
        except KeyError:
            return self.missing(request)
        return self._render(request, template, found)

    def _refused(self, request: Request, why: Rejection) -> Response:
        view = RefusedView(title="Not done", why=why.why)
        return self._render(request, "refused.html", view, status=why.status)
