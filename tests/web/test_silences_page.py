"""Silences on their page: made with an end and a reason, looked at before, ended before their time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.web.crew import shop
from tests.web.house import ADDRESS, House, calm, jamfind, storm
from tests.web.signing import signed_in
from watchkeeper.act.silencing import Silences
from watchkeeper.web.views.silences import silences_view

FROM_HERE = {"Origin": ADDRESS}
FIELDS = {"alert": "orders-fail", "minutes": "60", "reason": "moving the database"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = shop(tmp_path)
    yield built
    built.close()


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    with house.client() as opened:
        yield opened


def viewed(house):
    found = Silences(house.state, house.clock, lambda: house.watch.standing).recent()
    return silences_view(house.watch, found)


def test_something_is_silenced_with_an_end_an_author_and_a_reason(client, house):
    answer = client.post("/silences", data=FIELDS | {"label": "shop", "value": "north, south"}, headers=FROM_HERE)
    [line] = viewed(house).standing

    assert answer.status_code == 200
    assert line.what == "Orders fail, shop is north or south"
    assert (line.author, line.reason, line.left) == ("ada", "moving the database", "1 h")
    assert viewed(house).headline == "1 silence holds"


def test_a_silence_is_over_at_its_end_and_can_be_ended_before(client, house):
    client.post("/silences", data=FIELDS, headers=FROM_HERE)
    client.post("/silences", data=FIELDS | {"alert": "orders-slow"}, headers=FROM_HERE)
    number = viewed(house).standing[0].number
    client.post(f"/silences/{number}/undo", data={}, headers=FROM_HERE)

    assert [line.what for line in viewed(house).standing] == ["Orders fail"]
    assert viewed(house).past[0].undone_by == "ada"
    house.clock.move(minutes=61)
    assert viewed(house).standing == ()
    assert viewed(house).headline == "Nothing is silenced"
    assert "End it now" not in client.get("/silences").text


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"reason": ""}, "found no reason"),
        ({"minutes": "99999999"}, "found an end"),
        ({"minutes": "x"}, "found an end"),
        ({"alert": "orders-fial"}, "found no alert"),
        ({"label": "host", "value": "x"}, "found no label"),
    ],
)
def test_one_that_cannot_be_keeps_what_was_written_and_says_why(client, house, changed, says):
    answer = client.post("/silences", data=FIELDS | changed, headers=FROM_HERE)

    assert answer.status_code == 400
    assert says in answer.text
    assert viewed(house).standing == ()


def test_a_look_shows_what_it_hits_and_silences_nothing(tmp_path):
    house = House.of(jamfind(), tmp_path / "log.db")
    house.intake.start()
    calm(house, minutes=15)
    storm(house, minutes=5)
    with house.client() as client:
        page = client.post(
            "/silences", data={"alert": "parse-success", "minutes": "60", "look": "yes"}, headers=FROM_HERE
        ).text
    standing = viewed(house).standing
    house.close()

    assert "It would keep 4 alerts quiet, 1 of them fires now." in page
    assert "Parse success on spotify" in page
    assert standing == ()


def test_a_responder_may_silence_and_a_viewer_may_not(house):
    with signed_in(house.stranger(), house.watch, "vi", role="viewer") as viewer:
        assert "Silence it" not in viewer.get("/silences").text
        assert viewer.post("/silences", data=FIELDS, headers=FROM_HERE).status_code == 403
    with signed_in(house.stranger(), house.watch, "ro", role="responder") as responder:
        assert responder.post("/silences", data=FIELDS, headers=FROM_HERE).status_code == 200
    assert [line.author for line in viewed(house).standing] == ["ro"]


@pytest.mark.parametrize("number", [999, 10**30])
def test_an_unknown_silence_is_not_there(client, number):
    assert client.post(f"/silences/{number}/undo", data={}, headers=FROM_HERE).status_code == 404


def test_a_test_page_says_where_it_goes_and_what_carries_nothing(client):
    page = client.post("/people/ada/test", data={}, headers=FROM_HERE).text

    assert "A test page goes to Ada by phone (push) and mail (e-mail)." in page
    assert "later: " in client.post("/people/cy/test", data={}, headers=FROM_HERE).text
    assert client.post("/people/zoe/test", data={}, headers=FROM_HERE).status_code == 404
    assert client.post("/people/contact:landlord/test", data={}, headers=FROM_HERE).status_code == 200
