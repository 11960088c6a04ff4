"""A turn is a function of its facts, and everything that it decides has a reason."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from watchkeeper.decide.conditions import Asked
from watchkeeper.decide.reasons import SAYS, Reason
from watchkeeper.decide.rules import rules_of
from watchkeeper.decide.turn import TurnFacts, decide_turn
from watchkeeper.decide.values import AlertKey, AlertMemory, ChannelFacts, Incident, State
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.measure.answers import Answer

MINUTE = 60 * 10**9
NOW = 1_000 * MINUTE
MANUAL = """
watchkeeper: 1
manual: Shop
defaults: {flapping: {count: 2, per: 10m}}
streams: {orders: {spans: 'name == "order"'}}
indicators: {success: {from: orders, good: ok, by: [country]}}
alerts:
  orders: {indicator: success, when: "< 95%", each: country, severity: P1, repeat_every: 10m}
  all: {indicator: success, when: "< 50% for 2m", severity: P2}
  nobody: {indicator: success, when: "< 99%"}
  release: {on: release, severity: P2}
severities: {P1: {}, P2: {}}
channels:
  chat: {kind: slack, address_env: CHAT, rate_limit: {count: 1, per: 5m}}
  later: {kind: email, planned: true}
routes: [{severity: P1, tell: [chat]}, {severity: P2, tell: [chat, later]}]
incidents: {opens: [P1], closes: when its alerts resolve}
"""
loaded = load_text(MANUAL)
assert isinstance(loaded, Loaded), loaded
SHOP = loaded.manual
KEYS = (
    AlertKey(rule="orders", label="country", value="de"),
    AlertKey(rule="orders", label="country", value="fr"),
    AlertKey(rule="all"),
    AlertKey(rule="nobody"),
    AlertKey(rule="vanished"),
)
#: Why a message is not sent.
QUIET = (Reason.NO_ROUTE, Reason.PLANNED_CHANNEL, Reason.RATE_LIMITED, Reason.NOT_TOLD, Reason.FLAPPING)
instants = st.none() | st.integers(NOW - 30 * MINUTE, NOW)


def hushes(state, cycle, dark):
    """What may hush an alert in this state, once a turn has seen it."""
    if state is State.FIRING and cycle == 0:
        return [Reason.FASTER_FIRES, Reason.DEPENDENCY_FIRES, Reason.SILENCED, Reason.FLAPPING]
    if state is State.FIRING:
        return [None, Reason.SILENCED, Reason.FLAPPING]
    return [None, Reason.FLAPPING, *([Reason.SILENCED, Reason.DEPENDENCY_FIRES] if dark else [])]


@st.composite
def memories(draw, key):
    state = draw(st.sampled_from(list(State)))
    dark = state in (State.FIRING, State.PENDING, State.UNKNOWN)  # the other states end where unknown begins
    cycle = draw(st.integers(0, 3))
    return AlertMemory(
        key=key,
        state=state,
        since_ns=draw(st.integers(NOW - 60 * MINUTE, NOW)),
        pending_since_ns=draw(instants),
        clear_since_ns=draw(instants),
        unknown_since_ns=draw(instants) if dark else None,
        asked_unknown=draw(st.booleans()),
        told_ns=draw(instants),
        cycle=cycle,
        hushed=draw(st.sampled_from(hushes(state, cycle, dark))),
        firing_id=draw(st.integers(0, 3)),
    )


@st.composite
def facts(draw):
    asked = {}
    for key in KEYS[:4]:
        count = draw(st.integers(0, 50))
        answer = Answer(
            start_ns=NOW - 5 * MINUTE,
            end_ns=NOW,
            count=count,
            matched=draw(st.integers(0, count)),
            known=draw(st.sampled_from([0, 10, 30])),
            slots=30,
        )
        if draw(st.booleans()):
            asked[key] = Asked(answers=(answer,), good=True)
    remembered = {key: draw(memories(key)) for key in KEYS if draw(st.booleans())}
    opened = Incident(id=1, number=1, title="", severity="P1", opened_ns=0, alerts=(str(KEYS[0]),))
    return TurnFacts(
        manual=SHOP,
        rules=rules_of(SHOP),
        asked=asked,
        memories=remembered,
        events={AlertKey(rule="release"): tuple(draw(st.lists(st.integers(NOW - MINUTE, NOW), max_size=3)))},
        channels={"chat": ChannelFacts(name="chat", sent_ns=(NOW - MINUTE,), digest_due_ns=draw(instants))},
        open_incidents=(opened,) if draw(st.booleans()) else (),
    )


@settings(max_examples=150, deadline=None)
@given(facts())
def test_the_same_facts_give_the_same_plan_whatever_their_order(known):
    plan = decide_turn(known, now_ns=NOW)
    again = replace(known, memories=dict(reversed(known.memories.items())))
    other = decide_turn(again, now_ns=NOW)
    assert decide_turn(known, now_ns=NOW) == plan
    assert set(other.memories) == set(plan.memories)
    assert {one.key for one in other.transitions} == {one.key for one in plan.transitions}


@settings(max_examples=150, deadline=None)
@given(facts())
def test_every_notice_and_every_refusal_says_why(known):
    for notice in decide_turn(known, now_ns=NOW).notices:
        assert SAYS[notice.reason]
        assert notice.send or notice.reason in QUIET
        assert notice.send or notice.held_until_ns is None or notice.because_of


@settings(max_examples=150, deadline=None)
@given(facts())
def test_everything_that_people_should_know_has_a_notice_or_a_refusal(known):
    plan = decide_turn(known, now_ns=NOW)
    spoken = {notice.key for notice in plan.notices}
    assert {one.key for one in plan.transitions if State.FIRING in (one.old, one.new)} <= spoken


@settings(max_examples=150, deadline=None)
@given(facts())
def test_unknown_leads_to_no_resolved_alert_and_closes_no_incident(known):
    silent = {
        key: replace(one, answers=(Answer(start_ns=0, end_ns=NOW, slots=30),)) for key, one in known.asked.items()
    }
    plan = decide_turn(replace(known, asked=silent, events={}), now_ns=NOW)
    assert State.RESOLVED not in {one.new for one in plan.transitions}
    firing = {str(key) for key, memory in known.memories.items() if memory.state is State.FIRING}
    assert not plan.closes or str(KEYS[0]) not in firing


@settings(max_examples=100, deadline=None)
@given(facts())
def test_a_second_turn_at_the_same_instant_has_nothing_to_add(known):
    plan = decide_turn(known, now_ns=NOW)
    after = {**known.memories, **{memory.key: memory for memory in plan.memories}}
    again = decide_turn(replace(known, memories=after, channels={}, open_incidents=()), now_ns=NOW)
    assert again.transitions == ()
    assert again.notices == ()


def test_an_alert_about_which_nothing_can_be_asked_any_more_is_held_as_unknown():
    memory = AlertMemory(key=KEYS[0], state=State.FIRING, firing_id=1)
    known = TurnFacts(manual=SHOP, rules=rules_of(SHOP), asked={}, memories={KEYS[0]: memory})
    [after] = decide_turn(known, now_ns=NOW).memories
    assert (after.state, after.unknown_since_ns) == (State.FIRING, NOW)


@pytest.mark.parametrize(("told", "channels"), [(("chat",), ["chat"]), ((), ["chat"]), (("gone",), ["chat"])])
def test_a_rule_that_is_gone_is_told_through_what_is_left(told, channels):
    memory = AlertMemory(key=KEYS[4], state=State.FIRING, firing_id=1, severity="P1")
    known = TurnFacts(
        manual=SHOP, rules=rules_of(SHOP), asked={}, memories={KEYS[4]: memory}, told_through={KEYS[4]: told}
    )
    assert [notice.channel for notice in decide_turn(known, now_ns=NOW).notices] == channels


def test_an_incident_does_not_close_in_the_turn_in_which_an_alert_joins_it():
    answer = Answer(start_ns=0, end_ns=NOW, count=50, known=30, slots=30)
    opened = Incident(id=1, number=1, title="", severity="P1", opened_ns=0, alerts=(str(KEYS[0]),))
    known = TurnFacts(
        manual=SHOP,
        rules=rules_of(SHOP),
        asked={
            KEYS[0]: Asked(answers=(structs.replace(answer, matched=50),), good=True),
            KEYS[1]: Asked(answers=(answer,), good=True),
        },
        memories={KEYS[0]: AlertMemory(key=KEYS[0], state=State.FIRING, firing_id=1)},
        open_incidents=(opened,),
    )
    plan = decide_turn(known, now_ns=NOW)
    assert [one.joins for one in plan.opens] == [1]
    assert plan.closes == ()
