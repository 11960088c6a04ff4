"""Coming in for the first time, signing in and out: what a browser gets, and what somebody who is not welcome gets."""

import re

import pytest

from tests.web.house import ADDRESS, House
from tests.web.signing import account, signed_in
from watchkeeper.act.accounts.passwords import LEAST
from watchkeeper.act.accounts.sessions import LASTS
from watchkeeper.act.accounts.visitor import STRANGER

FORM = {"origin": ADDRESS, "accept": "text/html"}
HTML = {"accept": "text/html"}
PASSWORD = "a horse in the library"
COOKIE = "watchkeeper-8400"


@pytest.fixture
def stranger(house: House):
    with house.stranger() as client:
        client.follow_redirects = False
        yield client


def with_ada(house: House, *, role: str = "admin") -> None:
    house.watch.accounts.add(STRANGER, name="ada", role=role, password=PASSWORD)


def carried(client) -> str:
    found: list[str] = re.findall(r'name="csrf" value="([^"]+)"', client.get("/account").text)
    return found[0]


def sign_in(client, *, name: str = "ada", password: str = PASSWORD, **more: str):
    return client.post("/sign-in", data={"name": name, "password": password, **more}, headers=FORM)


def test_the_first_admin_comes_in_with_the_token_of_the_start_and_only_once(house, stranger):
    token = house.watch.accounts.begin_setup().reveal()
    form = {"name": "ada", "password": PASSWORD, "again": PASSWORD}
    assert stranger.get("/", headers=HTML).headers["location"] == "/sign-in?next=%2F"
    assert stranger.get("/sign-in").headers["location"] == "/set-up"
    assert 'name="token"' in stranger.get("/set-up").text

    wrong = stranger.post("/set-up", data={**form, "token": "guessed"}, headers=FORM)
    assert (wrong.status_code, COOKIE in wrong.cookies) == (401, False)
    right = stranger.post("/set-up", data={**form, "token": token}, headers=FORM)
    assert (right.status_code, right.headers["location"]) == (303, "/")
    assert stranger.get("/accounts").status_code == 200

    stranger.cookies.clear()
    again = stranger.post("/set-up", data={**form, "name": "eve", "token": token}, headers=FORM)
    assert again.status_code == 401
    assert [row.name for row in house.watch.accounts.all()] == ["ada"]
    assert stranger.get("/set-up").headers["location"] == "/sign-in"


def test_before_set_up_was_begun_no_token_lets_anybody_in(house, stranger):
    for token in ("", "None", "x"):
        form = {"name": "eve", "password": PASSWORD, "again": PASSWORD, "token": token}
        assert stranger.post("/set-up", data=form, headers=FORM).status_code == 401
    assert house.watch.accounts.awaits_setup


@pytest.mark.parametrize(
    ("name", "password", "says"),
    [
        ("ada", "short", f"wanted {LEAST} to 200"),
        ("ada", "aaaaaaaaaaaaaaaa", "very few different"),
        ("ada-lovelace", "ada-lovelace1", "mostly the name"),
        ("", PASSWORD, "wanted a name"),
        ("a\x07b", PASSWORD, "wanted a name"),
    ],
)
def test_a_weak_password_and_an_odd_name_are_refused_with_what_is_wanted(house, stranger, name, password, says):
    token = house.watch.accounts.begin_setup().reveal()
    form = {"name": name, "password": password, "again": password, "token": token}
    answer = stranger.post("/set-up", data=form, headers=FORM)
    assert (answer.status_code, says in answer.text) == (400, True)


def test_a_person_signs_in_comes_back_to_where_they_were_and_signs_out(house, stranger):
    with_ada(house)
    sent = stranger.get("/incidents?a=b", headers=HTML)
    assert sent.headers["location"] == "/sign-in?next=%2Fincidents%3Fa%3Db"
    page = stranger.get(sent.headers["location"]).text
    assert 'name="next" value="/incidents?a=b"' in page

    answer = sign_in(stranger, next="/incidents?a=b")
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents?a=b")
    set_cookie = answer.headers["set-cookie"].lower()
    assert all(word in set_cookie for word in ("httponly", "samesite=lax", "path=/", f"max-age={LASTS.days * 86400}"))
    assert stranger.get("/account").status_code == 200

    csrf = carried(stranger)
    kept = dict(stranger.cookies)
    assert stranger.post("/sign-out", data={"csrf": csrf}, headers=FORM).status_code == 303
    stranger.cookies.update(kept)  # who kept the cookie has nothing
    assert stranger.get("/account", headers=HTML).status_code == 303
    assert stranger.get("/api/v1/status").status_code == 401


def test_a_wrong_password_and_a_wrong_name_are_told_alike(house, stranger):
    with_ada(house)
    wrong, unknown = sign_in(stranger, password="something else"), sign_in(stranger, name="eve")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.text.replace('value="ada"', "") == unknown.text.replace('value="eve"', "")
    assert COOKIE not in wrong.cookies


def test_a_disabled_account_neither_signs_in_nor_stays_signed_in(house, stranger):
    with_ada(house)
    account(house.watch, "bo")
    sign_in(stranger)
    house.watch.accounts.change(STRANGER, "ada", disabled=True)
    assert stranger.get("/api/v1/status").status_code == 401
    assert sign_in(stranger).status_code == 401


def test_guessing_is_slowed_down_for_that_name_and_the_owner_waits_a_minute_at_most(house, stranger):
    with_ada(house)
    house.watch.accounts.add(STRANGER, name="bo", role="viewer", password=PASSWORD)
    for _ in range(6):
        assert sign_in(stranger, password="a wrong one, again").status_code == 401
    held = sign_in(stranger)
    assert (held.status_code, held.headers["retry-after"]) == (429, "2")
    assert sign_in(stranger, name="bo").status_code == 303
    for _ in range(20):
        house.clock.move(minutes=1)
        sign_in(stranger, password="a wrong one, again")
    held = sign_in(stranger)
    assert (held.status_code, held.headers["retry-after"]) == (429, "60")
    house.clock.move(minutes=1)
    assert sign_in(stranger).status_code == 303


def test_names_are_not_tried_one_after_the_other_from_one_address(house, stranger):
    with_ada(house)
    throttle = house.watch.accounts._throttle
    for number in range(51):
        throttle.failed(f"name{number}", "testclient", now_ns=house.clock.monotonic_ns())
    assert sign_in(stranger).status_code == 429


def test_a_session_ends_when_it_is_not_used_for_a_week_and_after_thirty_days_anyway(house, stranger):
    with_ada(house)
    sign_in(stranger)
    for _ in range(4):
        house.clock.move(days=6)
        assert stranger.get("/api/v1/status").status_code == 200
    house.clock.move(days=7, minutes=6)
    assert stranger.get("/api/v1/status").status_code == 401

    sign_in(stranger)
    for _ in range(29):
        house.clock.move(days=1)
        assert stranger.get("/api/v1/status").status_code == 200
    house.clock.move(days=1, seconds=1)
    assert stranger.get("/api/v1/status").status_code == 401


def test_a_session_that_somebody_planted_is_worth_nothing_after_signing_in(house, stranger):
    with_ada(house)
    stranger.cookies.set(COOKIE, "planted")
    sign_in(stranger)
    mine = next(cookie.value for cookie in stranger.cookies.jar if cookie.name == COOKIE and cookie.value != "planted")
    assert mine != "planted"
    stranger.cookies.clear()
    stranger.cookies.set(COOKIE, "planted")
    assert stranger.get("/api/v1/status").status_code == 401

    stranger.cookies.clear()
    stranger.cookies.set(COOKIE, mine)
    sign_in(stranger)  # signing in again is another session, and ends the one before
    stranger.cookies.clear()
    stranger.cookies.set(COOKIE, mine)
    assert stranger.get("/api/v1/status").status_code == 401


def test_a_changed_password_signs_every_other_browser_out(house, stranger):
    with_ada(house)
    sign_in(stranger)
    with house.stranger() as other:
        other.follow_redirects = False
        sign_in(other)
        csrf = carried(stranger)
        form = {"old": PASSWORD, "new": "another horse entirely", "again": "another horse entirely", "csrf": csrf}
        wrong = stranger.post("/account/password", data={**form, "old": "not it at all"}, headers=FORM)
        assert (wrong.status_code, "your present one" in wrong.text) == (401, True)
        assert other.get("/account", headers=HTML).status_code == 200
        assert stranger.post("/account/password", data=form, headers=FORM).status_code == 303
        assert other.get("/account", headers=HTML).status_code == 303
    assert stranger.get("/account", headers=HTML).status_code == 200
    assert sign_in(stranger).status_code == 401
    assert sign_in(stranger, password="another horse entirely").status_code == 303


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
        "javascript:alert(1)", "http:evil.example", "/%0d%0aSet-Cookie: a=b\r\nX: y", " //evil.example", "evil",
    ],
)  # fmt: skip
def test_signing_in_leads_to_no_other_site(house, stranger, back):
    with_ada(house)
    answer = sign_in(stranger, next=back)
    assert answer.status_code == 303
    assert answer.headers["location"] in ("/", "/%0d%0aSet-Cookie:%20a=b")
    assert stranger.get("/sign-in", params={"next": back}).headers["location"] == "/"


def test_over_https_the_cookie_is_bound_to_this_address(house):
    with_ada(house)
    with house.stranger(public="https://watch.example") as client:
        client.follow_redirects = False
        said = sign_in(client).headers["set-cookie"]
    assert said.startswith("__Host-watchkeeper-8400=")
    assert "Secure" in said
    assert "Domain" not in said


def test_a_demo_signs_its_visitor_in_on_this_machine_and_nobody_else(house):
    for client_address, host, lets in (
        ("127.0.0.1", "127.0.0.1:8400", True),
        ("127.0.0.1", "localhost:8400", True),
        ("::1", "[::1]:8400", True),
        ("192.0.2.7", "127.0.0.1:8400", False),
        ("127.0.0.1", "watch.example", False),
    ):
        with house.stranger(demo="demo", allowed_hosts=frozenset({"watch.example"})) as client:
            client._transport.client = (client_address, 4711)
            client.follow_redirects = False
            answer = client.get("/sign-in?next=/alerts", headers={"host": host})
            assert (COOKIE in answer.headers.get("set-cookie", "")) is lets, (client_address, host)
            if lets:
                assert answer.headers["location"] == "/alerts"
    with house.stranger() as client:
        client._transport.client = ("127.0.0.1", 4711)
        client.follow_redirects = False
        assert "set-cookie" not in client.get("/sign-in").headers


def test_one_is_not_asked_to_sign_in_twice(house, stranger):
    signed_in(stranger, house.watch)
    assert stranger.get("/sign-in?next=/alerts").headers["location"] == "/alerts"


def test_refusals_and_changes_are_on_the_record_without_a_secret(house, stranger):
    with_ada(house)
    sign_in(stranger, password="not the right one")
    sign_in(stranger)
    rows = house.watch.accounts.record()
    told = [(row.who, row.action, row.target, row.outcome) for row in rows]
    assert ("somebody", "session.begin", "account/ada", "refused") in told
    assert ("ada", "session.begin", "account/ada", "done") in told
    assert "not the right one" not in str(rows)
    assert PASSWORD not in str(rows)
