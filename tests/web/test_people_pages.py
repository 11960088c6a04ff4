"""Who is on call, who is asked next, and how each of them is reached: the pages about people."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from starlette.testclient import TestClient

from tests.web.crew import MINUTE, TEXT, crew, shop
from tests.web.house import House
from tests.web.signing import signed_in
from watchkeeper.act.oncall import OnCall
from watchkeeper.decide.oncall.holes import holes
from watchkeeper.outside.clock import nanoseconds
from watchkeeper.store import overrides
from watchkeeper.web.views.on_call import on_call_view
from watchkeeper.web.views.people import people_view
from watchkeeper.web.views.policies import policies_view
from watchkeeper.web.views.week import week_of


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = shop(tmp_path)
    yield built
    built.close()


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    with house.client() as opened:
        yield opened


def oncall_of(house):
    return OnCall(house.state, house.clock, lambda: house.watch.standing)


def viewed(house, **more):
    with house.state.reading() as view:
        rows = overrides.standing(view, since_ns=house.clock.now_ns())
    return on_call_view(house.watch, rows, oncall_of(house).holes(30), **more)


def policies_of(house):
    return policies_view(house.watch, [], oncall_of(house).holes(30))


def test_the_page_says_who_is_on_call_until_when_and_who_comes_next(house):
    primary, nights = viewed(house).cards

    assert primary.who.title == "Ada"
    assert primary.until.iso == "2026-11-23T09:00:00Z"  # Monday 10:00 in Berlin
    assert primary.next == "then Bo"
    assert primary.who.short == "push, e-mail"
    assert nights.who is None, "at noon nobody has the night"


def test_a_gap_of_now_is_in_the_headline(house):
    assert viewed(house).headline == "Nobody is on call in Nights now"


def test_a_week_is_seven_days_of_bars_with_names_and_loud_gaps(house):
    view = viewed(house)
    primary, nights = view.rows

    assert [day.name for day in view.week.days] == ["Fri", "Sat", "Sun", "Mon", "Tue", "Wed", "Thu"]
    assert [bar.who for bar in primary.bars] == ["Ada", "Bo"]
    assert primary.bars[0].at == 0
    assert round(primary.bars[0].width, 1) == round((3 * 24 + 10) / (7 * 24) * 100, 1)
    assert [bar.who for bar in nights.bars][:3] == ["Bo", "", "Bo"]
    assert sum(bar.width for bar in nights.bars) == pytest.approx(100, abs=0.01)


def test_a_day_on_which_clocks_change_is_drawn_as_long_as_it_is():
    now_ns = nanoseconds(datetime(2026, 10, 24, 12, tzinfo=UTC))
    days = week_of(now_ns, ZoneInfo("Europe/Berlin")).days
    hours = [round((after.at - one.at) * 169 / 100) for one, after in zip(days, days[1:], strict=False)]

    assert hours == [24, 25, 24, 24, 24, 24]


def test_gaps_are_marked_on_the_page(client):
    page = client.get("/on-call").text

    assert page.count('class="bar tone-6 gap"') >= 6
    assert '<article class="card duty gap">' in page


def test_holes_of_the_next_month_stand_there_with_policy_and_reason(house):
    view = viewed(house)
    found = holes(
        house.manual,
        [],
        begin_ns=house.clock.now_ns(),
        end_ns=house.clock.now_ns() + 30 * 24 * 60 * MINUTE,
    )

    assert found, "by day nobody has the night"
    assert {line.policy for line in view.holes} == {"night"}
    assert view.holes[0].now
    assert view.holes[0].severities == "P2"
    assert "holes in the next 30 days" in view.pulse


def test_somebody_else_is_put_on_call_for_some_hours_and_back(client, house):
    put = client.post(
        "/on-call/overrides",
        data={
            "schedule": "primary",
            "person": "bo",
            "begins": "2026-11-20T13:00",
            "ends": "2026-11-20T18:00",
            "reason": "dentist",
        },
        headers={"Origin": "http://127.0.0.1:8400"},
        follow_redirects=False,
    )

    assert put.status_code == 303
    view = viewed(house)
    assert view.cards[0].who.title == "Bo"
    assert view.cards[0].overridden
    assert [(one.who, one.reason, one.by) for one in view.overrides] == [("Bo", "dentist", "ada")]
    assert "override" in client.get("/on-call").text
    client.post(
        f"/on-call/overrides/{view.overrides[0].number}/undo", headers={"Origin": "http://127.0.0.1:8400"}, data={}
    )
    assert viewed(house).cards[0].who.title == "Ada"
    assert viewed(house).overrides == ()


def test_the_times_of_the_form_are_those_of_the_manuals_zone(client, house):
    client.post(
        "/on-call/overrides",
        data={
            "schedule": "primary",
            "person": "bo",
            "begins": "2026-11-21T10:00",
            "ends": "2026-11-21T12:00",
            "reason": "x",
        },
        headers={"Origin": "http://127.0.0.1:8400"},
    )

    assert viewed(house).overrides[0].begins.iso == "2026-11-21T09:00:00Z"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"ends": "2026-11-20T12:30"}, "found an end"),
        ({"begins": "tomorrow"}, "from: found &#39;tomorrow&#39;; wanted a day and a time"),
        ({"reason": " "}, "found no reason"),
        ({"person": "zoe"}, "found nobody called"),
    ],
)
def test_an_override_that_cannot_be_keeps_what_was_written_and_says_why(client, house, changed, says):
    fields = {
        "schedule": "primary",
        "person": "bo",
        "begins": "2026-11-20T14:00",
        "ends": "2026-11-20T18:00",
        "reason": "dentist",
    }
    answer = client.post("/on-call/overrides", data=fields | changed, headers={"Origin": "http://127.0.0.1:8400"})

    assert answer.status_code == 400
    assert says in answer.text
    assert 'value="2026-11-20T18:00"' in answer.text or "ends" in changed
    assert viewed(house).overrides == ()


def test_two_people_swap_their_shifts_with_a_form(client, house):
    mine, theirs = viewed(house).shifts[:2]
    answer = client.post(
        "/on-call/swaps",
        data={"first": mine.value, "second": theirs.value, "reason": "a wedding"},
        headers={"Origin": "http://127.0.0.1:8400"},
        follow_redirects=False,
    )

    assert answer.status_code == 303, answer.text
    view = viewed(house)
    assert view.cards[0].who.title == "Bo"
    assert [one.swap for one in view.overrides] == [True, True]
    assert "Undo the swap" in client.get("/on-call").text


@pytest.mark.parametrize("path", ["/on-call/overrides", "/on-call/swaps"])
def test_a_form_of_nonsense_changes_nothing(client, house, path):
    answer = client.post(path, data={"first": "x", "second": "y 1 2"}, headers={"Origin": "http://127.0.0.1:8400"})

    assert answer.status_code in (400, 404)
    assert viewed(house).overrides == ()


def test_who_may_only_look_sees_no_form_and_changes_nothing(house):
    with signed_in(house.stranger(), house.watch, "vi", role="viewer") as viewer:
        page = viewer.get("/on-call").text
        refused = viewer.post("/on-call/swaps", data={}, headers={"Origin": "http://127.0.0.1:8400"})

    assert 'method="post"' not in page
    assert 'class="fields"' not in page
    assert refused.status_code == 403


def test_a_policy_is_a_ladder_with_whom_it_reaches_now(house):
    standard, night = policies_of(house).ladders

    assert [rung.at for rung in standard.rungs] == ["at once", "+10 min", "+15 min"]
    assert [(end.title, end.through) for end in standard.rungs[0].ends] == [("Ada", "Primary")]
    assert standard.rungs[1].nobody == ("Nights",)
    assert standard.rungs[1].empty
    assert [end.title for end in standard.rungs[2].ends] == ["Bo", "#mail"]
    assert standard.uses == ("severity P1",)
    assert not night.reaches
    assert night.holes[0].severities == "P2"


def test_a_policy_that_reaches_nobody_now_is_in_the_headline(client, house):
    assert policies_of(house).headline == "Night reaches nobody at this moment"
    assert "reaches nobody now" in client.get("/policies").text


def test_a_dead_channel_makes_its_people_unreachable_on_every_page(house):
    standing = replace(house.watch.standing, dead=lambda: {"mail": "SMTP is not set", "phones": "NTFY is not set"})
    house.watch.standing = standing

    assert people_view(house.watch, []).headline == "Nobody can be reached"
    assert policies_of(house).headline == "No escalation policy reaches anybody at this moment"
    assert all(rung.empty for rung in policies_of(house).ladders[0].rungs)
    assert viewed(house).cards[0].who.why == "phone: NTFY is not set; mail: SMTP is not set"


def test_the_form_of_an_override_begins_with_somebody_who_is_not_on_call_anyway(house):
    view = viewed(house)
    present = view.cards[0].who.title
    assert next(one.says for one in view.people if one.value == view.written["person"]) != present


def test_a_ladder_counts_what_the_manual_leaves_open_as_fast_as_the_watch_does(house):
    house.watch.standing = replace(house.watch.standing, times=60)
    usual = [one for one in policies_of(house).ladders if house.manual.policies[one.name].repeat_after is None]

    assert any("5 s after the last step" in one.after for one in usual), [one.after for one in usual]
    assert not any("5 min" in one.after for one in usual)


def test_a_person_has_ways_rules_and_the_time_where_they_live(house):
    ada, bo, cy = people_view(house.watch, []).people

    assert [(way.name, way.kind, way.to) for way in ada.ways] == [
        ("phone", "push", "the address in NTFY_ADA"),
        ("mail", "e-mail", "ada@example.com"),
    ]
    assert ada.rules == ("phone at once", "mail 5 min later")
    assert ada.clock == "Fri 21:00"
    assert ada.duties == ("Primary",)
    assert ("quiet", "P3 waits from 22:00 to 07:00") in [(fact.name, fact.value) for fact in ada.facts]
    assert bo.why == ""
    assert "future" in cy.why
    assert people_view(house.watch, []).headline == "Cy cannot be reached"


def test_contacts_outside_of_the_rotation_say_what_the_document_leaves_blank(house):
    lee, lawyer = people_view(house.watch, []).contacts

    assert (lee.title, lee.why) == ("Lee", "")
    assert ("left blank", "TBD") in [(fact.name, fact.value) for fact in lawyer.facts]


def test_no_address_from_the_environment_is_on_a_page(client, monkeypatch):
    monkeypatch.setenv("NTFY_ADA", "https://ntfy.example/secret-topic")

    assert "secret-topic" not in client.get("/people").text


@pytest.mark.parametrize("path", ["/on-call", "/policies", "/people", "/pages"])
def test_an_empty_page_tells_the_first_step(tmp_path, path):
    house = shop(tmp_path, "watchkeeper: 1\nmanual: Bare\n")
    with house.client() as client:
        page = client.get(path).text
    house.close()

    assert "The first step" in page
    assert "manual" in page


def test_the_first_steps_are_manuals_that_load(tmp_path):
    house = shop(tmp_path, "watchkeeper: 1\nmanual: Bare\n")
    with house.client() as client:
        snippets = [
            re.findall(r"<pre><code>(.*?)</code>", client.get(path).text, re.S)[0] for path in ("/on-call", "/people")
        ]
    house.close()
    channels = "channels: {mail: {kind: email, address_env: SMTP}}\n"

    assert crew(f"watchkeeper: 1\nmanual: Shop\n{channels}{snippets[0].replace('&#34;', chr(34))}").schedules
    assert crew(f"watchkeeper: 1\nmanual: Shop\n{snippets[1]}").people


def test_staging_says_that_nobody_is_paged(tmp_path):
    house = shop(tmp_path, TEXT.replace("manual: Shop", "manual: Shop\nenvironment: staging"))
    try:
        assert "nobody is paged" in policies_of(house).pulse
    finally:
        house.close()


@pytest.mark.parametrize("week", ["1", "-1", "0", "99999", "--1", "x", "²"])
def test_weeks_before_and_after_can_be_looked_at(client, week):
    assert client.get("/on-call", params={"week": week}).status_code == 200
