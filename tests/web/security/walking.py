"""Every route of the application, with what its parameters may be."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from starlette.routing import Mount

from tests.web.house import House, jamfind

#: What stands for a parameter in an address. What is not there answers 404 to who may ask, and that is enough.
PARAMETERS = {"number": "4711", "id": "4711", "file": "primary.ics", "path": "app.css"}
USUAL = "parse-success"
#: What a route takes is nobody's to tell: it answers to every method and every path that no other answers to.
REST = "/api/v1/{path:text}"


@dataclass(frozen=True, order=True)
class Address:
    """One method of one route."""

    method: str
    route: str

    @property
    def path(self) -> str:
        return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: PARAMETERS.get(found[1], USUAL), self.route)

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


def every(routes: Iterable[Any]) -> Iterator[Any]:
    """The routes, and those of included routers."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from every(inner.routes) if inner is not None else [route]


@cache
def addresses(folder: Path) -> tuple[Address, ...]:
    """Every method of every route; HEAD goes with GET."""
    house = House.of(jamfind(), folder / "walk.db")
    try:
        found = set()
        for route in every(house.app(control="http://127.0.0.1:1").routes):
            path = getattr(route, "path", "")
            if path == REST:
                continue
            if isinstance(route, Mount):
                path += "/{path:text}"
            methods = getattr(route, "methods", None) or {"GET"}
            found |= {Address(method, path) for method in methods if method != "HEAD"}
        return tuple(sorted(found))
    finally:
        house.close()
