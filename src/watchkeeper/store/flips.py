"""
What was flipped in the live application, by whom, until when, and how did it end?

A flip always has an end, an author and a reason. It is never deleted; when it is over, it says since when and why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, select

from watchkeeper.store import tables
from watchkeeper.store.rows import columns, read, read_one

_F = tables.flips.c
_TOO_BIG = 2**63  # no number of a row


@dataclass(frozen=True, kw_only=True, slots=True)
class FlipRow:
    """
    From `begin_ns` to before `expires_ns`, unless it ended earlier. `value` as texts, `only` as attribute to values,
    `share` in percent, `ramp` as people write it or ''. `incident` is a number of an incident; `id` 0 until written.
    """

    switch: str
    value: list[str]
    author: str
    reason: str
    begin_ns: int
    expires_ns: int
    only: dict[str, Any] = field(default_factory=dict)
    share: float = 100.0
    ramp: str = ""
    incident: int | None = None
    ended_ns: int | None = None
    ended_by: str | None = None
    ended_because: str | None = None
    id: int = 0


_ADD = tables.flips.insert().returning(_F.id)
_BY_ID = select(tables.flips).where(_F.id == bindparam("id"))
_STANDING = select(tables.flips).where(_F.ended_ns.is_(None)).order_by(_F.id)
_OF = select(tables.flips).where(_F.switch == bindparam("switch")).order_by(_F.id.desc()).limit(bindparam("most"))
_RECENT = select(tables.flips).order_by(_F.id.desc()).limit(bindparam("most"))
_EXTEND = (
    tables.flips.update()
    .where(_F.id == bindparam("of"), _F.ended_ns.is_(None))
    .values(expires_ns=bindparam("until_ns"))
)
_END = (
    tables.flips.update()
    .where(_F.id == bindparam("of"), _F.ended_ns.is_(None))
    .values(ended_ns=bindparam("at_ns"), ended_by=bindparam("by"), ended_because=bindparam("because"))
)


def add(tx: Connection, row: FlipRow) -> int:
    """
    Write a flip; its number.
    """
    return int(tx.execute(_ADD, columns(row)).scalar_one())


def by_id(view: Connection, flip_id: int) -> FlipRow | None:
    """
    One flip.
    """
    if flip_id >= _TOO_BIG:
        return None
    return read_one(FlipRow, view.execute(_BY_ID, {"id": flip_id}))


def standing(view: Connection) -> list[FlipRow]:
    """
    Those that nobody and nothing ended yet, oldest first; some may be past their time already.
    """
    return read(FlipRow, view.execute(_STANDING))


def recent(view: Connection, *, switch: str | None = None, most: int = 100) -> list[FlipRow]:
    """
    The newest, newest first, of all switches or of one.
    """
    if switch is None:
        return read(FlipRow, view.execute(_RECENT, {"most": most}))
    return read(FlipRow, view.execute(_OF, {"switch": switch, "most": most}))


def extend(tx: Connection, flip_id: int, *, until_ns: int) -> bool:
    """
    Let a flip end at another time; whether it had not ended.
    """
    return tx.execute(_EXTEND, {"of": flip_id, "until_ns": until_ns}).rowcount == 1


def end(tx: Connection, flip_id: int, *, at_ns: int, by: str, because: str) -> bool:
    """
    Write that a flip is over; whether it was still standing.
    """
    return tx.execute(_END, {"of": flip_id, "at_ns": at_ns, "by": by, "because": because}).rowcount == 1
