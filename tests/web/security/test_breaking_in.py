"""What somebody tried who wanted to be more than they are; each of these opened a door once, or nearly."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Event, Semaphore
from typing import Any

import pytest

from tests.web.house import ADDRESS, House
from tests.web.security.walking import addresses
from tests.web.signing import signed_in
from watchkeeper.act.accounts import passwords
from watchkeeper.act.accounts.refusals import CannotDo, NotSignedIn, TooSoon
from watchkeeper.act.accounts.sessions import MOST
from watchkeeper.act.accounts.visitor import STRANGER
from watchkeeper.store import accounts, sessions
from watchkeeper.web.permissions import PERMISSIONS

FORM = {"origin": ADDRESS, "accept": "text/html"}
PASSWORD = "a horse in the library"

NEEDS = {(door.method, door.path): door.need for door in PERMISSIONS}
ABOVE = ("manage", "admin", "respond", "ingest")


def test_a_line_feed_behind_an_address_opens_no_door(house: House, tmp_path: Path):
    """`$` of a regular expression stands before it, so the routes took `/audit%0A` for `/audit`."""
    with house.stranger() as viewer:
        viewer.follow_redirects = False
        signed_in(viewer, house.watch, "vi", role="viewer")
        tried = [one for one in addresses(tmp_path) if NEEDS.get((one.method, one.route)) in ABOVE]
        for address in tried:
            for behind in ("%0A", "%0D", "%0A%0A", "%00"):
                answer = viewer.request(address.method, address.path + behind, json={})
                assert answer.status_code in (403, 404, 405), (str(address), behind, answer.status_code)
    assert len(tried) > 60


def test_numbers_of_any_length_are_no_error(house: House):
    with house.client() as client:
        for path in ("/pages/", "/incidents/"):
            for digits in (18, 19, 30, 5000):
                assert client.get(path + "9" * digits).status_code == 404
        for ids in ("9" * 30, "9" * 5000, "1," + "9" * 19):
            answer = client.post("/pages/acknowledge", data={"ids": ids}, headers={"origin": ADDRESS})
            assert answer.status_code in (200, 404)


def on_this_machine(client: Any) -> None:
    client._transport.client = ("127.0.0.1", 4711)


def set_up_token(house: House) -> str:
    token = house.watch.accounts.begin_setup()
    assert token is not None
    return token.reveal()


def test_the_one_who_sets_up_waits_for_nobody_who_guesses(house: House):
    token = set_up_token(house)
    form = {"name": "ada", "password": PASSWORD, "again": PASSWORD}
    with house.stranger() as client:
        client.follow_redirects = False
        said = [client.post("/set-up", data={**form, "token": "guessed"}, headers=FORM).status_code for _ in range(9)]
        assert said == [401] * 6 + [429] * 3
        assert client.post("/set-up", data={**form, "token": token}, headers=FORM).status_code == 303


def test_two_who_hold_the_set_up_token_make_one_account(house: House):
    token = set_up_token(house)

    def tried(name: str) -> str:
        try:
            house.watch.accounts.set_up(token, name=name, password=PASSWORD, agent="", address="")
        except (CannotDo, NotSignedIn):
            return ""
        return name

    with ThreadPoolExecutor(4) as pool:
        made = [name for name in pool.map(tried, ("ada", "bo", "cy", "di")) if name]
    assert len(made) == 1
    assert [row.name for row in house.watch.accounts.all()] == made


def test_guesses_made_at_the_same_time_count_one_by_one(house: House, monkeypatch: pytest.MonkeyPatch):
    """All of them were looked at, for none was counted before its password had been tried."""
    house.watch.accounts.add(STRANGER, name="ada", role="admin", password=PASSWORD)
    tried, together = [], Barrier(6, timeout=20)

    def slow(password: str, _remembered: str | None) -> bool:
        tried.append(password)
        together.wait()  # six are looked at at once, and no seventh ever is
        return False

    monkeypatch.setattr(passwords, "fits", slow)
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda n: _sign_in(house, "ada", f"guess {n}"), range(8)))
    assert (len(tried), sorted(said)) == (6, ["no"] * 6 + ["wait"] * 2)


def test_those_whose_password_is_tried_stand_in_a_short_line(house: House, monkeypatch: pytest.MonkeyPatch):
    """Each holds a thread, and pages are answered by the same threads."""
    go, inside = Event(), Semaphore(0)

    def slow(_password: str, _remembered: str | None) -> bool:
        inside.release()
        return go.wait(20)

    monkeypatch.setattr(passwords, "fits", slow)
    with ThreadPoolExecutor(passwords.IN_LINE) as pool:
        first = [pool.submit(_sign_in, house, f"name{n}", "a") for n in range(passwords.IN_LINE)]
        for _ in first:
            assert inside.acquire(timeout=20)
        with house.stranger() as client:
            answer = client.post("/sign-in", data={"name": "ada", "password": PASSWORD}, headers=FORM)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        assert "oo many people" in answer.text
        go.set()
        assert {one.result() for one in first} == {"no"}


def _sign_in(house: House, name: str, password: str) -> str:
    try:
        house.watch.accounts.sign_in(name, password, agent="", address="192.0.2.1")
    except NotSignedIn:
        return "no"
    except TooSoon:
        return "wait"
    return "in"


def test_nobody_fills_the_house_with_sessions(house: House):
    ada = house.watch.accounts.add(STRANGER, name="ada", role="admin", password=PASSWORD)
    with house.stranger() as client:
        signed_in(client, house.watch, "ada")
        for _ in range(2 * MOST):
            house.clock.move(seconds=1)
            house.watch.accounts.sign_in_here("ada", agent="")
        with house.state.reading() as view:
            assert len(sessions.of_account(view, ada.id)) == MOST
        assert client.get("/api/v1/status").status_code == 401  # the one that was not seen longest gave way


def test_a_cookie_read_while_it_is_taken_away_lets_nobody_in_afterwards(house: House, monkeypatch: pytest.MonkeyPatch):
    keys = house.watch.accounts.keys
    begun = house.watch.accounts.sign_in_here("ada", agent="")
    read = accounts.by_id

    def disabled_meanwhile(view: Any, number: int) -> Any:
        found = read(view, number)
        keys.changed()  # what `disable` calls, in another thread
        return found

    monkeypatch.setattr(accounts, "by_id", disabled_meanwhile)
    assert keys.signed_in(begun.digest) is not None
    assert keys.cookie(begun.digest) is None  # it is asked anew


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_a_demo_behind_a_tunnel_signs_nobody_in(house: House, name: str):
    with house.stranger(demo="demo") as client:
        on_this_machine(client)
        client.follow_redirects = False
        answer = client.get("/sign-in", headers={"host": "127.0.0.1:8400", name: "127.0.0.1"})
        assert "set-cookie" not in answer.headers
        assert "set-cookie" in client.get("/sign-in", headers={"host": "127.0.0.1:8400"}).headers


def test_a_demo_whose_visitor_was_disabled_signs_them_in_no_more(house: House):
    house.watch.accounts.sign_in_here("demo", agent="")
    house.watch.accounts.add(STRANGER, name="ada", role="admin", password=PASSWORD)
    house.watch.accounts.change(STRANGER, "demo", disabled=True)
    with house.stranger(demo="demo") as client:
        on_this_machine(client)
        client.follow_redirects = False
        answer = client.get("/sign-in")
        assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)


def test_made_up_methods_keep_no_refusal_off_the_record(house: House):
    with house.stranger() as client:
        for n in range(30):
            client.request(f"X{n}", "/nothing", json={})
        client.post("/api/v1/reload", json={})
    told = [(row.action, row.target) for row in house.watch.accounts.record() if row.outcome == "refused"]
    assert sorted(told) == [("http.other", "/nothing"), ("http.post", "/api/v1/reload")]


def test_the_record_says_through_what_somebody_silenced(house: House):
    with house.client() as client:
        ends = (house.clock.now() + timedelta(hours=1)).isoformat()
        number = client.post("/api/v1/silences", json={"ends": ends, "reason": "a test"}).json()["number"]
        client.post(f"/api/v1/silences/{number}/undo", json={})
    told = {(row.action, row.who, row.through) for row in house.watch.accounts.record()}
    assert {("silence.create", "ada", "session"), ("silence.undo", "ada", "session")} <= told


def test_who_guesses_at_a_password_keeps_its_owner_out_of_no_browser_they_know(house: House):
    house.watch.accounts.add(STRANGER, name="ada", role="admin", password=PASSWORD)
    right, wrong = {"name": "ada", "password": PASSWORD}, {"name": "ada", "password": "a wrong one, again"}
    with house.stranger() as hers, house.stranger() as eves:
        hers.follow_redirects = eves.follow_redirects = False
        first = hers.post("/sign-in", data=right, headers=FORM)
        told = {said.partition("=")[0]: said.lower() for said in first.headers.get_list("set-cookie")}
        assert all(word in told["watchkeeper-8400-known"] for word in ("httponly", "samesite=strict", "path=/"))
        known = hers.cookies["watchkeeper-8400-known"]
        hers.cookies.delete("watchkeeper-8400")
        for _ in range(8):
            eves.post("/sign-in", data=wrong, headers=FORM)
        assert eves.post("/sign-in", data=right, headers=FORM).status_code == 429
        assert hers.post("/sign-in", data=right, headers=FORM).status_code == 303

        for value in (
            "guessed",
            known[:-1] + ("0" if known[-1] != "0" else "1"),
        ):  # what nobody was given counts nothing
            eves.cookies.set("watchkeeper-8400-known", value)
            assert eves.post("/sign-in", data=right, headers=FORM).status_code == 429
        eves.cookies.set("watchkeeper-8400-known", known)  # a stolen one lets nobody in, nor guess for ever
        said = [eves.post("/sign-in", data=wrong, headers=FORM).status_code for _ in range(8)]
        assert said == [401] * 6 + [429] * 2
        assert eves.get("/api/v1/status").status_code == 401
        house.watch.accounts.change(STRANGER, "ada", password="another horse entirely")
        assert (
            hers.post("/sign-in", data={**right, "password": "another horse entirely"}, headers=FORM).status_code == 429
        )


def test_a_page_of_our_name_without_tls_changes_nothing(house: House):
    house.watch.accounts.add(STRANGER, name="ada", role="admin", password=PASSWORD)
    with house.stranger(public="https://watch.example") as client:
        client.follow_redirects = False
        right = {"name": "ada", "password": PASSWORD}
        for origin, status in (("http://watch.example", 403), ("https://watch.example", 303)):
            headers = {"host": "watch.example", "origin": origin}
            assert client.post("/sign-in", data=right, headers=headers).status_code == status
