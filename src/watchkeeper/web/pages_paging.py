"""
Which pages show whom the watch asks, and what may be answered there?
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.store import pages
from watchkeeper.web.page_kit import PageKit
from watchkeeper.web.views.paged import paged
from watchkeeper.web.views.pages import pages_view


class PagingPages:
    """
    Pages: the list, each one with what may be done, and the answers through links.
    """

    def __init__(self, kit: PageKit) -> None:
        self._kit, self._watch = kit, kit.watch

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """
        return [Route("/pages", self._pages)]

    def _pages(self, request: Request) -> Response:
        found = paged(self._watch)
        with self._watch.state.reading() as view:
            recent = pages.recent(view)
        shown = pages_view(self._watch, found.rows, recent, found.alerts, found.overrides)
        return self._kit.render(request, "pages.html", shown)
