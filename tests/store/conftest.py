"""
A fresh state in each kind of home, for the tests of what is kept in it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tests.databases import DATABASES, Servers, a_home
from watchkeeper.store.postgres import Where
from watchkeeper.store.state import State, open_memory


@pytest.fixture(params=["memory", "sqlite", *DATABASES])
def state(request: pytest.FixtureRequest, tmp_path: Path, servers: Servers) -> Iterator[State]:
    state = open_memory() if request.param == "memory" else State(state_place(a_home(request.param, tmp_path, servers)))
    yield state
    state.close()


@pytest.fixture
def tx(state: State) -> Iterator[Connection]:
    with state.transaction() as tx:
        yield tx


@pytest.fixture
def place(home: Path | str) -> Path | Where:
    """
    Where a state may be opened, closed and opened again.
    """
    return state_place(home)


def state_place(home: Path | str) -> Path | Where:
    return home / "state.db" if isinstance(home, Path) else Where.read(home)
