"""
Which incidents are there, what belongs to each, and what happened in it?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from watchkeeper.store import tables
from watchkeeper.store.rows import columns, read, read_one
from watchkeeper.store.upsert import upsert

_I, _IA, _TL, _N = tables.incidents.c, tables.incident_alerts.c, tables.timeline.c, tables.numbers.c


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentRow:
    """
    One incident; `number` is what people call it by and is never given twice. `id` is 0 until it is written.
    """

    number: int
    title: str
    severity: str
    state: str
    opened_ns: int
    revision: int
    service: str | None = None
    closed_ns: int | None = None
    closed_by: str | None = None
    close_reason: str | None = None
    opened_by: str = "watchkeeper"
    stage: str = ""  # '' before the first and after the last one
    stage_since_ns: int | None = None  # None: its clocks were not started yet
    acknowledged_by: str | None = None
    acknowledged_ns: int | None = None
    merged_into: int | None = None
    summary: str = ""
    services: list[str] | None = None
    evidence: dict[str, Any] | None = None
    id: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineRow:
    """
    One entry of an incident's timeline; `id` is 0 until it is written.
    """

    incident_id: int
    at_ns: int
    kind: str
    text: str
    by: str
    data: dict[str, Any] = field(default_factory=dict)
    edited_ns: int | None = None
    edited_by: str | None = None
    id: int = 0


_TOO_BIG = 2**63  # no number is
_ADD = tables.incidents.insert().returning(_I.id)
_BY_ID = select(tables.incidents).where(_I.id == bindparam("id"))
_BY_NUMBER = select(tables.incidents).where(_I.number == bindparam("number"))
_BY_STATE = select(tables.incidents).where(_I.state.in_(bindparam("states", expanding=True))).order_by(_I.opened_ns)
_RECENT = select(tables.incidents).order_by(_I.opened_ns.desc(), _I.id.desc()).limit(bindparam("most"))
_ALERTS_OF = select(_IA.alert_key).where(_IA.incident_id == bindparam("id")).order_by(_IA.alert_key)
_OF_ALERT = (
    select(tables.incidents)
    .join(tables.incident_alerts, _IA.incident_id == _I.id)
    .where(_IA.alert_key == bindparam("key"))
    .order_by(_I.id.desc())
)
_OPEN_OF_ALERTS = (
    select(_IA.alert_key, _I.id)
    .join(tables.incidents, _IA.incident_id == _I.id)
    .where(_IA.alert_key.in_(bindparam("keys", expanding=True)), _I.closed_ns.is_(None), _I.merged_into.is_(None))
    .order_by(_I.id)
)
_TIMELINE = select(tables.timeline).where(_TL.incident_id == bindparam("id")).order_by(_TL.at_ns, _TL.id)
_ENTRY = select(tables.timeline).where(_TL.id == bindparam("id"))
_NEWEST_ENTRY = select(func.max(_TL.id))
_ADD_ENTRY = tables.timeline.insert().returning(_TL.id)
_LAST_NUMBER = select(_N.last).where(_N.name == bindparam("name"))


def next_number(tx: Connection, name: str = "incident") -> int:
    """
    The next of 1, 2, 3 ...: never given twice, whatever was deleted or restarted meanwhile.
    """
    number: int = (tx.execute(_LAST_NUMBER, {"name": name}).scalar_one_or_none() or 0) + 1
    upsert(tx, tables.numbers, [{"name": name, "last": number}])
    return number


def add(tx: Connection, row: IncidentRow, *, alert_keys: Sequence[str] = ()) -> int:
    """
    Write a new incident with its alerts and return its id.
    """
    incident_id: int = tx.execute(_ADD, columns(row)).scalar_one()
    add_alerts(tx, incident_id, alert_keys)
    return incident_id


def update_fields(tx: Connection, incident_id: int, **changed: Any) -> None:
    """
    Change some columns of an incident, such as state, severity or closed_ns.
    """
    tx.execute(update(tables.incidents).where(_I.id == incident_id).values(changed))


def add_alerts(tx: Connection, incident_id: int, alert_keys: Sequence[str]) -> None:
    """
    Say that these alerts belong to the incident; some may belong to it already.
    """
    upsert(tx, tables.incident_alerts, [{"incident_id": incident_id, "alert_key": key} for key in alert_keys])


def remove_alerts(tx: Connection, incident_id: int, alert_keys: Sequence[str]) -> None:
    """
    Say that these alerts do not belong to the incident any more.
    """
    tx.execute(delete(tables.incident_alerts).where(_IA.incident_id == incident_id, _IA.alert_key.in_(alert_keys)))


def add_entry(tx: Connection, row: TimelineRow) -> int:
    """
    Write one timeline entry and return its id.
    """
    entry: int = tx.execute(_ADD_ENTRY, columns(row)).scalar_one()
    return entry


def entry(view: Connection, entry_id: int) -> TimelineRow | None:
    """
    One timeline entry.
    """
    return read_one(TimelineRow, view.execute(_ENTRY, {"id": entry_id}))


def add_timeline(tx: Connection, rows: Sequence[TimelineRow]) -> None:
    """
    Write timeline entries.
    """
    if rows:
        tx.execute(tables.timeline.insert(), [columns(row) for row in rows])


def by_id(view: Connection, incident_id: int) -> IncidentRow | None:
    """
    One incident by id.
    """
    return read_one(IncidentRow, view.execute(_BY_ID, {"id": incident_id}))


def by_number(view: Connection, number: int) -> IncidentRow | None:
    """
    One incident by the number that people know.
    """
    if number >= _TOO_BIG:
        return None
    return read_one(IncidentRow, view.execute(_BY_NUMBER, {"number": number}))


def in_states(view: Connection, *states: str) -> list[IncidentRow]:
    """
    The incidents in any of these states, oldest first.
    """
    return read(IncidentRow, view.execute(_BY_STATE, {"states": states}))


def recent(view: Connection, *, most: int = 50) -> list[IncidentRow]:
    """
    The newest incidents, newest first.
    """
    return read(IncidentRow, view.execute(_RECENT, {"most": most}))


def alerts_of(view: Connection, incident_id: int) -> list[str]:
    """
    The keys of the alerts that belong to an incident.
    """
    return list(view.execute(_ALERTS_OF, {"id": incident_id}).scalars())


def open_of_alerts(view: Connection, alert_keys: Sequence[str]) -> dict[str, int]:
    """
    The newest incident that is not over and that an alert belongs to, by the alert's key.
    """
    return {row[0]: row[1] for row in view.execute(_OPEN_OF_ALERTS, {"keys": list(alert_keys)})}


def of_alert(view: Connection, alert_key: str) -> list[IncidentRow]:
    """
    The incidents that an alert belongs or belonged to, newest first.
    """
    return read(IncidentRow, view.execute(_OF_ALERT, {"key": alert_key}))


def newest_entry(view: Connection) -> int:
    """
    The id of the newest entry of any timeline; 0 before the first.
    """
    newest: int | None = view.execute(_NEWEST_ENTRY).scalar_one()
    return newest or 0


def timeline_of(view: Connection, incident_id: int) -> list[TimelineRow]:
    """
    What happened in an incident, in order.
    """
    return read(TimelineRow, view.execute(_TIMELINE, {"id": incident_id}))
