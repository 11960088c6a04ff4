"""
Which manual was in force, and when did it come?
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from watchkeeper.store import tables
from watchkeeper.store.rows import columns, read_one

_R = tables.revisions.c


@dataclass(frozen=True, kw_only=True, slots=True)
class RevisionRow:
    """
    One loading of a manual: its hash and what it said. `id` is 0 until it is written.
    """

    loaded_at_ns: int
    hash: str
    source: dict[str, Any]
    id: int = 0


_ADD = tables.revisions.insert().returning(_R.id)
_BY_ID = select(tables.revisions).where(_R.id == bindparam("id"))
_LATEST = select(tables.revisions).order_by(_R.id.desc()).limit(1)


def add(tx: Connection, row: RevisionRow) -> int:
    """
    Write a revision and return its id; the same manual as the latest one gets the latest one's id.
    """
    before = latest(tx)
    if before is not None and before.hash == row.hash:
        return before.id
    return int(tx.execute(_ADD, columns(row)).scalar_one())


def by_id(view: Connection, revision_id: int) -> RevisionRow | None:
    """
    One revision.
    """
    return read_one(RevisionRow, view.execute(_BY_ID, {"id": revision_id}))


def latest(view: Connection) -> RevisionRow | None:
    """
    The revision loaded last.
    """
    return read_one(RevisionRow, view.execute(_LATEST))
