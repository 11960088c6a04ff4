"""
Which incidents begin, go on or are late by now?

A pass over rows, taken with each turn: incidents that opened start their clocks; those that somebody acknowledged leave
that stage; what is well again has recovered; what ran out is told, stands on the record and goes further at once.
Nothing is remembered but rows, so whatever a pass did not come to is found by the next one.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from watchkeeper.act.incidents import calling, moving, telling
from watchkeeper.act.incidents.evidence import evidence_of
from watchkeeper.act.incidents.journal import BY_RULE, OPEN, clock_of, row_of
from watchkeeper.act.incidents.telling import News
from watchkeeper.act.standing import Standing
from watchkeeper.decide import process
from watchkeeper.decide.process import ESCALATE, RECOVER, STAGE, UPDATE
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import State as AlertState
from watchkeeper.manual.words import words_ns
from watchkeeper.store import alerts, incident_work, incidents
from watchkeeper.store.incident_work import ClockRow
from watchkeeper.store.incidents import IncidentRow, TimelineRow
from watchkeeper.store.state import State

_OVER: Final = frozenset({AlertState.RESOLVED.value, AlertState.INACTIVE.value, AlertState.WITHDRAWN.value})
#: How long after a closing it is looked at again for what is owed afterwards.
_AFTERWARDS_NS: Final = 7 * 86_400 * 10**9
#: What a clock that ran out says: `not acknowledged within 5 min`.
_SAYS: Final = {
    process.RESPOND: "not acknowledged within {span}",
    ESCALATE: "not over after {span}: it goes further",
    RECOVER: "not over within {span}",
    UPDATE: "nobody has said for {span} how it goes",
    process.REPORT: "the report was not written within {span}",
}


def run(state: State, standing: Standing, *, now_ns: int) -> bool:
    """
    All of it, as of `now_ns`; whether anything was written.
    """
    with state.reading() as view:
        fresh = incident_work.not_begun(view)
        open_ = incidents.in_states(view, OPEN)
        ends = process.after_closing(standing.manual) or process.report_owed(standing.manual, closed_ns=0)
        closed = _just_closed(view, standing, now_ns=now_ns) if ends else []
        taken = [row for row in open_ if _acknowledged(row, standing)]
        recovering = [change for row in open_ if (change := _recovery(view, row)) is not None]
        late = incident_work.due_clocks(view, now_ns=now_ns)
    for row in fresh:
        begin(state, standing, row)
    for row in (*taken, *closed):
        with state.transaction() as tx:
            now = incidents.by_id(tx, row.id)
            if now is not None:
                moving.closed(tx, now, standing.manual) if now.state != OPEN else moving.acknowledged(
                    tx, now, standing.manual
                )
    for changed in recovering:
        with state.transaction() as tx:
            incident_work.put_clocks(tx, changed)
    if fresh:
        with state.reading() as view:
            late = incident_work.due_clocks(view, now_ns=now_ns)
    missed = [_miss(state, standing, clock, now_ns=now_ns) for clock in late]
    return bool(fresh or taken or closed or recovering) or any(missed)


def begin(state: State, standing: Standing, row: IncidentRow) -> None:
    """
    Start the clocks of an incident that opened.
    """
    with state.transaction() as tx:
        now = incidents.by_id(tx, row.id)
        if now is not None and now.state == OPEN and now.stage_since_ns is None:
            moving.begin(tx, now, standing.manual, evidence=evidence_of(tx, now, standing))


def _acknowledged(row: IncidentRow, standing: Standing) -> bool:
    return row.acknowledged_by is not None and process.after_acknowledgement(standing.manual, row.stage) is not None


def _just_closed(view: Connection, standing: Standing, *, now_ns: int) -> list[IncidentRow]:
    """
    What was closed by rule, or by a door that knows no process, and is still where it was then.
    """
    since_ns, left = now_ns - _AFTERWARDS_NS, process.after_closing(standing.manual)
    lacks = incident_work.closed_since(view, since_ns=since_ns)
    owes = process.report_owed(standing.manual, closed_ns=0) is not None
    return [
        row
        for row in lacks
        if row.merged_into is None
        and (
            (left and row.stage not in ("", left))
            or (owes and all(one.name != process.REPORT for one in incident_work.clocks_of(view, row.id)))
        )
    ]


def _recovery(view: Connection, row: IncidentRow) -> list[ClockRow] | None:
    """
    The clocks of recovery as they ought to be, where they are not so: met while all alerts are over, at the instant
    when the last of them was.
    """
    clocks = [one for one in incident_work.clocks_of(view, row.id) if one.name in (RECOVER, ESCALATE)]
    keys = incidents.alerts_of(view, row.id)
    if not clocks or not keys:
        return None
    found = alerts.named(view, keys)
    over = all(key not in found or found[key].state in _OVER for key in keys)
    met_ns = max((found[key].since_ns for key in keys if key in found), default=None) if over else None
    changed = [
        replace(one, met_ns=met_ns)
        for one in clocks
        if (one.met_ns is None) != (met_ns is None) and not (one.name == ESCALATE and one.missed_ns is not None)
    ]
    return changed or None


def _miss(state: State, standing: Standing, clock: ClockRow, *, now_ns: int) -> bool:
    """
    A clock ran out: on the record, told, and further. All of it, or nothing when it was met meanwhile.
    """
    with state.transaction() as tx:
        row = incidents.by_id(tx, clock.incident_id)
        if row is None or not incident_work.miss_clock(tx, clock, at_ns=now_ns):
            return False
        goes_further = clock.name == ESCALATE
        reason = Reason.ESCALATED if goes_further else Reason.DEADLINE_MISSED
        text = says(clock)
        kind = "escalated" if goes_further else "missed"
        data = {"clock": clock.name, "due_ns": clock.due_ns}
        line = TimelineRow(incident_id=row.id, at_ns=now_ns, kind=kind, text=text, by=BY_RULE, data=data)
        entry = incidents.add_entry(tx, line)
        news = News(event=kind, text=text, at_ns=now_ns, entry=entry, due_ns=clock.due_ns, reason=reason)
        telling.tell_all(tx, row, standing.manual, news)
        if clock.name == UPDATE:
            incident_work.put_clocks(tx, [row_of(process.again(clock_of(clock), at_ns=now_ns), row.id)])
        elif row.state == OPEN:
            calling.further(tx, row, standing, reason=reason, at_ns=now_ns)
    return True


def says(clock: ClockRow) -> str:
    """
    What the record says of a clock that ran out.

    >>> says(ClockRow(incident_id=1, name="stage Assess", started_ns=0, due_ns=300 * 10**9))
    'deadline missed: stage Assess was not done within 5 min'
    """
    span = words_ns(clock.due_ns - clock.started_ns)
    if clock.name.startswith(STAGE):
        return f"deadline missed: stage {clock.name.removeprefix(STAGE)} was not done within {span}"
    if clock.name == ESCALATE and clock.due_ns == clock.started_ns:
        return "it goes further at once, as its severity says"
    said = _SAYS[clock.name].format(span=span)
    return said if clock.name == ESCALATE else f"deadline missed: {said}"


def order(rows: Sequence[ClockRow]) -> list[ClockRow]:
    """
    Clocks as people want to see them: those that run by when they are due, then the rest by when they ended.
    """
    return sorted(rows, key=lambda one: (one.met_ns is not None, one.due_ns if one.met_ns is None else one.met_ns))
