"""
Which pages are there?

A handler finds the value, builds one documented view, and renders it. What is not found answers with the nearest names.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from watchkeeper.act.watch import Watch
from watchkeeper.web.doors import Doors
from watchkeeper.web.render import STATIC, Assets, Renderer
from watchkeeper.web.views.overview import overview_view


class Pages:
    """
    The pages for people.
    """

    def __init__(self, watch: Watch, doors: Doors) -> None:
        self._watch, self._doors = watch, doors
        self._render = Renderer(doors)

    def routes(self) -> list[Route | Mount]:
        """
        The routes, in one place.
        """
        return [
            Mount("/static", Assets(directory=STATIC), name="static"),
            Route("/", self._overview),
        ]

    def _overview(self, request: Request) -> Response:
        return self._render(request, "overview.html", overview_view(self._watch, self._doors))
