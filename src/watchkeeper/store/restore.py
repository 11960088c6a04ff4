"""
How does a backup become what a watch remembers again?

All or nothing. A folder is made beside the place, looked through, and then takes its name; what was there before keeps
its files under another name. A database is filled in one transaction. Which home the backup came from does not matter.
Tables are made as they were when the backup was written, filled, and brought forward.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, func, inspect, select, text

from watchkeeper.store import log_tables, migrating, soundness, tables
from watchkeeper.store.archive import BackupError, Reader, reading, sync_folder
from watchkeeper.store.backup import AT_ONCE, PARTS, Told, worded
from watchkeeper.store.folder import claim_folder
from watchkeeper.store.log import DeltaLog
from watchkeeper.store.log_formats import FORMAT
from watchkeeper.store.opening import LOG, STATE
from watchkeeper.store.postgres import Where
from watchkeeper.store.state_homes import in_file, in_postgres

LOG_LOCK: Final = 1
Row = dict[str, Any]


def restore(archive: Path, where: Path | Where, *, told: Told, force: bool = False) -> Row:
    """
    Bring a backup back; what it says about itself. Raises StoreError, and nothing has changed then.

    With `force` it takes the place of what is there: a folder is kept under another name, a database's rows are gone.
    """
    with reading(archive) as read:
        _fits(read, archive)
        if isinstance(where, Path):
            _into_folder(read, where, told, force)
        else:
            _into_database(read, where, told, force)
        return read.manifest


def _fits(read: Reader, archive: Path) -> None:
    version, log_format = read.manifest["state_version"], read.manifest["log_format"]
    if version not in migrating.known_versions() or log_format != FORMAT:
        why = (
            f"its state is of version {version} and its log of format {log_format}; known here: {tables.HEAD}, {FORMAT}"
        )
        raise BackupError(doing=f"restore {archive}", why=why, retryable=False)


# Into a folder.


def _into_folder(read: Reader, folder: Path, told: Told, force: bool) -> None:
    taken = folder.is_dir() and any(folder.iterdir())
    if taken and not force:
        raise _taken(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = folder.with_name(f".{folder.name}.restoring-{os.getpid()}")
    shutil.rmtree(made, ignore_errors=True)
    with ExitStack() as standing:
        standing.callback(shutil.rmtree, made, ignore_errors=True)
        if taken:
            standing.enter_context(claim_folder(folder))  # no watch runs on it
        made.mkdir(mode=0o700)
        _fill_folder(read, made, told)
        if taken:
            folder.rename(_free_name(folder))
        made.rename(folder)
        sync_folder(folder.parent)


def _fill_folder(read: Reader, made: Path, told: Told) -> None:
    home = in_file(made / STATE)
    with closing(home), worded(home), home.writer.connect().execution_options(writes=True) as tx, tx.begin():
        _state(tx, read, told)
        _sound(soundness.of_state(tx))
    DeltaLog(made / LOG).close()
    with closing(sqlite3.connect(made / LOG, isolation_level=None)) as log, worded(home):
        log.execute("BEGIN IMMEDIATE")
        for name, part in PARTS.items():
            columns = ", ".join(part.columns)
            marks = ", ".join("?" * len(part.columns))
            rows = _counted(read.rows(f"log/{name}"), f"log: {name}", told)
            values = (tuple(row[column] for column in part.columns) for row in rows)
            log.executemany(f"INSERT OR REPLACE INTO {name} ({columns}) VALUES ({marks})", values)  # noqa: S608 ours
        log.execute("COMMIT")
        _sound(soundness.of_file_log(log))
        log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for name in (STATE, LOG):
        with (made / name).open("rb") as file:
            os.fsync(file.fileno())
    sync_folder(made)


def _free_name(folder: Path) -> Path:
    names = (folder.with_name(f"{folder.name}.before-restore-{n}") for n in range(1, 10_000))
    return next(name for name in names if not name.exists())


# Into a database.


def _into_database(read: Reader, where: Where, told: Told, force: bool) -> None:
    home = in_postgres(where)
    with ExitStack() as standing:
        standing.enter_context(closing(home))
        standing.enter_context(worded(home))
        standing.enter_context(closing(where.connect(lock=LOG_LOCK)))  # no watch runs on it; the state's lock comes now
        tx = standing.enter_context(home.writer.connect())
        with tx.begin():
            if inspect(tx).get_table_names():
                if not force and not _untouched(tx):
                    raise _taken(where)
                log_tables.metadata.drop_all(tx)
                tables.metadata.drop_all(tx)
                tx.execute(text("DROP TABLE alembic_version"))
            _state(tx, read, told)
            _log_tables(tx, read, told)
            found = soundness.of_state(tx) + soundness.of_postgres_log(tx.connection.driver_connection)
            _sound(found)


def _untouched(tx: Connection) -> bool:
    """
    Whether the tables are there but nothing was ever kept in them.
    """
    kept = [*tables.metadata.sorted_tables, *(log_tables.metadata.tables[f"log_{n}"] for n in ("bodies", "slots"))]
    return all(tx.execute(select(func.count()).select_from(table)).scalar_one() == 0 for table in kept)


def _log_tables(tx: Connection, read: Reader, told: Told) -> None:
    connection: Any = tx.connection.driver_connection
    with connection.cursor() as cursor:
        for name, copy in _COPIES.items():
            table, columns, values = copy
            rows = _counted(read.rows(f"log/{name}"), f"log: {name}", told)
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 our own names; the new tables' first rows
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as into:
                for row in rows:
                    into.write_row(values(row))


def _hash(row: Row) -> bytes:
    from watchkeeper.store.postgres_log import hash_of

    return hash_of(row["client"].encode(), row["digest"])


def _name_hash(row: Row) -> bytes:
    from watchkeeper.store.postgres_log import hash_of_name

    return hash_of_name(row["name"])


# Table, columns, and a row's values, for each part of the log in PostgreSQL.
_COPIES: Final[dict[str, tuple[str, str, Callable[[Row], tuple[Any, ...]]]]] = {
    "meta": ("log_meta", "key, value", lambda row: (row["key"], row["value"])),
    "kept": ("log_kept", "name, value", lambda row: (row["name"], row["value"])),
    "log": ("log_bodies", "seq, body", lambda row: (row["seq"], row["body"])),
    "slots": ("log_slots", "tier, slot, body", lambda row: (row["tier"], row["slot"], row["body"])),
    "names": ("log_names", "id, hash, name", lambda row: (row["id"], _name_hash(row), row["name"].encode())),
    "digests": (
        "log_digests",
        "n, hash, client, digest, at_ns, seq",
        lambda row: (row["n"], _hash(row), row["client"].encode(), row["digest"], row["at_ns"], 0),
    ),
    "counters": ("log_counters", "whole, seq, body", lambda row: (bool(row["whole"]), row["seq"], row["body"])),
}


# Both.


def _state(tx: Connection, read: Reader, told: Told) -> None:
    """
    The tables as they were, filled, and brought forward.
    """
    version = read.manifest["state_version"]
    if version == tables.HEAD:
        migrating.create(tx)
    else:
        migrating.upgrade(tx, version)
    there = set(inspect(tx).get_table_names())
    for table in (table for table in tables.metadata.sorted_tables if table.name in there):
        rows = _counted(read.rows(f"state/{table.name}"), table.name, told)
        while some := list(islice(rows, AT_ONCE)):
            tx.execute(table.insert(), some)
        if tx.dialect.name == "postgresql" and "id" in table.columns:
            newest = f"SELECT max(id) FROM {table.name}"  # noqa: S608 our own names
            tx.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), coalesce(({newest}), 1),"  # noqa: S608
                    f" ({newest}) IS NOT NULL)"
                )
            )
    migrating.bring_forward(tx, "the backup")


def _counted(rows: Iterable[Row], name: str, told: Told) -> Iterator[Row]:
    count = 0
    for row in rows:
        count += 1
        yield row
    told(name, count)


def _taken(where: Path | Where) -> BackupError:
    return BackupError(
        doing=f"restore into {where}", why="a watch has kept something there; --force takes its place", retryable=False
    )


def _sound(found: list[str]) -> None:
    if found:
        raise BackupError(doing="restore", why=f"what came out of it is not sound: {found[0]}", retryable=False)
