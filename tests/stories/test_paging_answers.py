"""What becomes of a page when somebody answers it."""

import pytest

from tests.stories.duty import at_noon, cold, fine, full, shop

LAPSES = "{steps: [{person: ada}, {after: 10m, person: ben}], lapses: 30m}"
INCIDENTS = "incidents: {opens: [P1], closes: by a person}"


def test_an_acknowledgement_ends_the_escalation():
    told = full(at_noon()).at("12:05")
    told.acknowledge("ada")
    told.at("13:30")
    assert told.heard("ben") == []
    assert (told.page().state, told.page().by) == ("acknowledged", "ada")


def test_an_acknowledgement_without_a_limit_never_lapses():
    told = full(at_noon()).at("12:05")
    told.acknowledge("ada")
    told.at("15:00")
    assert len(told.pages) == 1


def test_an_acknowledgement_lapses_when_nothing_follows():
    told = full(at_noon(shop(LAPSES))).at("12:05")
    told.acknowledge("ada")
    told.at("12:34:30")
    assert len(told.pages) == 1
    told.at("12:46")
    assert told.pages[1:] == ["12:35 ada P1 page Disk is full: a", "12:45 ben P1 page Disk is full: a"]


def test_an_acknowledgement_holds_when_something_followed():
    told = full(at_noon(shop(LAPSES, rest=INCIDENTS))).at("12:05")
    told.acknowledge("ada")
    told.at("12:20").watch.desk.note(1, "the logs filled it; deleting them", by="ada")
    told.at("13:30")
    assert len(told.pages) == 1


def test_an_acknowledgement_that_is_renewed_holds_from_then_on():
    told = full(at_noon(shop(LAPSES))).at("12:05")
    told.acknowledge("ada")
    told.at("12:30").acknowledge("ada")
    told.at("12:59")
    assert len(told.pages) == 1
    told.at("13:01")
    assert told.pages[-1] == "13:00 ada P1 page Disk is full: a"


def test_who_takes_an_acknowledgement_back_lets_the_escalation_begin_again():
    told = full(at_noon()).at("12:05")
    told.acknowledge("ada")
    told.at("12:20").unacknowledge("ada")
    told.run(minutes=1)
    assert told.page().state == "open"
    assert told.pages[-1].startswith("12:20 ada P1 page")


def test_a_page_that_is_put_off_comes_back_when_the_time_is_over():
    told = full(at_noon()).at("12:05")
    told.snooze("ada", minutes=60)
    told.at("13:04")
    assert len(told.pages) == 1
    told.at("13:06")
    assert told.pages[1:] == ["13:05 ada P1 page Disk is full: a"]


def test_a_page_that_is_put_off_does_not_come_back_when_its_alert_is_over():
    told = full(at_noon()).at("12:05")
    told.snooze("ada", minutes=60)
    fine(told, "a").at("14:00")
    assert told.page().state == "ended"
    assert [line for line in told.pages if " page Disk" in line] == ["12:00 ada P1 page Disk is full: a"]


def test_who_cannot_help_passes_the_page_on_at_once():
    told = full(at_noon()).at("12:03")
    told.escalate("ada")
    assert told.pages[1:] == ["12:03 ben P1 page Disk is full: a"]
    told.at("12:14")
    assert told.pages[2:] == ["12:13 cleo P1 page Disk is full: a"]


def test_a_page_that_somebody_ended_pages_nobody_else_while_its_alert_fires_on():
    told = full(at_noon()).at("12:03")
    told.resolve("ada")
    told.at("13:00")
    assert told.page().state == "ended"
    assert told.heard("ben") == []


def test_an_acknowledgement_of_one_page_says_nothing_about_another():
    told = full(at_noon()).at("12:05")
    told.acknowledge("ada", 1)
    cold(told).at("12:16")
    assert told.pages[1:] == ["12:05 ada P2 page Cache is cold", "12:15 ben P2 page Cache is cold"]


def test_an_alert_that_joins_an_acknowledged_page_wakes_nobody():
    told = full(at_noon()).at("12:05")
    told.acknowledge("ada")
    full(told, "b").at("12:40")
    assert len(told.pages) == 1


def test_a_worse_alert_opens_an_acknowledged_page_again():
    routes = "[{tell: [team], policy: ladder, group: [service]}]"
    text = shop(routes=routes).replace("service: site", "service: database")
    told = cold(at_noon(text)).at("12:05")
    told.acknowledge("ada")
    full(told.at("12:10")).run(minutes=1)
    assert told.pages[-1].startswith("12:10 ada P1 page")
    assert told.page().state == "open"


def test_an_alert_that_fires_anew_opens_a_new_page():
    told = full(at_noon()).at("12:05")
    told.acknowledge("ada")
    fine(told, "a").at("12:20")
    full(told).run(minutes=1)
    assert told.pages[-1] == "12:20 ada P1 page Disk is full: a"
    assert told.page(2).state == "open"


def test_an_acknowledgement_is_on_the_incident_too():
    told = full(at_noon(shop(rest=INCIDENTS))).at("12:05")
    told.acknowledge("ben")
    row = told.watch.desk.case(1).incident
    assert row.acknowledged_by == "ben"


def test_whoever_acknowledges_an_incident_is_heard_by_its_pages():
    told = full(at_noon(shop(rest=INCIDENTS))).at("12:05")
    told.watch.desk.acknowledge(1, by="ben")
    told.at("13:00")
    assert told.page().state == "acknowledged"
    assert told.heard("ben") == []


def test_an_answer_outlives_a_restart():
    told = full(at_noon()).at("12:05")
    told.acknowledge("ada")
    told.restart().at("13:00")
    assert len(told.pages) == 1


def test_a_test_page_reaches_a_person_in_every_way_they_have():
    people = "\n  ada: {contacts: {phone: {channel: phones, to: ada}, second: {channel: phones, to: ada2}}}\n"
    told = at_noon(shop("{steps: [{person: ada}]}", people=people))
    told.test_page("ada", by="ada")
    assert told.heard("ada") == ["12:00 ada test", "12:00 ada test"]


def test_a_page_that_is_over_cannot_be_acknowledged():
    told = full(at_noon()).at("12:05")
    fine(told, "a").at("12:20")
    assert told.acknowledge("ada", 1) == []


@pytest.mark.parametrize("deed", ["acknowledge", "snooze", "resolve"])
def test_every_answer_says_who_gave_it(deed):
    told = full(at_noon()).at("12:05")
    getattr(told, deed)("cleo")
    assert told.page().by == "cleo"
