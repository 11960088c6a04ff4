"""
How does all that a watch remembers become one file, while it runs?

Read from one moment: of a database, one snapshot of the log and the state together; of a folder, first the state, then
the log, so that the log holds at least what the state was decided from. Nobody waits for it. The same file can be
brought back into a folder or a database (`store/restore.py`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from watchkeeper.store import migrating, tables
from watchkeeper.store.archive import BackupError, Writer, writing
from watchkeeper.store.errors import NothingThere, StateError
from watchkeeper.store.log_formats import FORMAT
from watchkeeper.store.opening import LOG, STATE
from watchkeeper.store.postgres import Where
from watchkeeper.store.state_homes import Home, in_file, in_postgres

Told = Callable[[str, int], None]  # the name of a table and its rows, when it is written
AT_ONCE: Final = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """
    One table of the log: its columns in an archive, and how each home reads them.
    """

    columns: tuple[str, ...]
    sqlite: str
    postgres: str
    texts: tuple[str, ...] = ()  # bytes in PostgreSQL

    def told(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """
        A row of PostgreSQL as an archive keeps it.
        """
        return tuple(
            bytes(value).decode() if name in self.texts else value
            for name, value in zip(self.columns, row, strict=True)
        )


#: Under which a log keeps the secret that signs links in messages. No backup has it: a restored watch makes another.
LINK_KEY: Final = "link key"

PARTS: Final = {
    "meta": Part(
        columns=("key", "value"),
        sqlite="SELECT key, value FROM meta WHERE key <> 'format'",
        postgres="SELECT key, value FROM log_meta",
    ),
    "kept": Part(
        columns=("name", "value"),
        sqlite=f"SELECT name, value FROM kept WHERE name <> '{LINK_KEY}'",  # noqa: S608 (our own constant)
        postgres=f"SELECT name, value FROM log_kept WHERE name <> '{LINK_KEY}'",  # noqa: S608 (the same)
    ),
    "log": Part(
        columns=("seq", "body"),
        sqlite="SELECT seq, body FROM log ORDER BY seq",
        postgres="SELECT seq, body FROM log_bodies ORDER BY seq",
    ),
    "slots": Part(
        columns=("tier", "slot", "body"),
        sqlite="SELECT tier, slot, body FROM slots ORDER BY tier, slot",
        postgres="SELECT tier, slot, body FROM log_slots ORDER BY tier, slot",
    ),
    "names": Part(
        columns=("id", "name"),
        sqlite="SELECT id, name FROM names ORDER BY id",
        postgres="SELECT id, name FROM log_names ORDER BY id",
        texts=("name",),
    ),
    "digests": Part(
        columns=("n", "client", "digest", "at_ns"),
        sqlite="SELECT n, client, digest, at_ns FROM digests ORDER BY n",
        postgres="SELECT n, client, digest, at_ns FROM log_digests ORDER BY n",
        texts=("client",),
    ),
    "counters": Part(
        columns=("whole", "seq", "body"),
        sqlite="SELECT whole <> 0, seq, body FROM counters ORDER BY whole DESC, seq",
        postgres="SELECT whole, seq, body FROM log_counters ORDER BY whole DESC, seq",
    ),
}


def back_up(where: Path | Where, to: Path, *, now_ns: int, told: Told, force: bool = False) -> dict[str, Any]:
    """
    Write a backup of a folder or a database; what it says about itself. Raises StoreError; then there is no new file.
    """
    about: dict[str, Any] = {
        "watchkeeper": version("watchkeeper"),
        "written_ns": now_ns,
        "state_version": tables.HEAD,
        "log_format": FORMAT,
        "home": "folder" if isinstance(where, Path) else "postgresql",
    }
    home = home_of(where)
    try:
        with closing(home), worded(home), writing(to, about=about, force=force) as archive:
            with home.reader.connect() as view, view.begin():
                _state(view, home.name, archive, told)
                about["sequence"] = _log(where, view, archive, told)
            archive.tell(sequence=about["sequence"])
    except StateError as error:
        raise BackupError(doing=f"read {home.name}", why=str(error), retryable=error.retryable) from error
    return about


def home_of(where: Path | Where) -> Home:
    """
    Where the state of a folder or a database is. Raises NothingThere when there is none.
    """
    if isinstance(where, Where):
        return in_postgres(where)
    for name in (STATE, LOG):
        if not (where / name).is_file():
            raise NothingThere(doing="read", why=f"there is no {name} in {where}", retryable=False)
    return in_file(where / STATE)


@contextmanager
def worded(home: Home) -> Iterator[None]:
    """
    What the driver says, in words.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error, home.kind) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        why, retryable = home.why(cause) if isinstance(cause, home.kind) else (type(error).__name__, False)
        raise BackupError(doing=f"use {home.name}", why=why, retryable=retryable) from error


def _state(view: Connection, name: str, archive: Writer, told: Told) -> None:
    found = migrating.version(view, name)
    if found is None:
        raise NothingThere(doing="read", why=f"there are no tables in {name}", retryable=False)
    if found != tables.HEAD:
        why = f"its tables are of version {found}, not {tables.HEAD}; start the watch once, which brings them forward"
        raise BackupError(doing=f"read {name}", why=why, retryable=False)
    for table in tables.metadata.sorted_tables:
        rows = view.execution_options(yield_per=AT_ONCE).execute(select(table).order_by(*table.primary_key))
        told(table.name, archive.add(f"state/{table.name}", [column.name for column in table.columns], rows))


def _log(where: Path | Where, view: Connection, archive: Writer, told: Told) -> int:
    """
    Write the log's tables; the newest sequence among them.
    """
    if isinstance(where, Path):
        with closing(sqlite3.connect(f"{(where / LOG).absolute().as_uri()}?mode=ro", uri=True)) as log:
            log.isolation_level = None
            log.execute("BEGIN")
            return _parts(lambda part: iter(log.execute(part.sqlite)), archive, told)
    connection: Any = view.connection.driver_connection  # the same transaction: one moment of both
    return _parts(lambda part: map(part.told, _streamed(connection, part.postgres)), archive, told)


def _streamed(connection: Any, sql: str) -> Iterator[Sequence[Any]]:
    with connection.cursor(name="backup", binary=True) as cursor:
        cursor.itersize = AT_ONCE
        yield from cursor.execute(sql)


def _parts(rows_of: Callable[[Part], Iterator[Sequence[Any]]], archive: Writer, told: Told) -> int:
    newest = 0

    def noting(name: str, rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        nonlocal newest
        for row in rows:
            if name == "meta" and row[0] == "watermark":
                newest = max(newest, row[1])
            elif name == "log":
                newest = max(newest, row[0])
            elif name == "counters":
                newest = max(newest, row[1])
            yield row

    for name, part in PARTS.items():
        told(f"log: {name}", archive.add(f"log/{name}", part.columns, noting(name, rows_of(part))))
    return newest
