"""Rows are the truth: what is remembered comes back as it was, and a turn is written whole or not at all."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.act import memory
from watchkeeper.act.record import finding_from_json, finding_to_json, notice_from_json, notice_to_json
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import (
    AlertKey,
    AlertMemory,
    Finding,
    Kind,
    Notice,
    Numbers,
    OpenIncident,
    State,
    Transition,
    Truth,
    TurnPlan,
)
from watchkeeper.manual.units import Dimension
from watchkeeper.store import alerts, decisions, incidents, notices
from watchkeeper.store.state import open_memory

words = st.text(min_size=1, max_size=12)
counts = st.integers(0, 2**62)
instants = st.none() | counts
fractions = st.none() | st.fractions(max_denominator=10**12)
labels = st.just(("", "")) | st.tuples(words, st.text(max_size=12))
memories = st.builds(
    lambda label, **more: AlertMemory(key=AlertKey(rule="disk", label=label[0], value=label[1]), **more),
    labels,
    state=st.sampled_from(State),
    since_ns=counts,
    pending_since_ns=instants,
    clear_since_ns=instants,
    unknown_since_ns=instants,
    asked_unknown=st.booleans(),
    told_ns=instants,
    cycle=st.integers(0, 1000),
    firing_id=st.integers(0, 1000),
    event_ns=counts,
    severity=st.none() | words,
)
findings = st.builds(
    Finding,
    truth=st.sampled_from(Truth),
    reason=st.sampled_from(Reason),
    others=st.tuples() | st.tuples(words, words),
    numbers=st.builds(
        Numbers,
        value=fractions,
        limit=fractions,
        dimension=st.sampled_from(Dimension),
        events=counts,
        hits=instants,
        hits_are=words,
        window_ns=counts,
        start_ns=counts,
        at_least=instants,
        known=counts,
        slots=counts,
    ),
)


@pytest.fixture(scope="module")
def state():
    opened = open_memory()
    yield opened
    opened.close()


def plan(*remembered, **more):
    return TurnPlan(at_ns=7, memories=remembered, **more)


@settings(max_examples=60, deadline=None)
@given(memories)
def test_an_alert_comes_back_from_its_row_as_it_was(state, one):
    with state.transaction() as tx:
        memory.remember(tx, plan(one), meanings={}, revision=1)
    with state.reading() as view:
        assert memory.memories(view)[one.key] == one


@settings(max_examples=60, deadline=None)
@given(findings)
def test_a_finding_comes_back_from_json_with_exact_fractions(one):
    assert finding_from_json(finding_to_json(one)) == one


@settings(max_examples=60, deadline=None)
@given(findings, labels)
def test_a_notice_comes_back_from_the_body_of_its_row(finding, label):
    one = Notice(
        key=AlertKey(rule="disk", label=label[0], value=label[1]),
        kind=Kind.FIRING,
        channel="team",
        reason=Reason.FIRST,
        at_ns=9,
        since_ns=5,
        cycle=3,
        severity="P1",
        fine=("a", "b"),
        finding=finding,
    )
    assert notice_from_json(notice_to_json(one), channel="team") == one


def fired(key):
    numbers = Numbers(value=Fraction(1, 3), limit=Fraction(1, 4), events=3, hits=1)
    finding = Finding(truth=Truth.HOLDS, reason=Reason.HOLDS, numbers=numbers)
    return TurnPlan(
        at_ns=7,
        memories=(AlertMemory(key=key, state=State.FIRING, firing_id=1),),
        transitions=(
            Transition(
                key=key, old=State.INACTIVE, new=State.FIRING, at_ns=7, reason=Reason.BEGAN_TO_HOLD, finding=finding
            ),
        ),
        notices=(
            Notice(key=key, kind=Kind.FIRING, channel="team", reason=Reason.FIRST, at_ns=7),
            Notice(key=key, kind=Kind.FIRING, channel=None, reason=Reason.NO_ROUTE, at_ns=7, send=False),
        ),
        opens=(
            OpenIncident(
                title="disk", severity="P1", service=None, alerts=(key,), at_ns=7, reason=Reason.SEVERITY_OPENS
            ),
        ),
    )


def written(state, key):
    with state.reading() as view:
        return (
            len(alerts.named(view, [str(key)])),
            len(alerts.transitions_of(view, str(key))),
            len(notices.of_subject(view, str(key))),
            len(decisions.of_alert(view, str(key))),
            len(incidents.of_alert(view, str(key))),
        )


def test_a_plan_is_written_whole(state):
    key = AlertKey(rule="whole")
    with state.transaction() as tx:
        memory.remember(tx, fired(key), meanings={}, revision=1)
    assert written(state, key) == (1, 1, 1, 2, 1)


@pytest.mark.parametrize("breaks", ["add_timeline", "add_alerts", "add", "of_alert"])
def test_an_error_in_the_middle_leaves_nothing(state, monkeypatch, breaks):
    key = AlertKey(rule=f"broken by {breaks}")
    joins = (
        fired(key)
        .opens[0]
        .__class__(title="", severity="P1", service=None, alerts=(key,), at_ns=7, reason=Reason.SEVERITY_OPENS, joins=1)
    )
    broken = TurnPlan(
        **{name: getattr(fired(key), name) for name in TurnPlan.__slots__ if name != "opens"},
        opens=(*fired(key).opens, joins),
    )

    def fail(*_args, **_more):
        raise RuntimeError(breaks)

    monkeypatch.setattr(incidents, breaks, fail)
    with pytest.raises(RuntimeError, match=breaks), state.transaction() as tx:
        memory.remember(tx, broken, meanings={}, revision=1)
    monkeypatch.undo()

    assert written(state, key) == (0, 0, 0, 0, 0)


def test_an_end_takes_the_unsent_beginning_into_itself_and_a_question_does_not(state):
    key = AlertKey(rule="merging")
    question = Notice(
        key=key, kind=Kind.UNKNOWN, channel="team", reason=Reason.UNKNOWN_TOO_LONG, at_ns=8, since_ns=1, cycle=1
    )
    over = Notice(key=key, kind=Kind.RESOLVED, channel="team", reason=Reason.OVER, at_ns=9, cycle=2)
    with state.transaction() as tx:
        memory.remember(tx, fired(key), meanings={}, revision=1)
        memory.remember(tx, plan(notices=(question,)), meanings={}, revision=1)
    with state.reading() as view:
        assert [row.state for row in notices.of_subject(view, str(key))] == ["due", "due"]
    with state.transaction() as tx:
        memory.remember(tx, plan(notices=(over,)), meanings={}, revision=1)
    with state.reading() as view:
        rows = notices.of_subject(view, str(key))
    assert [row.state for row in rows] == ["due", "merged", "merged"]
    assert rows[0].body["merged"] == ["firing", "unknown"]


def test_every_time_that_an_alert_is_unknown_is_asked_about(state):
    key = AlertKey(rule="dark")
    for cycle, at_ns in enumerate((10, 20)):
        asked = Notice(
            key=key, kind=Kind.UNKNOWN, channel="team", reason=Reason.UNKNOWN_TOO_LONG, at_ns=at_ns, cycle=cycle
        )
        with state.transaction() as tx:
            memory.remember(tx, plan(notices=(asked,)), meanings={}, revision=1)
    with state.reading() as view:
        assert len(notices.of_subject(view, str(key))) == 2
