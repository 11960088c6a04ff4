"""
How do incidents come, go, and remember what happened?

What `decide` plans and what people do, as rows: an incident, the alerts that belong to it, and its timeline.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from watchkeeper.act.record import finding_to_json
from watchkeeper.decide.values import CloseIncident, Incident, OpenIncident, Transition
from watchkeeper.store import incidents
from watchkeeper.store.incidents import IncidentRow, TimelineRow

OPEN = "open"
CLOSED = "closed"
BY_RULE = "watchkeeper"


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
    Close an incident and say so on its timeline.
    """
    incidents.update_fields(tx, incident_id, state=CLOSED, closed_ns=at_ns, closed_by=by, close_reason=reason)
    text = f"closed by {by}" if by != BY_RULE else "closed: all its alerts resolved"
    incidents.add_timeline(
        tx,
        [TimelineRow(incident_id=incident_id, at_ns=at_ns, kind="closed", text=text, by=by, data={"reason": reason})],
    )


def reopen_incident(tx: Connection, row: IncidentRow, *, at_ns: int, by: str) -> None:
    """
    Open a closed incident again; an open one stays as it is.
    """
    if row.state == OPEN:
        return
    incidents.update_fields(tx, row.id, state=OPEN, closed_ns=None, closed_by=None, close_reason=None)
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
