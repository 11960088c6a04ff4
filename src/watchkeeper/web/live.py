"""
How does an open page learn that something changed?

`/live` is a stream of server-sent events. It says `changed` at most once a second, and the page then asks for its main
part again; where nothing changed it only shows that it is alive.
"""

import asyncio
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from watchkeeper.act.watch import Watch
from watchkeeper.web.doors import Doors

EVERY_SECONDS = 1.0
AT_LEAST_EVERY = 5  # seconds: windows move on, also when nothing new came


class Live:
    """
    The stream of changes.
    """

    def __init__(self, watch: Watch, doors: Doors, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._watch, self._doors, self._every = watch, doors, every_seconds

    def routes(self) -> list[Route]:
        """
        The route.
        """
        return [Route("/live", self._live)]

    async def _live(self, request: Request) -> StreamingResponse:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._changes(request), media_type="text/event-stream", headers=headers)

    async def _changes(self, request: Request) -> AsyncIterator[str]:
        yield "retry: 2000\n\n: hello\n\n"
        before, quiet = await run_in_threadpool(self._watch.stamp), 0
        while not self._doors.closing() and not await request.is_disconnected():
            await asyncio.sleep(self._every)
            now, quiet = await run_in_threadpool(self._watch.stamp), quiet + 1
            if now == before and quiet < AT_LEAST_EVERY:
                yield ": still here\n\n"
                continue
            before, quiet = now, 0
            yield "event: changed\ndata: \n\n"
