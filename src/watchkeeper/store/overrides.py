"""
Which exceptions from the rotations are there, and which were undone?

A row is never deleted: undoing writes who and when. A swap of shifts is two rows that name each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, or_, select, update

from watchkeeper.store import tables
from watchkeeper.store.rows import columns, read, read_one

_O = tables.overrides.c
_TOO_BIG = 2**63  # no number of a row


@dataclass(frozen=True, kw_only=True, slots=True)
class OverrideRow:
    """
    From `begin_ns` to before `end_ns` this person (`''`: nobody) is on call in a schedule. `id` is 0 until written.
    """

    schedule: str
    begin_ns: int
    end_ns: int
    person: str
    author: str
    reason: str
    created_ns: int
    swap_of: int | None = None
    undone_ns: int | None = None
    undone_by: str | None = None
    id: int = 0


_ADD = tables.overrides.insert().returning(_O.id)
_LINK = update(tables.overrides).where(_O.id == bindparam("of")).values(swap_of=bindparam("half"))
_BY_ID = select(tables.overrides).where(_O.id == bindparam("id"))
_STANDING = select(tables.overrides).where(_O.undone_ns.is_(None), _O.end_ns > bindparam("since_ns")).order_by(_O.id)
_RECENT = select(tables.overrides).order_by(_O.id.desc()).limit(bindparam("most"))
_UNDO = (
    update(tables.overrides)
    .where(or_(_O.id == bindparam("of"), _O.swap_of == bindparam("of")), _O.undone_ns.is_(None))
    .values(undone_ns=bindparam("at_ns"), undone_by=bindparam("by"))
)


def add(tx: Connection, row: OverrideRow) -> int:
    """
    Write an override; its number.
    """
    return int(tx.execute(_ADD, columns(row)).scalar_one())


def add_swap(tx: Connection, rows: Sequence[OverrideRow]) -> tuple[int, int]:
    """
    Write the two halves of a swap; their numbers.
    """
    first, second = (add(tx, row) for row in rows)
    tx.execute(_LINK, [{"of": first, "half": second}, {"of": second, "half": first}])
    return first, second


def by_id(view: Connection, override_id: int) -> OverrideRow | None:
    """
    One override.
    """
    if override_id >= _TOO_BIG:
        return None
    return read_one(OverrideRow, view.execute(_BY_ID, {"id": override_id}))


def standing(view: Connection, *, since_ns: int) -> list[OverrideRow]:
    """
    Those that hold and end after this instant, oldest first.
    """
    return read(OverrideRow, view.execute(_STANDING, {"since_ns": since_ns}))


def recent(view: Connection, *, most: int = 100) -> list[OverrideRow]:
    """
    The newest, undone ones among them, newest first.
    """
    return read(OverrideRow, view.execute(_RECENT, {"most": most}))


def undo(tx: Connection, override_id: int, *, at_ns: int, by: str) -> int:
    """
    Let the rotation hold again; both halves of a swap go together. How many held until now.
    """
    if override_id >= _TOO_BIG:
        return 0
    return tx.execute(_UNDO, {"of": override_id, "at_ns": at_ns, "by": by}).rowcount
