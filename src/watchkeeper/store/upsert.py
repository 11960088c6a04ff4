"""
How does a row take the place of the one with the same key?

SQLite and PostgreSQL spell it alike, but SQLAlchemy keeps the spelling with each dialect; it is chosen here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import Insert, ReturningInsert


def upsert(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """
    Write rows by primary key: new ones are added, known ones replaced in every other column.
    """
    if rows:
        tx.execute(_replacing(tx.dialect.name, table), rows)


def insert_new(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int | None]:
    """
    Add rows and return their ids, in order; None, and nothing changes, for one of which a unique key is taken.
    """
    if len(rows) == 1:  # one statement instead of three
        return [tx.execute(_ignoring(tx.dialect.name, table), rows[0]).scalar_one_or_none()]
    try:
        with tx.begin_nested():
            return [*insert_all(tx, table, rows)]
    except IntegrityError:  # some key is taken: see which, one by one
        return [tx.execute(_ignoring(tx.dialect.name, table), row).scalar_one_or_none() for row in rows]


def insert_all(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """
    Add rows and return their ids, in order.
    """
    return list(tx.execute(_adding(table), rows).scalars()) if rows else []


@cache
def _replacing(dialect: str, table: Table) -> Insert:
    statement = _insert(dialect, table)
    values = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    if not values:
        return statement.on_conflict_do_nothing()
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=values)


@cache
def _adding(table: Table) -> ReturningInsert[Any]:
    return table.insert().returning(table.c.id, sort_by_parameter_order=True)


@cache
def _ignoring(dialect: str, table: Table) -> ReturningInsert[Any]:
    return _insert(dialect, table).on_conflict_do_nothing().returning(table.c.id)


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
