"""
Which browsers are signed in?

Of a cookie only its digest stands here: whoever reads the rows cannot sign in with them.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select

from watchkeeper.store import tables
from watchkeeper.store.rows import columns, read, read_one

_S = tables.sessions.c


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionRow:
    """
    A browser that is signed in, until `expires_ns` at the latest.
    """

    digest: str
    account_id: int
    csrf: str
    agent: str
    created_ns: int
    seen_ns: int
    expires_ns: int


_ADD = tables.sessions.insert()
_BY_DIGEST = select(tables.sessions).where(_S.digest == bindparam("digest"))
_OF = select(tables.sessions).where(_S.account_id == bindparam("account_id")).order_by(_S.seen_ns.desc(), _S.digest)
_SEEN = tables.sessions.update().where(_S.digest == bindparam("of")).values(seen_ns=bindparam("at_ns"))
_END = delete(tables.sessions).where(_S.digest == bindparam("digest"))
_END_OF = delete(tables.sessions).where(_S.account_id == bindparam("account_id"), _S.digest != bindparam("but"))
_FORGET = delete(tables.sessions).where((_S.expires_ns <= bindparam("now_ns")) | (_S.seen_ns <= bindparam("idle_ns")))


def add(tx: Connection, row: SessionRow) -> None:
    """
    Write a session.
    """
    tx.execute(_ADD, columns(row))


def by_digest(view: Connection, digest: str) -> SessionRow | None:
    """
    The session of a cookie.
    """
    return read_one(SessionRow, view.execute(_BY_DIGEST, {"digest": digest}))


def of_account(view: Connection, account_id: int) -> list[SessionRow]:
    """
    Where one person is signed in, last seen first.
    """
    return read(SessionRow, view.execute(_OF, {"account_id": account_id}))


def seen(tx: Connection, digest: str, *, at_ns: int) -> None:
    """
    It was used.
    """
    tx.execute(_SEEN, {"of": digest, "at_ns": at_ns})


def end(tx: Connection, digest: str) -> bool:
    """
    Sign a browser out; whether it was signed in.
    """
    return tx.execute(_END, {"digest": digest}).rowcount == 1


def end_of(tx: Connection, account_id: int, *, but: str = "") -> int:
    """
    Sign a person out everywhere but in one session; how many ended.
    """
    return tx.execute(_END_OF, {"account_id": account_id, "but": but}).rowcount


def forget(tx: Connection, *, now_ns: int, idle_ns: int) -> int:
    """
    Drop what has expired, or was not seen since `idle_ns`; how many went.
    """
    return tx.execute(_FORGET, {"now_ns": now_ns, "idle_ns": idle_ns}).rowcount
