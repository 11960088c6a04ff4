"""The process of the manual: its clocks run, what is missed is told and goes further, and people change its course."""

from tests.stories.duty import at_noon, cold, fine, full, shop
from watchkeeper.testing import Story

PROCESS = """
  boss: {steps: [{person: cleo}]}
incidents:
  opens: [P1, P2]
  stages:
    - {name: Acknowledge, within: 5m}
    - {name: Mitigate, deadlines: {P1: 15m, P2: 1h}, tell: [team]}
    - Resolve
  policy: boss
  closes: by a person
"""


def opened(*, process: str = PROCESS, severities: str = "") -> Story:
    text = shop("{steps: [{person: ada}], repeat: 0}", rest=process.strip("\n"))
    return at_noon(
        text.replace("severities: {P1: {}, P2: {}, P3: {}}", severities or "severities: {P1: {}, P2: {}, P3: {}}")
    )


def kinds(told: Story, number: int = 1) -> list[str]:
    return [line.kind for line in told.watch.desk.case(number).timeline]


def missed(told: Story, number: int = 1) -> dict[str, str]:
    """
    The clocks that ran out, and when that was found.
    """
    clocks = told.watch.desk.case(number).clocks
    return {one.name: told.local(one.missed_ns)[11:] for one in clocks if one.missed_ns is not None}


def test_an_incident_that_nobody_acknowledges_in_time_is_on_the_record_and_goes_further():
    told = full(opened()).at("12:06")
    assert missed(told) == {"stage Acknowledge": "12:05"}
    assert [line for line in told.pages if "12:05" in line] == ["12:05 cleo P1 page Disk is full: a"]


def test_a_deadline_that_is_met_is_never_told():
    told = full(opened()).at("12:04")
    told.acknowledge("ada")
    told.at("12:14")
    assert missed(told) == {}


def test_the_deadline_of_a_stage_is_that_of_the_severity():
    told = cold(opened()).at("12:04")
    told.watch.desk.acknowledge(1, by="ada")
    told.at("12:59")
    assert missed(told) == {}
    told.at("13:01")
    assert missed(told) == {"stage Mitigate": "13:00"}


def test_deadlines_follow_when_the_severity_changes():
    told = cold(opened()).at("12:04")
    told.watch.desk.acknowledge(1, by="ada")
    told.watch.desk.change_severity(1, "P1", by="ada", reason="the shop is down")
    told.at("12:16")
    assert missed(told) == {"stage Mitigate": "12:15"}


def test_a_severity_that_is_less_bad_gives_more_time():
    told = full(opened()).at("12:04")
    told.watch.desk.acknowledge(1, by="ada")
    told.watch.desk.change_severity(1, "P2", by="ada")
    told.at("12:30")
    assert missed(told) == {}


def test_a_clock_that_ran_out_while_nothing_ran_is_found_by_the_first_turn():
    told = full(opened())
    told.sleep(minutes=30).restart().run(minutes=1)
    assert missed(told) == {"stage Acknowledge": "12:30", "stage Mitigate": "12:30"}


def test_a_deadline_is_missed_once_however_often_the_process_restarts():
    told = full(opened()).at("12:06")
    before = len([line for line in told.pages if "cleo" in line])
    told.restart().at("12:08").restart().at("12:09")
    assert len([line for line in told.pages if "cleo" in line]) == before
    assert kinds(told).count("missed") == 1


def test_a_stage_tells_its_channels_when_it_begins():
    told = full(opened()).at("12:03")
    told.watch.desk.acknowledge(1, by="ada")
    told.turn()
    assert [line for line in told.messages if "incident" in line] == ["12:03 P1 incident #1 stage: Disk is full: a"]


def test_the_time_to_recover_runs_until_the_alerts_are_over():
    severities = "severities: {P1: {respond: 5m, recover: 15m}, P2: {}, P3: {}}"
    process = "incidents: {opens: [P1], closes: by a person}"
    told = full(opened(process=process, severities=severities)).at("12:03")
    told.watch.desk.acknowledge(1, by="ada")
    told.at("12:16")
    assert missed(told) == {"recover": "12:15"}

    well = full(opened(process=process, severities=severities)).at("12:03")
    well.watch.desk.acknowledge(1, by="ada")
    fine(well, "a").at("12:40")
    assert missed(well) == {}


def test_updates_are_owed_again_and_again():
    severities = "severities: {P1: {update: 30m}, P2: {}, P3: {}}"
    told = full(opened(process="incidents: {opens: [P1], closes: by a person}", severities=severities)).at("12:05")
    told.watch.desk.acknowledge(1, by="ada")
    told.at("12:20").watch.desk.update(1, "we know why", by="ada")
    told.at("13:21")
    assert [line[:5] for line in told.messages if "missed" in line] == ["12:50", "13:20"]


def test_two_that_are_one_go_on_as_one_with_all_alerts_and_pages():
    told = cold(full(opened()).at("12:02")).run(minutes=1)
    numbers = [incident.number for incident in told.incidents]
    if len(numbers) == 1:  # they opened as one already
        told.watch.desk.split(1, ["cache"], title="the cache", by="ada")
    told.watch.desk.merge(2, into=1, by="ada")
    told.run(minutes=1)
    case = told.watch.desk.case(1)
    assert set(case.incident.alerts) == {"disk[host=a]", "cache"}
    into = told.watch.desk.case(2).into
    assert into is not None
    assert into.number == 1
    assert kinds(told, 2)[-1] == "merged"


def test_alerts_that_are_another_matter_get_an_incident_and_clocks_of_their_own():
    told = full(full(opened()), "b").at("12:04")
    told.watch.desk.acknowledge(1, by="ada")
    told.watch.desk.split(1, ["disk[host=b]"], title="the other host", by="ada")
    told.run(minutes=20)
    assert told.watch.desk.case(2).incident.alerts == ("disk[host=b]",)
    assert "stage Mitigate" in missed(told, 2)


def test_an_edit_keeps_what_was_said_before():
    told = full(opened()).run(minutes=1)
    entry = told.watch.desk.note(1, "it is the dish", by="ada")
    told.watch.desk.edit(1, entry.id, "it is the disk", by="ben")
    case = told.watch.desk.case(1)
    assert [(line.text, line.edited_by) for line in case.timeline if line.kind == "note"] == [("it is the disk", "ben")]
    assert [edit.text for edit in case.edits] == ["it is the dish"]


def test_an_incident_that_people_open_pages_by_the_policy_of_incidents():
    told = opened()
    told.watch.desk.open(title="Customers call", severity="P2", by="ada")
    told.at("12:06")
    assert [line for line in told.pages if "cleo" in line][0].endswith("cleo P2 page Customers call")


def test_an_acknowledgement_names_the_one_incident_that_nobody_has():
    told = full(opened()).run(minutes=1)
    assert told.watch.desk.acknowledge(by="ben").acknowledged_by == "ben"
