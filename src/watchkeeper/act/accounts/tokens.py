"""
How is a token for a program made?

Whoever makes one gives it no more than they may themselves. It is told once; what is kept is its digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from watchkeeper.act.accounts.keys import OPERATOR
from watchkeeper.act.accounts.refusals import CannotDo
from watchkeeper.act.accounts.roles import SCOPES, granted_by_scopes
from watchkeeper.act.accounts.secrets import SHOWN, digest, new_token
from watchkeeper.act.accounts.visitor import Visitor
from watchkeeper.outside.secrets import Secret
from watchkeeper.store.tokens import TokenRow

MOST_NAME: Final = 60
MOST_LIFE: Final = timedelta(days=10 * 366)
USUAL_LIFE: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenWish:
    """
    What a person asks for. `own`: it is theirs, and never may more than they; else it is nobody's, which admins make.
    """

    name: str
    scopes: Sequence[str]
    lasts: timedelta | None = USUAL_LIFE  # None: until it is revoked
    own: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """
    A token that was made just now, with its secret, which is told this once.
    """

    row: TokenRow
    secret: Secret = field(repr=False)


def made(wish: TokenWish, visitor: Visitor, *, now_ns: int) -> Made:
    """
    The token that a wish becomes. Raises CannotDo, with what is wanted instead.
    """
    name, scopes = wish.name.strip(), [scope for scope in SCOPES if scope in wish.scopes]
    if not 1 <= len(name) <= MOST_NAME or not name.isprintable() or name == OPERATOR:
        raise CannotDo(f"found {name[:MOST_NAME]!r}; wanted a name of at most {MOST_NAME} characters for the token")
    if unknown := sorted(set(wish.scopes) - set(SCOPES)):
        raise CannotDo(f"found the scope {unknown[0][:40]!r}; wanted some of {', '.join(SCOPES)}")
    if not scopes:
        raise CannotDo(f"found no scope; wanted at least one of {', '.join(SCOPES)}")
    if beyond := sorted(granted_by_scopes(scopes) - visitor.grants - ({"ingest"} if visitor.may("manage") else set())):
        raise CannotDo(f"found the scope {beyond[0]}; wanted only what you may do yourself", forbidden=True)
    if wish.lasts is not None and not timedelta() < wish.lasts <= MOST_LIFE:
        raise CannotDo("found a time that it cannot last; wanted a minute to ten years")
    if wish.own and visitor.account_id is None:
        raise CannotDo("found nobody whose own it could be; wanted a token of nobody's own (shared)")
    if not wish.own and not visitor.may("admin"):
        raise CannotDo("found a token of nobody's own; only an admin makes one", forbidden=True)
    secret = new_token()
    row = TokenRow(
        name=name,
        digest=digest(secret),
        shown=secret[:SHOWN],
        scopes=scopes,
        author=visitor.name,
        created_ns=now_ns,
        account_id=visitor.account_id if wish.own else None,
        expires_ns=None if wish.lasts is None else now_ns + wish.lasts // timedelta(microseconds=1) * 1000,
    )
    return Made(row=row, secret=Secret(secret))
