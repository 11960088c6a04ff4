"""
Which database holds the state, and what is its own about it?

Three homes give the same `Home`: one file, the memory of this process, a schema in PostgreSQL. Each has a way to write
(one connection at a time) and a way to read; each puts its driver's errors into words.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import URL, Connection, Engine, ExceptionContext, StaticPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from watchkeeper.store.errors import why_sqlite_failed
from watchkeeper.store.postgres import Where, why_postgres_failed

BUSY_MS: Final = 5000  # how long a writer waits for another process, such as a backup, to let go of the file
STATE_LOCK: Final = 2  # the number of our lock on a schema for writing the state; the log's is 1

_COMMON: Final[dict[str, Any]] = {
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
    "hide_parameters": True,  # what is in a row never shows in an error
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """
    Where the state lives. In memory there is one connection for all, so readers wait for the writer.
    """

    name: str
    writer: Engine
    reader: Engine
    why: Callable[[Exception], tuple[str, bool]]
    kind: type[Exception]  # of the driver's errors
    one_connection: bool = False
    #: Whether a transaction whose commit was cut off is there all the same, by its number; None where it cannot be.
    ended_well: Callable[[Engine, str], bool] | None = None

    def close(self) -> None:
        """
        Close every connection.
        """
        self.writer.dispose()
        self.reader.dispose()


def in_file(path: Path | str | None) -> Home:
    """
    One SQLite file; None: the memory of this process.
    """
    options: dict[str, Any] = {"pool_size": 8, "max_overflow": 64}
    if path is None:
        options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    url = URL.create("sqlite+pysqlite", database=None if path is None else str(path))
    engine = create_engine(url, **_COMMON, **options)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return Home(
        name="memory" if path is None else str(path),
        writer=engine,
        reader=engine,
        why=lambda error: why_sqlite_failed(error) if isinstance(error, sqlite3.Error) else (str(error), False),
        kind=sqlite3.Error,
        one_connection=path is None,
    )


def in_postgres(where: Where) -> Home:
    """
    A schema in PostgreSQL. The one connection that writes holds a lock, so that no other process does.
    """
    import psycopg

    def reading() -> Any:
        connection = where.connect()
        connection.autocommit = False
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return connection

    def writing() -> Any:
        connection = where.connect(lock=STATE_LOCK)
        connection.autocommit = False
        return connection

    # One name in our tables is longer than PostgreSQL keeps; it cuts it by itself, always alike.
    options: dict[str, Any] = {**_COMMON, "max_identifier_length": 127}
    make = "postgresql+psycopg://"
    writer = create_engine(make, creator=writing, pool_size=1, max_overflow=0, **options)
    reader = create_engine(make, creator=reading, pool_size=8, max_overflow=24, **options)
    event.listen(writer, "handle_error", _hide_rows)
    event.listen(reader, "handle_error", _hide_rows)
    return Home(
        name=str(where),
        writer=writer,
        reader=reader,
        why=why_postgres_failed,
        kind=psycopg.Error,
        ended_well=_ended_well,
    )


def _hide_rows(context: ExceptionContext) -> None:
    """
    PostgreSQL tells what was in the row that it refused; we tell only the rule that the row broke.
    """
    error: Any = context.original_exception
    if getattr(error, "sqlstate", None) is not None:
        rule = error.diag.constraint_name or error.diag.column_name or "no rule named"
        error.args = (f"{type(error).__name__} ({error.sqlstate}): {rule}",)
        if context.sqlalchemy_exception is not None:
            context.sqlalchemy_exception.args = error.args


def _ended_well(writer: Engine, number: str) -> bool:
    """
    What became of a transaction. The new connection waits for the old one's lock, so by now it has ended.
    """
    try:
        with writer.connect() as connection:
            found = connection.exec_driver_sql("SELECT pg_xact_status(%s::text::xid8)", (number,)).scalar_one()
            return bool(found == "committed")
    except DBAPIError:
        return False


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # so that it is us who say BEGIN
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", f"busy_timeout = {BUSY_MS}"):
        connection.execute(f"PRAGMA {pragma}").close()


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    # IMMEDIATE takes the write lock at once: two writers wait for each other here, never half-way.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
