"""
Who works on an incident, what is owed by when, which stages and steps it went through, and what its notes said before?
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, select, update

from watchkeeper.store import tables
from watchkeeper.store.incidents import IncidentRow
from watchkeeper.store.rows import columns, read
from watchkeeper.store.upsert import upsert

_I, _R, _C = tables.incidents.c, tables.incident_roles.c, tables.incident_clocks.c
_S, _T, _E = tables.incident_stages.c, tables.incident_steps.c, tables.timeline_edits.c


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleRow:
    """
    Somebody took a role in an incident.
    """

    incident_id: int
    role: str
    person: str
    since_ns: int
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockRow:
    """
    What is owed by when; `missed_ns` is when it was found to be missed, and told.
    """

    incident_id: int
    name: str
    started_ns: int
    due_ns: int
    met_ns: int | None = None
    missed_ns: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StageRow:
    """
    A stage was entered, and left (None: it is the present one); `id` is 0 until it is written.
    """

    incident_id: int
    stage: str
    entered_ns: int
    by: str
    left_ns: int | None = None
    id: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRow:
    """
    A step of a stage's checklist is done; `position` counts from 0.
    """

    incident_id: int
    stage: str
    position: int
    done_ns: int
    by: str
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class EditRow:
    """
    What an entry of the timeline said until it was changed at `at_ns` by `by`; `id` is 0 until it is written.
    """

    entry_id: int
    at_ns: int
    by: str
    text: str
    id: int = 0


_ROLES = (
    select(tables.incident_roles).where(_R.incident_id == bindparam("id")).order_by(_R.since_ns, _R.role, _R.person)
)
_CLOCKS = select(tables.incident_clocks).where(_C.incident_id == bindparam("id")).order_by(_C.due_ns, _C.name)
_STAGES = select(tables.incident_stages).where(_S.incident_id == bindparam("id")).order_by(_S.entered_ns, _S.id)
_STEPS = select(tables.incident_steps).where(_T.incident_id == bindparam("id")).order_by(_T.stage, _T.position)
_EDITS = (
    select(tables.timeline_edits)
    .join(tables.timeline, _E.entry_id == tables.timeline.c.id)
    .where(tables.timeline.c.incident_id == bindparam("id"))
    .order_by(_E.entry_id, _E.at_ns, _E.id)
)
_DUE_CLOCKS = (
    select(tables.incident_clocks)
    .where(_C.due_ns <= bindparam("now_ns"), _C.met_ns.is_(None), _C.missed_ns.is_(None))
    .order_by(_C.due_ns, _C.incident_id, _C.name)
)
_ALL_CLOCKS = select(tables.incident_clocks).join(tables.incidents, _C.incident_id == _I.id)
_ALL_STAGES = select(tables.incident_stages).join(tables.incidents, _S.incident_id == _I.id)


def put_role(tx: Connection, row: RoleRow) -> None:
    """
    Somebody takes a role; whoever has it with them keeps it.
    """
    upsert(tx, tables.incident_roles, [columns(row)])


def drop_role(tx: Connection, incident_id: int, role: str, person: str | None = None) -> None:
    """
    This person, or everybody, gives a role back.
    """
    where = [_R.incident_id == incident_id, _R.role == role, *([] if person is None else [_R.person == person])]
    tx.execute(delete(tables.incident_roles).where(*where))


def roles_of(view: Connection, incident_id: int) -> list[RoleRow]:
    """
    Who has which role, the longest there first.
    """
    return read(RoleRow, view.execute(_ROLES, {"id": incident_id}))


def put_clocks(tx: Connection, rows: Iterable[ClockRow]) -> None:
    """
    Write clocks by incident and name: new ones are added, known ones replaced.
    """
    upsert(tx, tables.incident_clocks, [columns(row) for row in rows])


def drop_clocks(tx: Connection, incident_id: int, names: Iterable[str]) -> None:
    """
    These are owed no more.
    """
    tx.execute(delete(tables.incident_clocks).where(_C.incident_id == incident_id, _C.name.in_(list(names))))


def meet_clocks(tx: Connection, incident_id: int, names: Iterable[str], *, at_ns: int) -> None:
    """
    What was owed is done; what was done already keeps its instant.
    """
    where = and_(_C.incident_id == incident_id, _C.name.in_(list(names)), _C.met_ns.is_(None))
    tx.execute(update(tables.incident_clocks).where(where).values(met_ns=at_ns))


def miss_clock(tx: Connection, row: ClockRow, *, at_ns: int) -> bool:
    """
    A clock ran out; False, and nothing changes, when it was met or noticed meanwhile.
    """
    where = and_(
        _C.incident_id == row.incident_id,
        _C.name == row.name,
        _C.due_ns == row.due_ns,
        _C.met_ns.is_(None),
        _C.missed_ns.is_(None),
    )
    return tx.execute(update(tables.incident_clocks).where(where).values(missed_ns=at_ns)).rowcount == 1


def clocks_of(view: Connection, incident_id: int) -> list[ClockRow]:
    """
    What an incident owes, the soonest first.
    """
    return read(ClockRow, view.execute(_CLOCKS, {"id": incident_id}))


def due_clocks(view: Connection, *, now_ns: int) -> list[ClockRow]:
    """
    What ran out by now and nobody noticed yet, of any incident, the most overdue first.
    """
    return read(ClockRow, view.execute(_DUE_CLOCKS, {"now_ns": now_ns}))


def enter_stage(tx: Connection, row: StageRow) -> None:
    """
    A stage begins; the one before it is left at the same instant.
    """
    leave_stage(tx, row.incident_id, at_ns=row.entered_ns)
    tx.execute(tables.incident_stages.insert(), columns(row))


def leave_stage(tx: Connection, incident_id: int, *, at_ns: int) -> None:
    """
    The present stage is over.
    """
    where = and_(_S.incident_id == incident_id, _S.left_ns.is_(None))
    tx.execute(update(tables.incident_stages).where(where).values(left_ns=at_ns))


def resume_stage(tx: Connection, incident_id: int, *, left_ns: int) -> StageRow | None:
    """
    Go back to the stage that was left at this instant, as if it had not been; None where none was.
    """
    found = next((one for one in reversed(stages_of(tx, incident_id)) if one.left_ns == left_ns), None)
    if found is not None:
        tx.execute(delete(tables.incident_stages).where(_S.incident_id == incident_id, _S.id > found.id))
        tx.execute(update(tables.incident_stages).where(_S.id == found.id).values(left_ns=None))
    return found


def stages_of(view: Connection, incident_id: int) -> list[StageRow]:
    """
    The stages that an incident went through, in order.
    """
    return read(StageRow, view.execute(_STAGES, {"id": incident_id}))


def put_step(tx: Connection, row: StepRow) -> None:
    """
    A step is done.
    """
    upsert(tx, tables.incident_steps, [columns(row)])


def drop_step(tx: Connection, incident_id: int, stage: str, position: int) -> None:
    """
    A step is not done after all.
    """
    where = and_(_T.incident_id == incident_id, _T.stage == stage, _T.position == position)
    tx.execute(delete(tables.incident_steps).where(where))


def steps_of(view: Connection, incident_id: int) -> list[StepRow]:
    """
    The steps that are done.
    """
    return read(StepRow, view.execute(_STEPS, {"id": incident_id}))


def edit_entry(tx: Connection, entry_id: int, *, text: str, before: str, by: str, at_ns: int) -> None:
    """
    Change what an entry of the timeline says; what it said before is kept.
    """
    tx.execute(tables.timeline_edits.insert(), columns(EditRow(entry_id=entry_id, at_ns=at_ns, by=by, text=before)))
    changed = {"text": text, "edited_ns": at_ns, "edited_by": by}
    tx.execute(update(tables.timeline).where(tables.timeline.c.id == entry_id).values(changed))


def edits_of(view: Connection, incident_id: int) -> list[EditRow]:
    """
    What the entries of an incident's timeline said before, by entry, oldest first.
    """
    return read(EditRow, view.execute(_EDITS, {"id": incident_id}))


def not_begun(view: Connection) -> list[IncidentRow]:
    """
    Open incidents whose clocks were not started yet, oldest first.
    """
    return _incidents(view, _I.state == "open", _I.stage_since_ns.is_(None))


def closed_since(view: Connection, *, since_ns: int) -> list[IncidentRow]:
    """
    Incidents that were closed from this instant on, oldest first.
    """
    return _incidents(view, _I.state == "closed", _I.closed_ns >= since_ns)


def opened_between(view: Connection, *, begin_ns: int, end_ns: int) -> list[IncidentRow]:
    """
    The incidents that opened in [begin, end), oldest first.
    """
    return _incidents(view, _I.opened_ns >= begin_ns, _I.opened_ns < end_ns)


def unacknowledged(view: Connection) -> list[IncidentRow]:
    """
    Open incidents that nobody has, oldest first.
    """
    return _incidents(view, _I.state == "open", _I.acknowledged_by.is_(None))


def merged_into(view: Connection, incident_id: int) -> list[IncidentRow]:
    """
    The incidents that went on as this one, oldest first.
    """
    return _incidents(view, _I.merged_into == incident_id)


def clocks_between(view: Connection, *, begin_ns: int, end_ns: int) -> list[ClockRow]:
    """
    The clocks of all incidents that opened in [begin, end).
    """
    return read(ClockRow, view.execute(_ALL_CLOCKS.where(_I.opened_ns >= begin_ns, _I.opened_ns < end_ns)))


def stages_between(view: Connection, *, begin_ns: int, end_ns: int) -> list[StageRow]:
    """
    The stages of all incidents that opened in [begin, end).
    """
    return read(StageRow, view.execute(_ALL_STAGES.where(_I.opened_ns >= begin_ns, _I.opened_ns < end_ns)))


def move_pages(tx: Connection, *, of: int, to: int, alert_keys: Sequence[str] | None = None) -> None:
    """
    The pages of an incident (those of some alerts, when they are named) belong to another from now on.
    """
    pages, alerts = tables.pages, tables.page_alerts
    where: list[Any] = [pages.c.incident_id == of]
    if alert_keys is not None:
        where.append(pages.c.id.in_(select(alerts.c.page_id).where(alerts.c.alert_key.in_(alert_keys))))
    tx.execute(update(pages).where(*where).values(incident_id=to))


def _incidents(view: Connection, *where: Any) -> list[IncidentRow]:
    return read(IncidentRow, view.execute(select(tables.incidents).where(and_(*where)).order_by(_I.opened_ns, _I.id)))
