"""What belongs together is one page."""

from tests.stories.duty import at_noon, cold, fine, full, shop

BY_SERVICE = "[{tell: [team], policy: ladder, group: [service]}]"


def test_hosts_of_one_rule_are_one_page():
    told = full(full(at_noon(), "b"), "c").at("12:09")
    assert told.pages == ["12:00 ada P1 page Disk is full: b"]
    assert told.why("page/1") == ["send ada phones: paged"]


def test_what_joins_a_page_does_not_begin_it_anew():
    told = full(full(at_noon()).at("12:05"), "b").at("12:12")
    assert told.pages == ["12:00 ada P1 page Disk is full: a", "12:10 ben P1 page Disk is full: a"]


def test_a_page_is_over_only_when_all_its_alerts_are():
    told = full(full(at_noon()), "b").at("12:02")
    told.quiet("disk")
    fine(told, "a")
    full(told, "b").at("12:06")
    assert told.page().state == "open"
    fine(told, "a", "b").at("12:09")
    assert told.page().state == "ended"


def test_a_route_can_group_by_label_so_that_each_host_is_a_page_of_its_own():
    told = full(full(at_noon(shop(routes="[{tell: [team], policy: ladder, group: [host]}]")), "b"), "c").run(seconds=30)
    assert sorted(told.pages) == ["12:00 ada P1 page Disk is full: b", "12:00 ada P1 page Disk is full: c"]


def test_alerts_of_one_service_can_be_one_page_with_the_worse_severity():
    text = shop(routes=BY_SERVICE).replace("service: site", "service: database")
    told = full(cold(at_noon(text)).at("12:03"))
    assert told.pages == ["12:00 ada P2 page Cache is cold", "12:03 ada P1 page Cache is cold"]
    assert told.page().severity == "P1"


def test_alerts_for_which_other_people_are_paged_never_share_a_page():
    routes = "[{alert: cache, policy: other, group: [service]}, {tell: [team], policy: ladder, group: [service]}]"
    text = shop(routes=routes, rest="  other: {steps: [{person: ben}]}").replace("service: site", "service: database")
    told = cold(full(at_noon(text))).run(seconds=30)
    assert told.pages == ["12:00 ada P1 page Disk is full: a", "12:00 ben P2 page Cache is cold"]


def test_an_event_pages_and_its_page_stands_until_somebody_sees_to_it():
    alerts = "  breach: {on: breach, severity: P1, title: Somebody broke in}"
    told = at_noon(shop(alerts=alerts)).event("breach").at("12:30")
    assert told.pages[0] == "12:00 ada P1 page Somebody broke in"
    assert told.page().state == "open"
