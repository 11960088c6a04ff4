"""
Why was somebody told, or not told?

Each decision about one alert and one channel, with its reason; refusals as well as notices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from watchkeeper.store import tables
from watchkeeper.store.rows import columns, read

_D = tables.decisions.c


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionRow:
    """
    One verdict; `id` is 0 until it is written.
    """

    at_ns: int
    alert_key: str
    channel: str
    verdict: str
    reason: str
    because_of: str | None = None
    person: str = ""
    id: int = 0


_OF_ALERT = (
    select(tables.decisions)
    .where(_D.alert_key == bindparam("key"), _D.at_ns >= bindparam("since_ns"))
    .order_by(_D.at_ns.desc(), _D.id.desc())
    .limit(bindparam("most"))
)


def add(tx: Connection, rows: Sequence[DecisionRow]) -> None:
    """
    Write decisions.
    """
    if rows:
        tx.execute(tables.decisions.insert(), [columns(row) for row in rows])


def of_alert(view: Connection, key: str, *, since_ns: int = 0, most: int = 100) -> list[DecisionRow]:
    """
    What was decided about one alert, newest first.
    """
    found = view.execute(_OF_ALERT, {"key": key, "since_ns": since_ns, "most": most})
    return read(DecisionRow, found)
