"""Pages say what is the matter: asserted on their views, and on what a browser gets."""

import json

import httpx2
import pytest

from tests.web.house import ADDRESS, SECOND, House, calm, manual_of, storm
from watchkeeper.manual.load import Loaded, load_files, load_text
from watchkeeper.manual.words import words_ns
from watchkeeper.outside.clock import nanoseconds
from watchkeeper.store import revisions
from watchkeeper.store.revisions import RevisionRow
from watchkeeper.testing import FakeNetwork
from watchkeeper.web.doors import Doors
from watchkeeper.web.views.alerts import alert_page, alerts_view
from watchkeeper.web.views.finding import found_view
from watchkeeper.web.views.incidents import incident_page, incidents_view
from watchkeeper.web.views.manual import manual_view
from watchkeeper.web.views.objective import objective_view
from watchkeeper.web.views.overview import headline, overview_view
from watchkeeper.web.views.runbooks import runbook_page

DOORS = Doors(address=ADDRESS)
SPOTIFY = "parse-success[platform=spotify]"
HTML = {"accept": "text/html"}
FORM = {"content-type": "application/x-www-form-urlencoded", "origin": ADDRESS}


@pytest.fixture
def stormy(house: House) -> House:
    calm(house)
    storm(house)
    return house


def test_before_anything_is_heard_the_overview_tells_the_first_step(house, client):
    view = overview_view(house.watch, DOORS)

    assert view.headline == "JamFind: nothing has been heard yet"
    assert view.silent
    assert f"curl {ADDRESS}/v1/traces" in client.get("/").text


def test_a_calm_system_gives_a_calm_page(house):
    calm(house)
    view = overview_view(house.watch, DOORS)

    assert view.headline == "JamFind: all 4 objectives are met, 3 alerts cannot be judged"
    assert view.pulse == "150 requests, 200 parses, 100 payments in the last 5 min"
    assert view.hands == ()
    assert [row.standing for row in view.objectives] == ["met"] * 4


def test_the_overview_answers_before_it_shows(stormy):
    view = overview_view(stormy.watch, DOORS)
    [hand] = view.hands

    assert view.headline.startswith("JamFind: 1 alert is firing, 1 page waits for an answer, 1 objective is ")
    assert hand.alert is not None
    assert hand.alert.key == SPOTIFY
    assert hand.alert.severity == "P2"
    assert hand.alert.sentence == "Parse success on spotify is 80 %, below 95 % over 15 min"
    assert hand.alert.detail == (
        "30 of 150 parses failed, 20 %, limit 5 % over 15 min",
        "apple, deezer, youtube are fine",
    )
    assert hand.alert.runbook is not None
    assert hand.alert.runbook.href == "/runbooks/vendor-429-storm"
    assert hand.alert.countdown is not None
    assert (hand.alert.countdown.of, hand.alert.countdown.late) == ("30 min", False)
    assert hand.incident is not None
    assert hand.incident.number == 1


def test_numbers_carry_their_arithmetic(stormy):
    rows = {row.name: row for row in overview_view(stormy.watch, DOORS).objectives}
    row = rows["parse-success"]

    assert (row.now, row.now_note, row.now_bad) == ("87.5 %", "spotify 50 %", True)
    assert (row.standing, row.tank.worth, row.tank.note) == ("at risk", "49 min 52 s", "3.8 % left")
    assert rows["availability"].tank.left == "100 %"


def test_what_was_not_heard_is_unknown_and_never_empty(house):
    calm(house)
    rows = {view.memory.key.rule: view for view in house.watch.alerts()}
    assert rows["scale-up"].memory.state.value == "unknown"

    view = overview_view(house.watch, DOORS)
    assert {line.title for line in view.unjudged} >= {"Scale up"}
    assert any("nothing was heard" in line.sentence for line in view.unjudged)


def test_the_distance_to_firing_is_shown_for_every_alert(stormy):
    by_key = {line.key: line for group in alerts_view(stormy.watch).groups for line in group.alerts}

    assert by_key[SPOTIFY].distance.at == 100.0
    assert by_key["parse-success[platform=apple]"].distance.at == 0.0
    assert by_key["scale-up"].distance.at is None
    assert by_key[SPOTIFY].distance.rule == "fires below 95 % over 15 min"


def test_alerts_that_fire_stand_first(stormy):
    groups = alerts_view(stormy.watch).groups

    assert [group.state for group in groups] == ["firing", "unknown", "inactive"]
    assert [line.key for line in groups[0].alerts] == [SPOTIFY]


def test_an_objective_shows_windows_labels_and_the_worst(stormy):
    view = objective_view(stormy.watch.objective("parse-success"), stormy.watch, DOORS)

    assert view.sentence.startswith("Parse success is ")
    assert view.sentence.endswith("promised ≥ 97 % over 30 d")
    [windows] = [row for row in view.windows if row.window == "5 min"]
    assert (windows.value, windows.counts, windows.bad) == ("87.5 %", "25 of 200 parses failed", True)
    [breakdown] = view.breakdowns
    assert {part.value: part.measured for part in breakdown.parts}["apple"] == "100 %"
    assert view.worst[0].value == "1 s"
    assert len(view.rules) == 4
    assert all(rule.chart is not None and rule.chart.level is not None for rule in view.rules)


def test_the_burn_down_ends_at_what_is_left(stormy):
    story = stormy.watch.objective("parse-success")
    view = objective_view(story, stormy.watch, DOORS)

    assert view.burn_down is not None
    drawn = json.loads(view.burn_down.json)
    budget = story.status.targets[0].budget
    assert budget is not None
    assert budget.left is not None
    assert drawn["left"][-1] == pytest.approx(float(budget.left) * 100, abs=0.01)
    assert len(drawn["at"]) == len(drawn["left"])


def test_a_quantile_has_a_burn_down_too(stormy):
    view = objective_view(stormy.watch.objective("parse-time"), stormy.watch, DOORS)

    assert view.burn_down is not None
    assert view.targets[0].promise == "p95 < 1.5 s"


def test_an_alert_says_why_somebody_was_told(stormy):
    story = stormy.watch.alert(SPOTIFY)
    page = alert_page(story, stormy.watch, DOORS, story.decisions)

    assert page.changes[0].new == "firing"
    assert page.changes[0].why == "the condition began to hold"
    assert [(one.who, one.verdict, one.why) for one in page.why] == [("#team", "told", "first time it fires")]
    assert {fact.name: fact.value for fact in page.rule}["condition"] == "< 95% over 15m"
    assert [one.label for one in page.siblings] == ["apple", "deezer", "youtube"]
    assert [one.number for one in page.incidents] == [1]


def test_an_incident_is_closed_reopened_and_noted_by_forms(stormy):
    with stormy.client() as client:
        closed = client.post("/incidents/1/close", content="", headers=FORM)
        assert "closed by Ada (invented)" in closed.text
        assert "closed by Ada (invented) <small>" not in closed.text
        assert incident_page(stormy.watch.incident(1), stormy.watch).row.open is False

        client.post("/incidents/1/reopen", content="", headers=FORM)
        client.post("/incidents/1/notes", content="text=%3Cb%3Espotify+is+slow%3C%2Fb%3E", headers=FORM)

        text = client.get("/incidents/1").text

    page = incident_page(stormy.watch.incident(1), stormy.watch)
    assert page.row.open
    assert [(entry.kind, entry.by) for entry in page.timeline][:2] == [("note", "Ada (invented)"), ("reopened", "")]
    assert "&lt;b&gt;spotify is slow&lt;/b&gt;" in text
    assert incidents_view(stormy.watch).headline == "1 incident is open"


def test_a_form_without_htmx_is_sent_back_to_the_page(stormy):
    with stormy.client() as client:
        plain = client.post("/incidents/1/notes", content="text=hello", headers=FORM, follow_redirects=False)
        swapped = client.post("/incidents/1/notes", content="text=hi", headers={**FORM, "hx-request": "true"})

    assert (plain.status_code, plain.headers["location"]) == (303, "/incidents/1")
    assert swapped.status_code == 200
    assert "<html" not in swapped.text


def test_a_fragment_is_the_main_part_of_its_page(stormy):
    with stormy.client() as client:
        for path in ("/", "/alerts", "/objectives/parse-success", "/incidents/1", "/manual", "/runbooks"):
            page, fragment = client.get(path), client.get(path, headers={"hx-request": "true"})
            assert page.headers["vary"] == fragment.headers["vary"] == "HX-Request"
            assert "<html" not in fragment.text
            assert fragment.text.strip() in page.text


def test_the_manual_tells_what_is_declared_only(house):
    view = manual_view(house.watch, DOORS)
    waiting = {name: one.why for one in view.waiting for name in one.entries}

    assert waiting["vendor-429-storm"] == "runbooks are shown and linked; their steps do not run yet"
    assert view.live + sum(len(one.entries) for one in view.waiting) == view.entries
    assert [section.name for section in view.sections][:2] == ["services", "dependencies"]


def test_mistakes_of_a_manual_that_did_not_load_are_shown(house):
    mistakes = load_text("watchkeeper: 1\nmanual: x\nnonsense: 1\n")
    with house.client(mistakes=lambda: mistakes) as client:
        assert "nonsense" in client.get("/").text
        assert "nonsense" in client.get("/manual").text


def test_a_runbook_reads_as_the_document_that_it_is(house):
    page = runbook_page("vendor-429-storm", house.watch)

    assert page.title == "A music platform answers 429"
    assert [phase.name for phase in page.phases] == ["Immediate actions"]
    step = page.phases[0].steps[0]
    assert (step.head, step.rest, step.notes) == ("Scale back", "halve the parse requests to the platform (-50%)", ())


def test_a_runbook_file_is_shown_as_the_document_that_it_is_and_runs_nothing(tmp_path):
    loaded = load_files(
        {
            "manual.yaml": "watchkeeper: 1\nmanual: x\nrunbooks: {down: {title: It is down}}\n",
            "runbooks/down.md": "Look at *it*.\n\n1. Restart\n\n<script>x()</script> [go](javascript:x())\n",
        }
    )
    assert isinstance(loaded, Loaded), loaded
    house = House.of(loaded.manual, tmp_path / "log.db")
    with house.state.transaction() as tx:
        revisions.add(tx, RevisionRow(loaded_at_ns=0, hash="1", source=dict(loaded.files)))
    text = runbook_page("down", house.watch).text
    house.close()

    assert "<em>it</em>" in text
    assert '<ol class="steps">' in text
    assert "<script" not in text
    assert "href" not in text


@pytest.mark.parametrize(
    "path",
    [
        "/objectives/parse-sucess",
        "/runbooks/redis-outtage",
        "/incidents/7",
        "/incidents/99999999999999999999",
        "/alerts/nope",
    ],
)
def test_what_is_not_there_answers_404_with_the_nearest_names(client, path):
    answer = client.get(path, headers=HTML)

    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    if path.startswith("/objectives"):
        assert "/objectives/parse-success" in answer.text


def test_an_unknown_address_is_a_page_for_people_and_json_for_machines(client):
    assert "There is nothing here" in client.get("/nowhere", headers=HTML).text
    assert client.get("/nowhere").json() == {"error": "Not Found"}


def test_the_search_finds_by_name_and_title(stormy):
    found = found_view("429", stormy.watch)
    assert [hit.href for hit in found.hits if hit.kind == "runbook"] == ["/runbooks/vendor-429-storm"]
    assert found_view("parse-sucess", stormy.watch).near[0].name == "parse-success"
    with stormy.client() as client:
        answer = client.get("/find", params={"q": "fraud"}, follow_redirects=False)
    assert answer.headers["location"] == "/runbooks/fraud-spikes"


def test_faults_say_when_they_show_and_are_switched_by_forms(stormy):
    network = FakeNetwork()
    fault = {
        "name": "storm",
        "title": "Spotify answers 429",
        "on": True,
        "since": stormy.clock.now().isoformat(),
        "touches": ["parse-success"],
        "label": {"platform": "spotify"},
        "share": 0.5,
    }
    answer = {"http://127.0.0.1:9/faults": {"faults": [fault]}, "http://127.0.0.1:9/faults/storm": fault}
    for url, told in answer.items():
        network.answers(url, httpx2.Response(200, json=told))
    with stormy.client(control="http://127.0.0.1:9", client=network.client(stormy.clock)) as client:
        page = client.get("/faults").text
        client.post("/faults/storm", content="on=false", headers=FORM)

    assert "1 fault is on" in page
    assert "Parse success on spotify" in page
    assert [json.loads(call.body) for call in network.calls if call.method == "POST"] == [{"on": False}]


def test_there_is_no_faults_page_without_a_stand_in(client):
    assert client.get("/faults", headers=HTML).status_code == 404
    assert 'href="/faults"' not in client.get("/").text


def test_a_stand_in_that_does_not_answer_is_said(house):
    network = FakeNetwork()
    network.answers("http://127.0.0.1:9/faults", 500)
    with house.client(control="http://127.0.0.1:9", client=network.client(house.clock)) as client:
        assert "The stand-in does not answer" in client.get("/faults").text


def test_the_first_page_is_small(stormy):
    with stormy.client() as client:
        page = client.get("/")
        assets = [part.partition('"')[0] for part in page.text.split('="/static/')[1:]]
        size = len(page.content) + sum(len(client.get(f"/static/{asset}").content) for asset in assets)

    assert size < 100_000


def test_an_own_manual_has_its_own_overview(tmp_path):
    manual = manual_of(
        """
watchkeeper: 1
manual: Shop
streams: {orders: {events: 'type == "order"'}}
indicators: {orders: {from: orders, good: 'ok == true'}}
objectives: {orders: {indicator: orders, targets: [">= 99% over 7d"], agreements: [">= 95% over 30d"]}}
"""
    )
    house = House.of(manual, tmp_path / "log.db")
    house.intake.start()
    with house.client() as client:
        client.post("/v1/events", json=[{"type": "order", "ok": n > 0} for n in range(10)])
        text = client.get("/objectives/orders").text
    view = overview_view(house.watch, DOORS)
    house.close()

    assert view.headline == "Shop: 1 objective is breached"
    assert "Agreements (SLA)" in text
    assert nanoseconds(house.clock.now()) == house.clock.now_ns()


def test_what_cannot_do_its_work_stands_on_the_overview(house):
    with house.client(troubles=lambda: {"channel team": "set TEAM_HOOK"}) as client:
        text = client.get("/").text

    assert "1 part of the manual cannot do its work" in text
    assert "<dt>channel team</dt><dd>set TEAM_HOOK</dd>" in text
    with house.client() as client:
        assert "cannot do" not in client.get("/").text


def test_all_is_well_is_said_only_when_every_alert_can_be_judged(house):
    calm(house)
    met, judged = house.watch.objectives(), [one for one in house.watch.alerts() if one.memory.state != "unknown"]

    assert len(judged) < len(house.watch.alerts())
    assert headline("Shop", met, judged, silent=False) == "Shop: all is well, all 4 objectives are met"
    assert headline("Shop", met[:2], judged, silent=False) == "Shop: all is well, both objectives are met"
    assert headline("Shop", met, house.watch.alerts(), silent=False).endswith("met, 3 alerts cannot be judged")


def test_now_says_its_window_and_the_promise_says_what_was_measured_over_its_own(stormy):
    view = overview_view(stormy.watch, DOORS)
    row = {one.name: one for one in view.objectives}["parse-success"]
    page = objective_view(stormy.watch.objective("parse-success"), stormy.watch, DOORS)

    assert (view.now, row.now) == ("last 5 min", "87.5 %")
    assert row.measured == page.targets[0].value != row.now
    assert overview_view(stormy.watch, Doors(address=ADDRESS, fast=True)).now == "last 5 s"


def test_the_burn_down_is_titled_by_what_it_draws(stormy):
    view = objective_view(stormy.watch.objective("parse-success"), stormy.watch, DOORS).burn_down

    assert view is not None
    drawn = json.loads(view.json)["at"]
    assert view.since is not None
    assert view.over == f"in the last {words_ns(stormy.clock.now_ns() - drawn[0] * SECOND)}"
    assert view.window == "30 d"


@pytest.mark.parametrize("content", ["onn=true", "on=maybe", ""])
def test_a_form_that_does_not_say_on_or_off_switches_nothing_and_says_what_is_wanted(house, content):
    network = FakeNetwork()
    with house.client(control="http://127.0.0.1:9", client=network.client(house.clock)) as client:
        answer = client.post("/faults/storm", content=content, headers=FORM)

    assert answer.status_code == 400
    assert "wanted `on=true` or `on=false`" in answer.text
    assert network.calls == []


def test_what_the_document_leaves_open_and_what_is_not_live_stand_beside_the_rule(house):
    calm(house, minutes=1)
    facts = [(fact.name, fact.value) for fact in alert_page(house.watch.alert("parse-time"), house.watch, DOORS).rule]

    assert ("chosen", "severity, at_least, runbook (the document leaves them open)") in facts
    assert any(name == "stated" and value.startswith("P3, increased latency: not live. ") for name, value in facts)


def test_an_objective_shows_what_the_document_says_of_it(tmp_path):
    text = """
watchkeeper: 1
manual: Shop
streams: {orders: {events: 'name == "order"'}}
indicators: {orders: {from: orders, bad: 'status == "failed"'}}
objectives:
  orders:
    indicator: orders
    targets: [">= 97% over 1d"]
    chosen: [targets]
    stated: [{value: V, because: W}]
"""
    shop = House.of(manual_of(text), tmp_path / "log.db")
    shop.intake.start()
    with shop.client() as client:
        page = client.get("/objectives/orders").text
    shop.close()

    assert "<dt>chosen</dt><dd>targets (the document leaves it open)</dd>" in page
    assert "<dt>stated</dt><dd>V: not live. W</dd>" in page


def test_the_way_to_an_open_incident_does_not_read_as_if_it_would_open_one(stormy):
    with stormy.client() as client:
        for path in ("/", f"/alerts/{SPOTIFY}"):
            text = client.get(path).text
            assert "Go to incident #1" in text
            assert "Open incident" not in text


def test_a_page_whose_state_cannot_be_read_says_so_and_asks_to_come_again(house, client):
    with house.state.transaction() as tx:
        tx.exec_driver_sql("ALTER TABLE incidents RENAME TO elsewhere")
    page = client.get("/incidents")
    assert (page.status_code, page.headers["retry-after"]) == (503, "1")
    assert "The state could not read" in page.text
