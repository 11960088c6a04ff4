"""
What does the file of a log look like?

A file carries the number of its format in `meta`; it stands for the tables and for the bodies in them.

    1  before the first release: a row for each counter, bodies that nobody reads any more
    2  counters as packed snapshots and patches; what is kept for ever under a name; a number of a name is given once
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from watchkeeper.store.errors import LogError, OlderFile, newer_file

FORMAT: Final = 2

_SCHEMA: Final = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE log (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)",
    "CREATE TABLE slots (tier TEXT NOT NULL, slot INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (tier, slot))",
    "CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE digests (n INTEGER PRIMARY KEY, client TEXT NOT NULL, digest BLOB NOT NULL, at_ns INTEGER NOT NULL,"
    " UNIQUE (client, digest))",
    # A snapshot (whole = 1) is what all counters were at `seq`; a patch is what changed in the append that ended there.
    "CREATE TABLE counters (seq INTEGER NOT NULL, whole INTEGER NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY (whole, seq))",
)


def prepare(tx: sqlite3.Connection, path: Path) -> None:
    """
    Make an empty file one of today's format, in the transaction that is open. Raises NewerFile, OlderFile, or LogError
    for a file that is something else.
    """
    if tx.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'").fetchone() == (0,):
        _create(tx, path)
        return
    found = meta(tx, "format", path)
    if found > FORMAT:
        raise newer_file(path, found=found, known=FORMAT)
    if found < FORMAT:
        raise OlderFile(
            doing=f"open {path}", why=f"its format is {found}, the oldest known here is {FORMAT}", retryable=False
        )


def meta(connection: sqlite3.Connection, key: str, path: Path) -> int:
    """
    One of the numbers that a log carries about itself.
    """
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    if row is None:
        raise LogError(doing=f"open {path}", why=f"it has no {key} row, so it is not a log", retryable=False)
    return int(row[0])


def _create(tx: sqlite3.Connection, path: Path) -> None:
    others = [name for (name,) in tx.execute("SELECT name FROM sqlite_schema WHERE type = 'table' LIMIT 3")]
    if others:
        raise LogError(doing=f"open {path}", why=f"it holds other tables ({', '.join(others)})", retryable=False)
    for statement in _SCHEMA:
        tx.execute(statement)
    tx.execute("INSERT INTO meta VALUES ('format', ?), ('watermark', 0), ('names', 0)", (FORMAT,))
