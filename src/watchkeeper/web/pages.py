"""
Which pages are there?

Each topic has its own module `pages_*.py` with a class over the same `PageKit`; here they are joined.
"""

from collections.abc import Callable
from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount

from watchkeeper.act.watch import Watch
from watchkeeper.measure.values import Rejection
from watchkeeper.web.doors import Doors
from watchkeeper.web.page_kit import PageKit
from watchkeeper.web.pages_accounts import AccountPages
from watchkeeper.web.pages_answers import AnswerPages
from watchkeeper.web.pages_exclusions import ExclusionPages
from watchkeeper.web.pages_faults import FaultPages
from watchkeeper.web.pages_incidents import IncidentPages
from watchkeeper.web.pages_paging import PagingPages
from watchkeeper.web.pages_people import PeoplePages
from watchkeeper.web.pages_signing import SigningPages
from watchkeeper.web.pages_silences import SilencePages
from watchkeeper.web.pages_switches import SwitchPages
from watchkeeper.web.pages_watching import WatchingPages
from watchkeeper.web.render import STATIC, Assets


class Topic(Protocol):
    """
    The pages about one thing.
    """

    def routes(self) -> list[BaseRoute]:
        """
        The routes, in one place.
        """


TOPICS: Final[tuple[Callable[[PageKit], Topic], ...]] = (
    WatchingPages,
    IncidentPages,
    PagingPages,
    PeoplePages,
    SilencePages,
    SwitchPages,
    AnswerPages,
    ExclusionPages,
    FaultPages,
    SigningPages,
    AccountPages,
)


class Pages:
    """
    The pages for people.
    """

    def __init__(self, watch: Watch, doors: Doors) -> None:
        self._kit = PageKit(watch, doors)

    def routes(self) -> list[BaseRoute]:
        """
        The routes of every topic, and the files that they need.
        """
        files: BaseRoute = Mount("/static", Assets(directory=STATIC), name="static")
        return [files, *(route for topic in TOPICS for route in topic(self._kit).routes())]

    def missing(self, request: Request) -> Response:
        """
        The page that says that there is nothing here, with the names that come nearest.
        """
        return self._kit.missing(request)

    def refused(self, request: Request, status: int, why: str) -> Response:
        """
        The page that says why nothing was shown or changed.
        """
        return self._kit.refused(request, Rejection(status=status, why=why))
