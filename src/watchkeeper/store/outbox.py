"""
What is still to be sent, by whom, and what became of it?

A notice is written in the transaction of the transition that causes it. A sender claims it (due -> sending until T,
under a claim that is never given twice), sends, and settles it. A crash in between leaves `sending` past its time,
which becomes `unknown`: sent perhaps. Notices of one subject to one recipient (person and address, through one
channel) go out one after the other, those that are due first.

    held <-> due -> sending -> sent | failed | due (again later) | unknown
    held, due -> merged | cancelled
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from watchkeeper.store import tables
from watchkeeper.store.notices import OPEN, UNSENT, NoticeRow
from watchkeeper.store.rows import columns, read
from watchkeeper.store.upsert import insert_new

_O = tables.outbox.c
_EARLIER = tables.outbox.alias("earlier")
_SAME_ORDER = and_(
    _EARLIER.c.subject == _O.subject,
    _EARLIER.c.channel == _O.channel,
    _EARLIER.c.person == _O.person,
    _EARLIER.c.address == _O.address,
    _EARLIER.c.id != _O.id,
)
_TRIED, _EARLIER_TRIED = _O.attempts > 0, _EARLIER.c.attempts > 0
_BEFORE = or_(_EARLIER.c.due_ns < _O.due_ns, and_(_EARLIER.c.due_ns == _O.due_ns, _EARLIER.c.id < _O.id))
# What was tried comes before what was not; among equals, what is due first. What is due later holds up nothing.
_GOES_FIRST = or_(
    _EARLIER.c.state == "sending",
    and_(
        _EARLIER.c.state == "due",
        or_(
            and_(_EARLIER_TRIED, ~_TRIED),
            and_(_BEFORE, or_(and_(_TRIED, _EARLIER_TRIED), and_(~_TRIED, ~_EARLIER_TRIED))),
        ),
    ),
)
_FIRST_OF_ITS_ORDER = ~select(1).where(_SAME_ORDER, _EARLIER.c.state.in_(OPEN), _GOES_FIRST).exists()
_CLAIMABLE = (
    select(tables.outbox)
    .where(_O.state == "due", _O.due_ns <= bindparam("now_ns"), _FIRST_OF_ITS_ORDER)
    .order_by(_O.due_ns, _O.id)
    .limit(bindparam("most"))
)
_CLAIMABLE_OF = _CLAIMABLE.where(_O.channel == bindparam("channel"))
_NEXT_DUE = select(func.min(_O.due_ns)).where(
    _O.state == "due", _O.channel == bindparam("channel"), _FIRST_OF_ITS_ORDER
)
_CLAIM = (
    update(tables.outbox)
    .where(_O.id == bindparam("row"))
    .values(
        state="sending",
        sending_until_ns=bindparam("until_ns"),
        claimed_by=bindparam("claim"),
        attempts=bindparam("attempt"),
    )
)
_MINE = and_(_O.id == bindparam("row"), _O.state == "sending", _O.claimed_by == bindparam("claim"))
_SETTLE = (
    update(tables.outbox)
    .where(_MINE)
    .values(
        state=bindparam("to"),
        settled_ns=bindparam("at_ns"),
        receipt=bindparam("with_receipt"),
        reason=bindparam("with_reason"),
        sending_until_ns=None,
    )
)
_RETRY = (
    update(tables.outbox)
    .where(_MINE)
    .values(
        state="due",
        due_ns=bindparam("at_ns"),
        receipt=bindparam("with_receipt"),
        reason=bindparam("with_reason"),
        sending_until_ns=None,
        claimed_by=None,
    )
)
_STILL_MINE = select(1).where(_MINE)
_EXPIRED = (
    select(tables.outbox).where(_O.state == "sending", _O.sending_until_ns <= bindparam("now_ns")).order_by(_O.id)
)
_UNSENT = (
    select(tables.outbox)
    .where(
        _O.subject == bindparam("subject"),
        _O.channel == bindparam("channel"),
        _O.state.in_(UNSENT),
        _O.person == bindparam("person"),
        _O.address == bindparam("address"),
    )
    .order_by(_O.id)
)
# Writing notices.


def add(tx: Connection, rows: Iterable[NoticeRow]) -> list[int | None]:
    """
    Write notices and return their ids, in order; None for one whose unique key is there already (it is left as it is).
    """
    return insert_new(tx, tables.outbox, [columns(row) for row in rows])


def unsent(tx: Connection, *, subject: str, channel: str, person: str = "", address: str = "") -> list[NoticeRow]:
    """
    What waits for this recipient about this subject, oldest first: what a newer notice may take into itself.
    """
    keys = {"subject": subject, "channel": channel, "person": person, "address": address}
    return read(NoticeRow, tx.execute(_UNSENT, keys))


def merge(tx: Connection, ids: Sequence[int], *, into: int, now_ns: int, reason: str) -> int:
    """
    End unsent notices because notice `into` says what they would have said; how many there were.
    """
    return _end(tx, ids, state="merged", now_ns=now_ns, reason=reason, merged_into=into)


def cancel(tx: Connection, ids: Sequence[int], *, now_ns: int, reason: str) -> int:
    """
    End unsent notices that nobody needs any more; how many there were. One that is being sent is not touched.
    """
    return _end(tx, ids, state="cancelled", now_ns=now_ns, reason=reason, merged_into=None)


def cancel_about(tx: Connection, subject: str, *, now_ns: int, reason: str) -> int:
    """
    End every unsent notice about a subject; how many there were. One that is being sent is not touched.
    """
    where = and_(_O.subject == subject, _O.state.in_(UNSENT))
    ended = {"state": "cancelled", "settled_ns": now_ns, "reason": reason}
    return tx.execute(update(tables.outbox).where(where).values(ended)).rowcount


def change_body(tx: Connection, notice_id: int, body: dict[str, Any]) -> bool:
    """
    Let an unsent notice say something else; False when it is no longer unsent.
    """
    where = and_(_O.id == notice_id, _O.state.in_(UNSENT))
    return tx.execute(update(tables.outbox).where(where).values(body=body)).rowcount == 1


def hold(tx: Connection, ids: Sequence[int], *, reason: str) -> int:
    """
    Keep due notices back, for a rate limit; how many there were.
    """
    where = and_(_O.id.in_(ids), _O.state == "due")
    return tx.execute(update(tables.outbox).where(where).values(state="held", reason=reason)).rowcount


def release(tx: Connection, ids: Sequence[int], *, due_ns: int) -> int:
    """
    Let held notices go at `due_ns`; how many there were.
    """
    where = and_(_O.id.in_(ids), _O.state == "held")
    return tx.execute(update(tables.outbox).where(where).values(state="due", due_ns=due_ns)).rowcount


def _end(tx: Connection, ids: Sequence[int], *, state: str, now_ns: int, reason: str, merged_into: int | None) -> int:
    where = and_(_O.id.in_(ids), _O.state.in_(UNSENT))
    ended = {"state": state, "settled_ns": now_ns, "reason": reason, "merged_into": merged_into}
    return tx.execute(update(tables.outbox).where(where).values(ended)).rowcount


# Sending them.


def claim_due(
    tx: Connection, *, now_ns: int, lease_ns: int, worker: str, limit: int = 20, channel: str | None = None
) -> list[NoticeRow]:
    """
    Take due notices (of one channel, when it is named) until `now_ns + lease_ns`, and return them as they now stand.

    Of one subject and recipient at most the first open one is taken, and none while one is being sent. `claimed_by` of
    a returned row is the claim to settle it under; no other taking of any notice has the same one for this row.
    """
    claimed = [
        replace(
            row,
            state="sending",
            sending_until_ns=now_ns + lease_ns,
            claimed_by=f"{worker}/{row.attempts + 1}",
            attempts=row.attempts + 1,
        )
        for row in read(NoticeRow, tx.execute(*_claimable(now_ns, limit, channel)))
    ]
    if claimed:
        tx.execute(
            _CLAIM,
            [
                {"row": it.id, "until_ns": it.sending_until_ns, "claim": it.claimed_by, "attempt": it.attempts}
                for it in claimed
            ],
        )
    return claimed


def next_due_ns(view: Connection, channel: str) -> int | None:
    """
    When the channel's next notice that may be taken becomes due; None when none waits.
    """
    due: int | None = view.execute(_NEXT_DUE, {"channel": channel}).scalar_one()
    return due


def _claimable(now_ns: int, most: int, channel: str | None) -> tuple[Any, dict[str, Any]]:
    bounds = {"now_ns": now_ns, "most": most}
    return (_CLAIMABLE, bounds) if channel is None else (_CLAIMABLE_OF, {**bounds, "channel": channel})


def is_mine(view: Connection, notice_id: int, *, claim: str) -> bool:
    """
    Is the notice still taken under this claim? To be asked directly before the call goes out.
    """
    return view.execute(_STILL_MINE, {"row": notice_id, "claim": claim}).first() is not None


def settle(
    tx: Connection,
    notice_id: int,
    *,
    state: Literal["sent", "failed", "cancelled", "unknown"],
    receipt: dict[str, Any] | None,
    now_ns: int,
    expecting_claim: str,
    reason: str | None = None,
) -> bool:
    """
    End a sending with what became of it; False, and nothing changes, when the claim was lost meanwhile.
    """
    values = {"to": state, "at_ns": now_ns, "with_receipt": receipt, "with_reason": reason}
    return tx.execute(_SETTLE, {"row": notice_id, "claim": expecting_claim, **values}).rowcount == 1


def retry_at(
    tx: Connection,
    notice_id: int,
    *,
    due_ns: int,
    receipt: dict[str, Any] | None,
    expecting_claim: str,
    reason: str | None = None,
) -> bool:
    """
    Give a notice back, to be sent again from `due_ns` on; False when the claim was lost meanwhile.
    """
    values = {"at_ns": due_ns, "with_receipt": receipt, "with_reason": reason}
    return tx.execute(_RETRY, {"row": notice_id, "claim": expecting_claim, **values}).rowcount == 1


def expired_sending(tx: Connection, *, now_ns: int, reason: str) -> list[NoticeRow]:
    """
    Make `unknown` what should have been settled by now, and return it as it now stands.
    """
    rows = read(NoticeRow, tx.execute(_EXPIRED, {"now_ns": now_ns}))
    ended: dict[str, Any] = {"state": "unknown", "settled_ns": now_ns, "reason": reason}
    if rows:
        tx.execute(update(tables.outbox).where(_O.id.in_([row.id for row in rows])).values(ended))
    return [replace(row, **ended) for row in rows]
