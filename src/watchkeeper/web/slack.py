"""
How does what people press in Slack come in?

`POST /slack/interactions` is open to anybody, and takes only what Slack has signed. It answers at once, for Slack waits
three seconds; what came of it is told to Slack afterwards.
"""

from typing import Final

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.act.slack_answers import NotFromSlack
from watchkeeper.measure.values import Rejection
from watchkeeper.web.bodies import read_capped
from watchkeeper.web.doors import Doors

PATH: Final = "/slack/interactions"
MOST: Final = 256 * 1024  # bytes


class SlackDoor:
    """
    The route.
    """

    def __init__(self, doors: Doors) -> None:
        self._answers = doors.slack

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """
        return [Route(PATH, self._pressed, methods=["POST"])]

    async def _pressed(self, request: Request) -> Response:
        if self._answers is None:
            return _refused()
        body = await read_capped(request, most=MOST)
        if isinstance(body, Rejection):
            return JSONResponse({"error": body.why}, status_code=body.status)
        headers = request.headers
        timestamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
        try:
            reply = await run_in_threadpool(self._answers.take, body, timestamp=timestamp, signature=signature)
        except NotFromSlack:
            return _refused()
        return Response(
            status_code=200, background=None if reply is None else BackgroundTask(self._answers.tell, reply)
        )


def _refused() -> Response:
    return JSONResponse(
        {"error": "found no signature of Slack's that holds; wanted one by `signing_env`"}, status_code=403
    )
