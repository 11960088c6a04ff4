from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.act.receivers import Receiver, receiving
from watchkeeper.outside.clock import RealClock
from watchkeeper.outside.http import HttpClient


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture(scope="session")
def http() -> HttpClient:
    return HttpClient(RealClock())
