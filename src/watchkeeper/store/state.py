"""
Where do alerts, incidents, notices and timers live between two moments?

In `state.db`, or in PostgreSQL: many readers, one writer at a time. What belongs together is written in one
transaction:

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

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from watchkeeper.store import soundness
from watchkeeper.store.errors import StateError
from watchkeeper.store.migrating import bring_forward, create
from watchkeeper.store.postgres import Where
from watchkeeper.store.state_homes import in_file, in_postgres


class State:
    """
    One state. Any thread may use it; transactions wait for each other.
    """

    def __init__(self, where: Path | str | Where | None) -> None:
        self._home = in_postgres(where) if isinstance(where, Where) else in_file(where)
        self._writing = threading.Lock()
        self._one_reader: AbstractContextManager[Any] = self._writing if self._home.one_connection else nullcontext()
        try:
            with self.transaction() as tx:
                create(tx) if where is None else bring_forward(tx, self._home.name)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """
        A connection that may write: all of it is kept, or (after an exception) nothing. Do not nest; keep it short.

        Raises StateError when it cannot be written; `retryable` says whether trying again can help.
        """
        with self._writing, self._told("write"), self._writer() as connection, connection.begin() as begun:
            yield connection
            if self._home.ended_well is None:
                return
            number = connection.exec_driver_sql("SELECT pg_current_xact_id_if_assigned()::text").scalar_one()
            try:
                begun.commit()
            except DBAPIError as error:
                if not (number and error.connection_invalidated and self._home.ended_well(self._home.writer, number)):
                    raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """
        A connection that sees one moment of the state, for as long as it is held, and cannot change it.
        """
        with self._one_reader, self._told("read"), self._home.reader.connect() as connection, connection.begin():
            yield connection

    def check(self) -> list[str]:
        """
        What is wrong, in sentences; empty when it is sound. Reads all of it.
        """
        with self.reading() as view:
            return soundness.of_state(view)

    def close(self) -> None:
        """
        Close every connection.
        """
        self._home.close()

    def _writer(self) -> Connection:
        return self._home.writer.connect().execution_options(writes=True)

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            if not isinstance(error.orig, self._home.kind) or isinstance(error, IntegrityError):
                raise
            why, retryable = self._home.why(error.orig)
            raise StateError(doing=f"{doing} {self._home.name}", why=why, retryable=retryable) from error


def open_memory() -> State:
    """
    A fresh state that ends with the process: the real tables and the real SQL, without a file.
    """
    return State(None)
