"""
How does a change, or a refusal, get onto the record?

In the transaction of the change itself, so that neither is there without the other.

>>> from watchkeeper.store.state import open_memory
>>> from watchkeeper.store import audit as rows
>>> state = open_memory()
>>> with state.transaction() as tx:
...     audited(tx, "ann", "incident.close", "incident/7", at_ns=1, detail={"reason": "it is over"})
>>> with state.reading() as view:
...     [(row.who, row.action, row.target, row.outcome) for row in rows.recent(view)]
[('ann', 'incident.close', 'incident/7', 'done')]
>>> state.close()
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from sqlalchemy import Connection

from watchkeeper.act.accounts.visitor import Visitor
from watchkeeper.store import audit
from watchkeeper.store.audit import AuditRow

Outcome = Literal["done", "refused"]
MOST: Final = 500  # characters of anything in a row


def audited(
    tx: Connection,
    visitor: Visitor | str,
    action: str,
    target: str,
    outcome: Outcome = "done",
    detail: Mapping[str, Any] | None = None,
    *,
    at_ns: int,
) -> None:
    """
    Write who did what to what: `action` as THING.DEED (`page.acknowledge`), `target` as THING/NAME (`page/7`).

    `detail` is small and plain, and never holds a secret. A visitor that is only a name came through nothing we know.
    """
    who, through = (visitor, "") if isinstance(visitor, str) else (visitor.name, visitor.through)
    audit.add(
        tx,
        AuditRow(
            at_ns=at_ns,
            who=who[:MOST],
            through=through[:MOST],
            action=action[:MOST],
            target=target[:MOST],
            outcome=outcome,
            detail={key: _short(value) for key, value in (detail or {}).items()},
        ),
    )


def _short(value: Any) -> Any:
    return value[:MOST] if isinstance(value, str) else value
