"""
Who has an account and a token here, where is somebody signed in, and what stands on the record?
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from watchkeeper.act.accounts import passwords
from watchkeeper.act.accounts.roles import LADDER, MAY, ROLES, SCOPE_MAY, SCOPES
from watchkeeper.act.accounts.tokens import Made
from watchkeeper.act.accounts.visitor import Visitor
from watchkeeper.act.watch import Watch
from watchkeeper.store.accounts import AccountRow
from watchkeeper.store.audit import AuditRow
from watchkeeper.store.sessions import SessionRow
from watchkeeper.store.tokens import TokenRow
from watchkeeper.web.views.moments import Moment, moment

#: How long a token lasts, as the form offers it.
LASTS: Final = {
    "30d": ("30 days", timedelta(days=30)),
    "90d": ("90 days", timedelta(days=90)),
    "1y": ("a year", timedelta(days=365)),
    "": ("until somebody revokes it", None),
}
PAGE: Final = 100  # rows of the record


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """
    A browser that is signed in.
    """

    agent: str
    began: Moment
    seen: Moment
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """
    One's own page.
    """

    title: str
    name: str
    role: str
    may: str
    person: str
    person_title: str
    sessions: tuple[SessionLine, ...]
    has_password: bool
    said: str
    why: str
    least: int = passwords.LEAST
    lives: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """
    An account as an admin sees it.
    """

    name: str
    role: str
    person: str
    made: Moment
    disabled: Moment | None
    password: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsView:
    """
    Every account, and the form for another.
    """

    title: str
    headline: str
    accounts: tuple[AccountLine, ...]
    roles: tuple[tuple[str, str], ...]  # and what each may
    people: tuple[tuple[str, str], ...]  # of the manual: key and name
    written: dict[str, str]
    why: str
    said: str
    least: int = passwords.LEAST
    lives: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLine:
    """
    A token. `state` is met while it lets somebody in.
    """

    number: int
    name: str
    shown: str
    scopes: str
    owner: str
    made: Moment
    ends: Moment | None
    used: Moment | None
    state: str
    word: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensView:
    """
    The tokens that somebody sees, the form for another, and the secret of the one that was made just now.
    """

    title: str
    headline: str
    standing: tuple[TokenLine, ...]
    over: tuple[TokenLine, ...]
    scopes: tuple[tuple[str, str], ...]
    lasts: tuple[tuple[str, str], ...]
    shared: bool  # whether one may be made that is nobody's own
    secret: str
    secret_name: str
    exporter: str
    written: dict[str, str]
    why: str
    lives: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """
    A line of the record.
    """

    at: Moment
    who: str
    through: str
    action: str
    target: str
    refused: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """
    The newest changes and refusals; `older` is where those before are.
    """

    title: str
    headline: str
    lines: tuple[AuditLine, ...]
    written: dict[str, str]
    older: str
    lives: bool = False


class _Times:
    def __init__(self, watch: Watch) -> None:
        self._now_ns, self._zone = watch.clock.now_ns(), ZoneInfo(watch.standing.manual.zone)

    def __call__(self, at_ns: int) -> Moment:
        return moment(at_ns, now_ns=self._now_ns, zone=self._zone, with_day=True)

    def maybe(self, at_ns: int | None) -> Moment | None:
        return None if at_ns is None else self(at_ns)


def account_view(watch: Watch, visitor: Visitor, *, said: str = "", why: str = "") -> AccountView:
    """
    One's own account.
    """
    times = _Times(watch)
    row = next(row for row in watch.accounts.all() if row.id == visitor.account_id)
    person = watch.standing.manual.people.get(row.person)
    return AccountView(
        title="Your account",
        name=row.name,
        role=row.role,
        may=MAY[row.role].removeprefix("also "),
        person=row.person,
        person_title=(person.name or row.person) if person else "",
        sessions=tuple(_session(one, visitor, times) for one in watch.accounts.sessions(visitor)),
        has_password=row.password is not None,
        said=said,
        why=why,
    )


def accounts_view(
    watch: Watch, *, written: dict[str, str] | None = None, why: str = "", said: str = ""
) -> AccountsView:
    """
    Every account.
    """
    times, rows = _Times(watch), watch.accounts.all()
    open_ = sum(row.disabled_ns is None for row in rows)
    people = watch.standing.manual.people
    return AccountsView(
        title="Accounts",
        headline="1 person can sign in" if open_ == 1 else f"{open_} people can sign in",
        accounts=tuple(_account(row, times) for row in rows),
        roles=tuple((role, MAY[role]) for role in ROLES),
        people=tuple((key, one.name or key) for key, one in people.items()),
        written={"role": "responder", "name": "", "person": "", **(written or {})},
        why=why,
        said=said,
    )


def tokens_view(
    watch: Watch,
    visitor: Visitor,
    *,
    made: Made | None = None,
    base: str = "",
    written: dict[str, str] | None = None,
    why: str = "",
) -> TokensView:
    """
    The tokens that somebody sees.
    """
    times, now_ns = _Times(watch), watch.clock.now_ns()
    owners = {row.id: row for row in watch.accounts.all()}
    lines = [_token(row, owners, times, now_ns) for row in watch.accounts.tokens(visitor)]
    standing = tuple(line for line in lines if line.holds)
    secret = "" if made is None else made.secret.reveal()
    allowed = visitor.grants | ({"ingest"} if visitor.may("manage") else set())
    return TokensView(
        title="Tokens",
        headline=_let_in(len(standing)),
        standing=standing,
        over=tuple(line for line in lines if not line.holds)[:50],
        scopes=tuple((scope, SCOPE_MAY[scope]) for scope in SCOPES if scope in allowed),
        lasts=tuple((key, words) for key, (words, _) in LASTS.items()),
        shared=visitor.may("admin"),
        secret=secret,
        secret_name="" if made is None else made.row.name,
        exporter=_exporter(base, secret) if made is not None and "ingest" in made.row.scopes else "",
        written={"name": "", "lasts": "1y", **(written or {})},
        why=why,
    )


def audit_view(watch: Watch, *, before: int | None = None, who: str = "", outcome: str = "") -> AuditView:
    """
    The record, newest first.
    """
    times = _Times(watch)
    rows = watch.accounts.record(most=PAGE + 1, before=before, who=who, outcome=outcome)
    shown = rows[:PAGE]
    query = f"&who={who}" * bool(who) + f"&outcome={outcome}" * bool(outcome)
    return AuditView(
        title="Audit log",
        headline="Who changed what, and what was refused",
        lines=tuple(_audit(row, times) for row in shown),
        written={"who": who, "outcome": outcome},
        older=f"/audit?before={shown[-1].id}{query}" if len(rows) > PAGE else "",
    )


def browser_words(agent: str) -> str:
    """
    What a browser calls itself, in words.

    >>> browser_words("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36")
    'Chrome on Linux'
    >>> browser_words("curl/8.5.0"), browser_words("")
    ('curl/8.5.0', 'unnamed')
    """
    names = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
    systems = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "macOS"}
    name = next((said for sign, said in names.items() if sign in agent), "")
    system = next((said for sign, said in (systems | {"Linux": "Linux"}).items() if sign in agent), "")
    if not name:
        return agent.split(" ")[0][:60] or "unnamed"
    return f"{name} on {system}" if system else name


def _session(row: SessionRow, visitor: Visitor, times: _Times) -> SessionLine:
    return SessionLine(
        agent=browser_words(row.agent),
        began=times(row.created_ns),
        seen=times(row.seen_ns),
        here=row.digest == visitor.session,
    )


def _account(row: AccountRow, times: _Times) -> AccountLine:
    return AccountLine(
        name=row.name,
        role=row.role,
        person=row.person,
        made=times(row.created_ns),
        disabled=times.maybe(row.disabled_ns),
        password=row.password is not None,
    )


def _token(row: TokenRow, owners: dict[int, AccountRow], times: _Times, now_ns: int) -> TokenLine:
    expired = row.expires_ns is not None and row.expires_ns <= now_ns
    owner = None if row.account_id is None else owners.get(row.account_id)
    disabled = owner is not None and owner.disabled_ns is not None
    word = "revoked" if row.revoked_ns else "expired" if expired else "owner disabled" if disabled else "lets in"
    holds = word == "lets in"
    return TokenLine(
        number=row.id,
        name=row.name,
        shown=row.shown,
        scopes=", ".join(row.scopes),
        owner=f"{owner.name}'s own" if owner else f"nobody's own, made by {row.author}",
        made=times(row.created_ns),
        ends=times.maybe(row.revoked_ns or row.expires_ns),
        used=times.maybe(row.used_ns),
        state="met" if holds else "withdrawn",
        word=word,
        holds=holds,
    )


def _let_in(tokens: int) -> str:
    """
    How many tokens let somebody in.

    >>> _let_in(0), _let_in(1), _let_in(2)
    ('No token lets a program in', '1 token lets a program in', '2 tokens let programs in')
    """
    return f"{tokens} tokens let programs in" if tokens > 1 else f"{tokens or 'No'} token lets a program in"


def _audit(row: AuditRow, times: _Times) -> AuditLine:
    return AuditLine(
        at=times(row.at_ns),
        who=row.who,
        through=row.through,
        action=row.action,
        target=row.target,
        refused=row.outcome == "refused",
        detail=", ".join(
            f"{key.replace('_', ' ')}: {_told(value)}" for key, value in row.detail.items() if value != ""
        ),
    )


def _told(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(str(one) for one in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _exporter(base: str, secret: str) -> str:
    return f"OTEL_EXPORTER_OTLP_ENDPOINT={base}\nOTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20{secret}"


#: What the ladder of needs is called where a visitor may not: the least role that may.
LEAST_ROLE: Final = dict(zip(LADDER, ROLES, strict=True))
