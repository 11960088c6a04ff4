"""
Which pages show whom the watch asks, and what may be answered there?
"""

from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.act.paging.desk import CannotDo, PageDesk
from watchkeeper.measure.values import Rejection
from watchkeeper.web.page_kit import PageKit
from watchkeeper.web.views.page import page_view
from watchkeeper.web.views.paged import paged
from watchkeeper.web.views.pages import pages_view
from watchkeeper.web.visitors import visitor_of

#: Where somebody may be sent back to after they answered.
BACK: Final = frozenset({"/", "/pages"})
MOST_AT_ONCE: Final = 1000
MOST_DIGITS: Final = 19
MOST_REASON: Final = 500
MINUTE_NS: Final = 60 * 10**9


class PagingPages:
    """
    Pages: the list, each one, and what may be done with it.
    """

    def __init__(self, kit: PageKit) -> None:
        self._kit, self._watch = kit, kit.watch
        self._desk = PageDesk(kit.watch.state, kit.watch.clock, lambda: kit.watch.standing)

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """
        return [
            Route("/pages", self._pages),
            Route("/pages/acknowledge", self._kit.form(self._taken), methods=["POST"]),
            Route("/pages/{number:int}", self._page),
            Route("/pages/{number:int}/{deed}", self._kit.form(self._answered), methods=["POST"]),
        ]

    def _pages(self, request: Request) -> Response:
        found = paged(self._watch)
        view = pages_view(self._watch, found.rows, self._desk.recent(), found.alerts, found.overrides)
        return self._kit.render(request, "pages.html", view)

    def _page(self, request: Request) -> Response:
        def view() -> object:
            story = self._desk.page(request.path_params["number"])
            return page_view(story, self._watch, paged(self._watch).overrides)

        return self._kit.found(request, "page.html", view)

    def _taken(self, request: Request, fields: dict[str, str]) -> Response:
        written = fields.get("ids", "").split(",")
        numbers = [int(text) for text in written if text.isascii() and text.isdecimal() and len(text) < MOST_DIGITS]
        return self._done(
            request,
            lambda: self._desk.acknowledge(numbers[:MOST_AT_ONCE], by=visitor_of(request)),
            "/pages",
        )

    def _answered(self, request: Request, fields: dict[str, str]) -> Response:
        number, by = request.path_params["number"], visitor_of(request)
        deeds: dict[str, Callable[[], object]] = {
            "acknowledge": lambda: self._desk.acknowledge([number], by=by),
            "unacknowledge": lambda: self._desk.unacknowledge(number, by=by),
            "snooze": lambda: self._desk.snooze(number, for_ns=_minutes(fields) * MINUTE_NS, by=by),
            "escalate": lambda: self._desk.escalate(number, by=by),
            "resolve": lambda: self._desk.resolve(number, by=by, reason=fields.get("reason", "")[:MOST_REASON]),
        }
        deed = deeds.get(request.path_params["deed"])
        if deed is None:
            return self._kit.missing(request)
        back = fields.get("back", "")
        return self._done(request, deed, back if back in BACK else f"/pages/{number}")

    def _done(self, request: Request, deed: Callable[[], object], href: str) -> Response:
        try:
            deed()
        except KeyError:
            return self._kit.missing(request)
        except CannotDo as why:
            return self._kit.refused(request, Rejection(status=409, why=str(why)))
        return RedirectResponse(href, status_code=303)  # scripts follow it too, and ask for the main part only


def _minutes(fields: dict[str, str]) -> int:
    """
    How long a page is put off; 0, which the desk refuses, for what is no number.
    """
    text = fields.get("minutes", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
