"""
Which pages show incidents, and what may be done there?
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.web.forms import MOST_TEXT
from watchkeeper.web.page_kit import PageKit
from watchkeeper.web.views.incidents import incident_page, incidents_view
from watchkeeper.web.visitors import visitor_of


class IncidentPages:
    """
    Incidents: the list, and each one with its deeds.
    """

    def __init__(self, kit: PageKit) -> None:
        self._kit, self._watch = kit, kit.watch

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """
        return [
            Route("/incidents", self._incidents),
            Route("/incidents/{number:int}", self._incident),
            Route("/incidents/{number:int}/{deed}", self._kit.form(self._changed), methods=["POST"]),
        ]

    def _incidents(self, request: Request) -> Response:
        return self._kit.render(request, "incidents.html", incidents_view(self._watch))

    def _incident(self, request: Request) -> Response:
        def view() -> Any:
            return incident_page(self._watch.incident(request.path_params["number"]), self._watch)

        return self._kit.found(request, "incident.html", view)

    def _changed(self, request: Request, fields: dict[str, str]) -> Response:
        number, by = request.path_params["number"], visitor_of(request).by
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
                    return self._kit.missing(request)
        except KeyError:
            return self._kit.missing(request)
        return self._kit.after(request, self._incident, f"/incidents/{number}")
