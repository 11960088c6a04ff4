"""
Who comes in with this token, or this cookie?

Asked before every request, so it is answered from memory: tokens are read when something changed and now and then,
cookies once in a while each. Nothing is looked up by the secret itself, only by its digest.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from watchkeeper.act.accounts.roles import granted_by_scopes, granted_to_role, highest
from watchkeeper.act.accounts.visitor import SESSION, TERMINAL, Visitor
from watchkeeper.outside.clock import Clock
from watchkeeper.store import accounts, sessions, tokens
from watchkeeper.store.accounts import AccountRow
from watchkeeper.store.errors import StateError
from watchkeeper.store.sessions import SessionRow
from watchkeeper.store.state import State
from watchkeeper.store.tokens import TokenRow

FRESH_NS: Final = 10 * 10**9  # another process may have changed something: it holds here after this long
AT_ONCE_NS: Final = 10**9  # a token that we do not know may be a new one of another process
SEEN_NS: Final = 5 * 60 * 10**9  # how exactly it is kept when a token or a cookie was used last
MOST_COOKIES: Final = 10_000
IDLE_NS: Final = timedelta(days=7) // timedelta(microseconds=1) * 1000  # a browser that was not seen is signed out
#: What the token is called that commands on the machine of the watch come in with.
OPERATOR: Final = "operator"


@dataclass(frozen=True, slots=True)
class Held:
    """
    Who comes in with something, until when (ns; None: for ever), and since when we know it (monotonic ns).
    """

    visitor: Visitor
    until_ns: int | None
    read_ns: int
    row: int = 0
    used_ns: int = 0


class Keys:
    """
    The tokens and cookies that let somebody in. Safe to use from any thread.
    """

    def __init__(self, state: State, clock: Clock) -> None:
        self._state, self._clock = state, clock
        self._reading = threading.Lock()
        self._tokens: dict[str, Held] = {}
        self._cookies: dict[str, Held] = {}
        self._used: dict[str, int] = {}
        self._read_ns: int | None = None  # None: nothing that is remembered here holds any more
        self._changes = 0

    def changed(self) -> None:
        """
        Accounts, tokens or sessions were changed just now: what is remembered is asked anew.
        """
        self._changes += 1
        self._read_ns = None
        self._cookies = {}

    # --- without waiting, for the doors

    def token(self, digest: str) -> Visitor | None:
        """
        Who comes in with a token, from memory; None for one that is unknown, expired or revoked.
        """
        held = self._tokens.get(digest)
        if held is None or self._over(held):
            return None
        self._used[digest] = self._clock.now_ns()
        return held.visitor

    def stale(self, *, unknown: bool = False) -> bool:
        """
        Whether `refresh` may find something new: after a change, now and then, sooner for a token that is unknown.
        """
        read_ns = self._read_ns
        return read_ns is None or self._clock.monotonic_ns() - read_ns >= (AT_ONCE_NS if unknown else FRESH_NS)

    @property
    def changed_here(self) -> bool:
        """
        Whether what is remembered must not be used before `refresh`.
        """
        return self._read_ns is None

    def cookie(self, digest: str) -> Visitor | None:
        """
        Who is signed in with a cookie, from memory; None where `signed_in` must be asked.
        """
        held = self._cookies.get(digest)
        if held is None or self._over(held) or self._clock.monotonic_ns() - held.read_ns >= FRESH_NS:
            return None
        return held.visitor

    # --- that read the state

    def refresh(self) -> None:
        """
        Read the tokens again. Raises StateError where that cannot be, and nothing may be told from memory.
        """
        with self._reading:
            if not self.stale(unknown=True):
                return
            before, now_ns, changes = self._read_ns, self._clock.monotonic_ns(), self._changes
            try:
                self._note_use()
                with self._state.reading() as view:
                    owners = {row.id: row for row in accounts.every(view)}
                    rows = tokens.standing(view)
            except StateError:
                if before is None:
                    raise
            else:  # a read that failed leaves those that we know: they go on coming in
                self._tokens = {row.digest: held for row in rows if (held := _of_token(row, owners, now_ns))}
            # Last: until it is read nobody may take a token for unknown; what changed meanwhile is read once more.
            if self._changes == changes:
                self._read_ns = now_ns

    def signed_in(self, digest: str) -> Visitor | None:
        """
        Who is signed in with a cookie; None for nobody. Raises StateError.
        """
        read_ns, now_ns = self._clock.monotonic_ns(), self._clock.now_ns()
        cookies = self._cookies  # first: what `changed` does while we read is remembered nowhere
        with self._state.reading() as view:
            row = sessions.by_digest(view, digest)
            owner = None if row is None else accounts.by_id(view, row.account_id)
        held = None if row is None or owner is None else _of_session(row, owner, read_ns)
        if row is None or held is None or self._over(held):
            return None
        if now_ns - row.seen_ns >= SEEN_NS:
            with self._state.transaction() as tx:
                sessions.seen(tx, digest, at_ns=now_ns)
        if len(cookies) >= MOST_COOKIES:
            cookies.clear()
        cookies[digest] = held
        return held.visitor

    def _over(self, held: Held) -> bool:
        return held.until_ns is not None and held.until_ns <= self._clock.now_ns()

    def _note_use(self) -> None:
        used, self._used = self._used, {}
        held = [(self._tokens[digest], at_ns) for digest, at_ns in used.items() if digest in self._tokens]
        news = {one.row: at_ns for one, at_ns in held if at_ns - one.used_ns >= SEEN_NS}
        if news:
            with self._state.transaction() as tx:
                tokens.used(tx, news)


def _of_token(row: TokenRow, owners: dict[int, AccountRow], read_ns: int) -> Held | None:
    owner = None if row.account_id is None else owners.get(row.account_id)
    grants = granted_by_scopes(row.scopes)
    if row.account_id is not None:
        if owner is None or owner.disabled_ns is not None:
            return None
        grants &= granted_to_role(owner.role) | {"ingest"}
    visitor = Visitor(
        name=owner.name if owner else row.name,
        person=owner.person if owner else "",
        role=highest(grants),
        through=TERMINAL if row.name == OPERATOR and owner is None else f"token {row.name}",
        grants=grants,
        account_id=owner.id if owner else None,
    )
    return Held(visitor, row.expires_ns, read_ns, row=row.id, used_ns=row.used_ns or 0)


def _of_session(row: SessionRow, owner: AccountRow, read_ns: int) -> Held | None:
    if owner.disabled_ns is not None:
        return None
    visitor = Visitor(
        name=owner.name,
        person=owner.person,
        role=owner.role,
        through=SESSION,
        grants=granted_to_role(owner.role),
        account_id=owner.id,
        csrf=row.csrf,
        session=row.digest,
    )
    return Held(visitor, min(row.expires_ns, row.seen_ns + IDLE_NS), read_ns)
