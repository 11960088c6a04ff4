"""Who is paged, and who next when nobody acknowledges."""

import pytest

from tests.stories.duty import at_noon, cold, fine, full, shop

CHANNELS = "  night: {kind: slack, address_env: NIGHT}"


def test_the_first_person_is_paged_in_the_turn_in_which_the_alert_fires():
    told = full(at_noon())
    assert told.pages == ["12:00 ada P1 page Disk is full: a"]
    assert told.messages == ["12:00 P1 firing disk[host=a]"]


def test_nobody_is_paged_before_their_time_and_everybody_at_it():
    told = full(at_noon()).at("12:09:30")
    assert len(told.pages) == 1
    told.at("12:24")
    assert told.pages[1:] == ["12:10 ben P1 page Disk is full: a", "12:20 cleo P1 page Disk is full: a"]


def test_an_empty_step_is_skipped_at_once_and_the_refusal_says_so():
    rest = "schedules: {nights: {rotation: {every: 1w}}}"
    told = full(at_noon(shop("{steps: [{schedule: nights}, {after: 10m, person: ben}]}", rest=rest)))
    assert told.pages == ["12:00 ben P1 page Disk is full: a"]
    assert told.why("page/1")[0] == "refuse nobody: nobody-on-call"


def test_somebody_whom_no_contact_method_reaches_is_skipped_at_once_and_the_refusal_says_so():
    told = full(at_noon(shop("{steps: [{person: dora}, {after: 10m, person: ben}]}", people=PLAIN + "  dora: {}\n")))
    assert told.pages == ["12:00 ben P1 page Disk is full: a"]
    assert told.why("page/1")[0] == "refuse dora: unreachable"


def test_a_step_for_other_severities_is_skipped_at_once():
    ladder = "{steps: [{person: ada, severity: P2}, {after: 10m, person: ben}]}"
    told = cold(full(at_noon(shop(ladder)))).run(seconds=30)
    assert told.pages == ["12:00 ben P1 page Disk is full: a", "12:00 ada P2 page Cache is cold"]
    assert told.why("page/1")[0] == "refuse nobody: other-severity"


def test_a_step_of_several_reaches_each_of_them_once():
    rest = "schedules: {days: {rotation: {every: 1w, people: [ada]}}}"
    told = full(at_noon(shop("{steps: [{schedule: days, person: [ada, ben]}]}", rest=rest))).run(minutes=1)
    assert told.pages == ["12:00 ada P1 page Disk is full: a", "12:00 ben P1 page Disk is full: a"]
    assert "refuse ada: already-paged" in told.why("page/1")


def test_everyone_means_everybody_among_the_people():
    told = full(at_noon(shop("{steps: [{everyone: true}]}")))
    assert [line.split()[1] for line in told.pages] == ["ada", "ben", "cleo"]


def test_a_severity_that_pages_everyone_needs_no_policy():
    text = shop(routes="[{tell: [team]}]").replace("P1: {}", "P1: {page: everyone}")
    assert [line.split()[1] for line in full(at_noon(text)).pages] == ["ada", "ben", "cleo"]


def test_a_channel_can_be_a_step():
    told = full(at_noon(shop("{steps: [{person: ada}, {after: 5m, channel: night}]}", channels=CHANNELS))).at("12:06")
    assert told.pagers["night"].lines == ["12:05 P1 page Disk is full: a"]


def test_all_steps_are_gone_through_again_as_often_as_the_policy_says_and_no_more():
    told = full(at_noon(shop("{steps: [{person: ada}, {after: 10m, person: ben}], repeat: 1, repeat_after: 20m}")))
    told.at("14:00")
    assert told.pages == [
        "12:00 ada P1 page Disk is full: a",
        "12:10 ben P1 page Disk is full: a",
        "12:30 ada P1 page Disk is full: a",
        "12:40 ben P1 page Disk is full: a",
    ]


def test_when_everybody_was_asked_in_vain_the_last_channel_of_the_policy_hears_of_it():
    ladder = "{steps: [{person: ada}, {after: 5m, channel: night}], repeat: 0, repeat_after: 5m}"
    told = full(at_noon(shop(ladder, channels=CHANNELS))).at("13:00")
    assert told.pagers["night"].lines == ["12:05 P1 page Disk is full: a", "12:10 P1 page Disk is full: a"]
    assert told.why("page/1")[-1] == "send night: exhausted"
    assert told.page().state == "open"


def test_an_exhausted_page_without_a_channel_says_that_nobody_came():
    told = full(at_noon(shop("{steps: [{person: ada}], repeat: 0}"))).at("13:00")
    assert told.why("page/1")[-1] == "refuse nobody: exhausted"


def test_an_exhausted_page_goes_on_by_the_policy_of_incidents():
    rest = "  boss: {steps: [{person: cleo}]}\nincidents: {policy: boss, closes: by a person}"
    told = full(at_noon(shop("{steps: [{person: ada}], repeat: 0}", rest=rest))).at("12:06")
    assert told.pages == ["12:00 ada P1 page Disk is full: a", "12:05 cleo P1 page Disk is full: a"]


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        ({"alerts": "  cool: {indicator: cache, when: last > 99%, severity: P2, policy: other}"}, "cleo"),
        ({"routes": "[{label: {host: a}, policy: other}, {tell: [team], policy: ladder}]"}, "cleo"),
        ({"routes": "[{service: site, policy: other}, {tell: [team], policy: ladder}]"}, "ada"),
        ({"routes": "[{tell: [team]}]"}, "ben"),
    ],
    ids=["the alert's own", "a route by label", "a route for another service", "the severity's"],
)
def test_the_policy_is_the_alerts_then_the_routes_then_the_severitys(changes, who):
    rest = "  other: {steps: [{person: cleo}]}\n  mild: {steps: [{person: ben}]}"
    text = shop(**changes, rest=rest).replace("P1: {}", "P1: {policy: mild}")
    if "alerts" in changes:
        text = text.replace("each: host, severity: P1", "each: host, severity: P1, policy: other")
    assert full(at_noon(text)).pages == [f"12:00 {who} P1 page Disk is full: a"]


def test_an_alert_to_which_no_policy_applies_says_so():
    told = full(at_noon(shop(routes="[{tell: [team]}]")))
    assert told.pages == []
    assert "refuse nobody: no-policy" in told.why("disk[host=a]")


def test_a_manual_about_staging_pages_no_person_and_still_tells_the_channel():
    told = full(at_noon(shop(rest="environment: staging"))).at("12:30")
    assert told.pages == []
    assert told.messages == ["12:00 P1 firing disk[host=a]"]
    assert "refuse nobody: staging" in told.why("disk[host=a]")


def test_a_page_whose_alert_is_over_pages_nobody_else_and_tells_those_who_were_paged():
    told = fine(full(at_noon()).at("12:05"), "a").at("13:00")
    assert [line.split(maxsplit=1)[1] for line in told.pages] == [
        "ada P1 page Disk is full: a",
        "ada P1 page-over Disk is full: a",
    ]


PLAIN = (
    "\n  ada: {contacts: {phone: {channel: phones, to: ada}}}\n  ben: {contacts: {phone: {channel: phones, to: ben}}}\n"
)
