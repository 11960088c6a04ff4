"""
Which pages are there, and which alerts does each speak of?
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Update, bindparam, func, select, update

from watchkeeper.store import tables
from watchkeeper.store.rows import columns, read, read_one
from watchkeeper.store.upsert import insert_all, upsert

_P, _PA = tables.pages.c, tables.page_alerts.c
STANDING: Final = ("open", "acknowledged", "snoozed")


@dataclass(frozen=True, kw_only=True, slots=True)
class PageRow:
    """
    One page; `id` is 0 until it is written. The fields are those of `decide.paging.values.Page`.
    """

    key: str
    title: str
    policy: str
    state: str
    opened_ns: int
    reason: str
    revision: int
    severity: str | None = None
    service: str | None = None
    step: int = 0
    round: int = 0
    cycle: int = 0
    due_ns: int | None = None
    by: str | None = None
    acknowledged_ns: int | None = None
    ended_ns: int | None = None
    incident_id: int | None = None
    id: int = 0


_BY_ID = select(tables.pages).where(_P.id == bindparam("id"))
_STANDING = select(tables.pages).where(_P.state.in_(STANDING)).order_by(_P.id)
_WITH_KEYS = _STANDING.where(_P.key.in_(bindparam("keys", expanding=True)))
_DUE = (
    select(tables.pages)
    .where(_P.state.in_(STANDING), _P.due_ns <= bindparam("now_ns"))
    .order_by(_P.due_ns, _P.id)
    .limit(bindparam("most"))
)
_NEXT_DUE = select(func.min(_P.due_ns)).where(_P.state.in_(STANDING))
_RECENT = select(tables.pages).order_by(_P.id.desc()).limit(bindparam("most"))
_OF_INCIDENT = select(tables.pages).where(_P.incident_id == bindparam("incident")).order_by(_P.id)
_ALERTS_OF = (
    select(_PA.page_id, _PA.alert_key)
    .where(_PA.page_id.in_(bindparam("ids", expanding=True)))
    .order_by(_PA.page_id, _PA.alert_key)
)
_OF_ALERT = (
    select(tables.pages)
    .join(tables.page_alerts, _PA.page_id == _P.id)
    .where(_PA.alert_key == bindparam("key"))
    .order_by(_P.id.desc())
    .limit(bindparam("most"))
)
_STANDING_OF_ALERTS = (
    select(_P.id)
    .join(tables.page_alerts, _PA.page_id == _P.id)
    .where(_PA.alert_key.in_(bindparam("keys", expanding=True)), _P.state.in_(STANDING))
    .distinct()
    .order_by(_P.id)
)


def add(tx: Connection, rows: Sequence[PageRow]) -> list[int]:
    """
    Write new pages and return their ids, in order.
    """
    return insert_all(tx, tables.pages, [columns(row) for row in rows])


def change(tx: Connection, page_id: int, *, expecting: Sequence[str] = STANDING, **changed: Any) -> bool:
    """
    Change some columns of a page; False, and nothing changes, when it is in none of the expected states any more.
    """
    values = {f"new_{name}": value for name, value in changed.items()}
    statement = _changing(tuple(changed), tuple(expecting))
    return tx.execute(statement, {"page": page_id, **values}).rowcount == 1


def add_alerts(tx: Connection, page_id: int, alert_keys: Iterable[str]) -> None:
    """
    Say that these alerts belong to the page; some may belong to it already.
    """
    add_members(tx, [(page_id, key) for key in alert_keys])


def add_members(tx: Connection, members: Iterable[tuple[int, str]]) -> None:
    """
    The same for several pages: each page with the key of an alert.
    """
    upsert(tx, tables.page_alerts, [{"page_id": page_id, "alert_key": key} for page_id, key in members])


@cache
def _changing(names: tuple[str, ...], expecting: tuple[str, ...]) -> Update:
    changed: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return update(tables.pages).where(_P.id == bindparam("page"), _P.state.in_(expecting)).values(changed)


def by_id(view: Connection, page_id: int) -> PageRow | None:
    """
    One page.
    """
    return read_one(PageRow, view.execute(_BY_ID, {"id": page_id}))


def standing(view: Connection) -> list[PageRow]:
    """
    Every page that is not ended, oldest first.
    """
    return read(PageRow, view.execute(_STANDING))


def standing_with(view: Connection, keys: Iterable[str]) -> dict[str, PageRow]:
    """
    The pages with these keys that are not ended, by key.
    """
    return {row.key: row for row in read(PageRow, view.execute(_WITH_KEYS, {"keys": list(keys)}))}


def due(view: Connection, *, now_ns: int, most: int = 200) -> list[PageRow]:
    """
    The pages of which something is due by now, the most overdue first.
    """
    return read(PageRow, view.execute(_DUE, {"now_ns": now_ns, "most": most}))


def next_due_ns(view: Connection) -> int | None:
    """
    When the next one is due, past or to come; None when none is.
    """
    soonest: int | None = view.execute(_NEXT_DUE).scalar_one()
    return soonest


def recent(view: Connection, *, most: int = 50) -> list[PageRow]:
    """
    The newest pages, newest first.
    """
    return read(PageRow, view.execute(_RECENT, {"most": most}))


def of_incident(view: Connection, incident_id: int) -> list[PageRow]:
    """
    The pages that belong to an incident, oldest first.
    """
    return read(PageRow, view.execute(_OF_INCIDENT, {"incident": incident_id}))


def of_alert(view: Connection, alert_key: str, *, most: int = 20) -> list[PageRow]:
    """
    The pages that spoke of an alert, newest first.
    """
    return read(PageRow, view.execute(_OF_ALERT, {"key": alert_key, "most": most}))


def standing_ids_of_alerts(view: Connection, alert_keys: Iterable[str]) -> list[int]:
    """
    The pages that are not ended and speak of any of these alerts, oldest first.
    """
    return list(view.execute(_STANDING_OF_ALERTS, {"keys": list(alert_keys)}).scalars())


def alerts_of(view: Connection, page_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """
    The keys of the alerts that each page speaks of.
    """
    found: dict[int, list[str]] = {}
    for page_id, key in view.execute(_ALERTS_OF, {"ids": list(page_ids)}):
        found.setdefault(page_id, []).append(key)
    return {page_id: tuple(keys) for page_id, keys in found.items()}
