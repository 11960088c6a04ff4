"""
On which page is a link in a message followed, and its button pressed?

Whoever holds the link may do the one thing that it says, once, without signing in. To look changes nothing: mail
scanners and previews open links too.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.act.answering import Answers
from watchkeeper.act.links import Link, digest_of
from watchkeeper.decide.oncall.reach import CONTACT
from watchkeeper.web.page_kit import PageKit
from watchkeeper.web.views.answer import answered, asked, unknown_link
from watchkeeper.web.views.paged import paged


class AnswerPages:
    """
    The page of a link.
    """

    def __init__(self, kit: PageKit) -> None:
        self._kit, self._watch = kit, kit.watch
        self._answers = Answers(kit.watch.state, kit.watch.clock)

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """
        return [
            Route("/answer/{token}", self._asked, methods=["GET"]),
            Route("/answer/{token}", self._kit.form(self._pressed), methods=["POST"]),
        ]

    def _asked(self, request: Request) -> Response:
        token, link = self._link(request)
        if link is None:
            return self._unknown(request)
        rows, used = self._answers.look(link, digest_of(token))
        view = asked(link, token, rows, self._watch, paged(self._watch).overrides, used=used)
        return self._kit.render(request, "answer.html", view)

    def _pressed(self, request: Request, fields: dict[str, str]) -> Response:  # noqa: ARG002 (the link says it all)
        token, link = self._link(request)
        if link is None:
            return self._unknown(request)
        rows, done = self._answers.press(link, digest_of(token))
        exceptions = paged(self._watch).overrides
        if done:
            view = answered(link, token, rows, self._watch, exceptions)
        else:
            view = asked(link, token, rows, self._watch, exceptions, used=True)
        if _bare(request):
            return PlainTextResponse(f"{view.headline}. {view.sentence}\n")
        return self._kit.render(request, "answer.html", view)

    def _link(self, request: Request) -> tuple[str, Link | None]:
        token, links = request.path_params["token"], self._kit.doors.links
        link = None if links is None else links.read(token, self._watch.clock.now_ns())
        return token, link if link is not None and self._is_here(link.person) else None

    def _is_here(self, person: str) -> bool:
        """
        Whether the manual still names them: whoever left keeps their messages, and the links in them open nothing.
        """
        manual = self._watch.standing.manual
        name = person.removeprefix(CONTACT)
        return name in (manual.people if name == person else manual.contacts)

    def _unknown(self, request: Request) -> Response:
        view = unknown_link()
        if _bare(request):
            return PlainTextResponse(f"{view.headline}. {view.sentence}\n", status_code=404)
        return self._kit.render(request, "answer.html", view, status=404)


def _bare(request: Request) -> bool:
    """
    Whether a button outside of a browser asks (an app that shows no page).
    """
    return request.method == "POST" and request.headers.get("content-type", "").startswith("application/json")
