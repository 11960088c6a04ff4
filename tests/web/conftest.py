"""What tests of the doors share: JamFind with its way in running."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.web.house import House, jamfind


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """JamFind, with its intake running and nothing heard yet."""
    built = House.of(jamfind(), tmp_path / "log.db")
    built.intake.start()
    yield built
    built.close()


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    with house.client() as opened:
        yield opened
