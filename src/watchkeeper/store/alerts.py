"""
What state is each alert in, and how did it come there?

One row per alert (a rule and its labels), replaced as a whole; one row per transition, only ever added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, select

from watchkeeper.store import tables
from watchkeeper.store.rows import columns, read
from watchkeeper.store.upsert import insert_all, upsert

_A, _T = tables.alerts.c, tables.transitions.c


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertRow:
    """
    An alert as it stands; instants in nanoseconds since 1970.
    """

    key: str
    rule: str
    labels: dict[str, str]
    state: str
    since_ns: int
    meaning: str
    revision: int
    reason: str
    updated_ns: int
    pending_since_ns: int | None = None
    clear_since_ns: int | None = None
    unknown_since_ns: int | None = None
    asked_unknown: bool = False
    told_ns: int | None = None
    firing_id: int = 0
    event_ns: int = 0
    severity: str | None = None
    cycle: int = 0
    numbers: dict[str, Any] = field(default_factory=dict)
    because_of: str | None = None  # what keeps it from being told


@dataclass(frozen=True, kw_only=True, slots=True)
class TransitionRow:
    """
    One change of one alert; `id` is 0 until it is written.
    """

    alert_key: str
    at_ns: int
    old: str
    new: str
    reason: str
    because_of: str | None = None
    numbers: dict[str, Any] = field(default_factory=dict)
    correction_of: int | None = None
    id: int = 0


_ALL = select(tables.alerts)
_BY_KEY = select(tables.alerts).where(_A.key.in_(bindparam("keys", expanding=True)))
_BY_STATE = select(tables.alerts).where(_A.state.in_(bindparam("states", expanding=True))).order_by(_A.since_ns)
_OF_ALERT = (
    select(tables.transitions)
    .where(_T.alert_key == bindparam("key"), _T.at_ns >= bindparam("since_ns"))
    .order_by(_T.at_ns.desc(), _T.id.desc())
    .limit(bindparam("most"))
)
_RECENT = (
    select(tables.transitions)
    .where(_T.at_ns >= bindparam("since_ns"))
    .order_by(_T.at_ns.desc(), _T.id.desc())
    .limit(bindparam("most"))
)
_FIRED = (
    select(_T.alert_key, _T.at_ns)
    .where(_T.at_ns >= bindparam("since_ns"), _T.new == "firing")
    .order_by(_T.at_ns, _T.id)
)


def every(view: Connection) -> list[AlertRow]:
    """
    All alerts, in no order.
    """
    return read(AlertRow, view.execute(_ALL))


def named(view: Connection, keys: Iterable[str]) -> dict[str, AlertRow]:
    """
    The alerts with these keys, by key; unknown keys are left out.
    """
    return {row.key: row for row in read(AlertRow, view.execute(_BY_KEY, {"keys": list(keys)}))}


def in_states(view: Connection, *states: str) -> list[AlertRow]:
    """
    The alerts in any of these states, longest first.
    """
    return read(AlertRow, view.execute(_BY_STATE, {"states": states}))


def save(tx: Connection, rows: Sequence[AlertRow]) -> None:
    """
    Put these rows in the place of those with the same key.
    """
    upsert(tx, tables.alerts, [columns(row) for row in rows])


def forget(tx: Connection, keys: Iterable[str]) -> None:
    """
    Remove alerts; their transitions stay.
    """
    tx.execute(tables.alerts.delete().where(_A.key.in_(list(keys))))


def add_transitions(tx: Connection, rows: Sequence[TransitionRow]) -> list[int]:
    """
    Write transitions and return their ids, in order.
    """
    return insert_all(tx, tables.transitions, [columns(row) for row in rows])


def transitions_of(view: Connection, key: str, *, since_ns: int = 0, most: int = 100) -> list[TransitionRow]:
    """
    What happened to one alert, newest first.
    """
    found = view.execute(_OF_ALERT, {"key": key, "since_ns": since_ns, "most": most})
    return read(TransitionRow, found)


def recent_transitions(view: Connection, *, since_ns: int = 0, most: int = 100) -> list[TransitionRow]:
    """
    What happened to any alert, newest first.
    """
    return read(TransitionRow, view.execute(_RECENT, {"since_ns": since_ns, "most": most}))


def fired(view: Connection, *, since_ns: int) -> list[tuple[str, int]]:
    """
    Which alert began to fire when (ns), oldest first.
    """
    return [(row[0], row[1]) for row in view.execute(_FIRED, {"since_ns": since_ns})]
