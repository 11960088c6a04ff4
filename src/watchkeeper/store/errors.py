"""
What does a store say when it cannot keep what it was given?

Each docstring is the message. `retryable` answers one question: may the very same call succeed later, with nothing
changed but the disk? (A full disk: yes. A file that a newer Watchkeeper wrote: no.)

>>> str(LogError(doing="append 3 bodies", why="the disk is full", retryable=True))
'The log could not append 3 bodies: the disk is full.'
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

_WHY = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the file or its folder is read-only",
    sqlite3.SQLITE_IOERR: "the disk refused a read or write (full, over its quota, or failing)",
    sqlite3.SQLITE_BUSY: "another process is writing to it",
    sqlite3.SQLITE_LOCKED: "another connection holds it",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened (missing folder, or no permission)",
    sqlite3.SQLITE_NOMEM: "there is no memory left",
    sqlite3.SQLITE_TOOBIG: "one of the values is larger than SQLite can hold",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_NOTADB: "the file is not a database",
}
_LASTING = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_TOOBIG}


class StoreError(Exception):
    """
    The store could not {doing}: {why}.
    """

    def __init__(self, *, doing: str, why: str, retryable: bool) -> None:
        super().__init__((type(self).__doc__ or "{doing}: {why}").strip().format(doing=doing, why=why))
        self.retryable = retryable


class LogError(StoreError):
    """
    The log could not {doing}: {why}.
    """


class StateError(StoreError):
    """
    The state could not {doing}: {why}.
    """


class NewerFile(StoreError):
    """
    A newer Watchkeeper wrote this file, so this one cannot {doing}: {why}.
    """


class OlderFile(StoreError):
    """
    This file is from before the first release, so this Watchkeeper cannot {doing}: {why}. Begin in an empty folder.
    """


class FolderInUse(StoreError):
    """
    Another Watchkeeper runs on this folder, so this one cannot {doing}: {why}.
    """


class DatabaseInUse(StoreError):
    """
    Another Watchkeeper runs on this database, so this one cannot {doing}: {why}.
    """


class NoDatabase(StoreError):
    """
    Watchkeeper cannot {doing}: {why}.
    """


class NothingThere(StoreError):
    """
    Nothing was found to {doing}: {why}.
    """


class NoFolder(StoreError):
    """
    The folder of state cannot be written, so Watchkeeper cannot {doing}: {why}.
    """


def why_sqlite_failed(error: sqlite3.Error) -> tuple[str, bool]:
    """
    SQLite's own words made plain, and whether the same call may succeed later.
    """
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return str(error), False
    primary = code & 0xFF  # the extended codes carry the primary one in their low byte (sqlite.org/rescode.html)
    return _WHY.get(primary, str(error)), primary in _WHY and primary not in _LASTING


def newer_file(path: Path | str, *, found: object, known: object) -> NewerFile:
    """
    The refusal to touch a file of a later format.
    """
    return NewerFile(
        doing=f"open {path}", why=f"its format is {found}, the newest known here is {known}", retryable=False
    )
