"""
How does a view become a page, or a piece of one?

Every page is one partial. Asked for by a person it is wrapped in the layout; asked for by htmx it comes alone.
"""

import json
import re
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from watchkeeper.manual.words import count
from watchkeeper.web.doors import Doors
from watchkeeper.web.visitors import visitor_of

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
    also: tuple[str, ...] = ()  # what stands below it, beside its own address

    def holds(self, path: str) -> bool:
        """
        Whether a page belongs here.

        >>> Place(name="Alerts", href="/alerts", key="a").holds("/alerts/disk")
        True
        """
        own = path == self.href or (self.href != "/" and path.startswith(f"{self.href}/"))
        return own or any(path == other or path.startswith(f"{other}/") for other in self.also)


PLACES: Final = (
    Place(name="Overview", href="/", key="o", also=("/objectives",)),
    Place(name="Pages", href="/pages", key="p"),
    Place(name="Alerts", href="/alerts", key="a", also=("/silences", "/exclusions")),
    Place(name="Incidents", href="/incidents", key="i"),
    Place(name="On call", href="/on-call", key="c", also=("/policies", "/people")),
    Place(name="Runbooks", href="/runbooks", key="r", also=("/switches",)),
    Place(name="Manual", href="/manual", key="m"),
)
#: Pages that belong together, one row of names below the navigation.
TABS: Final = (
    (
        Place(name="Who is on call", href="/on-call", key="c"),
        Place(name="Escalation", href="/policies", key="e"),
        Place(name="People", href="/people", key="u"),
    ),
    (
        Place(name="All alerts", href="/alerts", key="a"),
        Place(name="Silences", href="/silences", key="s"),
        Place(name="Exclusions", href="/exclusions", key="x"),
    ),
    (
        Place(name="Runbooks", href="/runbooks", key="r"),
        Place(name="Switches", href="/switches", key="w"),
    ),
)
#: Pages with a style sheet of their own beside the first one.
PEOPLE_PAGES: Final = frozenset(
    f"{name}.html" for name in ("on_call", "policies", "people", "pages", "page", "silences", "switches", "answer")
)
ACCOUNT_PAGES: Final = frozenset(
    f"{name}.html" for name in ("sign_in", "set_up", "account", "accounts", "tokens", "audit")
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
            tabs=TABS,
            people_pages=PEOPLE_PAGES,
            account_pages=ACCOUNT_PAGES,
            keys=_keys((*PLACES, *(tab for row in TABS for tab in row[1:]), FAULTS)),
            version=doors.version,
            fast=doors.fast,
            asset=_asset,
            csrf=_csrf,
        )

    def __call__(self, request: Request, template: str, view: Any, *, status: int = 200, **more: Any) -> HTMLResponse:
        """
        The page of a view, or only its main part where htmx asks. `view` needs a `title`.
        """
        fragment = request.headers.get("hx-request") == "true"
        page = self._templates.get_template(template if fragment else "layout.html")
        visitor = visitor_of(request)
        told = _CARRIED.set(visitor.csrf)
        try:
            body = page.render(view=view, partial=template, path=request.url.path, me=visitor, **more)
        finally:
            _CARRIED.reset(told)
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


def _keys(places: tuple[Place, ...]) -> str:
    """
    Which key leads where after `g`, for the script.
    """
    return json.dumps([{"key": place.key, "href": place.href} for place in places], separators=(",", ":"))


def _asset(name: str) -> str:
    """
    The address of a file, with a digest of what is in it.
    """
    return f"/static/{name}?v={_digest(STATIC / name)}"


def _csrf() -> Markup:
    """
    What every form must hold that changes something: `{{ csrf() }}`. It works in macros too.
    """
    return Markup('<input type="hidden" name="csrf" value="{}">').format(_CARRIED.get())


_CARRIED: ContextVar[str] = ContextVar("csrf", default="")
_DIGESTS: dict[tuple[Path, int], str] = {}


def _digest(path: Path) -> str:
    if not path.is_file():  # vendor files are put there by the build; pages work without them
        return "0"
    key = (path, path.stat().st_mtime_ns)
    if key not in _DIGESTS:
        _DIGESTS[key] = blake2b(path.read_bytes(), digest_size=6).hexdigest()
    return _DIGESTS[key]
