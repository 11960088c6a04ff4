"""E20 to E26: nobody answers a page in the time of its alert, which is on the record and pages the next one at once."""

import pytest

from tests.stories.duty import at_noon, full, shop
from tests.stories.scenes import EXAMPLES
from watchkeeper.testing import Story

MISSED = "missed nobody: deadline-missed"
LADDER = "{steps: [{person: ada}, {after: 10m, person: ben}], repeat: 0}"
ZZIK = {f"PAGERDUTY_{name}": name for name in ("JISOO", "KYUNG", "LEO", "MINA")}


def own(respond: str, policy: str = LADDER, *, rest: str = "") -> Story:
    """
    The shop at noon, whose disk asks for an answer in this time.
    """
    return at_noon(shop(policy, rest=rest).replace("severity: P1}", f"severity: P1, respond: {respond}}}"))


def zzik(*, tick_seconds: float = 900) -> Story:
    return Story(EXAMPLES / "zzik", start="2026-03-02T12:00:00", tick_seconds=tick_seconds, environ=ZZIK)


def expiring() -> Story:
    return zzik().check("certificate", ok=True, certificate_left=29 * 86_400.0)


def test_the_next_one_is_paged_when_the_time_to_respond_is_over_though_the_ladder_says_later():
    told = full(own("4m")).at("12:30")
    assert told.pages[:2] == ["12:00 ada P1 page Disk is full: a", "12:04 ben P1 page Disk is full: a"]
    assert told.why("page/1") == [
        "send ada phones: paged",
        MISSED,
        "send ben phones: deadline-missed",
        "refuse nobody: exhausted",
    ]


def test_after_the_last_step_it_begins_again_when_the_time_to_respond_is_over():
    told = full(own("1h")).at("12:59")
    assert told.heard("ada") == ["12:00 ada P1 page Disk is full: a"]
    told.at("13:01")
    assert told.heard("ada")[1:] == ["13:00 ada P1 page Disk is full: a"]
    assert told.at("14:30").why("page/1").count(MISSED) == 1


@pytest.mark.parametrize("answer", ["acknowledge", "snooze"])
def test_whoever_answered_in_time_is_never_late(answer):
    told = full(own("4m")).at("12:03")
    getattr(told, answer)("ada")
    told.at("12:10").unacknowledge("ada") if answer == "acknowledge" else told.at("13:10")
    assert MISSED not in told.run(minutes=30).why("page/1")
    assert told.heard("ben")


def test_it_is_missed_once_however_often_the_process_restarts():
    told = full(own("4m")).at("12:04").restart().at("12:06").restart().at("12:30")
    assert told.why("page/1").count(MISSED) == 1


def test_an_incident_has_the_clock_and_its_page_has_none_of_its_own():
    told = full(own("4m", rest="incidents: {opens: P1}")).at("12:30")
    assert [one.text for one in told.watch.desk.case(1).timeline if one.kind == "missed"] == [
        "deadline missed: not acknowledged within 4 min"
    ]
    assert MISSED not in told.why("page/1")
    assert told.heard("ben")[0] == "12:04 ben P1 page Disk is full: a"


@pytest.mark.parametrize(
    ("rule", "request_", "minutes"),
    [("high-error-rate", {"status": 500, "duration": 0.1}, 5), ("slow-response", {"status": 200, "duration": 4.0}, 15)],
    ids=["E21", "E22"],
)
def test_e21_and_e22_the_next_one_is_paged_when_the_alerts_own_time_to_respond_is_over(rule, request_, minutes):
    told = zzik(tick_seconds=60).traffic(per_minute=60, requests=request_).run(minutes=45)
    assert told.page().key == rule
    (clock,) = [one for one in told.watch.desk.case(1).clocks if one.name == "respond"]
    assert (clock.due_ns - clock.started_ns, clock.missed_ns) == (minutes * 60 * 10**9, clock.due_ns)
    late = [one for one in told.letters if one.data.get("reason") == "deadline-missed"]
    assert late, told.why("page/1")
    assert {one.at_ns for one in late} == {clock.due_ns}


def test_e25_a_certificate_that_nobody_sees_to_is_late_after_a_day():
    told = expiring().run(hours=23.75)
    assert MISSED not in told.why("page/1")
    told.run(hours=0.25)
    assert told.why("page/1")[-2:] == [MISSED, "send leo phones: deadline-missed"]


def test_e25_a_certificate_that_somebody_sees_to_is_not():
    told = expiring().run(hours=20)
    told.acknowledge("leo")
    assert MISSED not in told.run(hours=10).why("page/1")


def test_e26_a_security_patch_that_nobody_sees_to_is_late_after_two_days():
    told = zzik().run(hours=1)
    told.traffic(users={"name": "dependency-patch", "user": "bot"}, per_minute=1, minutes=1).run(hours=47.75)
    assert MISSED not in told.why("page/1")
    assert MISSED in told.run(hours=0.75).why("page/1")
