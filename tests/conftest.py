"""
What any test may ask for: the databases that a ground may live in.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import DATABASES, HOMES, Servers, a_home, stopping


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    yield from stopping(Servers())


@pytest.fixture(params=HOMES)
def home(request: pytest.FixtureRequest, tmp_path: Path, servers: Servers) -> Path | str:
    """
    A place for a ground, in each kind of database.
    """
    return a_home(request.param, tmp_path, servers)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path, servers: Servers) -> str:
    """
    A schema that nobody used yet, in each PostgreSQL.
    """
    return str(a_home(request.param, tmp_path, servers))
