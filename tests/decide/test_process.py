"""Stages, and what is owed by when."""

import pytest

from watchkeeper.decide.process import (
    AT_ONCE_NS,
    Clock,
    after_closing,
    again,
    done_by,
    first_stage,
    moved,
    next_stage,
    owed,
    report_owed,
)
from watchkeeper.manual.model.manual import Manual

MINUTE = 60 * 10**9
MONDAY = 1_772_445_600 * 10**9  # 2026-03-02 10:00 UTC


def manual(**more):
    severities = {
        "P0": {"respond": "immediate", "escalate": "immediate", "recover": "15m"},
        "P1": {"respond": "15m", "escalate": "1h", "recover": "2h", "update": "30m"},
        "P4": {"respond": "next business day"},
    }
    alerts = {
        "disk": {"indicator": "free", "when": "< 20%", "severity": "P1", "respond": "5m"},
        "busy": {"indicator": "free", "when": "< 30%", "severity": "P1"},
    }
    shop = {
        "watchkeeper": 1,
        "manual": "Shop",
        "streams": {"disk": {"metric": "free"}},
        "indicators": {"free": {"from": "disk"}},
        "alerts": alerts,
        "severities": severities,
    }
    return Manual.model_validate({**shop, **more})


def process(*stages, **more):
    return manual(incidents={"stages": list(stages), **more})


def dues(clocks):
    return {one.name: one.due_ns // MINUTE for one in clocks}


@pytest.mark.parametrize(
    ("severity", "rules", "expected"),
    [
        pytest.param("P1", (), {"respond": 15, "escalate": 60, "recover": 120, "update": 30}, id="the severity's own"),
        pytest.param("P0", (), {"respond": 1, "escalate": 0, "recover": 15}, id="at once: missed after a minute"),
        pytest.param(
            "P1",
            ("busy",),
            {"respond": 15, "escalate": 60, "recover": 120, "update": 30},
            id="an alert without its own",
        ),
        pytest.param(
            "P1", ("busy", "disk"), {"respond": 5, "escalate": 60, "recover": 120, "update": 30}, id="the soonest alert"
        ),
        pytest.param("P0", ("disk",), {"respond": 1, "escalate": 0, "recover": 15}, id="of another severity by now"),
        pytest.param("gone", (), {}, id="a severity that the manual does not have any more"),
    ],
)
def test_the_clocks_of_a_severity(severity, rules, expected):
    assert dues(owed(manual(), severity, opened_ns=0, rules=rules)) == expected


def test_next_business_day_is_due_when_that_day_ends():
    (respond,) = owed(manual(), "P4", opened_ns=MONDAY)
    assert (respond.due_ns - MONDAY) // MINUTE == (24 + 7) * 60  # Tuesday 17:00


def test_a_stage_has_a_clock_where_it_has_a_time_and_the_severity_s_own_comes_first():
    shop = process(
        {"name": "Acknowledge", "within": "2m"},
        {"name": "Assess", "within": "5m", "deadlines": {"P1": "10m"}},
        {"name": "Communicate", "within": "ongoing"},
        {"name": "Resolve"},
    )
    stages = {name: due for name, due in dues(owed(shop, "P1", opened_ns=0)).items() if name.startswith("stage")}
    assert stages == {"stage Acknowledge": 2, "stage Assess": 10}
    assert dues(owed(shop, "P4", opened_ns=0))["stage Assess"] == 5


@pytest.mark.parametrize(
    ("names", "first", "last"),
    [
        (["Detection", "Acknowledgment", "Post-mortem"], "Acknowledgment", "Post-mortem"),
        (["Acknowledge", "Assess", "Resolve"], "Acknowledge", ""),
        (["Detection"], "Detection", ""),
        ([], "", ""),
    ],
)
def test_an_incident_begins_after_its_detection_and_ends_before_what_comes_afterwards(names, first, last):
    shop = process(*names)
    assert (first_stage(shop), after_closing(shop)) == (first, last)
    assert (first_stage(manual()), after_closing(manual())) == ("", "")


def test_each_stage_is_followed_by_the_next_and_the_last_by_nothing():
    shop = process("Triage", "Fix", "Review")
    assert [next_stage(shop, name) for name in ("Triage", "Fix", "Review", "of another manual", "")] == [
        "Fix",
        "Review",
        "",
        "",
        "",
    ]
    assert done_by(shop, "Review") == ("stage Triage", "stage Fix")
    assert len(done_by(shop, "")) == 3


def test_the_report_counts_from_the_closing():
    assert report_owed(manual(), closed_ns=7) is None
    assert report_owed(process(report_within="24h"), closed_ns=7) == Clock(
        name="report", started_ns=7, due_ns=7 + 1440 * MINUTE
    )


def test_a_clock_begins_anew_with_its_own_length():
    assert again(Clock(name="update", started_ns=0, due_ns=30, missed_ns=30), at_ns=100) == Clock(
        name="update", started_ns=100, due_ns=130
    )


class TestAnotherSeverity:
    def test_moves_what_runs_and_leaves_what_was_met(self):
        clocks = [
            Clock(name="respond", started_ns=0, due_ns=15 * MINUTE, met_ns=MINUTE),
            Clock(name="recover", started_ns=0, due_ns=120 * MINUTE),
        ]
        found = moved(clocks, owed(manual(), "P0", opened_ns=0), now_ns=2 * MINUTE)
        by_name = {one.name: one for one in found.put}
        assert by_name["respond"].met_ns == MINUTE
        assert by_name["recover"].due_ns == 15 * MINUTE

    def test_lets_what_would_be_over_already_run_from_now(self):
        clocks = [Clock(name="recover", started_ns=0, due_ns=120 * MINUTE)]
        found = moved(clocks, owed(manual(), "P0", opened_ns=0), now_ns=60 * MINUTE)
        recover = next(one for one in found.put if one.name == "recover")
        assert (recover.started_ns, recover.due_ns) == (60 * MINUTE, 75 * MINUTE)

    def test_gives_time_again_for_what_was_missed(self):
        clocks = [Clock(name="respond", started_ns=0, due_ns=AT_ONCE_NS, missed_ns=AT_ONCE_NS)]
        found = moved(clocks, owed(manual(), "P1", opened_ns=0), now_ns=2 * MINUTE)
        respond = next(one for one in found.put if one.name == "respond")
        assert (respond.due_ns, respond.missed_ns) == (15 * MINUTE, None)

    def test_drops_what_is_owed_no_more_but_neither_the_report_nor_what_was_met(self):
        clocks = [
            Clock(name="recover", started_ns=0, due_ns=1),
            Clock(name="update", started_ns=0, due_ns=1, met_ns=1),
            Clock(name="report", started_ns=0, due_ns=1),
        ]
        assert moved(clocks, owed(manual(), "P4", opened_ns=0), now_ns=2 * MINUTE).drop == ("recover",)
