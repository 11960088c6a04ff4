"""
Is a folder, or a database, sound as a whole?

Reads all of it, from connections that cannot write, so that a watch may run meanwhile.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from watchkeeper.store import log_formats, migrating, soundness, tables
from watchkeeper.store.backup import home_of, worded
from watchkeeper.store.errors import NothingThere, StoreError
from watchkeeper.store.opening import LOG, STATE
from watchkeeper.store.postgres import Where


def check(where: Path | Where) -> dict[str, Any]:
    """
    What was found: whether it is `sound`, the `findings` in sentences, and what it is. Raises StoreError when there is
    nothing to look at, or it cannot be reached.
    """
    home = home_of(where)
    about: dict[str, Any] = {}
    with closing(home), worded(home):
        try:
            with home.reader.connect() as view, view.begin():
                findings = _look(view, home.name, about)
                if isinstance(where, Where):
                    findings += soundness.of_postgres_log(view.connection.driver_connection)
        except DBAPIError as error:
            if not isinstance(where, Path):
                raise
            findings = [f"{STATE}: {home.why(error.orig)[0] if isinstance(error.orig, sqlite3.Error) else error}"]
    if isinstance(where, Path):
        findings = [f if f.startswith(STATE) else f"{STATE}: {f}" for f in findings] + _look_at_log(where / LOG)
    says = f"tables of version {about.get('version', 'unknown')}, every row read"
    return {"sound": not findings, "home": str(where), "findings": findings, "says": says, **about}


def _look(view: Connection, name: str, about: dict[str, Any]) -> list[str]:
    found = migrating.version(view, name)
    about["version"] = found
    if found is None:
        raise NothingThere(doing="read", why=f"there are no tables in {name}", retryable=False)
    if found != tables.HEAD:
        return [
            f"its tables are of version {found}, not {tables.HEAD}; start the watch once, which brings them forward"
        ]
    return soundness.of_state(view)


def _look_at_log(path: Path) -> list[str]:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as log:
            found = log_formats.meta(log, "format", path)
            if found != log_formats.FORMAT:
                return [f"{LOG}: its format is {found}, not {log_formats.FORMAT}"]
            return [f"{LOG}: {finding}" for finding in soundness.of_file_log(log)]
    except (sqlite3.Error, StoreError) as error:
        return [f"{LOG}: {error}"]
