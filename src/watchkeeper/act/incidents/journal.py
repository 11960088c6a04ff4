"""
How do incidents come, go, and remember what happened?

What `decide` plans and what people do, as rows: an incident, the alerts that belong to it, and its timeline.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from watchkeeper.act.page_memory import end_pages
from watchkeeper.act.record import finding_to_json
from watchkeeper.decide.paging.values import EndPage
from watchkeeper.decide.process import REPORT, Clock, is_afterwards
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import CloseIncident, Incident, OpenIncident, Transition
from watchkeeper.store import incident_work, incidents, pages
from watchkeeper.store.incident_work import ClockRow
from watchkeeper.store.incidents import IncidentRow, TimelineRow

OPEN = "open"
CLOSED = "closed"
BY_RULE = "watchkeeper"
OWN_PAGE = "incident/"  # what the key of a page begins with that is about an incident and no alert


def open_incidents(view: Connection) -> tuple[Incident, ...]:
    """
    The incidents that are not closed.
    """
    return tuple(incident_of(view, row) for row in incidents.in_states(view, OPEN))


def incident_of(view: Connection, row: IncidentRow) -> Incident:
    """
    A row as a value, with its alerts.
    """
    return Incident(
        id=row.id,
        number=row.number,
        title=row.title,
        severity=row.severity,
        opened_ns=row.opened_ns,
        service=row.service,
        closed_ns=row.closed_ns,
        closed_by=row.closed_by,
        close_reason=row.close_reason,
        alerts=tuple(incidents.alerts_of(view, row.id)),
        opened_by=row.opened_by,
        stage=row.stage,
        acknowledged_ns=row.acknowledged_ns,
        acknowledged_by=row.acknowledged_by,
        merged_into=row.merged_into,
        summary=row.summary,
        services=tuple(row.services or ()),
    )


def clock_of(row: ClockRow) -> Clock:
    """
    A row as a value.
    """
    return Clock(
        name=row.name, started_ns=row.started_ns, due_ns=row.due_ns, met_ns=row.met_ns, missed_ns=row.missed_ns
    )


def row_of(clock: Clock, incident_id: int) -> ClockRow:
    """
    A clock as a row.
    """
    return ClockRow(
        incident_id=incident_id,
        name=clock.name,
        started_ns=clock.started_ns,
        due_ns=clock.due_ns,
        met_ns=clock.met_ns,
        missed_ns=clock.missed_ns,
    )


def number_at(view: Connection, alert_key: str, at_ns: int) -> int | None:
    """
    The number of the incident that an alert belonged to at this instant (closed at that very instant counts, too).
    """
    found = (
        row.number
        for row in incidents.of_alert(view, alert_key)
        if row.opened_ns <= at_ns and (row.closed_ns is None or row.closed_ns >= at_ns)
    )
    return next(found, None)


def open_as_planned(tx: Connection, opening: OpenIncident, *, revision: int) -> None:
    """
    Open an incident, or let alerts join the one that is open.
    """
    keys = [str(key) for key in opening.alerts]
    if opening.joins is not None:
        incidents.add_alerts(tx, opening.joins, keys)
        return
    row = IncidentRow(
        number=incidents.next_number(tx),
        title=opening.title,
        severity=opening.severity,
        state=OPEN,
        opened_ns=opening.at_ns,
        revision=revision,
        service=opening.service,
    )
    incident = incidents.add(tx, row, alert_keys=keys)
    text = f"opened by {', '.join(keys)}: {opening.severity}"
    incidents.add_timeline(
        tx, [TimelineRow(incident_id=incident, at_ns=opening.at_ns, kind="opened", text=text, by=BY_RULE)]
    )


def close_as_planned(tx: Connection, closing: CloseIncident) -> None:
    """
    Close an incident by rule.
    """
    close_incident(tx, closing.id, at_ns=closing.at_ns, by=BY_RULE, reason=closing.reason.value)


def close_incident(tx: Connection, incident_id: int, *, at_ns: int, by: str, reason: str) -> None:
    """
    Close an incident and say so on its timeline. All that is owed until its end ends; what follows it goes on.
    """
    incidents.update_fields(tx, incident_id, state=CLOSED, closed_ns=at_ns, closed_by=by, close_reason=reason)
    names = [one.name for one in incident_work.clocks_of(tx, incident_id) if not is_afterwards(one.name)]
    incident_work.meet_clocks(tx, incident_id, names, at_ns=at_ns)
    own = [row for row in pages.of_incident(tx, incident_id) if row.key.startswith(OWN_PAGE) and row.ended_ns is None]
    end_pages(tx, [EndPage(id=row.id, at_ns=at_ns, reason=Reason.BY_A_PERSON) for row in own])
    text = f"closed by {by}" if by != BY_RULE else "closed: all its alerts resolved"
    incidents.add_timeline(
        tx,
        [TimelineRow(incident_id=incident_id, at_ns=at_ns, kind="closed", text=text, by=by, data={"reason": reason})],
    )


def reopen_incident(tx: Connection, row: IncidentRow, *, at_ns: int, by: str) -> None:
    """
    Open a closed incident again; an open one stays as it is. The clocks that its closing ended go on, and so does the
    stage that it left.
    """
    if row.state == OPEN:
        return
    incidents.update_fields(tx, row.id, state=OPEN, closed_ns=None, closed_by=None, close_reason=None, merged_into=None)
    clocks = incident_work.clocks_of(tx, row.id)
    ended = [replace(one, met_ns=None) for one in clocks if one.met_ns is not None and one.met_ns == row.closed_ns]
    incident_work.put_clocks(tx, ended)
    incident_work.drop_clocks(tx, row.id, [REPORT])
    if row.closed_ns is not None and (stage := incident_work.resume_stage(tx, row.id, left_ns=row.closed_ns)):
        incidents.update_fields(tx, row.id, stage=stage.stage, stage_since_ns=stage.entered_ns)
    entry = TimelineRow(incident_id=row.id, at_ns=at_ns, kind="reopened", text=f"opened again by {by}", by=by)
    incidents.add_timeline(tx, [entry])


def note_transitions(tx: Connection, transitions: Sequence[Transition]) -> None:
    """
    Every change of an alert stands on the timeline of its open incidents.
    """
    entries = [
        TimelineRow(
            incident_id=row.id,
            at_ns=transition.at_ns,
            kind="alert",
            text=f"{transition.key} is {transition.new.value}",
            by=BY_RULE,
            data=finding_to_json(transition.finding),
        )
        for transition in transitions
        for row in incidents.of_alert(tx, str(transition.key))
        if row.state == OPEN
    ]
    incidents.add_timeline(tx, entries)
