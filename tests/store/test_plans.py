"""
Does every query of the state go by an index, so that a turn stays short however long the history is?
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event

from tests.store.notices import a_notice, write
from watchkeeper.store import alerts, decisions, forgetting, incidents, notices, outbox, revisions, timers
from watchkeeper.store.incidents import IncidentRow
from watchkeeper.store.revisions import RevisionRow
from watchkeeper.store.state import open_memory

READS_ALL_ON_PURPOSE = (
    "SCAN alerts",
    "SCAN revisions",
)  # every alert; the last revision, which is the first of the scan


def ask_everything(tx: Connection) -> None:
    alerts.every(tx)
    alerts.named(tx, ["a"])
    alerts.in_states(tx, "firing")
    alerts.transitions_of(tx, "a")
    alerts.recent_transitions(tx)
    alerts.forget(tx, ["a"])
    decisions.of_alert(tx, "a")
    revisions.add(tx, RevisionRow(loaded_at_ns=0, hash="h", source={}))
    revisions.by_id(tx, 1)
    timers.due(tx, now_ns=1)
    timers.named(tx, ["a"])
    timers.next_due_ns(tx)
    timers.remove(tx, ["a"])
    _ask_about_incidents(tx)
    _ask_about_notices(tx)
    forgetting.forget_before(tx, 1)


def _ask_about_incidents(tx: Connection) -> None:
    number = incidents.next_number(tx)
    row = IncidentRow(number=number, title="t", severity="P2", state="open", opened_ns=0, revision=1)
    incidents.update_fields(tx, incidents.add(tx, row, alert_keys=["a"]), state="closed")
    incidents.by_number(tx, number)
    incidents.in_states(tx, "open")
    incidents.recent(tx)
    incidents.alerts_of(tx, 1)
    incidents.of_alert(tx, "a")
    incidents.timeline_of(tx, 1)


def _ask_about_notices(tx: Connection) -> None:
    ids = write(tx, a_notice("a"), a_notice("b"))
    outbox.next_due_ns(tx, "chat")
    outbox.claim_due(tx, now_ns=1, lease_ns=1, worker="w", limit=0, channel="chat")
    notices.open_at(tx, "chat")
    notices.holding(tx)
    for row in outbox.claim_due(tx, now_ns=1, lease_ns=1, worker="w", limit=1):
        outbox.is_mine(tx, row.id, claim="w/1")
        outbox.retry_at(tx, row.id, due_ns=1, receipt=None, expecting_claim="w/1")
        outbox.settle(tx, row.id, state="sent", receipt=None, now_ns=1, expecting_claim="w/1")
    outbox.unsent(tx, subject="a", channel="chat")
    outbox.expired_sending(tx, now_ns=1, reason="r")
    outbox.hold(tx, ids, reason="r")
    outbox.release(tx, ids, due_ns=1)
    outbox.cancel(tx, ids, now_ns=1, reason="r")
    notices.by_id(tx, ids)
    notices.in_state(tx, "due")
    notices.held_of(tx, "chat")
    notices.of_subject(tx, "a")
    notices.counts(tx)


def test_every_query_goes_by_an_index() -> None:
    state = open_memory()
    with state.transaction() as tx:
        asked: dict[str, Any] = {}

        @event.listens_for(tx, "before_cursor_execute")
        def note(_tx: Any, _cursor: Any, sql: str, values: Any, _context: Any, many: bool) -> None:
            asked[sql] = values[0] if many else values

        ask_everything(tx)
        event.remove(tx, "before_cursor_execute", note)
        slow = [
            (step[3], sql)
            for sql, values in asked.items()
            if not sql.startswith("INSERT")
            for step in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
            if step[3].startswith("SCAN") and "INDEX" not in step[3] and step[3] not in READS_ALL_ON_PURPOSE
        ]
    state.close()
    assert len(asked) > 35
    assert slow == []
