"""An incident as people see it, and all that its forms do."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from tests.web.house import House, calm, storm
from tests.web.signing import signed_in
from watchkeeper.web.views.incident import IncidentPage, incident_page, left

SPOTIFY = "parse-success[platform=spotify]"
FORM = {"content-type": "application/x-www-form-urlencoded", "origin": "http://127.0.0.1:8400"}


@pytest.fixture
def stormy(house: House) -> House:
    """A watch in which spotify fails: an incident is open."""
    calm(house, minutes=15)
    storm(house, minutes=5)
    return house


@pytest.fixture
def client(stormy: House) -> Iterator[TestClient]:
    with stormy.client() as signed_in:
        yield signed_in


def shown(house: House, number: int = 1) -> IncidentPage:
    return incident_page(house.watch.incident(number), house.watch)


def did(client: TestClient, deed: str, number: int = 1, **fields: str) -> str:
    answer = client.post(f"/incidents/{number}/{deed}", content=urlencode(fields), headers=FORM)
    assert answer.status_code == 200, answer.text
    return answer.text


class TestTheOneAction:
    def test_is_to_acknowledge_while_nobody_has_it_then_to_go_on_then_to_close(self, stormy, client):
        assert shown(stormy).act.says == "Acknowledge"
        did(client, "acknowledge")
        assert shown(stormy).act.says == "Go on to Containment"
        did(client, "stage")
        did(client, "stage")
        assert shown(stormy).act.says == "Close it"
        did(client, "close")
        assert shown(stormy).act.says == "Post-mortem is done"
        did(client, "stage")
        assert shown(stormy).act.says == "Undo: open it again"

    def test_is_one_button_which_the_key_a_presses(self, client):
        text = client.get("/incidents/1").text
        assert text.count("data-acknowledge") == 1
        assert text.count('class="go"') == 1


class TestTheClock:
    def test_is_the_one_to_acknowledge_first(self, stormy, client):
        found = shown(stormy).clock
        assert found is not None
        assert (found.what, found.of, found.state) == ("to acknowledge", "30 min", "runs")
        stormy.clock.move(minutes=40)
        late = shown(stormy).clock
        assert late is not None
        assert late.state == "late"
        assert late.seconds < 0
        assert "was due" in client.get("/incidents/1").text

    def test_says_how_long_is_left(self):
        minute = 60 * 10**9
        assert [left(span) for span in (5 * minute, -65 * minute, 48 * 60 * minute)] == ["5:00", "1:05:00", "2 d"]


def test_it_says_what_was_known_when_it_opened(stormy, client):
    evidence = shown(stormy).evidence
    (number,) = evidence.numbers
    assert number.says.startswith("Parse success on spotify is ")
    assert number.worst[0].trace == "01" * 16
    assert evidence.on_call[0][1] == "Ada (invented)"
    assert "01" * 16 in client.get("/incidents/1").text


def test_the_next_step_of_the_runbook_is_ticked_off(stormy, client):
    (book,) = shown(stormy).books
    assert book.next is not None
    assert book.next.position == 0
    did(client, "steps", list=book.list, step="1", done="true")
    (book,) = shown(stormy).books
    assert book.next is not None
    assert (book.next.position, book.done) == (1, 1)
    did(client, "steps", list=book.list, step="1", done="false")
    assert shown(stormy).books[0].done == 0


def test_a_note_is_told_to_everybody_and_changed_later(stormy, client):
    did(client, "notes", 1, text="spotify answers <429>", **{"as": "update"})
    entry = shown(stormy).timeline[0]
    assert (entry.kind, entry.by) == ("update", "Ada (invented)")
    text = did(client, "edit", entry=str(entry.id), text="spotify answers 429")
    assert shown(stormy).timeline[0].before == ("spotify answers <429> (until Ada (invented) changed it)",)
    assert "<429>" not in text


def test_people_take_and_give_roles_and_the_incident(stormy, client):
    did(client, "roles", role="commander")
    did(client, "roles", role="scribe", person="ben")
    did(client, "acknowledge", assignee="ben")
    page = shown(stormy)
    assert {role.role: [one.person for one in role.holders] for role in page.roles if role.holders} == {
        "commander": ["ada"],
        "scribe": ["ben"],
        "responders": ["ben"],
    }
    did(client, "roles", role="scribe", person="ben", held="false")
    assert [one.role for one in shown(stormy).roles if one.holders] == ["commander", "responders"]


def test_what_is_known_how_bad_it_is_and_what_is_affected(stormy, client):
    did(client, "summary", text="Spotify limits us")
    did(client, "severity", severity="P1", reason="all of it")
    did(client, "services", 1, **{"service:payments": "on"})
    page = shown(stormy)
    assert (page.summary, page.row.severity, page.services) == ("Spotify limits us", "P1", ("parser", "payments"))


def test_incidents_are_opened_merged_and_split(stormy, client):
    opened = client.post(
        "/incidents", content="title=Tips+fail&severity=P2&service=payments", headers=FORM, follow_redirects=False
    )
    assert opened.headers["location"] == "/incidents/2"
    did(client, "merge", 2, into="1")
    assert shown(stormy, 2).into == (1, "parse success: spotify")
    did(client, "reopen", 2)
    did(client, "alerts", 2, attach=SPOTIFY)
    split = client.post(
        "/incidents/2/split",
        content=urlencode({f"alert:{SPOTIFY}": "on", "title": "Spotify"}),
        headers=FORM,
        follow_redirects=False,
    )
    assert split.status_code == 422  # all of its alerts would be none left
    assert "found all or none of its alerts" in split.text
    did(client, "split", 2, **{f"alert:{SPOTIFY}": "on", "as": "detach"})
    assert shown(stormy, 2).alerts == ()


@pytest.mark.parametrize(
    ("deed", "fields", "status", "says"),
    [
        ("acknowledge", {"assignee": "eve"}, 422, "found no person &#39;eve&#39;"),
        ("severity", {"severity": "P9"}, 422, "found no severity"),
        ("stage", {"to": "Somewhere"}, 422, "found no stage"),
        ("steps", {"list": "Assessment", "step": "99"}, 422, "found no step 99"),
        ("steps", {"list": "Assessment", "step": "x"}, 422, "wanted a number"),
        ("merge", {"into": "1"}, 422, "found incident 1 twice"),
        ("merge", {"into": "7"}, 404, ""),
        ("dance", {}, 404, ""),
        ("edit", {"entry": "1", "text": "never"}, 409, "a line that the watch wrote"),
    ],
)
def test_what_cannot_be_done_is_said_on_the_page_and_changes_nothing(stormy, client, deed, fields, status, says):
    before = shown(stormy).timeline
    answer = client.post(f"/incidents/1/{deed}", content=urlencode(fields), headers=FORM)
    assert (answer.status_code, says in answer.text) == (status, True)
    assert shown(stormy).timeline == before


def test_a_viewer_sees_it_and_can_do_nothing(stormy):
    with signed_in(stormy.stranger(), stormy.watch, "vi", role="viewer") as viewer:
        text = viewer.get("/incidents/1").text
        refused = viewer.post("/incidents/1/acknowledge", content="", headers=FORM)
    assert "<form" not in text.partition("<main")[2].partition("</main>")[0]
    assert refused.status_code == 403


def test_the_list_says_who_has_it_and_how_long_things_took(stormy, client):
    assert "nobody has it" in client.get("/incidents").text
    stormy.clock.move(minutes=4)
    did(client, "acknowledge")
    text = client.get("/incidents").text
    assert "Ada (invented) has it" in text
    assert "until somebody had it" in text
