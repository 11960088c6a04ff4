"""The state machine, step by step: each story is a row of truths, one a minute, and the states they lead through."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.decide.alerts import Timing, happened, revive, step, withdraw
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import AlertKey, AlertMemory, Finding, Numbers, State, Truth

MINUTE = 60 * 10**9
TRUTHS = {"h": Truth.HOLDS, "c": Truth.CLEAR, "u": Truth.UNKNOWN}
REASONS = {"h": Reason.HOLDS, "c": Reason.CLEAR, "u": Reason.NOT_HEARD}
STATES = {
    State.INACTIVE: "-",
    State.PENDING: "p",
    State.FIRING: "F",
    State.UNKNOWN: "?",
    State.RESOLVED: "r",
    State.WITHDRAWN: "w",
}


def finding(letter):
    return Finding(truth=TRUTHS[letter], reason=REASONS[letter], numbers=Numbers())


def walk(truths, timing):
    """Each step of a minute; the memory after it."""
    memory, steps = AlertMemory(key=AlertKey(rule="disk")), []
    for minute, letter in enumerate(truths):
        taken = step(memory, finding(letter), timing, now_ns=minute * MINUTE)
        memory = taken.memory
        steps.append(taken)
    return steps


@pytest.mark.parametrize(
    ("says", "truths", "states", "timing"),
    [
        ("without `for` it fires at once", "chc", "-Fr", {}),
        ("it fires once it held for its time", "hhhh", "pppF", {"hold_ns": 3 * MINUTE}),
        ("one clear finding starts the clock again", "hhchhhh", "pp-pppF", {"hold_ns": 3 * MINUTE}),
        ("unknown stops the clock and does not reset it", "hhuuuhh", "pppppp" + "F", {"hold_ns": 3 * MINUTE}),
        ("unknown holds what fires", "huuuu", "FFFFF", {}),
        ("unknown never resolves, however long", "huuuuc", "FFFFFr", {}),
        ("unknown from the start is unknown", "uuc", "??-", {}),
        ("unknown and then it holds", "uuh", "??F", {}),
        ("a resolved alert may become unknown", "hcuc", "Fr?-", {}),
        ("it must be clear long enough", "hcccc", "FFFFr", {"resolve_after_ns": 3 * MINUTE}),
        ("holding again starts the clearing anew", "hcchccc", "FFFFFFF", {"resolve_after_ns": 3 * MINUTE}),
        ("unknown stops the clock of clearing too", "hccuuucc", "FFFFFFF" + "r", {"resolve_after_ns": 3 * MINUTE}),
        ("it may flap", "hchchc", "FrFrFr", {}),
    ],
    ids=lambda one: one.replace(" ", "-") if isinstance(one, str) and " " in one else "",
)
def test_the_states(says, truths, states, timing):
    del says
    assert "".join(STATES[taken.memory.state] for taken in walk(truths, Timing(**timing))) == states


def test_every_change_of_state_is_a_transition_and_nothing_else_is():
    for truths in ("hhhccuuchh", "uuhucch"):
        before = State.INACTIVE
        for taken in walk(truths, Timing(hold_ns=MINUTE, resolve_after_ns=MINUTE)):
            assert (taken.transition is not None) == (taken.memory.state is not before)
            before = taken.memory.state


def test_an_alert_fires_since_it_began_to_hold_and_is_over_since_then():
    steps = walk("chhhc", Timing(hold_ns=2 * MINUTE))
    assert steps[3].memory.since_ns == MINUTE
    assert steps[3].transition.since_ns == MINUTE
    assert steps[3].transition.reason is Reason.HELD_LONG_ENOUGH
    assert steps[4].transition.since_ns == MINUTE
    assert steps[4].transition.reason is Reason.RESOLVED


def test_each_firing_has_a_number_and_is_told_from_the_beginning():
    steps = walk("hch", Timing())
    assert [taken.memory.firing_id for taken in steps] == [1, 1, 2]
    told = steps[1].memory.evolve(cycle=5)
    assert step(told, finding("h"), Timing(), now_ns=9 * MINUTE).memory.cycle == 0


@settings(max_examples=150, deadline=None)
@given(st.text("hcu", max_size=30), st.integers(0, 4), st.integers(0, 4))
def test_unknown_resolves_nothing_and_fires_nothing(truths, hold, resolve):
    before = State.INACTIVE
    for letter, taken in zip(
        truths, walk(truths, Timing(hold_ns=hold * MINUTE, resolve_after_ns=resolve * MINUTE)), strict=True
    ):
        if letter == "u":
            assert taken.memory.state is (State.UNKNOWN if before in (State.INACTIVE, State.RESOLVED) else before)
        before = taken.memory.state


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 9), st.sampled_from("hc"), st.integers(0, 20), st.integers(0, 20))
def test_with_steady_findings_the_pace_of_turns_does_not_change_how_it_ends(pace, letter, hold, resolve):
    timing, ends = Timing(hold_ns=hold * MINUTE, resolve_after_ns=resolve * MINUTE), []
    for every in (1, pace):
        memory = AlertMemory(key=AlertKey(rule="disk"))
        for minute in (*range(0, 60, every), 60):
            memory = step(memory, finding("h"), timing, now_ns=minute * MINUTE).memory
        for minute in (*range(61, 120, every), 120):
            memory = step(memory, finding(letter), timing, now_ns=minute * MINUTE).memory
        ends.append((memory.state, memory.firing_id))
    assert ends[0] == ends[1]


def test_an_event_rule_fires_once_for_what_is_new_and_closes_by_itself():
    memory = AlertMemory(key=AlertKey(rule="release"), event_ns=10)
    assert happened(memory, [5, 10], now_ns=20).transition is None

    taken = happened(memory, [5, 11, 12, 13], now_ns=20)

    assert taken.transition is not None
    assert taken.transition.finding is not None
    assert taken.transition.new is State.FIRING
    assert taken.transition.finding.numbers.events == 3
    assert (taken.memory.state, taken.memory.event_ns, taken.transition.since_ns) == (State.RESOLVED, 13, 11)
    assert happened(taken.memory, [11, 12, 13], now_ns=21).transition is None


def test_a_withdrawn_alert_runs_no_clock_and_comes_back_afresh():
    firing = walk("hu", Timing())[1].memory
    gone = withdraw(firing, now_ns=5 * MINUTE)
    assert gone.transition is not None
    assert gone.transition.old is State.FIRING
    assert (gone.memory.state, gone.memory.unknown_since_ns) == (State.WITHDRAWN, None)
    assert withdraw(AlertMemory(key=AlertKey(rule="disk")), now_ns=1).transition is None

    back = revive(gone.memory, now_ns=6 * MINUTE)
    assert (back.state, back.event_ns, back.firing_id) == (State.INACTIVE, 6 * MINUTE, 1)
