"""What lint objects to about people, rotations and policies."""

from datetime import UTC, datetime

import pytest

from watchkeeper.decide.oncall.objections import objections
from watchkeeper.manual.lint import Finding, Kind, fails, lint
from watchkeeper.manual.load import Loaded, load_text

NOW_NS = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()) * 10**9
HEAD = """
watchkeeper: 1
manual: Shop
zone: UTC
channels: {chat: {kind: slack, address_env: CHAT}, later: {kind: slack, planned: true}}
routes: [{tell: chat}]
people: {ada: {channels: chat}, bo: {channels: chat}, cy: {channels: later}}
severities: {P1: {}, P2: {}}
alerts:
  one: {on: release, severity: P1}
  two: {on: release, severity: P2}
"""
FINE = "policies: {all: {steps: [{schedule: team}]}}\ndefaults: {policy: all}\n"
DAILY = "{every: 1d, people: [ada, bo], during: [{from: '09:00', to: '17:00'}]}"


def found(text: str) -> list[Finding]:
    loaded = load_text(HEAD + text)
    assert isinstance(loaded, Loaded), str(loaded)
    return lint(loaded, objections(loaded.manual, now_ns=NOW_NS))


def said(text: str) -> list[str]:
    return [f"{one.kind} {one.where}" for one in found(text)]


def test_a_sound_rotation_has_no_findings():
    assert said(FINE + "schedules: {team: {rotation: {every: 1w, people: [ada, bo]}}}") == []


def test_hours_that_reach_nobody_are_one_finding_for_all_severities_alike():
    [hole] = found(FINE + f"schedules: {{team: {{rotation: {DAILY}}}}}")
    assert (hole.kind, hole.where) == (Kind.HOLE, "policies.all")
    start = "for P1, P2 it reaches nobody in 480 hours of the next 30 days, first 2026-03-02 17:00"
    assert hole.says == f"{start}: step 1: nobody is on call in `team`"
    assert not fails([hole])


def test_a_policy_that_never_reaches_anybody_is_certainly_wrong():
    findings = found("policies: {all: {steps: [{person: cy}]}}\ndefaults: {policy: all}\n")
    assert [one.kind for one in findings] == [Kind.UNREACHABLE, Kind.DEAD_POLICY]
    assert fails(findings)


def test_a_severity_that_pages_everyone_needs_somebody_to_page():
    text = HEAD.replace("{P1: {}, P2: {}}", "{P1: {page: everyone}, P2: {}}")
    for name in ("ada", "bo"):
        text = text.replace(f"{name}: {{channels: chat}}", f"{name}: {{channels: later}}")
    loaded = load_text(text)
    assert isinstance(loaded, Loaded)
    kinds = [(one.kind, one.where) for one in lint(loaded, objections(loaded.manual, now_ns=NOW_NS))]
    assert (Kind.DEAD_POLICY, "severities.P1") in kinds


def test_an_alert_that_pages_people_is_heard_without_a_channel():
    text = HEAD.replace("routes: [{tell: chat}]\n", "")
    rest = FINE + "schedules: {team: {people: ada}}\n"
    for environment, unheard in (("production", 0), ("staging", 2)):
        loaded = load_text(text + rest + f"environment: {environment}\n")
        assert isinstance(loaded, Loaded)
        assert sum(one.kind is Kind.UNHEARD_ALERT for one in lint(loaded)) == unheard


def test_a_finding_is_accepted_beside_its_policy():
    accept = "accept: [{finding: hole, because: we sleep at night}]"
    text = FINE.replace("{steps:", f"{{{accept}, steps:")
    [hole] = found(text + f"schedules: {{team: {{rotation: {DAILY}}}}}")
    assert hole.accepted == "we sleep at night"


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("schedules: {team: {rotation: {every: 1w}}}", "empty-schedule schedules.team"),
        ("schedules: {team: {people: [ada, bo]}}", "no-rotation schedules.team"),
        ("schedules: {team: {people: [cy]}}", "unreachable people.cy"),
        (
            "schedules: {team: {rotation: {every: 1w, from: Monday, people: ada}, hand_off: {day: Tuesday}}}",
            "hand-off schedules.team.hand_off",
        ),
        ("schedules: {team: {people: ada}}\npolicies: {idle: {steps: [{person: ada}]}}", "idle-policy policies.idle"),
        ("schedules: {team: {people: ada}}", "no-policy alerts.one"),
    ],
)
def test_what_is_usually_wrong_is_found(text, finding):
    assert finding in said(text)


def test_nobody_to_page_is_no_objection_where_the_manual_knows_no_people():
    loaded = load_text(
        HEAD.replace("people: {", "notes: {").replace("channels: chat", "text: a").replace("channels: later", "text: b")
    )
    assert isinstance(loaded, Loaded), str(loaded)
    assert list(objections(loaded.manual, now_ns=NOW_NS)) == []


def test_times_in_a_schedule_with_a_zone_need_no_other():
    text = HEAD.replace("zone: UTC\n", "")
    zoned = "schedules: {team: {zone: Asia/Seoul, rotation: {every: 1w, at: '10:00', people: ada}}}"
    handed = zoned.replace("zone: Asia/Seoul", "hand_off: {zone: Asia/Seoul, at: '10:00'}")
    bare = "schedules: {team: {rotation: {every: 1w, at: '10:00', people: ada}}}"
    counts = []
    for rest in (zoned, handed, bare):
        loaded = load_text(text + rest)
        assert isinstance(loaded, Loaded)
        counts.append(sum(one.kind is Kind.MISSING_ZONE for one in lint(loaded)))
    assert counts == [0, 0, 1]
