"""
Who may come in, and what stands on the record, in JSON?
"""

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import Field, StringConstraints

from watchkeeper.act.accounts.passwords import LEAST
from watchkeeper.act.accounts.refusals import CannotDo
from watchkeeper.act.accounts.tokens import TokenWish
from watchkeeper.store.accounts import AccountRow
from watchkeeper.store.audit import AuditRow
from watchkeeper.store.tokens import TokenRow
from watchkeeper.web.api.asking import TheWatch, Who, router
from watchkeeper.web.api.errors import CHANGES, Unfit, Unknown, answers
from watchkeeper.web.api.values import Instant, Model, Nothing, at, at_or_none

routes = router("accounts")

Role = Literal["viewer", "responder", "manager", "admin"]
Scope = Literal["ingest", "read", "respond", "manage", "admin"]
_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
_Person = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]
_Password = Annotated[str, StringConstraints(max_length=200)]
_Of = Annotated[str, Query(max_length=100, description="Only of this one.")]


class Me(Model):
    """
    Who asks, and what they may.
    """

    name: str
    person: str = Field(description="Their name among the people of the manual; empty: nobody there.")
    role: str = Field(description="What it comes to; empty: not even reading.")
    through: str = Field(description="session, terminal, or token NAME.")
    may: list[str]


class Account(Model):
    """
    A person who may sign in.
    """

    name: str
    role: str
    person: str
    password: bool = Field(description="Whether they can sign in by one.")
    created: Instant
    disabled: Instant | None


class AccountList(Model):
    """
    Every account, by name.
    """

    accounts: list[Account]


class NewAccount(Model):
    """
    An account to be made.
    """

    name: _Name
    role: Role
    person: _Person = Field(default="", description="Their name among the people of the manual.")
    password: _Password = Field(description=f"At least {LEAST} characters.")


class AccountChange(Model):
    """
    What is to be different of an account. A new password, and disabling, end its sessions.
    """

    role: Role | None = None
    person: _Person | None = None
    password: _Password | None = None
    disabled: bool | None = None


class Token(Model):
    """
    What a program comes in with. The token itself was told once.
    """

    number: int
    name: str
    shown: str = Field(description="How it begins.")
    scopes: list[str]
    owner: str | None = Field(description="Whose own it is, who it never may more than; null: nobody's.")
    author: str
    created: Instant
    expires: Instant | None
    revoked: Instant | None
    used: Instant | None = Field(description="The last time, to five minutes.")


class TokenList(Model):
    """
    The tokens that stand, newest first, and then those that were revoked.
    """

    tokens: list[Token]


class NewToken(Model):
    """
    A token to be made.
    """

    name: _Name
    scopes: list[Scope] = Field(min_length=1, max_length=5)
    days: int | None = Field(default=365, ge=1, le=3650, description="How long it lasts; null: until it is revoked.")


class MadeToken(Token):
    """
    The token that was made. `token` is told this once.
    """

    token: str


class Record(Model):
    """
    A change, or a refusal.
    """

    number: int
    at: Instant
    who: str
    through: str
    action: str
    target: str
    outcome: str
    detail: dict[str, Any]


class RecordList(Model):
    """
    The newest changes and refusals, newest first.
    """

    audit: list[Record]


@routes.get("/me", responses=answers())
def me(who: Who) -> Me:
    """
    Who asks, and what they may.
    """
    return Me(name=who.name, person=who.person, role=who.role, through=who.through, may=sorted(who.grants))


@routes.get("/accounts", responses=answers())
def accounts(watch: TheWatch) -> AccountList:
    """
    Every account.
    """
    return AccountList(accounts=[_account(row) for row in watch.accounts.all()])


@routes.post("/accounts", responses=CHANGES)
def add_account(wish: NewAccount, watch: TheWatch, who: Who) -> Account:
    """
    Make an account.
    """
    try:
        row = watch.accounts.add(who, name=wish.name, role=wish.role, person=wish.person, password=wish.password)
    except CannotDo as why:
        raise Unfit(str(why)) from None
    return _account(row)


@routes.post("/accounts/{name}", responses=answers(404) | CHANGES)
def change_account(
    name: Annotated[str, Path(max_length=60)], change: AccountChange, watch: TheWatch, who: Who
) -> Account:
    """
    Change an account.
    """
    try:
        row = watch.accounts.change(
            who, name, role=change.role, person=change.person, password=change.password, disabled=change.disabled
        )
    except KeyError:
        raise Unknown("account", name, [row.name for row in watch.accounts.all()]) from None
    except CannotDo as why:
        raise Unfit(str(why)) from None
    return _account(row)


@routes.get("/tokens", responses=answers())
def tokens(watch: TheWatch, who: Who) -> TokenList:
    """
    The tokens that let programs in, and let them in before.
    """
    owners = {row.id: row.name for row in watch.accounts.all()}
    return TokenList(tokens=[_token(row, owners) for row in watch.accounts.tokens(who)])


@routes.post("/tokens", responses=CHANGES)
def make_token(wish: NewToken, watch: TheWatch, who: Who) -> MadeToken:
    """
    Make a token that is nobody's own. People make their own on the page Tokens.
    """
    lasts = None if wish.days is None else timedelta(days=wish.days)
    try:
        made = watch.accounts.make_token(who, TokenWish(name=wish.name, scopes=wish.scopes, lasts=lasts, own=False))
    except CannotDo as why:
        raise Unfit(str(why)) from None
    return MadeToken(**dict(_token(made.row, {})), token=made.secret.reveal())


@routes.post("/tokens/{number}/revoke", responses=answers(404) | CHANGES)
def revoke_token(
    number: Annotated[int, Path(ge=1, le=2**53, description="The number of the token.")],
    _: Nothing,
    watch: TheWatch,
    who: Who,
) -> Token:
    """
    Let nobody in with it any more.
    """
    owners = {row.id: row.name for row in watch.accounts.all()}
    try:
        return _token(watch.accounts.revoke_token(who, number), owners)
    except KeyError:
        raise Unknown("token", number, [row.id for row in watch.accounts.tokens(who)]) from None
    except CannotDo as why:
        raise Unfit(str(why)) from None


@routes.get("/audit", responses=answers(422))
def audit(
    watch: TheWatch,
    most: Annotated[int, Query(ge=1, le=500, description="How many at most.")] = 100,
    before: Annotated[int | None, Query(ge=1, le=2**53, description="Only those before this number.")] = None,
    who: _Of = "",
    target: _Of = "",
    outcome: Literal["", "done", "refused"] = "",
) -> RecordList:
    """
    Who changed what, and what was refused.
    """
    rows = watch.accounts.record(most=most, before=before, who=who, target=target, outcome=outcome)
    return RecordList(audit=[_record(row) for row in rows])


def _account(row: AccountRow) -> Account:
    return Account(
        name=row.name,
        role=row.role,
        person=row.person,
        password=row.password is not None,
        created=at(row.created_ns),
        disabled=at_or_none(row.disabled_ns),
    )


def _token(row: TokenRow, owners: dict[int, str]) -> Token:
    return Token(
        number=row.id,
        name=row.name,
        shown=row.shown,
        scopes=row.scopes,
        owner=None if row.account_id is None else owners.get(row.account_id, ""),
        author=row.author,
        created=at(row.created_ns),
        expires=at_or_none(row.expires_ns),
        revoked=at_or_none(row.revoked_ns),
        used=at_or_none(row.used_ns),
    )


def _record(row: AuditRow) -> Record:
    return Record(
        number=row.id,
        at=at(row.at_ns),
        who=row.who,
        through=row.through,
        action=row.action,
        target=row.target,
        outcome=row.outcome,
        detail=row.detail,
    )
