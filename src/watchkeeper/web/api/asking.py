"""
How does an address of the API reach the watch?
"""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from pydantic import StringConstraints

from watchkeeper.act.watch import Watch
from watchkeeper.web.api.errors import ApiRoute, answers
from watchkeeper.web.doors import Doors

PREFIX = "/api/v1"
MOST_BYTES = 64 * 1024  # of a change; its parts have limits of their own


def router(tag: str) -> APIRouter:
    """
    A router for addresses of one kind.
    """
    return APIRouter(
        prefix=PREFIX,
        tags=[tag],
        route_class=ApiRoute,
        responses=answers(503),
        max_body_size=MOST_BYTES,
        generate_unique_id_function=lambda route: route.name,
    )


def _watch(request: Request) -> Watch:
    return cast(Watch, request.app.state.watch)


def _doors(request: Request) -> Doors:
    return cast(Doors, request.app.state.doors)


TheWatch = Annotated[Watch, Depends(_watch)]
TheDoors = Annotated[Doors, Depends(_doors)]

#: Who does it, in their own word: nobody signs in yet.
By = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
