"""How a page reaches one person: their ways, their rules, their quiet hours, and how much a telephone bears."""

from tests.stories.duty import at_noon, cold, fine, full, shop, warm

CHANNELS = "  mail: {kind: email, address_env: SMTP, from: watch@shop.example}"
WAYS = "contacts: {phone: {channel: phones, to: ada}, letter: {channel: mail, to: ada@shop.example}}"
BEN = "  ben: {contacts: {phone: {channel: phones, to: ben}}}\n"


def people(more: str) -> str:
    return f"\n  ada: {{{WAYS}{more}}}\n{BEN}"


def opened(more: str = "", *, policy: str = "{steps: [{person: ada}, {after: 10m, person: ben}]}", start: str = ""):
    text = shop(policy, people=people(more), channels=CHANNELS)
    return at_noon(text, start=start) if start else at_noon(text)


def test_without_rules_every_contact_method_is_used_at_once():
    told = full(opened())
    assert told.pagers["phones"].lines == told.pagers["mail"].lines == ["12:00 ada P1 page Disk is full: a"]


def test_a_rule_sends_later_and_only_when_nobody_acknowledged_meanwhile():
    rules = ", rules: [{by: letter}, {by: phone, after: 4m}]"
    told = full(opened(rules)).at("12:05")
    assert told.pagers["mail"].lines == ["12:00 ada P1 page Disk is full: a"]
    assert told.pagers["phones"].lines == ["12:04 ada P1 page Disk is full: a"]

    answered = full(opened(rules)).at("12:03")
    answered.acknowledge("ada")
    answered.at("12:30")
    assert answered.pagers["phones"].lines == []


def test_the_next_step_does_not_cancel_what_a_persons_own_rule_still_waits_for():
    told = full(opened(", rules: [{by: letter}, {by: phone, after: 15m}]")).at("12:16")
    assert told.pagers["phones"].lines == ["12:10 ben P1 page Disk is full: a", "12:15 ada P1 page Disk is full: a"]


def test_a_rule_for_some_severities_leaves_the_others_alone():
    rules = ", rules: [{by: letter}, {by: phone, severity: P1}]"
    told = cold(opened(rules)).run(minutes=1)
    assert told.pagers["mail"].lines == ["12:00 ada P2 page Cache is cold"]
    assert told.pagers["phones"].lines == []
    assert "refuse ada phones: other-severity" in told.why("page/1")


def test_quiet_hours_hold_a_mild_page_until_they_end():
    told = cold(opened(', quiet: [{from: "10:00", to: "14:00", severity: P2}]', policy="{steps: [{person: ada}]}"))
    told.at("13:59")
    assert told.pages == []
    assert "hold ada phones: quiet-hours" in told.why("page/1")
    told.at("14:01")
    assert told.heard("ada") == ["14:00 ada P2 page Cache is cold"] * 2


def test_quiet_hours_never_hold_a_severity_that_they_do_not_name():
    told = full(opened(', quiet: [{from: "10:00", to: "14:00", severity: P2}]'))
    assert told.pagers["phones"].lines == ["12:00 ada P1 page Disk is full: a"]


def test_quiet_hours_are_those_of_the_persons_own_zone():
    told = cold(opened(', zone: America/New_York, quiet: [{from: "05:00", to: "07:00", severity: P2}]'))
    told.at("12:59")
    assert told.heard("ada") == []
    told.at("13:01")  # seven in New York
    assert told.heard("ada")[0] == "13:00 ada P2 page Cache is cold"


def test_a_page_that_waits_for_the_end_of_quiet_hours_is_gone_when_its_alert_is():
    told = cold(opened(', quiet: [{from: "10:00", to: "14:00", severity: P2}]', policy="{steps: [{person: ada}]}"))
    told.at("12:30")
    warm(told).at("15:00")
    assert told.pages == []


def test_the_escalation_goes_on_after_quiet_hours():
    told = cold(opened(', quiet: [{from: "10:00", to: "14:00", severity: P2}]')).at("14:11")
    assert told.heard("ben") == ["14:10 ben P2 page Cache is cold"]


def hosts(told, *names):
    for name in names:
        full(told, name)
    return told


THROTTLE = ", throttle: {count: 2, per: 10m}"
EACH = "[{tell: [team], policy: ladder, group: [host]}]"


def crowded():
    ada = "contacts: {phone: {channel: phones, to: ada}}"
    text = shop("{steps: [{person: ada}], repeat: 0}", people=f"\n  ada: {{{ada}{THROTTLE}}}\n", routes=EACH)
    return at_noon(text)


def test_more_pages_than_a_telephone_bears_are_one_bundle():
    told = hosts(crowded(), "b", "c", "d", "e", "f").at("12:05")
    assert told.pages[:2] == ["12:00 ada P1 page Disk is full: b", "12:00 ada P1 page Disk is full: c"]
    assert told.pages[-1].startswith("12:01 ada P1 bundle of 2")
    assert len(told.pages) == 4  # two alone, the first beyond them at once, and what came right after it together


def test_what_is_in_a_bundle_says_so():
    told = hosts(crowded(), "b", "c", "d", "e").at("12:05")
    assert any("throttled" in line for line in told.why("page/4"))


def test_an_acknowledgement_of_all_answers_every_page_of_a_bundle():
    told = hosts(crowded(), "b", "c", "d", "e").at("12:05")
    told.acknowledge("ada")
    assert [told.page(number).state for number in (1, 2, 3, 4)] == ["acknowledged"] * 4


def test_a_storm_of_hundreds_is_heard_of_in_a_few_messages_and_none_is_lost():
    names = [f"h{number}" for number in range(300)]
    ada = "contacts: {phone: {channel: phones, to: ada}}"
    told = at_noon(shop("{steps: [{person: ada}], repeat: 0}", people=f"\n  ada: {{{ada}}}\n", routes=EACH))
    for name in names:
        told.metric("disk", 0.97, host=name)
    told.run(minutes=3)
    alone = [letter for letter in told.letters if letter.kind.value == "page"]
    bundles = [letter for letter in told.letters if letter.kind.value == "bundle"]
    assert len(alone) + sum(letter.data["count"] for letter in bundles) >= 100  # a label has a hundred values
    assert len(alone) + len(bundles) <= 30


def test_what_is_over_before_its_bundle_goes_is_not_in_it():
    told = hosts(crowded(), "b", "c", "d", "e").run(seconds=30)
    fine(told, "b", "c", "d", "e").at("12:30")
    assert all("bundle" not in line for line in told.pages if line > "12:05")
