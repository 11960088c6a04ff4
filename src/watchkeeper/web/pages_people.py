"""
Which pages say who is on call, who is asked next, and how each of them is reached?
"""

from collections.abc import Callable, Mapping
from typing import Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.act.oncall import CannotChange, OnCall
from watchkeeper.act.paging.desk import PageDesk
from watchkeeper.web.forms import Unreadable, instant_of
from watchkeeper.web.page_kit import PageKit
from watchkeeper.web.views.on_call import on_call_view
from watchkeeper.web.views.paged import HOLES_DAYS, paged
from watchkeeper.web.views.people import people_view, tested_words
from watchkeeper.web.views.policies import policies_view
from watchkeeper.web.visitors import Visitor, visitor_of

MOST_REASON: Final = 500
FROM_TO: Final = (("begins", "from"), ("ends", "to"))


class PeoplePages:
    """
    Schedules, escalation policies, people.
    """

    def __init__(self, kit: PageKit) -> None:
        self._kit, self._watch = kit, kit.watch
        self._desk = PageDesk(kit.watch.state, kit.watch.clock, lambda: kit.watch.standing)
        self._duties = OnCall(kit.watch.state, kit.watch.clock, lambda: kit.watch.standing)

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """
        return [
            Route("/on-call", self._on_call),
            Route("/on-call/overrides", self._kit.form(self._overridden), methods=["POST"]),
            Route("/on-call/overrides/{number:int}/undo", self._kit.form(self._undone), methods=["POST"]),
            Route("/on-call/swaps", self._kit.form(self._swapped), methods=["POST"]),
            Route("/policies", self._policies),
            Route("/people", self._people),
            Route("/people/{name}/test", self._kit.form(self._tested), methods=["POST"]),
        ]

    def _on_call(self, request: Request) -> Response:
        return self._shown(request, weeks=_whole(request.query_params.get("week", "0")))

    def _overridden(self, request: Request, fields: dict[str, str]) -> Response:
        def put(by: Visitor) -> None:
            zone = ZoneInfo(self._watch.standing.manual.zone)
            begin_ns, end_ns = (instant_of(fields.get(name, ""), says, zone) for name, says in FROM_TO)
            reason, person = fields.get("reason", "")[:MOST_REASON], fields.get("person", "")
            self._duties.override(
                fields.get("schedule", ""), person, begin_ns=begin_ns, end_ns=end_ns, reason=reason, by=by
            )

        return self._changed(request, fields, put)

    def _swapped(self, request: Request, fields: dict[str, str]) -> Response:
        def put(by: Visitor) -> None:
            (schedule, first_ns), (other, second_ns) = (_shift_of(fields.get(name, "")) for name in ("first", "second"))
            now_ns, reason = self._watch.clock.now_ns(), fields.get("reason", "")[:MOST_REASON]
            self._duties.swap(
                schedule,
                first_ns=max(first_ns, now_ns),
                second_ns=max(second_ns, now_ns),
                reason=reason,
                by=by,
                with_schedule=other,
            )

        return self._changed(request, fields, put)

    def _undone(self, request: Request, fields: dict[str, str]) -> Response:
        return self._changed(request, fields, lambda by: self._duties.undo(request.path_params["number"], by=by))

    def _changed(self, request: Request, fields: dict[str, str], put: Callable[[Visitor], object]) -> Response:
        try:
            put(visitor_of(request))
        except KeyError:
            return self._kit.missing(request)
        except (CannotChange, Unreadable) as why:
            return self._shown(request, written=fields, why=str(why))
        return RedirectResponse("/on-call", status_code=303)

    def _shown(
        self, request: Request, *, weeks: int = 0, written: Mapping[str, str] | None = None, why: str = ""
    ) -> Response:
        found = paged(self._watch)
        holes = self._duties.holes(HOLES_DAYS)
        view = on_call_view(self._watch, found.exceptions, holes, weeks=weeks, written=written, why=why)
        return self._kit.render(request, "on_call.html", view, status=400 if why else 200)

    def _policies(self, request: Request) -> Response:
        found = paged(self._watch)
        view = policies_view(self._watch, found.overrides, self._duties.holes(HOLES_DAYS))
        return self._kit.render(request, "policies.html", view)

    def _people(self, request: Request) -> Response:
        return self._kit.render(request, "people.html", people_view(self._watch, paged(self._watch).overrides))

    def _tested(self, request: Request, fields: dict[str, str]) -> Response:  # noqa: ARG002 (nothing to fill in)
        name = request.path_params["name"]
        try:
            sends = self._desk.test(name, by=visitor_of(request))
        except KeyError:
            return self._kit.missing(request)
        said = tested_words(name, sends, self._watch.standing.manual)
        view = people_view(self._watch, paged(self._watch).overrides, said=said)
        return self._kit.render(request, "people.html", view)


def _shift_of(text: str) -> tuple[str, int]:
    """
    A shift as the form sends it: its schedule, and when it begins (ns).
    """
    parts = text.rsplit(" ", 2)
    if len(parts) != 3 or not (parts[1].isascii() and parts[1].isdecimal() and len(parts[1]) < 20):
        raise Unreadable(f"found {text[:60]!r}; wanted a shift of the list")
    return parts[0], int(parts[1])


def _whole(text: str) -> int:
    """
    A number of weeks as an address carries it; 0 for anything else.
    """
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    return sign * int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 4 else 0
