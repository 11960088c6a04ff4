"""
What may be forgotten, so that the state does not grow for ever?

Settled notices, transitions and decisions older than a given instant, in small portions. What is open is never touched.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table, and_, delete, select
from sqlalchemy.sql.elements import ColumnElement

from watchkeeper.store import tables


def forget_before(tx: Connection, at_ns: int, *, portion: int = 500) -> int:
    """
    Delete at most `portion` old rows of each kind; how many went. Call again until it is 0.
    """
    return sum(
        _delete_some(tx, table, condition, portion)
        for table, condition in (
            (tables.outbox, tables.outbox.c.settled_ns < at_ns),  # null while it is open
            (tables.decisions, tables.decisions.c.at_ns < at_ns),
            (tables.audit, tables.audit.c.at_ns < at_ns),
            (tables.transitions, and_(tables.transitions.c.at_ns < at_ns, _not_waited_for())),
        )
    )


def _not_waited_for() -> ColumnElement[bool]:
    notice = tables.outbox.c
    waiting = select(notice.transition_id).where(notice.state.in_(("due", "sending", "held")))
    return tables.transitions.c.id.not_in(waiting)


def _delete_some(tx: Connection, table: Table, condition: ColumnElement[bool], portion: int) -> int:
    some = select(table.c.id).where(condition).limit(portion)
    return tx.execute(delete(table).where(table.c.id.in_(some))).rowcount
