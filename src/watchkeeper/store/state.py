"""
Where do alerts, incidents, notices and timers live between two moments?

In `state.db`: many readers, one writer at a time. What belongs together is written in one transaction:

>>> from watchkeeper.store import timers
>>> state = open_memory()
>>> with state.transaction() as tx:
...     timers.set_all(tx, [timers.Timer(key="repeat/1", kind="repeat", due_ns=60, payload={})])
>>> with state.reading() as view:
...     [timer.key for timer in timers.due(view, now_ns=60)]
['repeat/1']
>>> state.close()
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from watchkeeper.store.errors import StateError, why_sqlite_failed
from watchkeeper.store.migrating import bring_forward, create

BUSY_MS: Final = 5000  # how long a writer waits for another process, such as a backup, to let go of the file


class State:
    """
    One state file. Any thread may use it; transactions wait for each other.
    """

    def __init__(self, path: Path | str | None) -> None:
        self._path = "memory" if path is None else str(path)
        self._writing = threading.Lock()
        # In memory there is one connection for all, so readers wait for the writer too.
        self._one_reader: AbstractContextManager[Any] = self._writing if path is None else nullcontext()
        self._engine = _engine(path)
        try:
            with self.transaction() as tx:
                create(tx) if path is None else bring_forward(tx, self._path)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """
        A connection that may write: all of it is kept, or (after an exception) nothing. Do not nest; keep it short.

        Raises StateError when the file cannot be written; `retryable` says whether trying again can help.
        """
        with self._writing, self._told("write"), self._connection(writes=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """
        A connection that sees one moment of the state, for as long as it is held, and cannot change it.
        """
        with self._one_reader, self._told("read"), self._connection(writes=False) as connection, connection.begin():
            yield connection

    def check(self) -> list[str]:
        """
        What is wrong with the file, in SQLite's words; empty when it is sound.
        """
        with self.reading() as view:
            return [row[0] for row in view.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]

    def close(self) -> None:
        """
        Close every connection.
        """
        self._engine.dispose()

    def _connection(self, *, writes: bool) -> Connection:
        return self._engine.connect().execution_options(writes=writes)

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            if not isinstance(error.orig, sqlite3.Error) or isinstance(error, IntegrityError):
                raise
            why, retryable = why_sqlite_failed(error.orig)
            raise StateError(doing=f"{doing} {self._path}", why=why, retryable=retryable) from error


def open_memory() -> State:
    """
    A fresh state that ends with the process: the real tables and the real SQL, without a file.
    """
    return State(None)


def _engine(path: Path | str | None) -> Engine:
    options: dict[str, Any] = {"pool_size": 8, "max_overflow": 64}
    if path is None:
        options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=None if path is None else str(path)),
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
        hide_parameters=True,  # what is in a row never shows in an error
        **options,
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # so that it is us who say BEGIN
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", f"busy_timeout = {BUSY_MS}"):
        connection.execute(f"PRAGMA {pragma}").close()


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    # IMMEDIATE takes the write lock at once: two writers wait for each other here, never half-way.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
