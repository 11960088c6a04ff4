"""
What does an acknowledgement leave on an incident, and did anything follow it?

Whoever acknowledges a page, by whichever door, acknowledges its incident in the same transaction. The stage that the
acknowledgement ends is left by the next pass of the clocks, or by the door itself.
"""

from sqlalchemy import Connection

from watchkeeper.act.incidents.journal import BY_RULE, OPEN, clock_of
from watchkeeper.decide.process import is_acknowledgement
from watchkeeper.manual.words import words_ns
from watchkeeper.store import incident_work, incidents
from watchkeeper.store.incident_work import RoleRow
from watchkeeper.store.incidents import TimelineRow

#: The role of whoever acknowledges, and of everybody who helps.
RESPONDERS = "responders"


def acknowledged(tx: Connection, incident_id: int, by: str, at_ns: int) -> bool:
    """
    Somebody has an incident: its clocks to respond are met, and they are among those who respond. False, and nothing
    changes, for one that is closed, or that they have already.
    """
    row = incidents.by_id(tx, incident_id)
    if row is None or row.state != OPEN or row.acknowledged_by == by:
        return False
    first_ns = at_ns if row.acknowledged_ns is None else row.acknowledged_ns  # MTTA counts to the first one
    incidents.update_fields(tx, incident_id, acknowledged_by=by, acknowledged_ns=first_ns)
    clocks = [clock_of(one) for one in incident_work.clocks_of(tx, incident_id)]
    names = [one.name for one in clocks if is_acknowledgement(one.name)]
    incident_work.meet_clocks(tx, incident_id, names, at_ns=at_ns)
    role = RoleRow(incident_id=incident_id, role=RESPONDERS, person=by, since_ns=at_ns, by=by)
    if (role.role, role.person) not in {(one.role, one.person) for one in incident_work.roles_of(tx, incident_id)}:
        incident_work.put_role(tx, role)
    text = f"{by} has it" if row.acknowledged_ns is not None else f"{by} has it, {_after(at_ns - row.opened_ns)}"
    _write(tx, incident_id, at_ns, "acknowledged", text, by)
    return True


def lapsed(tx: Connection, incident_id: int, at_ns: int) -> None:
    """
    An acknowledgement lapsed, because nothing followed: nobody has the incident any more.
    """
    row = incidents.by_id(tx, incident_id)
    if row is not None and row.state == OPEN and row.acknowledged_by is not None:
        incidents.update_fields(tx, incident_id, acknowledged_by=None)
        text = f"the acknowledgement of {row.acknowledged_by} lapsed: nothing followed it"
        _write(tx, incident_id, at_ns, "lapsed", text, BY_RULE)


def followed(view: Connection, incident_id: int, *, since_ns: int) -> bool:
    """
    Did a person do anything on this incident after that instant: a note, a stage, a role, a step?
    """
    return any(one.by != BY_RULE and one.at_ns > since_ns for one in incidents.timeline_of(view, incident_id))


def _after(span_ns: int) -> str:
    return f"{words_ns(max(0, span_ns) // 10**9 * 10**9)} after it opened"


def _write(tx: Connection, incident_id: int, at_ns: int, kind: str, text: str, by: str) -> None:
    entry = TimelineRow(incident_id=incident_id, at_ns=at_ns, kind=kind, text=text, by=by)
    incidents.add_timeline(tx, [entry])
