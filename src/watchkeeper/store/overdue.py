"""
What should have happened by now, and did not?
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from watchkeeper.store import tables
from watchkeeper.store.pages import STANDING

_P, _C, _I, _O = tables.pages.c, tables.incident_clocks.c, tables.incidents.c, tables.outbox.c
_PAGES = select(func.count()).where(_P.state.in_(STANDING), _P.due_ns < bindparam("before_ns"))
_CLOCKS = (
    select(func.count())
    .select_from(tables.incident_clocks.join(tables.incidents, _I.id == _C.incident_id))
    .where(_I.state == "open", _C.met_ns.is_(None), _C.missed_ns.is_(None), _C.due_ns < bindparam("before_ns"))
)
_HELD = select(func.count()).where(_O.state == "held", _O.kind == "page", _O.due_ns < bindparam("before_ns"))
_SENDING = select(func.count()).where(_O.state == "sending", _O.sending_until_ns < bindparam("before_ns"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Overdue:
    """
    How many of each were due before an instant, and nobody took them.
    """

    pages: int
    clocks: int
    held: int
    sending: int


def overdue(view: Connection, *, before_ns: int) -> Overdue:
    """
    Count them.
    """
    at = {"before_ns": before_ns}
    return Overdue(
        pages=view.execute(_PAGES, at).scalar_one(),
        clocks=view.execute(_CLOCKS, at).scalar_one(),
        held=view.execute(_HELD, at).scalar_one(),
        sending=view.execute(_SENDING, at).scalar_one(),
    )
