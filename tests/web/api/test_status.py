"""How everything stands, the manual, reading it again, and the messages."""

from watchkeeper.manual.mistakes import Mistake, Mistakes
from watchkeeper.manual.show import show
from watchkeeper.web.api.status import ManualShown, Status
from watchkeeper.web.doors import Doors
from watchkeeper.web.views.overview import overview_view

from tests.web.api.conftest import ADDRESS, SPOTIFY, client_of  # isort: skip

WRONG = Mistakes((Mistake(file="manual.yaml", line=3, column=5, field="alerts", found="`x`", wanted="`y`"),))


def test_the_status_speaks_the_sentence_of_the_first_page(api, stormy):
    answer = api.get("/api/v1/status").json()

    assert Status.model_validate(answer)
    assert answer["says"] == overview_view(stormy.watch, Doors(address=ADDRESS)).headline
    assert "1 alert is firing" in answer["says"]
    assert (answer["manual"], answer["fast"], answer["mistakes"]) == ("JamFind", False, [])


def test_the_status_lists_what_a_person_looks_at_what_fires_first(api):
    answer = api.get("/api/v1/status").json()

    assert answer["alerts"][0] == {
        "state": "firing",
        "key": SPOTIFY,
        "severity": "P2",
        "says": "Parse success on spotify is 60.1 %, below 95 % over 15 min",
    }
    assert {one["state"] for one in answer["alerts"]} == {"firing", "unknown"}
    assert [one["number"] for one in answer["incidents"]] == [1]
    lines = {one["name"]: one for one in answer["objectives"]}
    assert lines["parse-success"]["now"] == "85 %"
    assert lines["payment-errors"] == {
        "name": "payment-errors",
        "standing": "unknown",
        "now": "no data",
        "budget": "unknown",
    }


def test_the_manual_is_shown_as_loaded_with_what_is_live(api, stormy):
    answer = api.get("/api/v1/manual").json()

    assert ManualShown.model_validate(answer)
    assert answer == {**show(stormy.manual), "revision": 1}


def test_a_reload_says_the_mistakes_and_the_manual_before_goes_on(stormy):
    with client_of(stormy, reload=lambda: WRONG, mistakes=lambda: WRONG) as api:
        answer = api.post("/api/v1/reload", json={})
        status = api.get("/api/v1/status").json()

    assert answer.status_code == 200
    assert answer.json() == {"revision": 1, "mistakes": ["manual.yaml:3:5: alerts: found `x`; wanted `y`"]}
    assert status["mistakes"] == answer.json()["mistakes"]


def test_a_reload_that_worked_has_no_mistakes(stormy):
    with client_of(stormy, reload=lambda: None) as api:
        assert api.post("/api/v1/reload", json={}).json() == {"revision": 1, "mistakes": []}


def test_messages_are_newest_first_and_show_no_address(api):
    answer = api.get("/api/v1/messages?most=2").json()

    ids = [one["id"] for one in answer["messages"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 2
    assert not {"address", "body", "person"} & set(answer["messages"][0])


def test_the_status_says_what_cannot_do_its_work_and_what_to_set(stormy):
    with client_of(stormy, troubles=lambda: {"channel team": "set TEAM_HOOK"}) as api:
        answer = api.get("/api/v1/status").json()

    assert answer["troubles"] == [{"what": "channel team", "why": "set TEAM_HOOK"}]
