"""JamFind as the API sees it: quiet, and in the middle of a storm at one vendor."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.web.signing import signed_in
from watchkeeper.outside.clock import RealClock
from watchkeeper.outside.http import HttpClient
from watchkeeper.testing import Story
from watchkeeper.web.app import create_app
from watchkeeper.web.doors import Doors

ADDRESS = "http://127.0.0.1:8400"
JAMFIND = Path(__file__).parents[3] / "examples" / "jamfind"
PLATFORMS = ("spotify", "apple", "deezer", "youtube")
SPOTIFY = "parse-success[platform=spotify]"


def client_of(told: Story, **doors: object) -> TestClient:
    client = TestClient(create_app(told.watch, Doors(**{"address": ADDRESS, **doors})), base_url=ADDRESS)  # type: ignore[arg-type]  # a test may pass anything
    return signed_in(client, told.watch)


def parses(told: Story, *platforms: str, outcome: str = "ok", per_minute: float = 40) -> Story:
    for platform in platforms:
        told.traffic(parses={"platform": platform, "outcome": outcome, "duration": 0.4}, per_minute=per_minute)
    return told


def calm() -> Story:
    return parses(Story(JAMFIND, start="2026-03-02T11:30:00", tick_seconds=30), *PLATFORMS).at("12:00")


def storm() -> Story:
    told = calm().quiet("parses")
    parses(told, *PLATFORMS[1:])
    parses(told, "spotify", per_minute=16)
    return parses(told, "spotify", outcome="failed", per_minute=24).at("12:10")


@pytest.fixture(scope="session")
def stormy() -> Story:
    """Only to be read: ten minutes in which three of five reads from spotify fail."""
    return storm()


@pytest.fixture(scope="session")
def api(stormy: Story) -> Iterator[TestClient]:
    with client_of(stormy) as opened:
        yield opened


@pytest.fixture(scope="session")
def to_here() -> HttpClient:
    return HttpClient(RealClock(), allow_private=True)
