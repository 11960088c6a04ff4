"""
On which page does a demo's stand-in break on purpose?
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.measure.values import Rejection
from watchkeeper.outside.errors import OutsideError
from watchkeeper.web.faults import NoStandIn, UnknownFault, switch_fault
from watchkeeper.web.page_kit import PageKit
from watchkeeper.web.views.faults import faults_view
from watchkeeper.web.visitors import visitor_of

#: What the field `on` of a fault's form may say.
SWITCHES: Final = {"true": True, "false": False}


class FaultPages:
    """
    The faults of the stand-in, and switching them.
    """

    def __init__(self, kit: PageKit) -> None:
        self._kit, self._watch, self._doors = kit, kit.watch, kit.doors

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """
        return [
            Route("/faults", self._faults),
            Route("/faults/{name}", self._kit.form(self._switched), methods=["POST"]),
        ]

    def _faults(self, request: Request) -> Response:
        try:
            return self._kit.render(request, "faults.html", faults_view(self._watch, self._doors))
        except NoStandIn:
            return self._kit.missing(request)

    def _switched(self, request: Request, fields: dict[str, str]) -> Response:
        if fields.get("on") not in SWITCHES:
            found = f"`on={fields['on'][:40]}`" if "on" in fields else "no field `on`"
            why = f"found {found}; wanted `on=true` or `on=false`"
            return self._kit.refused(request, Rejection(status=400, why=why))
        try:
            name = request.path_params["name"]
            switch_fault(self._watch, self._doors, name, on=SWITCHES[fields["on"]], by=visitor_of(request))
        except (NoStandIn, UnknownFault):
            return self._kit.missing(request)
        except OutsideError:
            pass  # the page says that the stand-in does not answer
        return self._kit.after(request, self._faults, "/faults")
