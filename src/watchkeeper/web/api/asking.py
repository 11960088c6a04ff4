"""
How does an address of the API reach the watch?
"""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from pydantic import StringConstraints
from starlette.convertors import Convertor, register_url_convertor

from watchkeeper.act.watch import Watch
from watchkeeper.web.api.errors import ApiRoute, answers
from watchkeeper.web.doors import Doors

PREFIX = "/api/v1"


class AnyText(Convertor[str]):
    """
    The rest of a path, whatever it holds: slashes, and line breaks too (Starlette's own `path` ends at those).
    """

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """
        As it is.
        """
        return value

    def to_string(self, value: str) -> str:
        """
        As it is.
        """
        return value


register_url_convertor("text", AnyText())


def router(tag: str) -> APIRouter:
    """
    A router for addresses of one kind.
    """
    return APIRouter(
        prefix=PREFIX,
        tags=[tag],
        route_class=ApiRoute,
        responses=answers(503),
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
