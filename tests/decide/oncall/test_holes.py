"""When would a page reach nobody? Asked before the page."""

from datetime import UTC, datetime
from typing import Any

from tests.manuals import written
from watchkeeper.decide.oncall.holes import gaps, holes, leading
from watchkeeper.decide.oncall.values import Gap, Hole, Override
from watchkeeper.manual.model.manual import Manual

CHAT = {"kind": "slack", "address_env": "CHAT"}
PEOPLE = {"ada": {"channels": "chat"}, "bo": {"channels": "later"}, "cy": {"channels": "chat"}}
DAYS = {"every": "1d", "people": "ada", "during": {"from": "09:00", "to": "17:00"}}


def shop(**keys: Any) -> Manual:
    channels = {"chat": CHAT, "later": CHAT | {"planned": "true"}, "spare": CHAT, "safe": CHAT | {"fallback": "spare"}}
    given = {"zone": "UTC", "channels": channels, "people": PEOPLE, "severities": {"P1": {}, "P2": {}}}
    return written(**given | keys)


def policy(*steps: dict[str, Any], **keys: Any) -> Manual:
    return shop(policies={"standard": {"steps": list(steps)}}, **keys)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


def said(found: list[Hole] | list[Gap]) -> list[str]:
    def show(ns: int) -> str:
        return f"{datetime.fromtimestamp(ns // 10**9, UTC):%d %H:%M}"

    return [f"{show(one.begin_ns)}-{show(one.end_ns)} {one.why}" for one in found]


def day(found: Manual, *overrides: Override, **dead: str) -> list[str]:
    return said(holes(found, overrides, begin_ns=at("2026-03-02"), end_ns=at("2026-03-03"), dead=dead))


NIGHTS = [
    "02 00:00-02 09:00 step 1: nobody is on call in `day`",
    "02 17:00-03 00:00 step 1: nobody is on call in `day`",
]


def test_hours_that_no_rotation_covers_are_a_hole():
    assert day(policy({"schedule": "day"}, schedules={"day": {"rotation": DAYS}})) == NIGHTS


def test_a_later_step_that_reaches_somebody_closes_the_hole():
    assert day(policy({"schedule": "day"}, {"person": "cy"}, schedules={"day": {"rotation": DAYS}})) == []
    assert day(policy({"schedule": "day"}, {"channel": "chat"}, schedules={"day": {"rotation": DAYS}})) == []


def test_a_person_without_a_way_is_as_nobody():
    found = day(policy({"person": "bo"}))
    assert found == ["02 00:00-03 00:00 step 1: bo cannot be reached (`later`: the document names it as future)"]


def test_a_channel_that_is_dead_now_makes_the_hole_and_one_with_a_fallback_does_not():
    [found] = day(policy({"channel": "chat"}), chat="it answers 404")
    assert found.endswith("step 1: `chat` carries nothing (it answers 404)")
    assert day(policy({"channel": "safe"}), safe="it answers 404") == []
    assert len(day(policy({"channel": "safe"}), safe="it answers 404", spare="so does this")) == 1


def test_an_override_to_nobody_is_a_hole_and_one_to_somebody_fills_it():
    found = policy({"schedule": "day"}, schedules={"day": {"rotation": DAYS}})
    nobody = Override(id=1, schedule="day", begin_ns=at("2026-03-02T12:00"), end_ns=at("2026-03-02T13:00"), person="")
    filled = Override(id=2, schedule="day", begin_ns=at("2026-03-01"), end_ns=at("2026-03-04"), person="cy")
    assert len(day(found, nobody)) == 3
    assert day(found, nobody, filled) == []


def test_a_step_for_other_severities_reaches_nobody():
    routes = [{"policy": "standard"}]
    alerts = {name: {"on": "release", "severity": name} for name in ("P1", "P2")}
    found = policy({"person": "ada", "severity": "P1"}, routes=routes, alerts=alerts)
    assert leading(found) == [("standard", "P1"), ("standard", "P2")]
    assert day(found) == ["02 00:00-03 00:00 no step is for P2"]


def test_a_person_whose_rules_leave_a_severity_out_is_not_reached_for_it():
    people = {"ada": {"channels": "chat", "rules": {"by": "chat", "severity": "P1"}}}
    alerts = {"a": {"on": "release", "severity": "P2"}}
    found = day(policy({"person": "ada"}, people=people, alerts=alerts, defaults={"policy": "standard"}))
    assert found == ["02 00:00-03 00:00 step 1: ada cannot be reached (none of their rules is for P2)"]


def test_quiet_hours_of_everybody_are_a_hole_for_the_severities_that_wait():
    quiet = {"from": "22:00", "to": "06:00", "severity": "P2"}
    people = {"ada": {"channels": "chat", "quiet": quiet, "zone": "Europe/Berlin"}}
    alerts = {name: {"on": "release", "severity": name} for name in ("P1", "P2")}
    found = day(policy({"person": "ada"}, people=people, alerts=alerts, defaults={"policy": "standard"}))
    why = "step 1: the quiet hours of ada hold it back"
    assert found == [f"02 00:00-02 05:00 {why}", f"02 21:00-03 00:00 {why}"]


def test_everyone_is_reached_when_anybody_is():
    everyone = {"severities": {"P1": {"page": "everyone"}}, "alerts": {"a": {"on": "release", "severity": "P1"}}}
    assert day(shop(**everyone)) == []
    [found] = holes(shop(people={"bo": PEOPLE["bo"]}, **everyone), [], begin_ns=0, end_ns=10)
    assert (found.policy, found.severity) == ("", "P1")
    assert day(shop(people={}, **everyone)) == ["02 00:00-03 00:00 step 1: the manual names no people"]


def test_labels_of_routes_lead_to_policies_too():
    found = policy(
        {"person": "ada"},
        routes=[{"label": {"platform": ["spotify"]}, "policy": "standard"}],
        alerts={"a": {"on": "release", "each": "platform", "severity": "P1"}},
    )
    assert leading(found) == [("standard", "P1")]


def test_missed_deadlines_of_incidents_can_be_of_any_severity():
    assert leading(policy({"person": "ada"}, incidents={"policy": "standard"})) == [
        ("standard", "P1"),
        ("standard", "P2"),
    ]


def test_a_policy_that_nothing_leads_to_is_looked_at_all_the_same():
    assert leading(policy({"person": "ada"})) == [("standard", None)]


def test_gaps_name_empty_hours_and_people_who_cannot_be_reached():
    found = shop(schedules={"day": {"rotation": DAYS | {"people": ["ada", "bo"], "starts": "2026-03-02"}}})
    assert said(gaps(found, [], begin_ns=at("2026-03-02"), end_ns=at("2026-03-04"))) == [
        "02 00:00-02 09:00 nobody is on call",
        "02 17:00-03 09:00 nobody is on call",
        "03 09:00-03 17:00 `later`: the document names it as future",
        "03 17:00-04 00:00 nobody is on call",
    ]
