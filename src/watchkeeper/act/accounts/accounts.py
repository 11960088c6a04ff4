"""
What can be done about accounts, sessions and tokens?

The use cases behind the pages, the API and the terminal. Each change and its record are one transaction; afterwards the
doors know at once.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection

from watchkeeper.act.accounts import passwords, sessions
from watchkeeper.act.accounts.audit import Outcome, audited
from watchkeeper.act.accounts.keys import IDLE_NS, OPERATOR, Keys
from watchkeeper.act.accounts.refusals import CannotDo, NotSignedIn, TooSoon
from watchkeeper.act.accounts.refused import Refused
from watchkeeper.act.accounts.roles import ROLES
from watchkeeper.act.accounts.secrets import SHOWN, digest, new_secret, new_token, same
from watchkeeper.act.accounts.sessions import Begun
from watchkeeper.act.accounts.throttling import Throttle
from watchkeeper.act.accounts.tokens import Made, TokenWish, made
from watchkeeper.act.accounts.visitor import STRANGER, WATCHKEEPER, Visitor
from watchkeeper.outside.clock import Clock
from watchkeeper.outside.secrets import Secret
from watchkeeper.store import accounts, tokens
from watchkeeper.store import audit as record
from watchkeeper.store import sessions as session_rows
from watchkeeper.store.accounts import AccountRow
from watchkeeper.store.audit import AuditRow
from watchkeeper.store.sessions import SessionRow
from watchkeeper.store.state import State
from watchkeeper.store.tokens import TokenRow

MOST_NAME: Final = 60
OPERATOR_LASTS_NS: Final = timedelta(days=400) // timedelta(microseconds=1) * 1000
BUSY_NS: Final = 10**9  # those in line are through by then
SET_UP: Final = "\n"  # what the set-up token is counted under: nobody is called so
FIRST: Final = replace(STRANGER, name="the first admin", through="set-up")


class Accounts:
    """
    The accounts of one watch, and what lets somebody in. Safe to use from any thread.
    """

    def __init__(self, state: State, clock: Clock) -> None:
        self._state, self._clock = state, clock
        self.keys = Keys(state, clock)
        self.refused = Refused(state, clock)
        self._throttle = Throttle()
        self._setting_up = threading.Lock()
        self._setup: Secret | None = None

    # --- the first time

    def begin_setup(self) -> Secret | None:
        """
        The token with which the first admin makes their account; None once there is an account. The same until then.
        """
        with self._setting_up:
            if self._any():
                self._setup = None
            elif self._setup is None:
                self._setup = Secret(new_secret())
            return self._setup

    @property
    def awaits_setup(self) -> bool:
        """
        Whether nobody has an account yet.
        """
        return not self._any()

    def set_up(self, token: str, *, name: str, password: str, agent: str, address: str) -> Begun:
        """
        Make the first account, an admin's, and sign it in. Raises CannotDo, NotSignedIn for a wrong token, TooSoon.
        """
        with self._setting_up:
            if self._setup is None or not same(token, self._setup.reveal()):
                self._try(SET_UP, address)  # nobody guesses 256 bits: those who guess keep the owner from nothing
                self.refused.told(STRANGER, "account.set-up", "account", "another set-up token", address=address)
                raise NotSignedIn("found another set-up token; wanted the one that Watchkeeper printed when it started")
            row = self._account(name, role="admin", person="", password=password)
            with self._state.transaction() as tx:
                if accounts.any_at_all(tx):
                    raise CannotDo("found an account already; sign in instead")
                made_id = accounts.add(tx, row)
                audited(tx, FIRST, "account.create", f"account/{row.name}", detail={"role": "admin"}, at_ns=self._now())
                begun = sessions.begin(tx, made_id, agent=agent, now_ns=self._now())
            self._setup = None
        self.keys.changed()
        return begun

    # --- signing in and out

    def sign_in(self, name: str, password: str, *, agent: str, address: str, known: str = "") -> Begun:
        """
        Sign a browser in. `known` is what it was given the last time: its tries are counted apart, so that nobody keeps
        people out by guessing at their password. Raises NotSignedIn, TooSoon.
        """
        name = name.strip()[:MOST_NAME]
        with self._state.reading() as view:
            row = accounts.by_name(view, name)
        familiar = bool(known) and row is not None and same(known, _known(row))
        counted, address_counted = (f"{name}\n{known}", "") if familiar else (name, address)
        with nullcontext() if familiar else _in_line():
            self._try(counted, address_counted)
            right = passwords.fits(password, None if row is None else row.password)
        if row is None or not right or row.disabled_ns is not None:
            why = "there is no such account" if row is None else "disabled" if right else "another password"
            self.refused.told(STRANGER, "session.begin", f"account/{name}", why, address=address)
            raise NotSignedIn("found another name or password; wanted those of an account")
        self._throttle.succeeded(counted, _apart(address_counted))
        with self._state.transaction() as tx:
            if row.password is not None and passwords.outdated(row.password):
                accounts.change(tx, row.id, password=passwords.kept(password))
            return replace(self._begin(tx, row, agent), known=_known(row))

    def sign_in_here(self, name: str, *, person: str = "", agent: str) -> Begun:
        """
        Sign a browser in without a password, as an admin: the visitor of a demo. The account is made when it is new.
        Raises NotSignedIn where it was disabled.
        """
        with self._state.transaction() as tx:
            row = accounts.by_name(tx, name)
            if row is None:
                row = AccountRow(name=name, role="admin", person=person, created_ns=self._now())
                row = replace(row, id=accounts.add(tx, row))
                audited(
                    tx, WATCHKEEPER, "account.create", f"account/{name}", detail={"role": "admin"}, at_ns=self._now()
                )
            if row.disabled_ns is not None:
                raise NotSignedIn(f"found the account {name} disabled; wanted another one")
            return self._begin(tx, row, agent)

    def sign_out(self, visitor: Visitor) -> None:
        """
        End the session that somebody came with.
        """
        with self._state.transaction() as tx:
            if session_rows.end(tx, visitor.session):
                audited(tx, visitor, "session.end", f"account/{visitor.name}", at_ns=self._now())
        self.keys.changed()

    def sign_out_elsewhere(self, visitor: Visitor) -> int:
        """
        End all other sessions of the same person; how many.
        """
        with self._state.transaction() as tx:
            ended = session_rows.end_of(tx, _own(visitor), but=visitor.session)
            detail = {"elsewhere": ended}
            audited(tx, visitor, "session.end", f"account/{visitor.name}", detail=detail, at_ns=self._now())
        self.keys.changed()
        return ended

    def sessions(self, visitor: Visitor) -> list[SessionRow]:
        """
        Where somebody is signed in, last seen first.
        """
        now_ns = self._now()
        with self._state.reading() as view:
            rows = session_rows.of_account(view, _own(visitor))
        return [row for row in rows if row.expires_ns > now_ns and row.seen_ns + IDLE_NS > now_ns]

    def change_password(self, visitor: Visitor, *, old: str, new: str, agent: str, address: str) -> Begun:
        """
        Somebody's own password; all their sessions end, and this browser gets a new one. Raises what `sign_in` raises.
        """
        with _in_line():
            self._try(visitor.name, address)
            with self._state.reading() as view:
                row = accounts.by_id(view, _own(visitor))
            assert row is not None  # the row of somebody signed in is never deleted
            right = row.password is None or passwords.fits(old, row.password)
        if not right:
            self.refused.told(visitor, "account.password", f"account/{row.name}", "another password", address=address)
            raise NotSignedIn("found another password; wanted your present one")
        self._throttle.succeeded(visitor.name, _apart(address))
        if why := passwords.why_unfit(new, name=row.name):
            raise CannotDo(why)
        hashed = passwords.kept(new)
        with self._state.transaction() as tx:
            accounts.change(tx, row.id, password=hashed)
            session_rows.end_of(tx, row.id)
            audited(tx, visitor, "account.password", f"account/{row.name}", at_ns=self._now())
            begun = sessions.begin(tx, row.id, agent=agent, now_ns=self._now())
        self.keys.changed()
        return begun

    # --- accounts

    def all(self) -> list[AccountRow]:
        """
        Every account, by name.
        """
        with self._state.reading() as view:
            return accounts.every(view)

    def add(self, visitor: Visitor, *, name: str, role: str, person: str = "", password: str) -> AccountRow:
        """
        Make an account. Raises CannotDo.
        """
        row = self._account(name, role=role, person=person, password=password)
        with self._state.transaction() as tx:
            if accounts.by_name(tx, row.name) is not None:
                raise CannotDo(f"found an account {row.name!r} already; wanted another name")
            row = replace(row, id=accounts.add(tx, row))
            detail = {"role": role, "person": person}
            audited(tx, visitor, "account.create", f"account/{row.name}", detail=detail, at_ns=self._now())
        self.keys.changed()
        return row

    def change(
        self,
        visitor: Visitor,
        name: str,
        *,
        role: str | None = None,
        person: str | None = None,
        password: str | None = None,
        disabled: bool | None = None,
    ) -> AccountRow:
        """
        Change what is given of an account. A new password, and disabling, end its sessions. Raises CannotDo, KeyError.
        """
        if role is not None and role not in ROLES:
            raise CannotDo(f"found the role {role[:40]!r}; wanted one of {', '.join(ROLES)}")
        if password is not None and (why := passwords.why_unfit(password, name=name)):
            raise CannotDo(why)
        hashed = None if password is None else passwords.kept(password)
        with self._state.transaction() as tx:
            before = accounts.by_name(tx, name)
            if before is None:
                raise KeyError(name)
            after = replace(
                before,
                role=before.role if role is None else role,
                person=before.person if person is None else person.strip(),
                password=hashed or before.password,
                disabled_ns=self._disabled(before, disabled),
            )
            accounts.change(
                tx,
                before.id,
                role=after.role,
                person=after.person,
                password=after.password,
                disabled_ns=after.disabled_ns,
            )
            if not accounts.enabled_with_role(tx, "admin"):
                raise CannotDo("found no other admin; wanted at least one who can sign in")
            if hashed or after.disabled_ns is not None:
                session_rows.end_of(tx, before.id)
            detail = {
                key: told
                for key, told in (
                    ("role", after.role if after.role != before.role else None),
                    ("person", after.person if after.person != before.person else None),
                    ("password", "changed" if hashed else None),
                    ("disabled", after.disabled_ns is not None if after.disabled_ns != before.disabled_ns else None),
                )
                if told is not None
            }
            audited(tx, visitor, "account.change", f"account/{name}", detail=detail, at_ns=self._now())
        self.keys.changed()
        return after

    # --- tokens

    def tokens(self, visitor: Visitor) -> list[TokenRow]:
        """
        The tokens that somebody sees: an admin all, others their own.
        """
        with self._state.reading() as view:
            rows = tokens.recent(view)
        return [row for row in rows if _sees(visitor, row)]

    def make_token(self, visitor: Visitor, wish: TokenWish) -> Made:
        """
        Make a token. Raises CannotDo.
        """
        new = made(wish, visitor, now_ns=self._now())
        with self._state.transaction() as tx:
            new = replace(new, row=replace(new.row, id=tokens.add(tx, new.row)))
            detail = {"name": new.row.name, "scopes": " ".join(new.row.scopes), "shared": not wish.own}
            audited(tx, visitor, "token.create", f"token/{new.row.id}", detail=detail, at_ns=self._now())
        self.keys.changed()
        return new

    def revoke_token(self, visitor: Visitor, number: int) -> TokenRow:
        """
        Let nobody in with it any more. KeyError for one that somebody does not see; CannotDo for one revoked before.
        """
        now_ns = self._now()
        with self._state.transaction() as tx:
            row = tokens.by_id(tx, number) if number < 2**63 else None
            if row is None or not _sees(visitor, row):
                raise KeyError(number)
            if not tokens.revoke(tx, number, at_ns=now_ns):
                raise CannotDo("found a token that was revoked before")
            audited(tx, visitor, "token.revoke", f"token/{number}", detail={"name": row.name}, at_ns=now_ns)
        self.keys.changed()
        return replace(row, revoked_ns=now_ns)

    def operator_token(self) -> Secret:
        """
        A new token for commands on this machine; the one before lets nobody in any more.
        """
        return self.machine_token(OPERATOR, ["admin", "ingest"])

    def machine_token(self, name: str, scopes: list[str]) -> Secret:
        """
        A new token of nobody's own that Watchkeeper makes for a program beside it, in the place of the one before.
        """
        now_ns, secret = self._now(), new_token()
        row = TokenRow(
            name=name,
            digest=digest(secret),
            shown=secret[:SHOWN],
            scopes=scopes,
            author=WATCHKEEPER.name,
            created_ns=now_ns,
            expires_ns=now_ns + OPERATOR_LASTS_NS,
        )
        with self._state.transaction() as tx:
            tokens.revoke_named(tx, name, author=WATCHKEEPER.name, at_ns=now_ns)
            number = tokens.add(tx, row)
            audited(tx, WATCHKEEPER, "token.create", f"token/{number}", detail={"name": name}, at_ns=now_ns)
        self.keys.changed()
        return Secret(secret)

    # --- the record

    def note(
        self,
        visitor: Visitor,
        action: str,
        target: str,
        outcome: Outcome = "done",
        detail: dict[str, Any] | None = None,
    ) -> None:
        """
        Write down a change that has no transaction of its own.
        """
        with self._state.transaction() as tx:
            audited(tx, visitor, action, target, outcome, detail, at_ns=self._now())

    def record(
        self, *, most: int = 100, before: int | None = None, who: str = "", target: str = "", outcome: str = ""
    ) -> list[AuditRow]:
        """
        The newest changes and refusals, newest first.
        """
        with self._state.reading() as view:
            return record.recent(view, most=most, before=before, who=who, target=target, outcome=outcome)

    # --- how

    def _now(self) -> int:
        return self._clock.now_ns()

    def _any(self) -> bool:
        with self._state.reading() as view:
            return accounts.any_at_all(view)

    def _try(self, name: str, address: str) -> None:
        """
        Count a try; it is a wrong one until it succeeds. Raises TooSoon.
        """
        wait_ns = self._throttle.begun(name, _apart(address), now_ns=self._clock.monotonic_ns())
        if wait_ns:
            raise TooSoon(wait_ns)

    def _begin(self, tx: Connection, row: AccountRow, agent: str) -> Begun:
        visitor = replace(STRANGER, name=row.name, through="session")
        audited(tx, visitor, "session.begin", f"account/{row.name}", at_ns=self._now())
        return sessions.begin(tx, row.id, agent=agent, now_ns=self._now())

    def _account(self, name: str, *, role: str, person: str, password: str) -> AccountRow:
        name = name.strip()
        if not 1 <= len(name) <= MOST_NAME or not name.isprintable() or name == WATCHKEEPER.name:
            raise CannotDo(f"found {name[:MOST_NAME]!r}; wanted a name of at most {MOST_NAME} characters")
        if role not in ROLES:
            raise CannotDo(f"found the role {role[:40]!r}; wanted one of {', '.join(ROLES)}")
        if why := passwords.why_unfit(password, name=name):
            raise CannotDo(why)
        hashed = passwords.kept(password)
        return AccountRow(name=name, role=role, person=person.strip(), password=hashed, created_ns=self._now())

    def _disabled(self, before: AccountRow, disabled: bool | None) -> int | None:
        if disabled is None:
            return before.disabled_ns
        return (before.disabled_ns or self._now()) if disabled else None


@contextmanager
def _in_line() -> Iterator[None]:
    """
    A place in the line for passwords to be tried. Raises TooSoon.
    """
    try:
        with passwords.in_line():
            yield
    except passwords.Busy:
        raise TooSoon(BUSY_NS, "too many people sign in at this moment") from None


def _apart(address: str) -> str:
    """
    The address that tries are counted for: none for this machine's own, where a proxy stands before everybody.
    """
    return "" if address in ("127.0.0.1", "::1") else address


def _known(row: AccountRow) -> str:
    """
    What a browser shows in which this person signed in, until their password changes; nobody else can make it.
    """
    return hmac.digest((row.password or new_secret()).encode(), f"known browser\0{row.name}".encode(), "sha256").hex()


def _own(visitor: Visitor) -> int:
    if visitor.account_id is None:
        raise CannotDo("found nobody with an account; sign in first", forbidden=True)
    return visitor.account_id


def _sees(visitor: Visitor, row: TokenRow) -> bool:
    if visitor.may("admin"):
        return True
    return row.account_id is not None and row.account_id == visitor.account_id
