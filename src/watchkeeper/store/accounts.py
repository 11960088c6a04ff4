"""
Who has an account here?

A row is never deleted, for others name it; an account that may not sign in any more is disabled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from watchkeeper.store import tables
from watchkeeper.store.rows import columns, read, read_one

_A = tables.accounts.c


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountRow:
    """
    A person who may sign in. `id` is 0 until it is written; without a password nobody signs in by one.
    """

    name: str
    role: str
    created_ns: int
    person: str = ""
    password: str | None = None
    disabled_ns: int | None = None
    id: int = 0


_ADD = tables.accounts.insert().returning(_A.id)
_BY_ID = select(tables.accounts).where(_A.id == bindparam("id"))
_BY_NAME = select(tables.accounts).where(_A.name == bindparam("name"))
_ALL = select(tables.accounts).order_by(_A.name)
_ANY = select(func.count()).select_from(tables.accounts)
_WITH_ROLE = select(func.count()).where(_A.role == bindparam("role"), _A.disabled_ns.is_(None))


def add(tx: Connection, row: AccountRow) -> int:
    """
    Write an account; its id. Its name must be free.
    """
    return int(tx.execute(_ADD, columns(row)).scalar_one())


def by_id(view: Connection, account_id: int) -> AccountRow | None:
    """
    One account.
    """
    return read_one(AccountRow, view.execute(_BY_ID, {"id": account_id}))


def by_name(view: Connection, name: str) -> AccountRow | None:
    """
    One account by what its owner signs in with.
    """
    return read_one(AccountRow, view.execute(_BY_NAME, {"name": name}))


def every(view: Connection) -> list[AccountRow]:
    """
    All of them, by name.
    """
    return read(AccountRow, view.execute(_ALL))


def any_at_all(view: Connection) -> bool:
    """
    Whether anybody ever had an account.
    """
    return bool(view.execute(_ANY).scalar_one())


def enabled_with_role(view: Connection, role: str) -> int:
    """
    How many accounts have a role and may sign in.
    """
    return int(view.execute(_WITH_ROLE, {"role": role}).scalar_one())


def change(tx: Connection, account_id: int, **values: Any) -> None:
    """
    Write some columns of an account anew.
    """
    tx.execute(tables.accounts.update().where(_A.id == account_id).values(**values))
