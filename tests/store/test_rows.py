"""
Does each noun come back as it was written, and answer what is asked about it?
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from tests.store.notices import a_notice, write
from watchkeeper.store import alerts, decisions, forgetting, incidents, notices, outbox, revisions, timers
from watchkeeper.store.alerts import AlertRow, TransitionRow
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.incidents import IncidentRow, TimelineRow
from watchkeeper.store.revisions import RevisionRow
from watchkeeper.store.timers import Timer


def an_alert(key: str = "parse{platform=a}", state: str = "firing", since_ns: int = 5) -> AlertRow:
    return AlertRow(
        key=key,
        rule=key.partition("{")[0],
        labels={"platform": "a"},
        state=state,
        since_ns=since_ns,
        meaning="m1",
        revision=1,
        reason="breached",
        updated_ns=5,
        numbers={"bad": 14, "of": 2**60 + 1},
    )


def a_transition(at_ns: int, key: str = "parse") -> TransitionRow:
    return TransitionRow(alert_key=key, at_ns=at_ns, old="inactive", new="firing", reason="breached", numbers={"n": 1})


def an_incident(number: int, state: str = "open") -> IncidentRow:
    return IncidentRow(number=number, title="t", severity="P2", state=state, opened_ns=number, revision=1)


def test_an_alert_comes_back_as_it_was_saved_and_is_replaced_as_a_whole(tx: Connection) -> None:
    first = replace(an_alert(), severity="P2", because_of="x", clear_since_ns=9, firing_id=2)
    alerts.save(tx, [first])
    assert alerts.every(tx) == [first]
    alerts.save(tx, [an_alert()])
    assert alerts.every(tx) == [an_alert()]


def test_alerts_are_found_by_key_and_state(tx: Connection) -> None:
    a, b, c = an_alert("r{l=a}", since_ns=9), an_alert("r{l=b}", "unknown", since_ns=3), an_alert("q", "inactive")
    alerts.save(tx, [c, b, a])

    assert alerts.named(tx, ["q", "nobody"]) == {"q": c}
    assert alerts.in_states(tx, "firing", "unknown") == [b, a]
    alerts.forget(tx, ["q", "nobody"])
    assert {row.key for row in alerts.every(tx)} == {"r{l=a}", "r{l=b}"}


def test_saving_nothing_is_no_error(tx: Connection) -> None:
    alerts.save(tx, [])
    decisions.add(tx, [])
    timers.set_all(tx, [])
    incidents.add_timeline(tx, [])
    assert alerts.add_transitions(tx, []) == []
    assert outbox.add(tx, []) == []


def test_transitions_are_numbered_in_order_and_read_newest_first(tx: Connection) -> None:
    ids = alerts.add_transitions(tx, [a_transition(1), a_transition(3), a_transition(2, "other")])

    assert ids == [1, 2, 3]
    assert [row.id for row in alerts.transitions_of(tx, "parse")] == [2, 1]
    assert [row.id for row in alerts.recent_transitions(tx, since_ns=2)] == [2, 3]
    assert alerts.transitions_of(tx, "parse", most=1) == [replace(a_transition(3), id=2)]


def test_decisions_are_read_newest_first(tx: Connection) -> None:
    rows = [
        DecisionRow(at_ns=n, alert_key="parse", channel="chat", verdict="refused", reason="held", because_of="limit")
        for n in (1, 2)
    ]
    decisions.add(tx, rows)

    assert [(row.at_ns, row.reason) for row in decisions.of_alert(tx, "parse")] == [(2, "held"), (1, "held")]
    assert decisions.of_alert(tx, "other") == []


def test_an_incident_has_its_alerts_and_its_timeline_in_order(tx: Connection) -> None:
    first = incidents.add(tx, an_incident(1), alert_keys=["a", "b"])
    second = incidents.add(tx, an_incident(2), alert_keys=["b"])
    incidents.add_alerts(tx, first, ["b", "c"])
    entries = [TimelineRow(incident_id=first, at_ns=at, kind="note", text=str(at), by="ann") for at in (7, 4)]
    incidents.add_timeline(tx, entries)

    assert incidents.alerts_of(tx, first) == ["a", "b", "c"]
    assert [row.number for row in incidents.of_alert(tx, "b")] == [2, 1]
    assert [row.text for row in incidents.timeline_of(tx, first)] == ["4", "7"]
    assert incidents.timeline_of(tx, second) == []
    assert incidents.by_number(tx, 2) == replace(an_incident(2), id=second)


def test_incidents_are_found_by_state_and_changed_by_column(tx: Connection) -> None:
    ids = [incidents.add(tx, an_incident(number)) for number in (1, 2, 3)]
    incidents.update_fields(tx, ids[1], state="closed", closed_ns=9, closed_by="ann", close_reason="mended")

    assert [row.number for row in incidents.in_states(tx, "open")] == [1, 3]
    assert [row.number for row in incidents.recent(tx, most=2)] == [3, 2]
    closed = incidents.by_id(tx, ids[1])
    assert closed is not None
    assert (closed.state, closed.closed_by, closed.close_reason) == ("closed", "ann", "mended")
    assert incidents.by_id(tx, 99) is None
    assert incidents.by_number(tx, 99) is None


def test_a_timer_set_again_moves_and_due_ones_come_most_overdue_first(tx: Connection) -> None:
    timers.set_all(tx, [Timer(key=key, kind="k", due_ns=at, payload={"key": key}) for key, at in [("a", 5), ("b", 9)]])
    timers.set_all(tx, [Timer(key="a", kind="k", due_ns=7, payload={}), Timer(key="c", kind="k", due_ns=6, payload={})])

    assert timers.next_due_ns(tx) == 6
    assert [timer.key for timer in timers.due(tx, now_ns=7)] == ["c", "a"]
    assert timers.named(tx, ["b", "x"]) == {"b": Timer(key="b", kind="k", due_ns=9, payload={"key": "b"})}
    timers.remove(tx, ["a", "b", "c", "x"])
    assert timers.next_due_ns(tx) is None


def test_the_same_manual_loaded_again_is_the_same_revision(tx: Connection) -> None:
    assert revisions.latest(tx) is None
    row = RevisionRow(loaded_at_ns=1, hash="h1", source={"manual": "JamFind"})
    first = revisions.add(tx, row)
    assert revisions.add(tx, replace(row, loaded_at_ns=2)) == first
    second = revisions.add(tx, replace(row, hash="h2"))
    third = revisions.add(tx, row)

    assert len({first, second, third}) == 3
    assert revisions.by_id(tx, first) == replace(row, id=first)
    assert revisions.latest(tx) == replace(row, id=third)


def test_forgetting_takes_old_settled_rows_in_portions_and_never_what_is_open(tx: Connection) -> None:
    transitions = alerts.add_transitions(tx, [a_transition(at) for at in (1, 1, 1, 100)])
    decisions.add(tx, [DecisionRow(at_ns=1, alert_key="a", channel="c", verdict="v", reason="r")] * 3)
    done, waiting = write(tx, a_notice("a", transition_id=transitions[0]), a_notice("b", transition_id=transitions[1]))
    outbox.cancel(tx, [done], now_ns=1, reason="over")

    assert forgetting.forget_before(tx, 50, portion=2) == 1 + 2 + 2
    while forgetting.forget_before(tx, 50, portion=2):
        pass
    assert [row.id for row in alerts.recent_transitions(tx)] == [transitions[3], transitions[1]]
    assert decisions.of_alert(tx, "a") == []
    assert [row.id for row in notices.by_id(tx, [done, waiting])] == [waiting]
