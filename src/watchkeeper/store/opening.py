"""
Where does this watch keep what it knows?

In a folder, as two SQLite files, or in a schema of a PostgreSQL.

>>> ground, state = open_ground(getfixture("tmp_path"))
>>> ground.last, state.check()
(0, [])
>>> state.close(); ground.close()
"""

from __future__ import annotations

from pathlib import Path

from watchkeeper.store.ground import Ground
from watchkeeper.store.log import DeltaLog
from watchkeeper.store.postgres import Where
from watchkeeper.store.state import State

LOG, STATE = "log.db", "state.db"


def open_ground(where: Path | str | Where) -> tuple[Ground, State]:
    """
    The log and the state of a folder, or of the database that a URL names. Raises StoreError.

    One process at a time: of a folder the caller holds the claim (`store/folder.py`), of a database this does.
    """
    place = Where.read(where) if isinstance(where, str) else where
    state = State(place / STATE if isinstance(place, Path) else place)  # in a database this makes the log's tables too
    try:
        return _log(place), state
    except BaseException:
        state.close()
        raise


def _log(place: Path | Where) -> Ground:
    if isinstance(place, Path):
        return DeltaLog(place / LOG)
    from watchkeeper.store.postgres_log import PostgresLog  # the driver is there only where it is wanted

    return PostgresLog(place)
