"""
Who may what: every route, asked by a person of each role, by tokens of each scope, and by those who are nobody.

The wanted outcome is computed here from the table and this small ladder alone, not with the product's own words.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.web.house import ADDRESS, House, jamfind
from tests.web.security.walking import Address, addresses
from tests.web.signing import account, signed_in, token_of
from watchkeeper.act.accounts.visitor import Visitor
from watchkeeper.web.permissions import PERMISSIONS, STRICT, Door, Permissions

LADDER = ["read", "respond", "manage", "admin"]
ROLES = {"viewer": 1, "responder": 2, "manager": 3, "admin": 4}
NEEDS = {(door.method, door.path): door.need for door in PERMISSIONS}
WALKED = addresses(Path(tempfile.mkdtemp()))
KNOWN = ("a token of no scope that there is",)
Visitors = dict[str, tuple[TestClient, set[str]]]
ROOT = Visitor(name="root", through="session", role="admin", grants=frozenset({"ingest", *LADDER}))
STREAMS = ("/live", "/ofrep/v1/events")  # never end for those who may ask
SIGNS_OUT = ("/sign-out", "/account/elsewhere", "/account/password")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    built = House.of(jamfind(), tmp_path_factory.mktemp("matrix") / "log.db")
    built.intake.start()
    account(built.watch, "root")
    yield built
    built.close()


@pytest.fixture(scope="module")
def visitors(house: House) -> Iterator[Visitors]:
    """By name: a client, and what it may."""
    with ExitStack() as opened:  # a client that is entered keeps its loop, which makes thousands of requests quick
        yield {name: (opened.enter_context(client), may) for name, (client, may) in _visitors(house).items()}


def _visitors(house: House) -> Visitors:
    found: Visitors = {}
    for role, height in ROLES.items():
        may = {"open", "self", *LADDER[:height]} | ({"ingest"} if role == "admin" else set())
        found[role] = (signed_in(_client(house), house.watch, f"a-{role}", role=role), may)
    for scope in ("ingest", *LADDER):
        may = {"open"} | ({"ingest"} if scope == "ingest" else set(LADDER[: LADDER.index(scope) + 1]))
        found[f"token {scope}"] = (_with(house, token_of(house.watch, scope)), may)
    viewer, gone = account(house.watch, "vi", role="viewer"), account(house.watch, "gone")
    house.watch.accounts.change(ROOT, "gone", disabled=True)
    everything = ("ingest", *LADDER)
    found["a viewer's token of every scope"] = (
        _with(house, token_of(house.watch, *everything, account_id=viewer)),
        {"open", "ingest", "read"},
    )
    found["a token of no scope that there is"] = (_with(house, token_of(house.watch, "nonsense")), {"open"})
    revoked = token_of(house.watch, *everything, name="revoked")
    number = next(row.id for row in house.watch.accounts.tokens(ROOT) if row.name == "revoked")
    house.watch.accounts.revoke_token(ROOT, number)
    nobody = {
        "nobody": _client(house),
        "an expired token": _with(house, token_of(house.watch, *everything, expires_ns=house.clock.now_ns())),
        "a revoked token": _with(house, revoked),
        "a token of somebody disabled": _with(house, token_of(house.watch, *everything, account_id=gone)),
        "an unknown token": _with(house, "wk_unknown"),
        "an empty token": _with(house, ""),
        "a token that ends a digest": _with(house, "wk_\xff\x00"),
        "a name and password": _headed(house, "Basic YWRhOmFkYQ=="),
        "an unknown cookie": _cookie(house, "unknown"),
    }
    return found | {name: (client, {"open"}) for name, client in nobody.items()}


def _client(house: House) -> TestClient:
    return TestClient(house.app(control="http://127.0.0.1:1"), base_url=ADDRESS, follow_redirects=False)


def _headed(house: House, value: str) -> TestClient:
    client = _client(house)
    client.headers["authorization"] = value
    return client


def _with(house: House, token: str) -> TestClient:
    client = _client(house)
    client.headers = client.headers.copy()
    client.headers.update({b"authorization": b"Bearer " + token.encode("latin-1")})
    return client


def _cookie(house: House, value: str) -> TestClient:
    client = _client(house)
    client.cookies.set("watchkeeper-8400", value)
    return client


def test_every_route_has_one_line_in_the_table_and_every_line_a_route():
    walked = {(address.method, address.route) for address in WALKED}
    listed = [(door.method, door.path) for door in PERMISSIONS]
    assert walked - set(listed) == set(), "routes without a line in web/permissions.py"
    assert set(listed) - walked == set(), "lines of web/permissions.py without a route"
    assert len(listed) == len(set(listed)), "written twice"
    assert len(walked) > 60
    assert {door.need for door in PERMISSIONS} <= set(STRICT)


def test_only_these_addresses_are_open():
    assert {door.path for door in PERMISSIONS if door.need == "open"} <= {
        "/health", "/health/liveness", "/health/readiness", "/static/{path:text}", "/sign-in", "/set-up",
        "/answer/{token}", "/answer/{token:text}", "/slack/interactions",
        "/ofrep/v1/evaluate/flags", "/ofrep/v1/evaluate/flags/{key:text}",
    }  # fmt: skip


def test_a_change_is_never_a_viewers():
    changes = [door for door in PERMISSIONS if door.method != "GET" and not door.path.endswith("/preview")]
    assert [door for door in changes if door.need == "read"] == []


@pytest.mark.parametrize("address", WALKED, ids=str)
def test_each_route_lets_in_who_may_and_nobody_else(visitors: Visitors, address: Address):
    need = NEEDS.get((address.method, address.route))
    assert need is not None, f"{address} has no line in web/permissions.py"
    for name, (client, may) in visitors.items():
        if (address.route in STREAMS or address.route in SIGNS_OUT) and need in may:
            continue
        answer = client.request(address.method, address.path, **_body(address))
        status = answer.status_code
        if need in may:
            allowed = status not in (401, 403) or _of_the_route_itself(answer)
            assert allowed, f"{name} may, and heard {status}: {answer.text[:200]}"
        elif name in KNOWN or may != {"open"}:
            assert status == 403, f"{name} may not, and heard {status}"
        else:
            assert status == 401, f"{name} is nobody, and heard {status}"
            assert answer.headers["www-authenticate"] == "Bearer"
        assert status < 500 or status in (502, 503), f"{name}: {status}"
        if need != "open" and need not in may:
            assert "parse-success" not in answer.text.replace(address.path, "")


@pytest.mark.parametrize("address", [one for one in WALKED if one.method == "GET"], ids=str)
def test_a_head_needs_what_a_get_needs(visitors, address: Address):
    need = NEEDS[address.method, address.route]
    if need == "open" or address.route in STREAMS:
        return
    assert visitors["nobody"][0].head(address.path).status_code == 401


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "X"])
@pytest.mark.parametrize("path", ["/nothing", "/api/v1/nothing", "/api/v1/", "//", "/%2e%2e/", "/tokens/", "/sign-out"])
def test_a_stranger_learns_nothing_from_what_is_no_address(visitors, method: str, path: str):
    answer = visitors["nobody"][0].request(method, path, headers={"content-type": "application/json"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "need"),
    [
        ("GET", "/incidents/7", "read"),
        ("HEAD", "/incidents/7", "read"),
        ("POST", "/incidents/7/close", "respond"),
        ("POST", "/incidents/7/close/", "admin"),
        ("POST", "/incidents/7/close%2f", "respond"),
        ("post", "/incidents/7/close", "admin"),
        ("POST", "//incidents/7/close", "admin"),
        ("POST", "/static/app.css", "admin"),
        ("GET", "/static/../accounts", "open"),  # what is mounted there has files, and nothing above them
    ],
)
def test_an_address_that_is_written_otherwise_is_no_way_round(method: str, path: str, need: str):
    assert Permissions().need(method, path) == need


def test_where_two_lines_fit_the_strictest_holds():
    table = Permissions([Door("GET", "/a/{x}", "open"), Door("GET", "/a/{x:text}", "admin")])
    assert table.need("GET", "/a/b") == "admin"


def test_one_person_neither_sees_nor_revokes_the_tokens_of_another(house: House):
    ann = signed_in(_client(house), house.watch, "ann", role="manager")
    bob = signed_in(_client(house), house.watch, "bob", role="manager")
    form = {"name": "ann's own", "lasts": "30d", "scope-read": "on"}
    made = ann.post("/tokens", data=form, headers={"origin": ADDRESS})
    assert (made.status_code, "wk_" in made.text) == (200, True)
    number = next(row.id for row in house.watch.accounts.tokens(ROOT) if row.name == "ann's own")

    assert "ann&#39;s own" not in bob.get("/tokens").text
    assert bob.post(f"/tokens/{number}/revoke", headers={"origin": ADDRESS}).status_code == 404
    assert "ann&#39;s own" in ann.get("/tokens").text
    assert ann.post(f"/tokens/{number}/revoke", headers={"origin": ADDRESS}).status_code == 303


@pytest.mark.parametrize(
    ("role", "asked", "status"),
    [
        ("viewer", {"scope-read": "on"}, 200),
        ("viewer", {"scope-respond": "on"}, 403),
        ("viewer", {"scope-ingest": "on"}, 403),
        ("viewer", {"scope-read": "on", "shared": "on"}, 403),
        ("responder", {"scope-manage": "on"}, 403),
        ("manager", {"scope-manage": "on", "scope-ingest": "on"}, 200),
        ("manager", {"scope-admin": "on"}, 403),
        ("admin", {"scope-admin": "on", "shared": "on"}, 200),
        ("admin", {}, 400),
    ],
)
def test_nobody_makes_a_token_that_may_more_than_they(house: House, role: str, asked: dict[str, str], status: int):
    client = signed_in(_client(house), house.watch, f"a-{role}", role=role)
    answer = client.post("/tokens", data={"name": "x", "lasts": "30d", **asked}, headers={"origin": ADDRESS})
    assert answer.status_code == status


def test_a_token_never_may_more_than_its_owner_may_now(house: House):
    owner = account(house.watch, "ida", role="manager")
    client = _with(house, token_of(house.watch, "manage", account_id=owner))
    assert client.post("/api/v1/reload", json={}).status_code == 200
    house.watch.accounts.change(ROOT, "ida", role="viewer")
    assert client.post("/api/v1/reload", json={}).status_code == 403
    assert client.get("/api/v1/status").status_code == 200


def _body(address: Address) -> dict[str, Any]:
    if address.method == "GET":
        return {}
    if address.route.startswith(("/api/", "/v1/")):
        return {"json": {}}
    return {"content": b"", "headers": {"content-type": "application/x-www-form-urlencoded", "origin": ADDRESS}}


def _of_the_route_itself(answer) -> bool:
    """A 401 or 403 of the handler, which has its own reasons, and not of the gate."""
    return "www-authenticate" not in answer.headers and "; wanted a" not in answer.text
