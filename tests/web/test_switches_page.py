"""Switches on their page: what they say, a form for those who may flip them, ending and extending a flip."""

import pytest
from starlette.testclient import TestClient

from tests.stories.switched import opened, visitor
from tests.web.api.conftest import ADDRESS
from tests.web.signing import signed_in
from watchkeeper.web.app import create_app
from watchkeeper.web.doors import Doors
from watchkeeper.web.views.switches import switches_view

FROM_HERE = {"Origin": ADDRESS}
FIELDS = {"switch": "parse-rate", "value": "50%", "minutes": "60", "reason": "the vendor throttles"}


@pytest.fixture
def shop():
    return opened()


@pytest.fixture
def client(shop):
    with TestClient(create_app(shop.watch, Doors(address=ADDRESS)), base_url=ADDRESS) as opened_:
        yield signed_in(opened_, shop.watch)


def card(shop, name: str, role: str = "admin"):
    return next(one for one in switches_view(shop.watch, visitor(role)).cards if one.name == name)


def post(client, fields, path: str = "/switches"):
    return client.post(path, data=fields, headers=FROM_HERE)


def test_a_switch_is_flipped_with_an_end_a_reason_a_ramp_and_an_aim(client, shop):
    answer = post(client, FIELDS | {"ramp": "10% every 5m", "only": "platform=spotify, platform=deezer"})
    [line] = card(shop, "parse-rate").flips

    assert answer.status_code == 200
    assert line.says == "50%, platform deezer or spotify, ramped 10% every 5m"
    assert (line.author, line.reason, line.left) == ("ada", "the vendor throttles", "1 h")
    assert switches_view(shop.watch, visitor()).headline == "1 of 8 switches are flipped"
    assert "platform deezer or spotify" in answer.text


def test_what_holds_for_everybody_says_what_comes_next(client, shop):
    post(client, FIELDS)
    found = card(shop, "parse-rate")
    assert (found.says, found.next_says, found.usual) == ("50%", "100%", "100%")
    assert found.next_at.clock == "13:00:00"


def test_a_flip_is_extended_and_undone_by_its_buttons(client, shop):
    post(client, FIELDS)
    post(client, {"minutes": "240"}, "/switches/1/extend")
    assert card(shop, "parse-rate").flips[0].left == "4 h"
    post(client, {}, "/switches/1/undo")
    assert card(shop, "parse-rate").says == "100%"
    [past] = switches_view(shop.watch, visitor()).past
    assert past.ended_says == "undone by ada"
    assert post(client, {}, "/switches/7/undo").status_code == 404


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"value": "lots"}, "a percentage such as"),
        ({"reason": ""}, "no reason"),
        ({"minutes": "7"}, "not ahead"),
        ({"share": "half"}, "percent such as 20"),
        ({"only": "spotify"}, "ATTRIBUTE=VALUE"),
        ({"incident": "x"}, "the number of one"),
    ],
)
def test_what_does_not_fit_is_said_and_what_was_written_stays(client, shop, fields, why):
    answer = post(client, FIELDS | fields)

    assert (answer.status_code, why in answer.text) == (400, True)
    assert (fields.get("reason", "the vendor throttles") or "50%") in answer.text
    assert shop.watch.switches.standing() == []
    assert post(client, FIELDS | {"switch": "nothing"}).status_code == 404


def test_who_may_not_flip_sees_no_form_and_is_refused(client, shop):
    signed_in(client, shop.watch, "rey", role="responder")
    answer = post(client, {"switch": "votes", "value": "5", "minutes": "60", "reason": "abuse"})

    assert (answer.status_code, "at least a manager" in answer.text) == (403, True)
    assert [card(shop, name, "responder").may for name in ("parse-rate", "votes", "blocked")] == [True, False, False]
    signed_in(client, shop.watch, "vi", role="viewer")
    assert 'action="/switches"' not in client.get("/switches").text


def test_a_flip_for_an_incident_leads_there_and_stands_on_its_timeline(client, shop):
    number = shop.watch.desk.open(title="Vendor throttles", severity="P1", by="ann").number
    assert f'<option value="{number}" selected>' in client.get("/switches").text
    post(client, FIELDS | {"incident": str(number)})

    assert f'href="/incidents/{number}"' in client.get("/switches").text
    assert "switch parse-rate: 50% for 1" in client.get(f"/incidents/{number}").text


def test_what_people_write_is_never_markup(client):
    post(client, FIELDS | {"reason": "<script>alert(1)</script>", "only": "<b>=<i>"})
    text = client.get("/switches").text

    assert "<script>alert" not in text
    assert "<b>=" not in text
    assert "&lt;script&gt;" in text
