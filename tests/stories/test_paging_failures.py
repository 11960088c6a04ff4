"""What breaks between us and a person: channels, addresses, the process itself, the manual under a running page."""

from tests.stories.duty import PEOPLE, at_noon, cold, fine, full, shop
from watchkeeper.decide.values import Kind

MAIL = "  mail: {kind: email, address_env: SMTP, from: watch@shop.example}"
TWO_WAYS = "\n  ada: {contacts: {phone: {channel: phones, to: ada}, letter: {channel: mail, to: ada@shop.example}}}\n"


def test_a_page_that_does_not_arrive_is_tried_again_and_arrives_once():
    told = at_noon(shop("{steps: [{person: ada}], repeat: 0}"))
    told.breaks("phones")
    full(told).at("12:04")
    assert told.pages == []
    assert told.pagers["phones"].refused >= 2
    told.mends("phones")
    told.at("12:15")
    assert [line[6:] for line in told.pages] == ["ada P1 page Disk is full: a"]


def test_a_page_that_is_refused_for_good_is_not_tried_again_and_the_next_step_comes_at_once():
    told = at_noon(shop("{steps: [{person: ada}, {after: 10m, channel: team}], repeat: 0}"))
    told.breaks("phones", "there is no such topic", retryable=False)
    full(told).at("12:11")
    assert told.pagers["phones"].refused == 1
    assert "12:01 P1 page Disk is full: a" in told.pagers["team"].lines


def test_a_channel_that_is_known_to_be_dead_makes_the_step_skip_to_the_next_person_at_once():
    ben = "  ben: {contacts: {letter: {channel: mail, to: ben@shop.example}}}\n"
    ada = "\n  ada: {contacts: {phone: {channel: phones, to: ada}}}\n"
    told = at_noon(shop("{steps: [{person: ada}, {after: 10m, person: ben}]}", people=ada + ben, channels=MAIL))
    told.lacks("phones")
    full(told)
    assert told.pages == ["12:00 ben P1 page Disk is full: a"]
    assert told.why("page/1")[0] == "refuse ada phones: unreachable"


def test_somebody_with_a_second_way_is_reached_by_it_when_the_first_is_dead():
    rules = TWO_WAYS.replace("}}}\n", "}}, rules: [{by: phone}, {by: letter, after: 5m}]}\n")
    told = at_noon(shop("{steps: [{person: ada}]}", people=rules, channels=MAIL))
    told.lacks("phones")
    full(told)
    assert told.heard("ada") == ["12:00 ada P1 page Disk is full: a"]  # and does not wait for the dead one


def test_a_dead_channel_hands_its_messages_to_its_fallback():
    text = shop(channels=MAIL).replace("address_env: TEAM}", "address_env: TEAM, fallback: mail}")
    told = at_noon(text)
    told.breaks("team", "it is gone", retryable=False)
    full(told).run(minutes=2)
    assert any("firing disk[host=a]" in line for line in told.pagers["mail"].lines)


def test_one_broken_channel_holds_up_no_other():
    told = at_noon()
    told.breaks("team")
    full(told)
    assert told.pages == ["12:00 ada P1 page Disk is full: a"]


def test_a_step_that_fell_due_while_nothing_ran_is_taken_once_at_the_first_turn():
    told = full(at_noon()).at("12:05")
    told.sleep(minutes=20).restart()
    told.run(seconds=30)
    assert told.heard("ben") == ["12:25 ben P1 page Disk is full: a"]
    assert told.heard("cleo") == []  # her turn is ten minutes after his


def test_a_restart_sends_nothing_twice():
    told = full(at_noon())
    for _ in range(5):
        told.restart().run(minutes=1)
    assert told.pages == ["12:00 ada P1 page Disk is full: a"]


def test_a_page_that_was_being_sent_when_the_process_died_is_sent_once_more_and_says_why():
    told = at_noon()
    told.dies_while_sending("phones")
    full(told)
    told.sleep(minutes=2).restart().run(minutes=1)
    [line] = told.heard("ada")
    assert line.endswith("ada P1 page Disk is full: a")
    [page] = [letter for letter in told.letters if letter.kind is Kind.PAGE]
    assert "crash" in page.text


def test_a_rule_that_leaves_the_manual_ends_its_page_and_says_so():
    told = full(at_noon()).at("12:05")
    told.reload(shop().replace("disk: {title: Disk is full", "other: {title: Disk is full")).at("12:30")
    assert told.page().state == "ended"
    assert told.page().reason == "withdrawn"


def test_a_person_who_leaves_the_manual_is_skipped_and_the_escalation_goes_on():
    told = full(at_noon()).at("12:05")
    without = PEOPLE.replace("  ben: {contacts: {phone: {channel: phones, to: ben}}}\n", "")
    told.reload(shop("{steps: [{person: ada}, {after: 10m, person: cleo}]}", people=without)).at("12:11")
    assert told.heard("cleo") == ["12:10 cleo P1 page Disk is full: a"]


def test_a_policy_that_leaves_the_manual_does_not_lose_its_page():
    told = full(at_noon()).at("12:05")
    text = shop(routes="[{tell: [team], policy: other}]").replace("  ladder:", "  other:")
    told.reload(text).at("12:30")
    assert any("ben" in line for line in told.pages)  # everybody is asked, for nobody knows better


def test_a_page_that_is_over_before_it_could_be_sent_is_never_sent():
    told = at_noon()
    told.breaks("phones")
    full(told).at("12:03")
    fine(told, "a").at("12:10")
    told.mends("phones")
    told.at("13:00")
    assert [line for line in told.pages if " page " in line] == []


def test_an_acknowledgement_cancels_what_still_waits_to_be_sent():
    told = at_noon()
    told.breaks("phones")
    full(told).at("12:03")
    told.acknowledge("ben")
    told.mends("phones")
    told.at("13:00")
    assert [line for line in told.pages if " page " in line] == []


def test_two_turns_at_one_instant_take_a_step_once():
    told = full(at_noon()).at("12:10")
    for _ in range(3):
        told.turn()
    assert told.heard("ben") == ["12:10 ben P1 page Disk is full: a"]


def test_a_clock_that_is_set_back_pages_nobody_twice():
    told = full(at_noon()).at("12:11")
    told.clock.set_wall(told.instant_of("12:05"))
    told.run(minutes=4)
    assert len(told.pages) == 2


def test_a_person_paged_for_two_things_is_paged_for_both():
    told = cold(full(at_noon())).run(seconds=30)
    assert told.heard("ada") == ["12:00 ada P1 page Disk is full: a", "12:00 ada P2 page Cache is cold"]


def test_unknown_holds_the_page_and_never_ends_it():
    told = full(at_noon()).at("12:03")
    told.quiet("disk").at("12:30")
    assert told.page().state == "open"
    assert [line for line in told.pages if "page-over" in line] == []
