"""
What becomes of pages that were held for a contact method that had carried enough?

When the first of them is due they all go as one message: "12 alerts, acknowledge all". One alone goes as itself.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from watchkeeper.decide.paging.opening import worst
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import Kind
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store import carried, outbox
from watchkeeper.store.carried import Recipient
from watchkeeper.store.notices import NoticeRow

SUBJECT: Final = "bundle"
MOST_KEYS: Final = 20  # alerts that a message names


def release(tx: Connection, recipient: Recipient, manual: Manual, *, now_ns: int) -> bool:
    """
    Let everything go that is held for a contact method; False when nothing was.
    """
    held = carried.held_for(tx, recipient)
    if len({row.subject for row in held}) < 2:
        return outbox.release(tx, [row.id for row in held], due_ns=now_ns) > 0
    (new,) = outbox.add(tx, [_bundle(held, recipient, manual, now_ns)])
    if new is not None:
        outbox.merge(tx, [row.id for row in held], into=new, now_ns=now_ns, reason=Reason.BUNDLED.value)
    return new is not None


def without(tx: Connection, page_ids: Sequence[int], *, now_ns: int, reason: Reason) -> None:
    """
    Take pages out of bundles that are not sent yet, for somebody has them; one that holds no other is cancelled.
    """
    gone = set(page_ids)
    for row in carried.unsent_bundles(tx):
        parts = row.body["parts"]
        left = [one for one in parts if one["page"] not in gone]
        if len(left) == len(parts):
            continue
        if left:
            outbox.change_body(tx, row.id, {**row.body, **_said(left)})
        else:
            outbox.cancel(tx, [row.id], now_ns=now_ns, reason=reason.value)


def _bundle(held: Sequence[NoticeRow], recipient: Recipient, manual: Manual, now_ns: int) -> NoticeRow:
    person, channel, method = recipient
    parts = [
        {key: row.body.get(key) for key in ("page", "title", "severity", "count", "alerts")}
        for row in {row.subject: row for row in held}.values()
    ]
    order = {name: i for i, name in enumerate(manual.severities)}
    parts.sort(key=lambda one: (order.get(one["severity"] or "", len(order)), one["page"]))
    common = {"at_ns": now_ns, "reason": Reason.BUNDLED.value, "service": None, "incident": None, "notice": None}
    return NoticeRow(
        subject=SUBJECT,
        kind=Kind.BUNDLE.value,
        person=person,
        channel=channel,
        address=method,
        body={**common, **_said(parts), "severity": worst((one["severity"] for one in parts), manual)},
        created_ns=now_ns,
        due_ns=now_ns,
        transition_id=now_ns,
        reason=Reason.BUNDLED.value,
    )


def _said(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """
    What a bundle of these pages says. `parts` has the worst first.
    """
    keys = [key for one in parts for key in one["alerts"]]
    return {
        "parts": list(parts),
        "pages": [one["page"] for one in parts],
        "page": parts[0]["page"],
        "title": ", ".join(str(one["title"]) for one in parts[:3]) + (" and more" if len(parts) > 3 else ""),
        "count": sum(one["count"] for one in parts),
        "alerts": keys[:MOST_KEYS],
        "severity": parts[0]["severity"],
    }
