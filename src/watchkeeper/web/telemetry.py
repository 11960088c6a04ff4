"""
How does telemetry get past everything that it does not need?

Most requests by far are bodies of telemetry. They go straight from the safety layer to their handler: what stands
before a page or the API (dependencies, exit stacks, routing by pattern) costs more than taking a small body in.
"""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Handler = Callable[[Request], Awaitable[Response]]


class Telemetry:
    """
    Answers POST requests to some addresses by itself, and leaves all others to the application.
    """

    def __init__(self, app: ASGIApp, *, handlers: Mapping[str, Handler]) -> None:
        self._app, self._handlers = app, dict(handlers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self._handlers.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if handler is None:
            await self._app(scope, receive, send)
            return
        response = await handler(Request(scope, receive))
        await response(scope, receive, send)
