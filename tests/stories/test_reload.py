"""Change while running: history belongs to meanings, alerts to rules, and what vanishes says so."""

import pytest

from tests.stories.shop import manual, opened, orders
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import State, Truth


@pytest.fixture
def failing():
    """Orders from Germany fail since 12:00, and it fires."""
    told = orders(opened()).at("12:00")
    return orders(told, "failed").at("12:02")


def test_an_alert_whose_rule_vanished_ends_as_withdrawn_and_tells_who_had_heard_of_it(failing):
    gone = manual().replace("  orders: {indicator", "  renamed: {indicator")
    failing.reload(gone)
    assert failing.alert("orders", country="de").state is State.WITHDRAWN
    assert sorted(failing.messages) == [
        "12:01 P2 firing orders[country=de]",
        "12:02 P2 firing renamed[country=de]",  # the condition itself goes on under its new name
        "12:02 P2 withdrawn orders[country=de]",
    ]


def test_a_rule_that_comes_back_starts_afresh(failing):
    before = failing.manual
    failing.reload(manual().replace("  orders: {indicator", "  other: {indicator")).run(minutes=1)
    assert before is not failing.manual
    orders(failing.reload(manual())).at("12:30")

    alert = failing.alert("orders", country="de")
    assert (alert.state, alert.firing_id) == (State.RESOLVED, 2)


def test_an_alert_whose_label_is_no_longer_watched_is_withdrawn(failing):
    failing.reload(manual().replace(", each: country", ""))
    assert failing.alert("orders", country="de").state is State.WITHDRAWN
    assert failing.alert("orders").state is State.FIRING


def test_a_changed_threshold_keeps_history_and_is_judged_at_once(failing):
    failing.reload(manual("< 50% over 10m"))
    found = failing.finding("orders", country="de")
    assert (found.truth, found.numbers.events, found.numbers.hits) == (Truth.CLEAR, 301, 241)
    failing.run(minutes=2)
    assert failing.messages[-1] == "12:03 P2 resolved orders[country=de]"  # after a minute of being clear


def test_a_renamed_indicator_keeps_its_history(failing):
    failing.reload(manual(name="orders-ok"))
    assert failing.alert("orders", country="de").state is State.FIRING
    assert failing.finding("orders", country="de").numbers.events == 301
    assert len(failing.messages) == 1


def test_a_new_meaning_starts_its_own_history_and_holds_what_fired(failing):
    failing.reload(manual(good='outcome == "paid"'))
    found = failing.finding("orders", country="de")
    assert found is not None
    assert failing.alert("orders", country="de").state is State.FIRING
    assert failing.alert("orders", country="de").unknown_since_ns is not None

    orders(failing, "paid").at("12:30")

    assert failing.alert("orders", country="de").state is State.RESOLVED
    assert failing.finding("orders", country="de").reason is Reason.CLEAR


def test_a_bad_manual_leaves_the_old_one_running(failing):
    with pytest.raises(ValueError, match="indicator"):
        failing.reload(manual().replace("indicator: success", "indicator: sucess"))
    assert failing.alert("orders", country="de").state is State.FIRING


def test_a_restart_in_the_middle_of_for_keeps_its_clock():
    told = opened().traffic(load={"value": 0.9}, per_minute=4).at("11:51")
    assert told.alert("busy").state is State.PENDING

    told.restart().at("12:00")

    [line] = told.messages
    assert line == "11:58 P3 firing busy"  # half of the first window is known after 2 min 30 s


def test_a_restart_repeats_no_message(failing):
    failing.restart().run(minutes=5)
    assert failing.messages == ["12:01 P2 firing orders[country=de]"]
