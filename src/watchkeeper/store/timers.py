"""
What is to happen when?

A timer is a stored due-time. Whoever looks takes everything that is due by now; a missed look loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from watchkeeper.store import tables
from watchkeeper.store.rows import columns, read
from watchkeeper.store.upsert import upsert

_T = tables.timers.c


@dataclass(frozen=True, kw_only=True, slots=True)
class Timer:
    """
    One appointment; setting the same key again moves it.
    """

    key: str
    kind: str
    due_ns: int
    payload: dict[str, Any]


_DUE = (
    select(tables.timers).where(_T.due_ns <= bindparam("now_ns")).order_by(_T.due_ns, _T.key).limit(bindparam("most"))
)
_NEXT = select(func.min(_T.due_ns))
_BY_KEY = select(tables.timers).where(_T.key.in_(bindparam("keys", expanding=True)))


def set_all(tx: Connection, timers: Sequence[Timer]) -> None:
    """
    Set timers, or move those that are set.
    """
    upsert(tx, tables.timers, [columns(timer) for timer in timers])


def remove(tx: Connection, keys: Iterable[str]) -> None:
    """
    Remove timers: done, or no longer wanted. Unknown keys do not matter.
    """
    tx.execute(tables.timers.delete().where(_T.key.in_(list(keys))))


def due(view: Connection, *, now_ns: int, most: int = 1000) -> list[Timer]:
    """
    The timers due by now, the most overdue first.
    """
    return read(Timer, view.execute(_DUE, {"now_ns": now_ns, "most": most}))


def named(view: Connection, keys: Iterable[str]) -> dict[str, Timer]:
    """
    The timers with these keys, by key; those not set are left out.
    """
    return {row.key: row for row in read(Timer, view.execute(_BY_KEY, {"keys": list(keys)}))}


def next_due_ns(view: Connection) -> int | None:
    """
    The instant of the next timer, past or to come; None when none is set.
    """
    soonest: int | None = view.execute(_NEXT).scalar_one()
    return soonest
