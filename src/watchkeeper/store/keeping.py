"""
Who keeps the files of a log small, without anybody waiting for it?

SQLite appends to a file beside the log (`log.db-wal`) and carries what stands there over from time to time. Left to
itself it does so in the middle of an append. Here a thread of its own does it: carrying over while others append, and,
when much is left at the end because they never paused, the small rest in between two appends. Then the file begins
again at its start. So it stays near `WAL_BYTES`, unless a reader holds its moment longer: then it grows by what is
written meanwhile. Should this thread fail, SQLite's own way steps in at `WAL_LIMIT_PAGES`.

Space that folding frees is used again by the next appends; what is free beyond that goes back to the file system, a
step of `STEP_PAGES` at a time, each a transaction of its own with room for an append between two of them.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Final

import structlog

WAL_BYTES: Final = 8 * 2**20  # so much written, and it is carried over
WAL_LIMIT_PAGES: Final = 16_384  # 64 MiB of 4 KiB pages
REST_PAGES: Final = 2_048  # a WAL file of so many pages that was not carried over whole is carried over under the lock
STEP_PAGES: Final = 256
FREE_PAGES: Final = 2_048  # kept for the next appends ...
FREE_SHARE: Final = 4  # ... or a fourth of the file, where that is more

log = structlog.get_logger("log")


class Keeper:
    """
    A thread that begins with the first call of `wrote` that calls for it, and ends with `stop`.

    Args:
        connect: a connection to the same file that may write.
        lock: held by whoever writes.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], lock: threading.Lock) -> None:
        self._connect, self._lock = connect, lock
        self._wake, self._stopped, self._idle = threading.Event(), threading.Event(), threading.Event()
        self._idle.set()
        self._thread: threading.Thread | None = None
        self._written = 0

    def wrote(self, size: int, *, freed: bool = False) -> None:
        """
        So many bytes were written; `freed`: pages may have become free. Called under the lock.
        """
        self._written += size
        if self._written < WAL_BYTES and not freed:
            return
        self._written = 0
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="log-keeper", daemon=True)
            self._thread.start()
        self._idle.clear()
        self._wake.set()

    def settle(self, seconds: float = 30.0) -> bool:
        """
        Wait until there is nothing to do; whether that came.
        """
        return self._idle.wait(seconds)

    def stop(self) -> None:
        """
        End the thread, after the step that it is in. Not to be called under the lock.
        """
        self._stopped.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        connection = self._connect()
        try:
            while True:
                self._wake.wait()
                self._wake.clear()
                if self._stopped.is_set():
                    return
                self._tidy(connection)
                if not self._wake.is_set():
                    self._idle.set()
        finally:
            connection.close()

    def _tidy(self, connection: sqlite3.Connection) -> None:
        try:
            self._carry_over(connection)
            while not self._stopped.is_set() and self._give_back(connection):
                self._stopped.wait(0.005)  # room for an append
        except sqlite3.Error as error:  # appends meet the same trouble and refuse; the next call tries again
            log.warning("the log's files were not tidied", why=str(error))

    def _carry_over(self, connection: sqlite3.Connection) -> None:
        _, pages, carried = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if carried < pages and pages > REST_PAGES:
            with self._lock:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def _give_back(self, connection: sqlite3.Connection) -> bool:
        (free,), (pages,) = (connection.execute(f"PRAGMA {of}").fetchone() for of in ("freelist_count", "page_count"))
        if free <= max(FREE_PAGES, pages // FREE_SHARE):
            return False
        with self._lock:
            give_back(connection, STEP_PAGES)
        return True


def give_back(connection: sqlite3.Connection, pages: int) -> None:
    """
    Give at most so many free pages back to the file system.
    """
    # Each step of this statement frees one page; `execute` takes one step only, `executescript` all of them.
    connection.executescript(f"PRAGMA incremental_vacuum({pages:d})")
