"""
Which programs may come in, and with what?

Of a token only its digest stands here; the token itself is shown once, when it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from watchkeeper.store import tables
from watchkeeper.store.rows import columns, read, read_one

_T = tables.tokens.c


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenRow:
    """
    What a program comes in with. With an account it never may more than that person; without one it is nobody's own.

    `id` is 0 until it is written.
    """

    name: str
    digest: str
    shown: str
    scopes: list[str]
    author: str
    created_ns: int
    account_id: int | None = None
    expires_ns: int | None = None
    revoked_ns: int | None = None
    used_ns: int | None = None
    id: int = 0


_ADD = tables.tokens.insert().returning(_T.id)
_BY_ID = select(tables.tokens).where(_T.id == bindparam("id"))
_STANDING = select(tables.tokens).where(_T.revoked_ns.is_(None)).order_by(_T.id)
_RECENT = select(tables.tokens).order_by(_T.revoked_ns.is_not(None), _T.id.desc()).limit(bindparam("most"))
_USED = tables.tokens.update().where(_T.id == bindparam("of")).values(used_ns=bindparam("at_ns"))
_REVOKE = tables.tokens.update().where(_T.id == bindparam("of"), _T.revoked_ns.is_(None))
_REVOKE = _REVOKE.values(revoked_ns=bindparam("at_ns"))
_REVOKE_NAMED = tables.tokens.update().where(
    _T.name == bindparam("called"), _T.author == bindparam("of"), _T.revoked_ns.is_(None)
)
_REVOKE_NAMED = _REVOKE_NAMED.values(revoked_ns=bindparam("at_ns"))


def add(tx: Connection, row: TokenRow) -> int:
    """
    Write a token; its id.
    """
    return int(tx.execute(_ADD, columns(row)).scalar_one())


def by_id(view: Connection, token_id: int) -> TokenRow | None:
    """
    One token.
    """
    return read_one(TokenRow, view.execute(_BY_ID, {"id": token_id}))


def standing(view: Connection) -> list[TokenRow]:
    """
    Those that nobody revoked; some may have expired.
    """
    return read(TokenRow, view.execute(_STANDING))


def recent(view: Connection, *, most: int = 500) -> list[TokenRow]:
    """
    Those that stand, newest first, and then those that were revoked.
    """
    return read(TokenRow, view.execute(_RECENT, {"most": most}))


def used(tx: Connection, at_ns: Mapping[int, int]) -> None:
    """
    When tokens were used last, by id.
    """
    if at_ns:
        tx.execute(_USED, [{"of": token_id, "at_ns": ns} for token_id, ns in at_ns.items()])


def revoke(tx: Connection, token_id: int, *, at_ns: int) -> bool:
    """
    Let nobody in with it any more; whether it let somebody in until now.
    """
    return tx.execute(_REVOKE, {"of": token_id, "at_ns": at_ns}).rowcount == 1


def revoke_named(tx: Connection, name: str, *, author: str, at_ns: int) -> int:
    """
    The same for all of one name that one author made; how many.
    """
    return tx.execute(_REVOKE_NAMED, {"called": name, "of": author, "at_ns": at_ns}).rowcount
