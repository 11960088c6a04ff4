"""A link in a message: to look changes nothing, to press does its one thing, once, for its person."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.web.crew import MINUTE, paged_for, shop
from tests.web.house import ADDRESS, House
from watchkeeper.act.links import Action, Links
from watchkeeper.store import audit, pages

LINKS = Links(b"k" * 32, ADDRESS)
FROM_HERE = {"Origin": ADDRESS}
HOUR = 60 * MINUTE


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = shop(tmp_path)
    yield built
    built.close()


@pytest.fixture
def stranger(house: House) -> Iterator[TestClient]:
    with house.stranger(links=LINKS) as opened:
        yield opened


def made(house, number, *, action=Action.ACKNOWLEDGE, person="ada", lasts=HOUR):
    return LINKS.make(action, number, person, house.clock.now_ns() + lasts).removeprefix(ADDRESS)


def row_of(house, number):
    with house.state.reading() as view:
        row = pages.by_id(view, number)
    assert row is not None
    return row


def test_to_look_changes_nothing_however_often(stranger, house):
    number = paged_for(house)
    path = made(house, number)

    for _ in range(3):
        page = stranger.get(path)
        assert page.status_code == 200
    assert page.text.count("data-acknowledge") == 1
    assert "Orders fail on north" in page.text
    assert row_of(house, number).state == "open"
    assert stranger.head(path).status_code in (200, 405)
    assert row_of(house, number).state == "open"


def test_the_button_does_it_once_for_its_person(stranger, house):
    number = paged_for(house)
    path = made(house, number)
    first = stranger.post(path, data={}, headers=FROM_HERE)
    second = stranger.post(path, data={}, headers=FROM_HERE)

    assert "it is yours, nobody else is asked" in first.text
    assert "Ada has it" in first.text
    assert "Already answered" in second.text
    assert "data-acknowledge" not in second.text
    assert (row_of(house, number).state, row_of(house, number).by) == ("acknowledged", "ada")
    with house.state.reading() as view:
        rows = [row for row in audit.recent(view, most=10) if row.target == f"page/{number}"]
    assert [(row.who, row.through, row.action) for row in rows] == [("ada", "link", "page.acknowledge")]


def test_a_used_link_does_nothing_after_the_page_was_given_back(stranger, house):
    number = paged_for(house)
    path = made(house, number)
    stranger.post(path, data={}, headers=FROM_HERE)
    with house.state.transaction() as tx:
        pages.change(tx, number, state="open")
    stranger.post(path, data={}, headers=FROM_HERE)

    assert row_of(house, number).state == "open"


@pytest.mark.parametrize(
    ("action", "state"),
    [(Action.SNOOZE, "snoozed"), (Action.ESCALATE, "open"), (Action.RESOLVE, "ended")],
)
def test_every_action_of_a_link_does_what_it_says(stranger, house, action, state):
    number = paged_for(house)
    answer = stranger.post(made(house, number, action=action), data={}, headers=FROM_HERE)

    assert answer.status_code == 200
    assert row_of(house, number).state == state
    if action is Action.ESCALATE:
        assert row_of(house, number).due_ns <= house.clock.now_ns()


def test_one_link_answers_all_pages_of_a_bundle(stranger, house):
    numbers = [paged_for(house, f"Page {n}") for n in range(3)]
    path = made(house, numbers)

    assert "3 pages" in stranger.get(path).text
    stranger.post(path, data={}, headers=FROM_HERE)
    assert [row_of(house, number).state for number in numbers] == ["acknowledged"] * 3


def test_a_link_that_was_changed_or_is_too_old_or_of_another_watch_does_nothing(stranger, house):
    number = paged_for(house)
    path = made(house, number)
    other = Links(b"o" * 32, ADDRESS).make(Action.ACKNOWLEDGE, number, "ada", house.clock.now_ns() + HOUR)
    forged = [path[:-1] + ("A" if path[-1] != "A" else "B"), "/answer/x", other.removeprefix(ADDRESS)]

    for one in forged:
        assert stranger.get(one).status_code == 404
        assert stranger.post(one, data={}, headers=FROM_HERE).status_code == 404
    house.clock.move(minutes=61)
    assert stranger.post(path, data={}, headers=FROM_HERE).status_code == 404
    assert row_of(house, number).state == "open"


def test_a_page_that_is_over_has_nothing_left_to_answer(stranger, house):
    number = paged_for(house, state="ended", due_ns=None, ended_ns=house.clock.now_ns())

    assert "Already over" in stranger.get(made(house, number)).text
    assert "Already over" in stranger.post(made(house, number), data={}, headers=FROM_HERE).text


def test_the_button_of_an_app_that_shows_no_page_gets_a_line_of_text(stranger, house):
    number = paged_for(house)
    path = made(house, number)
    answer = stranger.post(path, headers={"Content-Type": "application/json"})

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "Acknowledged" in answer.text
    assert row_of(house, number).state == "acknowledged"
    assert stranger.post("/answer/x", headers={"Content-Type": "application/json"}).status_code == 404


def test_a_form_of_another_site_presses_nothing(stranger, house):
    number = paged_for(house)
    answer = stranger.post(made(house, number), data={}, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403
    assert row_of(house, number).state == "open"


def test_the_page_of_a_link_leads_a_stranger_nowhere_that_asks_to_sign_in(stranger, house):
    page = stranger.get(made(house, paged_for(house))).text

    assert "<nav" not in page
    assert "/live" not in page


def test_without_links_there_is_no_such_page(house):
    with house.stranger() as client:
        assert client.get("/answer/x").status_code == 404


def test_the_links_of_whoever_left_open_nothing(stranger, house):
    number = paged_for(house)
    for person in ("somebody-who-left", "contact:ada", ""):
        path = made(house, number, person=person)
        assert stranger.get(path).status_code == 404
        assert stranger.post(path, data={}, headers=FROM_HERE).status_code == 404
    assert row_of(house, number).state == "open"
