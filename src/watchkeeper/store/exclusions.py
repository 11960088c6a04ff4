"""
Which minutes did people take out of the numbers, and who put some back?

A row is never deleted while its minutes could still be asked about: undoing writes who and when.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, select

from watchkeeper.store import tables
from watchkeeper.store.rows import columns, read, read_one

_E = tables.exclusions.c
_TOO_BIG = 2**63  # no number of a row


@dataclass(frozen=True, kw_only=True, slots=True)
class ExclusionRow:
    """
    The minutes from `begin_ns` to before `end_ns` of some indicators (none: all), for one value of a label or all.

    `id` is 0 until it is written.
    """

    begin_ns: int
    end_ns: int
    author: str
    reason: str
    created_ns: int
    indicators: list[str] = field(default_factory=list)
    label: str = ""
    value: str = ""
    undone_ns: int | None = None
    undone_by: str | None = None
    id: int = 0


_ADD = tables.exclusions.insert().returning(_E.id)
_BY_ID = select(tables.exclusions).where(_E.id == bindparam("id"))
_STANDING = select(tables.exclusions).where(_E.undone_ns.is_(None)).order_by(_E.begin_ns, _E.id)
_NEWEST = select(_E.id).order_by(_E.id.desc()).limit(bindparam("most")).scalar_subquery()
_RECENT = select(tables.exclusions).where(_E.undone_ns.is_(None) | _E.id.in_(_NEWEST)).order_by(_E.id.desc())
_UNDO = (
    tables.exclusions.update()
    .where(_E.id == bindparam("of"), _E.undone_ns.is_(None))
    .values(undone_ns=bindparam("at_ns"), undone_by=bindparam("by"))
)


def add(tx: Connection, row: ExclusionRow) -> int:
    """
    Write an exclusion; its number.
    """
    return int(tx.execute(_ADD, columns(row)).scalar_one())


def by_id(view: Connection, exclusion_id: int) -> ExclusionRow | None:
    """
    One exclusion.
    """
    if exclusion_id >= _TOO_BIG:
        return None
    return read_one(ExclusionRow, view.execute(_BY_ID, {"id": exclusion_id}))


def standing(view: Connection) -> list[ExclusionRow]:
    """
    Those that hold, by their beginning.
    """
    return read(ExclusionRow, view.execute(_STANDING))


def recent(view: Connection, *, most: int = 100) -> list[ExclusionRow]:
    """
    All that hold and the newest that were undone, newest first.
    """
    return read(ExclusionRow, view.execute(_RECENT, {"most": most}))


def undo(tx: Connection, exclusion_id: int, *, at_ns: int, by: str) -> bool:
    """
    Put its minutes back; whether it held until now.
    """
    if exclusion_id >= _TOO_BIG:
        return False
    return tx.execute(_UNDO, {"of": exclusion_id, "at_ns": at_ns, "by": by}).rowcount == 1
