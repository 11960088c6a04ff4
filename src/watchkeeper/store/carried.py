"""
What did contact methods carry lately, what is held for them, and who heard of a page?
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, func, select

from watchkeeper.store import tables
from watchkeeper.store.notices import UNSENT, NoticeRow
from watchkeeper.store.rows import read

#: Who, through which channel, by which contact method.
Recipient = tuple[str, str, str]

PAGE, BUNDLE = "page", "bundle"
_O = tables.outbox.c
_RECIPIENT = (_O.person, _O.channel, _O.address)
_MINE = (
    _O.person == bindparam("person"),
    _O.channel == bindparam("channel"),
    _O.address == bindparam("address"),
)
_CARRIED = (
    select(*_RECIPIENT, _O.kind, _O.reason, _O.due_ns)
    .where(
        _O.person.in_(bindparam("people", expanding=True)),
        _O.state.in_(("due", "sending", "sent", "unknown")),
        _O.created_ns >= bindparam("since_ns"),
        _O.kind.in_((PAGE, BUNDLE)),
    )
    .order_by(_O.due_ns)
)
_WAITING = (
    select(*_RECIPIENT, func.min(_O.due_ns))
    .where(_O.person.in_(bindparam("people", expanding=True)), _O.state == "held", _O.kind == PAGE)
    .group_by(*_RECIPIENT)
)
_HELD_DUE = (
    select(*_RECIPIENT)
    .where(_O.state == "held", _O.kind == PAGE, _O.due_ns <= bindparam("now_ns"))
    .distinct()
    .order_by(*_RECIPIENT)
)
_HELD_FOR = select(tables.outbox).where(*_MINE, _O.state == "held", _O.kind == PAGE).order_by(_O.id)
_TOLD = (
    select(*_RECIPIENT)
    .where(_O.subject == bindparam("subject"), _O.kind == PAGE, _O.state.not_in(("cancelled", "failed")))
    .distinct()
)
_BUNDLES = select(tables.outbox).where(_O.kind == BUNDLE, _O.state.in_(UNSENT)).order_by(_O.id)


def carried_since(
    view: Connection, people: Iterable[str], *, since_ns: int
) -> list[tuple[Recipient, str, str | None, int]]:
    """
    Pages and bundles that these people got, or are about to get, written since then: recipient, kind, reason, when due.
    """
    found = view.execute(_CARRIED, {"people": list(people), "since_ns": since_ns})
    return [((person, channel, method), kind, why, due_ns) for person, channel, method, kind, why, due_ns in found]


def waiting(view: Connection, people: Iterable[str]) -> dict[Recipient, int]:
    """
    When the first page that is held for each contact method of these people goes.
    """
    found = view.execute(_WAITING, {"people": list(people)})
    return {(person, channel, method): due_ns for person, channel, method, due_ns in found}


def held_due(view: Connection, *, now_ns: int) -> list[Recipient]:
    """
    The contact methods for which a page is held that is to go by now.
    """
    return [(person, channel, method) for person, channel, method in view.execute(_HELD_DUE, {"now_ns": now_ns})]


def held_for(view: Connection, recipient: Recipient) -> list[NoticeRow]:
    """
    The pages that are held for a contact method, oldest first.
    """
    person, channel, method = recipient
    return read(NoticeRow, view.execute(_HELD_FOR, {"person": person, "channel": channel, "address": method}))


def told(view: Connection, page_id: int) -> frozenset[Recipient]:
    """
    Who was sent a page, or is about to be.
    """
    found = view.execute(_TOLD, {"subject": f"page/{page_id}"})
    return frozenset((person, channel, method) for person, channel, method in found)


def unsent_bundles(view: Connection) -> list[NoticeRow]:
    """
    The bundles that are not sent yet, oldest first.
    """
    return read(NoticeRow, view.execute(_BUNDLES))
