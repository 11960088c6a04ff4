"""
What is a row of the outbox, and what can be asked about the rows?

A row is one message to one address. `state` is one of:

    due, held                             not sent yet; a held one waits for its rate limit, or for a bundle
    sending                               a sender has it until `sending_until_ns`
    sent, failed, unknown                 what became of it; unknown: perhaps sent, a crash hid the answer
    merged, cancelled                     never sent, and why
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, and_, bindparam, func, select

from watchkeeper.store import tables
from watchkeeper.store.rows import read

NoticeState = Literal["due", "sending", "sent", "failed", "held", "merged", "unknown", "cancelled"]
UNSENT: Final = ("due", "held")
OPEN: Final = ("due", "sending")


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeRow:
    """
    One message to one address; `id` is 0 until it is written. '' and 0 say "none" in the fields of the unique key.
    """

    subject: str
    kind: str
    channel: str
    body: dict[str, Any]
    created_ns: int
    due_ns: int
    transition_id: int = 0
    cycle: int = 0
    person: str = ""
    address: str = ""
    state: NoticeState = "due"
    attempts: int = 0
    sending_until_ns: int | None = None
    claimed_by: str | None = None
    settled_ns: int | None = None
    receipt: dict[str, Any] | None = None
    reason: str | None = None
    merged_into: int | None = None
    id: int = 0


_O = tables.outbox.c
_BY_ID = select(tables.outbox).where(_O.id.in_(bindparam("ids", expanding=True))).order_by(_O.id)
_IN_STATE = (
    select(tables.outbox).where(_O.state == bindparam("state")).order_by(_O.due_ns, _O.id).limit(bindparam("most"))
)
_RATIONED = and_(_O.state == "held", _O.kind != "page")  # a held page waits for a bundle, not for the channel's digest
_HELD = select(tables.outbox).where(_RATIONED, _O.channel == bindparam("channel")).order_by(_O.id)
_OF_SUBJECT = (
    select(tables.outbox).where(_O.subject == bindparam("subject")).order_by(_O.id.desc()).limit(bindparam("most"))
)
_SENT_AT = (
    select(_O.settled_ns)
    .where(_O.channel == bindparam("channel"), _O.settled_ns >= bindparam("since_ns"), _O.state == "sent")
    .order_by(_O.settled_ns)
)
_OPEN_AT = (
    select(_O.due_ns)
    .where(_O.channel == bindparam("channel"), _O.settled_ns.is_(None), _O.state.in_(OPEN))
    .order_by(_O.due_ns)
)
_HOLDING = select(_O.channel).where(_RATIONED).distinct()
_RECENT = select(tables.outbox).order_by(_O.id.desc()).limit(bindparam("most"))
_COUNTS = select(_O.state, func.count()).group_by(_O.state)


def by_id(view: Connection, ids: Iterable[int]) -> list[NoticeRow]:
    """
    These notices, by id.
    """
    return read(NoticeRow, view.execute(_BY_ID, {"ids": list(ids)}))


def in_state(view: Connection, state: NoticeState, *, most: int = 100) -> list[NoticeRow]:
    """
    Notices in one state, soonest due first.
    """
    return read(NoticeRow, view.execute(_IN_STATE, {"state": state, "most": most}))


def held_of(view: Connection, channel: str) -> list[NoticeRow]:
    """
    What is kept back on one channel, oldest first: what its digest counts.
    """
    return read(NoticeRow, view.execute(_HELD, {"channel": channel}))


def of_subject(view: Connection, subject: str, *, most: int = 100) -> list[NoticeRow]:
    """
    Everything ever written about one subject, newest first.
    """
    return read(NoticeRow, view.execute(_OF_SUBJECT, {"subject": subject, "most": most}))


def sent_at(view: Connection, channel: str, *, since_ns: int) -> list[int]:
    """
    When the channel delivered notices from `since_ns` on, oldest first.
    """
    return list(view.execute(_SENT_AT, {"channel": channel, "since_ns": since_ns}).scalars())


def open_at(view: Connection, channel: str) -> list[int]:
    """
    When the notices that the channel still has to deliver are due, soonest first.
    """
    return list(view.execute(_OPEN_AT, {"channel": channel}).scalars())


def holding(view: Connection) -> set[str]:
    """
    The channels that keep notices back.
    """
    return set(view.execute(_HOLDING).scalars())


def recent(view: Connection, *, most: int = 20) -> list[NoticeRow]:
    """
    The newest notices, newest first.
    """
    return read(NoticeRow, view.execute(_RECENT, {"most": most}))


def counts(view: Connection) -> dict[str, int]:
    """
    How many notices are in each state.
    """
    return {row[0]: row[1] for row in view.execute(_COUNTS)}
