"""
How does an address of the API reach the watch?
"""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from starlette.convertors import Convertor, register_url_convertor

from watchkeeper.act.watch import Watch
from watchkeeper.web.api.errors import ApiRoute, answers
from watchkeeper.web.doors import Doors
from watchkeeper.web.visitors import Visitor, visitor_of

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


class Number(Convertor[int]):
    """
    A number that something may have. Starlette's own `int` takes so many digits that Python refuses to read them.
    """

    regex = "[0-9]{1,18}"

    def convert(self, value: str) -> int:
        """
        As a number.
        """
        return int(value)

    def to_string(self, value: int) -> str:
        """
        In digits.
        """
        return str(value)


register_url_convertor("text", AnyText())
register_url_convertor("int", Number())


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


def _visitor(request: Request) -> Visitor:
    return visitor_of(request)


TheWatch = Annotated[Watch, Depends(_watch)]
TheDoors = Annotated[Doors, Depends(_doors)]
#: Who asks; `who.by` is the name that stands beside what they do.
Who = Annotated[Visitor, Depends(_visitor)]
