"""
Which addresses does Watchkeeper answer, and what stands before them?

`create_app` wires the doors: telemetry in, health, metrics, pages, the API. No rule of its own lives here.
"""

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from watchkeeper.act.watch import Watch
from watchkeeper.store.errors import StateError
from watchkeeper.web.api.joining import join_api
from watchkeeper.web.calendar_feed import CalendarFeed
from watchkeeper.web.doors import Doors
from watchkeeper.web.exposition import Exposition
from watchkeeper.web.gate import Gate
from watchkeeper.web.health import Health
from watchkeeper.web.ingest import Ingest
from watchkeeper.web.live import Live
from watchkeeper.web.ofrep import Ofrep
from watchkeeper.web.pages import Pages
from watchkeeper.web.safety import Safety
from watchkeeper.web.slack import SlackDoor
from watchkeeper.web.telemetry import Telemetry

__all__ = ["Doors", "create_app"]


def create_app(watch: Watch, doors: Doors) -> FastAPI:
    """
    The application over a running watch. It starts and stops nothing.
    """
    app = FastAPI(
        title="Watchkeeper",
        version=doors.version,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
    )
    ingest, pages = Ingest(watch), Pages(watch, doors)
    watching = (Health(watch, doors), Exposition(watch, doors, ingest), Live(watch, doors), CalendarFeed(watch, doors))
    for part in (ingest, *watching, SlackDoor(doors), Ofrep(watch, doors), pages):
        app.router.routes.extend(part.routes())
    join_api(app, watch, doors)

    async def not_answered(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404 and "text/html" in request.headers.get("accept", ""):
            return await run_in_threadpool(pages.missing, request)
        return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)

    async def away(_request: Request, error: Exception) -> Response:
        return PlainTextResponse(f"{error}\nTry again in a moment.\n", status_code=503, headers={"Retry-After": "1"})

    app.add_exception_handler(HTTPException, not_answered)
    app.add_exception_handler(StateError, away)
    app.add_middleware(Telemetry, handlers=ingest.handlers())
    app.add_middleware(Gate, watch=watch, doors=doors, page=pages.refused)
    app.add_middleware(Safety, doors=doors)  # the last one added is the outermost
    return app
