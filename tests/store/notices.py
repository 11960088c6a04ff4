"""
Rows for tests: valid by default, a test names what it is about.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from watchkeeper.store import outbox
from watchkeeper.store.notices import NoticeRow


def a_notice(subject: str = "disk-full", channel: str = "chat", **changed: Any) -> NoticeRow:
    fields: dict[str, Any] = {"kind": "firing", "body": {}, "created_ns": 0, "due_ns": 0}
    return NoticeRow(**{**fields, "subject": subject, "channel": channel, **changed})


def write(tx: Connection, *rows: NoticeRow) -> list[int]:
    ids = outbox.add(tx, rows)
    return [number for number in ids if number is not None]
