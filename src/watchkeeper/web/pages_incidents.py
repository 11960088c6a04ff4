"""
Which pages show incidents, and what may be done there?
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.act.accounts.visitor import Visitor
from watchkeeper.act.incidents.desk import IncidentDesk, NotNow, Unfit
from watchkeeper.web.page_kit import PageKit
from watchkeeper.web.views.incidents import incident_page, incidents_view
from watchkeeper.web.visitors import visitor_of

Fields = dict[str, str]
#: What a deed does: the desk, the number, the fields of the form, who does it. The number of another incident to go to.
Deed = Callable[[IncidentDesk, int, Fields, Visitor], int | None]


def _whole(fields: Fields, name: str) -> int:
    """
    A field that holds a number. Raises Unfit.
    """
    written = fields.get(name, "")
    if not (written.isascii() and written.isdigit() and len(written) < 16):
        raise Unfit(f"found `{name}={written[:40]}`; wanted a number")
    return int(written)


def _ticked(fields: Fields, kind: str) -> list[str]:
    """
    What was ticked of a kind: `service:cart=on`.
    """
    return [name.removeprefix(kind) for name in fields if name.startswith(kind)]


def _close(desk: IncidentDesk, number: int, _: Fields, who: Visitor) -> None:
    desk.close(number, by=who)


def _reopen(desk: IncidentDesk, number: int, _: Fields, who: Visitor) -> None:
    desk.reopen(number, by=who)


def _acknowledge(desk: IncidentDesk, number: int, fields: Fields, who: Visitor) -> None:
    desk.acknowledge(number, by=who, assignee=fields.get("assignee") or None)


def _stage(desk: IncidentDesk, number: int, fields: Fields, who: Visitor) -> None:
    desk.stage(number, by=who, to=fields.get("to") or None)


def _step(desk: IncidentDesk, number: int, fields: Fields, who: Visitor) -> None:
    position = _whole(fields, "step") - 1
    done = fields.get("done") != "false"
    desk.step(number, fields.get("list", ""), position, by=who, done=done, note=fields.get("note", "")[:400])


def _role(desk: IncidentDesk, number: int, fields: Fields, who: Visitor) -> None:
    deed = desk.give_up_role if fields.get("held") == "false" else desk.take_role
    deed(number, fields.get("role", ""), person=fields.get("person") or who.by, by=who)


def _severity(desk: IncidentDesk, number: int, fields: Fields, who: Visitor) -> None:
    desk.change_severity(number, fields.get("severity", ""), by=who, reason=fields.get("reason", "")[:400])


def _note(desk: IncidentDesk, number: int, fields: Fields, who: Visitor) -> None:
    if not fields.get("text"):
        return  # an empty note is no note
    if fields.get("as") == "update":
        desk.update(number, fields["text"], by=who)
    else:
        desk.note(number, fields["text"], by=who)


def _edit(desk: IncidentDesk, number: int, fields: Fields, who: Visitor) -> None:
    desk.edit(number, _whole(fields, "entry"), fields.get("text", ""), by=who)


def _summary(desk: IncidentDesk, number: int, fields: Fields, who: Visitor) -> None:
    desk.summarise(number, fields.get("text", ""), by=who)


def _services(desk: IncidentDesk, number: int, fields: Fields, who: Visitor) -> None:
    desk.affect(number, _ticked(fields, "service:"), by=who)


def _alerts(desk: IncidentDesk, number: int, fields: Fields, who: Visitor) -> None:
    desk.attach(number, [fields.get("attach", "")], by=who)


def _split(desk: IncidentDesk, number: int, fields: Fields, who: Visitor) -> int | None:
    chosen = _ticked(fields, "alert:")
    if fields.get("as") == "detach":
        desk.detach(number, chosen, by=who)
        return None
    return desk.split(number, chosen, title=fields.get("title", ""), by=who).number


def _merge(desk: IncidentDesk, number: int, fields: Fields, who: Visitor) -> int | None:
    return desk.merge(number, into=_whole(fields, "into"), by=who).number


DEEDS: Final[Mapping[str, Deed]] = {
    "acknowledge": _acknowledge,
    "alerts": _alerts,
    "close": _close,
    "edit": _edit,
    "merge": _merge,
    "notes": _note,
    "reopen": _reopen,
    "roles": _role,
    "services": _services,
    "severity": _severity,
    "split": _split,
    "stage": _stage,
    "steps": _step,
    "summary": _summary,
}


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
            Route("/incidents", self._incidents, methods=["GET"]),
            Route("/incidents", self._kit.form(self._open), methods=["POST"]),
            Route("/incidents/{number:int}", self._incident),
            Route("/incidents/{number:int}/{deed}", self._kit.form(self._changed), methods=["POST"]),
        ]

    def _incidents(self, request: Request) -> Response:
        return self._kit.render(request, "incidents.html", incidents_view(self._watch))

    def _open(self, request: Request, fields: Fields) -> Response:
        try:
            new = self._watch.desk.open(
                title=fields.get("title", ""),
                severity=fields.get("severity", ""),
                service=fields.get("service") or None,
                by=visitor_of(request),
            )
        except Unfit as why:
            view = incidents_view(self._watch, wrong=str(why))
            return self._kit.render(request, "incidents.html", view, status=422)
        return RedirectResponse(f"/incidents/{new.number}", status_code=303)

    def _incident(self, request: Request) -> Response:
        return self._shown(request)

    def _shown(self, request: Request, *, wrong: str = "", status: int = 200) -> Response:
        number = request.path_params["number"]
        try:
            view: Any = incident_page(self._watch.incident(number), self._watch, wrong=wrong)
        except KeyError:
            return self._kit.missing(request)
        return self._kit.render(request, "incident.html", view, status=status)

    def _changed(self, request: Request, fields: Fields) -> Response:
        number, deed = request.path_params["number"], DEEDS.get(request.path_params["deed"])
        if deed is None:
            return self._kit.missing(request)
        try:
            other = deed(self._watch.desk, number, fields, visitor_of(request))
        except KeyError:
            return self._kit.missing(request)
        except (NotNow, Unfit) as why:
            return self._shown(request, wrong=str(why), status=409 if isinstance(why, NotNow) else 422)
        if other is not None and other != number:
            return self._to(request, f"/incidents/{other}")
        return self._kit.after(request, self._incident, f"/incidents/{number}")

    def _to(self, request: Request, href: str) -> Response:
        if request.headers.get("hx-request") == "true":
            return Response(status_code=204, headers={"HX-Redirect": href})
        return RedirectResponse(href, status_code=303)
