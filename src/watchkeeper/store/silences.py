"""
Of which alerts does somebody want to hear nothing for a time?

A silence always ends, and says who made it and why. It is never deleted: undoing writes who and when.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, select

from watchkeeper.store import tables
from watchkeeper.store.rows import columns, read, read_one

_S = tables.silences.c
_TOO_BIG = 2**63  # no number of a row


@dataclass(frozen=True, kw_only=True, slots=True)
class SilenceRow:
    """
    From `begin_ns` to before `end_ns`, the alerts that `matchers` mean: `{"alert": [...], "service": [...], "severity":
    [...], "label": {name: [...]}}`, where what is missing means all. `id` is 0 until it is written.
    """

    begin_ns: int
    end_ns: int
    author: str
    reason: str
    created_ns: int
    matchers: dict[str, Any] = field(default_factory=dict)
    undone_ns: int | None = None
    undone_by: str | None = None
    id: int = 0


_ADD = tables.silences.insert().returning(_S.id)
_BY_ID = select(tables.silences).where(_S.id == bindparam("id"))
_ACTIVE = (
    select(tables.silences)
    .where(_S.undone_ns.is_(None), _S.begin_ns <= bindparam("now_ns"), _S.end_ns > bindparam("now_ns"))
    .order_by(_S.id)
)
_RECENT = select(tables.silences).order_by(_S.id.desc()).limit(bindparam("most"))
_UNDO = (
    tables.silences.update()
    .where(_S.id == bindparam("of"), _S.undone_ns.is_(None), _S.end_ns > bindparam("at_ns"))
    .values(undone_ns=bindparam("at_ns"), undone_by=bindparam("by"))
)


def add(tx: Connection, row: SilenceRow) -> int:
    """
    Write a silence; its number.
    """
    return int(tx.execute(_ADD, columns(row)).scalar_one())


def by_id(view: Connection, silence_id: int) -> SilenceRow | None:
    """
    One silence.
    """
    if silence_id >= _TOO_BIG:
        return None
    return read_one(SilenceRow, view.execute(_BY_ID, {"id": silence_id}))


def active(view: Connection, *, now_ns: int) -> list[SilenceRow]:
    """
    Those that hold now.
    """
    return read(SilenceRow, view.execute(_ACTIVE, {"now_ns": now_ns}))


def recent(view: Connection, *, most: int = 100) -> list[SilenceRow]:
    """
    The newest, newest first: those that hold, are to come, are over or undone.
    """
    return read(SilenceRow, view.execute(_RECENT, {"most": most}))


def undo(tx: Connection, silence_id: int, *, at_ns: int, by: str) -> bool:
    """
    End a silence before its time; whether it was still to end.
    """
    if silence_id >= _TOO_BIG:
        return False
    return tx.execute(_UNDO, {"of": silence_id, "at_ns": at_ns, "by": by}).rowcount == 1
