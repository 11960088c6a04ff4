"""A12 to A14, B19 to B21, C19 to C25, E20 to E30: the clocks of each system run with the numbers of its document."""

import pytest

from tests.stories.scenes import EXAMPLES
from watchkeeper.testing import Story

MINUTE = 60 * 10**9


def opened(system: str, severity: str, *, tick_seconds: float = 60, alerts: tuple[str, ...] = ()) -> Story:
    """
    The system at noon of Monday 2 March, with an incident of this severity that somebody opens by hand.
    """
    told = Story(EXAMPLES / system, start="2026-03-02T12:00:00", tick_seconds=tick_seconds)
    told.watch.desk.open(title="It does not work", severity=severity, by="somebody", alerts=alerts)
    return told.run(seconds=tick_seconds)


def minutes(told: Story) -> dict[str, float]:
    """
    What is owed, in minutes from its beginning.
    """
    return {one.name: (one.due_ns - one.started_ns) / MINUTE for one in told.watch.desk.case(1).clocks}


def missed(told: Story) -> list[str]:
    return sorted(one.name for one in told.watch.desk.case(1).clocks if one.missed_ns is not None)


def said(told: Story, kind: str) -> list[str]:
    return [one.text for one in told.watch.desk.case(1).timeline if one.kind == kind]


@pytest.mark.parametrize(
    ("system", "severity", "owed"),
    [
        pytest.param("jamfind", "P1", {"respond": 1}, id="A12 immediate, missed after a minute"),
        pytest.param("jamfind", "P2", {"respond": 30}, id="A13"),
        pytest.param("jamfind", "P3", {"respond": 120}, id="A14"),
        pytest.param("bookiji", "P0", {"respond": 5, "escalate": 0, "recover": 15}, id="B19"),
        pytest.param("bookiji", "P1", {"respond": 15, "escalate": 60, "recover": 120}, id="B20"),
        pytest.param("bookiji", "P2", {"respond": 120, "escalate": 240, "recover": 1440}, id="B21"),
        pytest.param("mysetlist", "P0", {"respond": 5}, id="C19"),
        pytest.param("mysetlist", "P1", {"respond": 15}, id="C20"),
        pytest.param("mysetlist", "P2", {"respond": 120}, id="C21"),
        pytest.param("mysetlist", "P3", {"respond": 1440}, id="C22"),
        pytest.param("mysetlist", "critical", {"respond": 1}, id="C23"),
        pytest.param("mysetlist", "warning", {"respond": 60}, id="C24"),
        pytest.param("mysetlist", "info", {"respond": 240}, id="C25"),
        pytest.param("backend", "urgent", {"respond": 15, "escalate": 15, "recover": 60}, id="Backend, as chosen"),
        pytest.param("zzik", "P1", {"respond": 1}, id="E27"),
        pytest.param("zzik", "P2", {"respond": 30}, id="E28"),
        pytest.param("zzik", "P3", {"respond": 240}, id="E29"),
        pytest.param("zzik", "P4", {"respond": 30 * 60}, id="E30 until Tuesday evening"),
    ],
)
def test_a_severity_owes_what_its_document_says(system, severity, owed):
    found = minutes(opened(system, severity))
    assert {name: due for name, due in found.items() if not name.startswith("stage ")} == owed


@pytest.mark.parametrize(
    ("rule", "respond"),
    [
        ("service-down", 5),
        ("high-error-rate", 5),
        ("slow-response", 15),
        ("database-pool", 30),
        ("disk-space", 60),
        ("certificate-expiry", 24 * 60),
        ("dependency-updates", 48 * 60),
    ],
)
def test_e20_to_e26_an_alert_of_zzik_owes_its_own_time_to_respond(rule, respond):
    told = Story(EXAMPLES / "zzik", start="2026-03-02T12:00:00")
    severity = told.manual.alerts[rule].severity or ""
    told.watch.desk.open(title=rule, severity=severity, by="somebody", alerts=[rule])
    assert minutes(told)["respond"] == respond


def test_jamfind_a27_goes_through_its_stages_which_have_no_times():
    told = opened("jamfind", "P2")
    assert [one.within for one in told.manual.incidents.stages] == [None] * 6  # type: ignore[union-attr]  # it has a process
    assert said(told, "stage") == ["stage Detection", "stage Acknowledgment, on-call engineer"]
    told.watch.desk.acknowledge(1, by="ada")
    for _ in range(3):
        told.run(minutes=5).watch.desk.stage(1, by="ada")
    told.watch.desk.close(1, by="ada")

    case = told.watch.desk.case(1)
    assert (case.incident.stage, missed(told)) == ("Post-mortem", [])
    spent = [((one.left_ns or 0) - one.entered_ns) / MINUTE for one in case.stages if one.stage == "Containment"]
    assert spent == [5]


def test_bookiji_b19_goes_further_at_once_and_again_when_it_is_not_over_after_fifteen_minutes():
    told = opened("bookiji", "P0")
    assert said(told, "escalated") == ["it goes further at once, as its severity says"]
    told.at("12:04")
    told.watch.desk.acknowledge(1, by="ada")
    told.at("12:14")
    assert missed(told) == ["escalate"]
    told.at("12:16")
    assert said(told, "missed") == ["deadline missed: not over within 15 min"]
    told.watch.desk.close(1, by="ada")
    assert minutes(told)["report"] == 24 * 60  # B30


def test_mysetlist_c67_to_c73_has_two_five_and_fifteen_minutes_and_two_days():
    told = opened("mysetlist", "P0", tick_seconds=30)
    assert {name: due for name, due in minutes(told).items() if name.startswith("stage ")} == {
        "stage Acknowledge": 2,
        "stage Assess": 5,
        "stage Mitigate": 15,
        "stage Post-mortem": 48 * 60,
    }
    told.at("12:01:30")
    told.watch.desk.acknowledge(by="somebody", assignee=next(iter(told.manual.people)))  # C68: the one that is open
    told.at("12:04")
    told.watch.desk.stage(1, by="somebody")
    told.at("12:14")
    assert missed(told) == []
    told.at("12:16")
    assert said(told, "missed") == ["deadline missed: stage Mitigate was not done within 15 min"]
    for _ in range(2):
        told.watch.desk.stage(1, by="somebody")
    assert told.watch.desk.case(1).incident.stage == "Resolve"
    told.watch.desk.close(1, by="somebody")
    assert told.watch.desk.case(1).incident.stage == "Post-mortem"


def test_mysetlist_c73_misses_the_post_mortem_after_two_days():
    told = opened("mysetlist", "P3", tick_seconds=1800)
    told.watch.desk.acknowledge(1, by="somebody")
    told.watch.desk.stage(1, by="somebody", to="Resolve")
    told.watch.desk.close(1, by="somebody")
    told.run(hours=47)
    assert "stage Post-mortem" not in missed(told)
    told.run(hours=1)
    assert "stage Post-mortem" in missed(told)


def test_backend_pages_the_next_one_when_nobody_answers_in_a_quarter_of_an_hour():
    told = opened("backend", "urgent").at("12:14")
    assert missed(told) == []
    told.at("12:16")
    assert missed(told) == ["escalate", "respond"]
    told.at("13:01")
    assert missed(told) == ["escalate", "recover", "respond"]


def test_zzik_e62_tells_its_channel_of_incidents_when_communication_begins():
    told = opened("zzik", "P2")
    assert said(told, "stage") == ["stage Detection", "stage Triage"]
    told.watch.desk.stage(1, by="somebody")
    told.run(minutes=1)
    (heard,) = [one for one in told.watch.desk.case(1).told if one.body["event"] == "stage"]
    assert (heard.channel, heard.body["text"]) == ("zzik-incidents", "stage Communication")


def test_zzik_e27_an_incident_of_p1_that_somebody_opens_calls_all_hands():
    environ = {f"PAGERDUTY_{name}": name for name in ("JISOO", "KYUNG", "LEO", "MINA")}
    told = Story(EXAMPLES / "zzik", start="2026-03-02T12:00:00", tick_seconds=60, environ=environ)
    told.watch.desk.open(title="It is down", severity="P1", by="somebody")
    assert {line.split()[1] for line in told.run(minutes=1).pages} == {"jisoo", "kyung", "leo", "mina"}
