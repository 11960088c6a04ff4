"""
Which links were used already?

Only a digest of each is remembered. A link works once: whoever writes its digest first has used it.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError

from watchkeeper.store import tables

_U = tables.used_links.c
_USED = select(_U.used_ns).where(_U.digest == bindparam("link"))
_OLD = delete(tables.used_links).where(_U.used_ns < bindparam("before_ns"))


def use(tx: Connection, digest: str, *, by: str, now_ns: int) -> bool:
    """
    Use a link up; False when it was used before. To be called in the transaction of what the link does.
    """
    try:
        with tx.begin_nested():
            tx.execute(insert(tables.used_links), {"digest": digest, "used_ns": now_ns, "by": by})
    except IntegrityError:
        return False
    return True


def was_used_ns(view: Connection, digest: str) -> int | None:
    """
    When a link was used; None when it was not.
    """
    at_ns: int | None = view.execute(_USED, {"link": digest}).scalar_one_or_none()
    return at_ns


def forget(tx: Connection, *, before_ns: int) -> int:
    """
    Forget the links that were used before this, because all of them have ended since; how many there were.
    """
    return tx.execute(_OLD, {"before_ns": before_ns}).rowcount
