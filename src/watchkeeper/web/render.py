"""
How does a view become a page, or a piece of one?

Every page is one partial. Asked for by a person it is wrapped in the layout; asked for by htmx it comes alone.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from watchkeeper.manual.words import count
from watchkeeper.web.doors import Doors

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"


#: A space between a number and its unit, between an hour and its minutes, or after a sign of comparison.
_UNITS: Final = re.compile(
    r"(?<=\d) (?=(?:%|ms|s|min|h|d|B|kB|MB|GB|TB)(?![\w-]))|(?<=\d [hd]) (?=\d)|(?<=[<>≤≥]) (?=\d)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    One entry of the navigation.
    """

    name: str
    href: str
    key: str  # after `g`


PLACES: Final = (
    Place(name="Overview", href="/", key="o"),
    Place(name="Alerts", href="/alerts", key="a"),
    Place(name="Incidents", href="/incidents", key="i"),
    Place(name="Runbooks", href="/runbooks", key="r"),
    Place(name="Manual", href="/manual", key="m"),
)
FAULTS: Final = Place(name="Faults", href="/faults", key="f")


class Renderer:
    """
    The templates, with what every page needs.
    """

    def __init__(self, doors: Doors) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=kept_together,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["count"] = count
        self._templates.globals.update(
            places=(*PLACES, FAULTS) if doors.control else PLACES,
            version=doors.version,
            fast=doors.fast,
            asset=_asset,
        )

    def __call__(self, request: Request, template: str, view: Any, *, status: int = 200, **more: Any) -> HTMLResponse:
        """
        The page of a view, or only its main part where htmx asks. `view` needs a `title`.
        """
        fragment = request.headers.get("hx-request") == "true"
        page = self._templates.get_template(template if fragment else "layout.html")
        body = page.render(view=view, partial=template, path=request.url.path, **more)
        headers = {"Vary": "HX-Request", "Cache-Control": "no-store"}
        return HTMLResponse(body, status_code=status, headers=headers)


def kept_together(value: Any) -> Any:
    """
    Numbers stay on one line with their units.

    >>> kept_together("is 82.4 %, below 95 % over 15 min, for 2 h 05")
    'is 82.4\\xa0%, below 95\\xa0% over 15\\xa0min, for 2\\xa0h\\xa005'
    """
    return _UNITS.sub("\xa0", value) if type(value) is str else value


class Assets(StaticFiles):
    """
    Our own files and those of others; their addresses carry a digest, so that browsers may keep them.
    """

    def file_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def _asset(name: str) -> str:
    """
    The address of a file, with a digest of what is in it.
    """
    return f"/static/{name}?v={_digest(STATIC / name)}"


_DIGESTS: dict[tuple[Path, int], str] = {}


def _digest(path: Path) -> str:
    if not path.is_file():  # vendor files are put there by the build; pages work without them
        return "0"
    key = (path, path.stat().st_mtime_ns)
    if key not in _DIGESTS:
        _DIGESTS[key] = blake2b(path.read_bytes(), digest_size=6).hexdigest()
    return _DIGESTS[key]
