"""
Which addresses has the API, and how does an application get them?
"""

from typing import Final

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.routing import APIRoute

from watchkeeper.act.watch import Watch
from watchkeeper.web.api import (
    accounts,
    admin,
    alerts,
    exclusions,
    faults,
    incidents,
    messages,
    objectives,
    oncall,
    pages,
    silences,
    status,
    switches,
)
from watchkeeper.web.api.asking import PREFIX, router
from watchkeeper.web.api.errors import Unknown
from watchkeeper.web.doors import Doors

ROUTERS: Final[tuple[APIRouter, ...]] = (
    status.routes,
    objectives.routes,
    alerts.routes,
    incidents.routes,
    admin.routes,
    messages.routes,
    oncall.routes,
    pages.routes,
    silences.routes,
    switches.routes,
    exclusions.routes,
    faults.routes,
    accounts.routes,
)
METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
TAGS: Final = [
    {"name": "watch", "description": "How everything stands; the manual, and reading it again."},
    {"name": "objectives", "description": "The promises of the manual, with their arithmetic and error budgets."},
    {"name": "alerts", "description": "What is the matter, why, who was told, and who was not."},
    {"name": "incidents", "description": "What people work on together."},
    {"name": "messages", "description": "What went out through the channels, and what became of it."},
    {"name": "pages", "description": "Who is paged for what, who has it, and why somebody was not paged."},
    {"name": "on-call", "description": "Who is on call, when a page would reach nobody, overrides and swaps."},
    {"name": "silences", "description": "Alerts that nobody hears of for a time, with who wanted it and why."},
    {"name": "switches", "description": "What the live application asks for by OFREP: what it says, and flipping it."},
    {"name": "exclusions", "description": "Minutes that count in no window, with who took them out and why."},
    {"name": "accounts", "description": "Who may come in, as a person or as a program; the audit log."},
    {"name": "faults", "description": "Breaking the stand-in application of the demo, and mending it."},
]
DESCRIPTION: Final = (
    "Counts are whole numbers; a share or a measured value stands as a float and, beside it, exactly as a fraction. "
    "Values are in SI units, ratios 0..1 with the polarity of the manual. Instants are RFC 3339 in UTC, spans of time "
    'are seconds. A change speaks JSON. Every error is `{"error": a sentence, "nearest": [names that exist]}`.'
)


def join_api(app: FastAPI, watch: Watch, doors: Doors) -> None:
    """
    Give an application the API over this watch.
    """
    app.state.watch, app.state.doors = watch, doors
    app.openapi_tags, app.description = TAGS, DESCRIPTION
    for one in (*ROUTERS, _rest()):
        app.include_router(one)


def paths() -> list[str]:
    """
    The address of every route, as its description has it.
    """
    return sorted({route.path_format for route in _known()})


def _rest() -> APIRouter:
    """
    What is no address of ours says so as every error here does, not as a page.
    """
    rest = router("watch")

    @rest.api_route("/{path:text}", methods=METHODS, include_in_schema=False)
    def no_such_address(path: str, request: Request) -> None:
        if allowed := _methods(request.url.path):
            why = f"found {request.method}; wanted {' or '.join(allowed)}"
            raise HTTPException(405, why, headers={"Allow": ", ".join(allowed)})
        raise Unknown("address", f"{PREFIX}/{path}", paths())

    return rest


def _methods(path: str) -> list[str]:
    """
    What may be done at an address.
    """
    return sorted({method for route in _known() if route.path_regex.match(path) for method in route.methods or ()})


def _known() -> list[APIRoute]:
    return [route for one in ROUTERS for route in one.routes if isinstance(route, APIRoute)]
