"""An incident opens with its severity, gathers what belongs to it, and closes by a person or by rule."""

from tests.stories.shop import manual, opened, orders

BY_RULE = "incidents: {opens: [P2], closes: when its alerts resolve}"
BY_HAND = "incidents: {opens: [P2], closes: by a person}"


def failed_and_mended(rest):
    told = orders(opened(manual(rest=rest))).at("12:00")
    told.traffic(orders={"outcome": "failed", "country": "fr"}, per_minute=30, minutes=6)
    told.traffic(orders={"outcome": "failed", "country": "it"}, per_minute=30, minutes=8).at("12:05")
    return told


def test_countries_that_fail_together_are_one_incident_which_closes_by_rule_when_the_last_has_resolved():
    told = failed_and_mended(BY_RULE)
    [incident] = told.incidents
    assert (incident.severity, incident.title) == ("P2", "orders: fr, it")

    for country in ("fr", "it"):
        told.traffic(orders={"outcome": "ok", "country": country}, per_minute=300)
    told.at("12:11")
    assert told.incidents[0].closed_ns is None  # one of them fires still
    told.at("12:20")

    [incident] = told.incidents
    assert incident.closed_by == "watchkeeper"
    timeline = [entry.kind for entry in told.watch.incident(1).timeline]
    assert timeline[0] == "opened"
    assert timeline[-2:] == ["alert", "closed"]


def test_an_incident_that_people_close_stays_open_until_they_do():
    told = failed_and_mended(BY_HAND).at("12:40")
    assert told.incidents[0].closed_ns is None

    told.watch.note(1, text="the bank had changed its certificate", by="ada")
    told.watch.close_incident(1, by="ada")

    assert (told.incidents[0].closed_by, told.incidents[0].close_reason) == ("ada", "by-a-person")


def test_an_alert_that_fires_again_joins_the_incident_that_is_open():
    told = orders(opened(manual(rest=BY_HAND))).at("12:00")
    orders(told, "failed").at("12:02")
    orders(told).at("12:20")
    orders(told, "failed").at("12:25")

    assert told.alert("orders", country="de").firing_id == 2
    assert len(told.incidents) == 1


def test_an_alert_whose_severity_opens_nothing_opens_nothing():
    told = opened(manual(rest=BY_HAND)).traffic(load={"value": 0.9}, per_minute=4).at("12:00")
    assert told.messages == ["11:58 P3 firing busy"]
    assert told.incidents == []
