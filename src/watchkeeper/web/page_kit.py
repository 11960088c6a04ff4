"""
What does every page need to answer?

A handler finds the value, builds one documented view, and renders it through here. What is not found answers with the
nearest names; a form that changed nothing says why.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from watchkeeper.act.watch import Watch
from watchkeeper.measure.values import Rejection
from watchkeeper.web.doors import Doors
from watchkeeper.web.forms import fields_of
from watchkeeper.web.render import Renderer
from watchkeeper.web.views.finding import found_view

#: What answers to a form: the request and its fields, called in a thread.
FormHandler = Callable[[Request, dict[str, str]], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedView:
    """
    A form that changed nothing, and why.
    """

    title: str
    why: str


class PageKit:
    """
    What the modules of pages share: the watch, the doors, and how a view becomes an answer.
    """

    def __init__(self, watch: Watch, doors: Doors) -> None:
        self.watch, self.doors = watch, doors
        self.render = Renderer(doors)

    def missing(self, request: Request) -> Response:
        """
        The page that says that there is nothing here, with the names that come nearest.
        """
        sought = request.url.path.rstrip("/").rpartition("/")[2]
        return self.render(request, "found.html", found_view(sought, self.watch, missing=True), status=404)

    def found(self, request: Request, template: str, view: Callable[[], Any]) -> Response:
        """
        The page of what `view` builds, or the missing page where that raises KeyError.
        """
        try:
            found = view()
        except KeyError:
            return self.missing(request)
        return self.render(request, template, found)

    def refused(self, request: Request, why: Rejection) -> Response:
        """
        A form that cannot be followed.
        """
        view = RefusedView(title="Not done", why=why.why)
        return self.render(request, "refused.html", view, status=why.status)

    def form(self, handler: FormHandler) -> Callable[[Request], Awaitable[Response]]:
        """
        A handler of POST requests that calls `handler` with the fields of the form, in a thread.
        """

        async def answered(request: Request) -> Response:
            fields = await fields_of(request)
            if isinstance(fields, Rejection):
                return self.refused(request, fields)
            return await run_in_threadpool(handler, request, fields)

        return answered

    def after(self, request: Request, page: Callable[[Request], Response], href: str) -> Response:
        """
        What follows a change: htmx gets `page` anew, a plain form is sent to `href`.
        """
        if request.headers.get("hx-request") == "true":
            return page(request)
        return RedirectResponse(href, status_code=303)
