"""
Is what the log and the state hold whole?

Read as a person would check it: the file itself (SQLite's own check), every row of every table (PostgreSQL checks a
page when it reads it), sequences without a hole, rows that point at rows that are not there, and the version of the
tables. Each reads one moment, so that a watch that runs may go on.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import JSON, Connection, inspect, text

from watchkeeper.store import tables

# Rows of the first table whose column names a row of the second that is not there; 0 and null name none.
_POINTING = (
    ("incident_alerts", "incident_id", "incidents"),
    ("timeline", "incident_id", "incidents"),
    ("outbox", "transition_id", "transitions"),
    ("outbox", "merged_into", "outbox"),
)
_MAY_BE_GONE = {("outbox", "transition_id"), ("outbox", "merged_into")}  # old ones are forgotten (store/forgetting.py)

#: Messages about pages, incidents and schedules have another number there, a firing that is told late one below 0.
_OF_ALERTS = " AND f.transition_id > 0 AND f.kind IN ('firing', 'resolved', 'unknown', 'event', 'withdrawn')"


def of_state(view: Connection) -> list[str]:
    """
    What is wrong, in sentences; empty when it is sound.
    """
    found = _of_file(view) if view.dialect.name == "sqlite" else _of_rows(view)
    found += _of_tables(view)
    return found or _of_pointers(view)


def _of_file(view: Connection) -> list[str]:
    found = [row[0] for row in view.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
    there = set(inspect(view).get_table_names())
    for table in tables.metadata.tables.values():
        for column in table.columns if table.name in there else ():
            if isinstance(column.type, JSON):
                broken = f"{column.name} IS NOT NULL AND NOT json_valid({column.name})"
                count = view.execute(text(f"SELECT count(*) FROM {table.name} WHERE {broken}")).scalar_one()  # noqa: S608
                if count:
                    found.append(f"{count} rows of {table.name} have a {column.name} that is no JSON")
    return found


def _of_rows(view: Connection) -> list[str]:
    """
    PostgreSQL checks a page when it reads it: read them all.
    """
    for name in tables.metadata.tables:
        view.execute(text(f"SELECT count(md5(t::text)) FROM {name} AS t"))  # noqa: S608 our own names
    return []


def _of_tables(view: Connection) -> list[str]:
    missing = sorted(set(tables.metadata.tables) - set(inspect(view).get_table_names()))
    found = [f"the table {name} is missing" for name in missing]
    version = view.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    if version != [tables.HEAD]:
        found.append(f"the tables say that they are of version {', '.join(version)}, not {tables.HEAD}")
    return found


def _of_pointers(view: Connection) -> list[str]:
    found = []
    for table, column, target in _POINTING:
        open_only = " AND f.settled_ns IS NULL" if (table, column) in _MAY_BE_GONE else ""
        open_only += _OF_ALERTS if column == "transition_id" else ""
        lost = view.execute(
            text(
                f"SELECT count(*) FROM {table} AS f WHERE f.{column} IS NOT NULL AND f.{column} <> 0{open_only}"  # noqa: S608
                f" AND NOT EXISTS (SELECT 1 FROM {target} AS t WHERE t.id = f.{column})"
            )
        ).scalar_one()
        if lost:
            found.append(f"{lost} rows of {table} name a {column} that is not there")
    return found


def of_file_log(connection: sqlite3.Connection) -> list[str]:
    """
    What is wrong with the file of a log, in SQLite's words and ours; empty when it is sound.
    """
    connection.execute("BEGIN")
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        (watermark,) = connection.execute("SELECT value FROM meta WHERE key = 'watermark'").fetchone()
        given = "SELECT seq FROM log UNION SELECT seq FROM counters WHERE whole = 0 AND seq > ? ORDER BY seq"
        sequences = [row[0] for row in connection.execute(given, (watermark,))]
        (snapshots,) = connection.execute("SELECT count(*) FROM counters WHERE whole = 1").fetchone()
    finally:
        connection.execute("ROLLBACK")
    return found + _of_sequences(watermark, sequences, snapshots)


def of_postgres_log(tx: Any) -> list[str]:
    """
    What is wrong with the log's tables in the transaction of a psycopg connection; empty when they are sound.
    """
    for table, column in (("bodies", "body"), ("slots", "body"), ("counters", "body"), ("names", "name")):
        tx.execute(f"SELECT count(md5({column})) FROM log_{table}")  # noqa: S608 our own names
    (watermark,) = tx.execute("SELECT value FROM log_meta WHERE key = 'watermark'").fetchone()
    given = "SELECT seq FROM log_bodies UNION SELECT seq FROM log_counters WHERE NOT whole AND seq > %s ORDER BY seq"
    sequences = [row[0] for row in tx.execute(given, (watermark,))]
    (snapshots,) = tx.execute("SELECT count(*) FROM log_counters WHERE whole").fetchone()
    return _of_sequences(watermark, sequences, snapshots)


def _of_sequences(watermark: int, sequences: list[int], snapshots: int) -> list[str]:
    """
    After the watermark every sequence is there once; of the counters there is one snapshot at most.
    """
    found = []
    last = max(sequences, default=watermark)
    if sequences != list(range(watermark + 1, last + 1)):
        found.append(f"the log should hold {watermark + 1} to {last}, but holds {len(sequences)} rows")
    if snapshots > 1:
        found.append(f"the log holds {snapshots} snapshots of the counters, but only one can be the newest")
    return found
