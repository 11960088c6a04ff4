"""
Which pages say who is on call, who is asked next, and how each of them is reached?
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.web.page_kit import PageKit
from watchkeeper.web.views.on_call import on_call_view
from watchkeeper.web.views.paged import holes_of, paged
from watchkeeper.web.views.people import people_view
from watchkeeper.web.views.policies import policies_view


class PeoplePages:
    """
    Schedules, escalation policies, people.
    """

    def __init__(self, kit: PageKit) -> None:
        self._kit, self._watch = kit, kit.watch

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """
        return [
            Route("/on-call", self._on_call),
            Route("/policies", self._policies),
            Route("/people", self._people),
        ]

    def _on_call(self, request: Request) -> Response:
        found = paged(self._watch)
        holes, weeks = holes_of(self._watch, found.overrides), _whole(request.query_params.get("week", "0"))
        view = on_call_view(self._watch, found.exceptions, holes, weeks=weeks)
        return self._kit.render(request, "on_call.html", view)

    def _policies(self, request: Request) -> Response:
        found = paged(self._watch)
        view = policies_view(self._watch, found.overrides, holes_of(self._watch, found.overrides))
        return self._kit.render(request, "policies.html", view)

    def _people(self, request: Request) -> Response:
        return self._kit.render(request, "people.html", people_view(self._watch, paged(self._watch).overrides))


def _whole(text: str) -> int:
    """
    A number of weeks as an address carries it; 0 for anything else.
    """
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    return sign * int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 4 else 0
