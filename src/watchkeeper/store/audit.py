"""
Who changed what, and what was refused?

Rows are only ever added here, and forgotten when they are old.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from watchkeeper.store import tables
from watchkeeper.store.rows import columns, read

_A = tables.audit.c
_ADD = tables.audit.insert().returning(_A.id)


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditRow:
    """
    One change, or one refusal. `id` is 0 until it is written.
    """

    at_ns: int
    who: str
    through: str
    action: str
    target: str
    outcome: str
    detail: dict[str, Any]
    id: int = 0


def add(tx: Connection, row: AuditRow) -> int:
    """
    Write a row; its id.
    """
    return int(tx.execute(_ADD, columns(row)).scalar_one())


def recent(
    view: Connection, *, most: int = 100, before: int | None = None, who: str = "", target: str = "", outcome: str = ""
) -> list[AuditRow]:
    """
    The newest rows, newest first: of one person, about one thing, of one outcome; those before a row's id.
    """
    asked = select(tables.audit).order_by(_A.id.desc()).limit(most)
    wanted = {_A.who: who, _A.target: target, _A.outcome: outcome}
    for column, value in wanted.items():
        if value:
            asked = asked.where(column == value)
    if before is not None:
        asked = asked.where(_A.id < before)
    return read(AuditRow, view.execute(asked))
