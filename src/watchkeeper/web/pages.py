"""
Which pages are there?

A handler finds the value, builds one documented view, and renders it.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watchkeeper.act.watch import Watch
from watchkeeper.web.doors import Doors


class Pages:
    """
    The pages for people.
    """

    def __init__(self, watch: Watch, doors: Doors) -> None:
        self._watch, self._doors = watch, doors

    def routes(self) -> list[Route]:
        """
        The routes, in one place.
        """
        return [Route("/", self._overview)]

    def _overview(self, _: Request) -> Response:
        lines = [f"{one.name}: {one.standing}" for one in self._watch.objectives()]
        return PlainTextResponse("\n".join(lines) + "\n")
