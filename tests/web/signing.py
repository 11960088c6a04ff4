"""How does a client of a test come in? As a person of some role, with a session, or with a token of some scopes."""

from starlette.testclient import TestClient

from watchkeeper.act.accounts import sessions
from watchkeeper.act.accounts.secrets import digest, new_token
from watchkeeper.act.watch import Watch
from watchkeeper.store import accounts, tokens
from watchkeeper.store.accounts import AccountRow
from watchkeeper.store.tokens import TokenRow
from watchkeeper.web.cookies import cookie_name
from watchkeeper.web.doors import Doors

ADDRESS = "http://127.0.0.1:8400"


def account(watch: Watch, name: str = "ada", *, role: str = "admin", person: str = "") -> int:
    """The id of an account, made when it is not there; nobody signs in to it by password."""
    with watch.state.transaction() as tx:
        row = accounts.by_name(tx, name)
        if row is not None:
            return row.id
        return accounts.add(tx, AccountRow(name=name, role=role, person=person, created_ns=watch.clock.now_ns()))


def signed_in(client: TestClient, watch: Watch, name: str = "ada", *, role: str = "admin") -> TestClient:
    """The same client with a session of this person, whose account is made when it is not there."""
    account_id = account(watch, name, role=role)
    with watch.state.transaction() as tx:
        begun = sessions.begin(tx, account_id, agent="a test", now_ns=watch.clock.now_ns())
    watch.accounts.keys.changed()
    client.cookies.set(cookie_name(Doors(address=str(client.base_url))), begun.cookie)
    client.headers["x-csrf-token"] = begun.csrf
    return client


def token_of(
    watch: Watch, *scopes: str, account_id: int | None = None, expires_ns: int | None = None, name: str = "a test"
) -> str:
    """A token that holds, or held until `expires_ns`."""
    secret = new_token()
    row = TokenRow(
        name=name,
        digest=digest(secret),
        shown=secret[:9],
        scopes=list(scopes),
        author="ada",
        created_ns=watch.clock.now_ns(),
        account_id=account_id,
        expires_ns=expires_ns,
    )
    with watch.state.transaction() as tx:
        tokens.add(tx, row)
    watch.accounts.keys.changed()
    return secret
