"""
How is a browser signed in, and out again?

Signing in always makes a new secret: one that somebody planted before is worth nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from watchkeeper.act.accounts.keys import IDLE_NS
from watchkeeper.act.accounts.secrets import digest, new_secret
from watchkeeper.store import sessions
from watchkeeper.store.sessions import SessionRow

LASTS: Final = timedelta(days=30)
LASTS_NS: Final = LASTS // timedelta(microseconds=1) * 1000
MOST_AGENT: Final = 200
MOST: Final = 50  # sessions of one account; the one that was not seen longest gives way


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """
    A session that began just now: the cookie, which is told this once, and what its forms must carry. `known` shows at
    the next time that somebody signed in as this person with this browser before; empty where there was no password.
    """

    cookie: str
    csrf: str
    digest: str
    known: str = ""


def begin(tx: Connection, account_id: int, *, agent: str, now_ns: int) -> Begun:
    """
    Sign a browser in, and forget the sessions that are over.
    """
    sessions.forget(tx, now_ns=now_ns, idle_ns=now_ns - IDLE_NS)
    for old in sessions.of_account(tx, account_id)[MOST - 1 :]:
        sessions.end(tx, old.digest)
    cookie, csrf = new_secret(), new_secret()
    row = SessionRow(
        digest=digest(cookie),
        account_id=account_id,
        csrf=csrf,
        agent=agent[:MOST_AGENT],
        created_ns=now_ns,
        seen_ns=now_ns,
        expires_ns=now_ns + LASTS_NS,
    )
    sessions.add(tx, row)
    return Begun(cookie=cookie, csrf=csrf, digest=row.digest)
