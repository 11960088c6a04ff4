"""
How do pages become values, and what was decided about them rows?
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any, Final

from sqlalchemy import Connection

from watchkeeper.act.memory import finding_of, memory_of
from watchkeeper.act.paging.bundling import MOST_KEYS
from watchkeeper.act.record import notice_to_json
from watchkeeper.decide.paging.values import Page, PageState, Send
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import Kind, Notice
from watchkeeper.store import alerts, decisions, incidents, outbox, pages
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.pages import PageRow

_FIELDS: Final = tuple(one.name for one in fields(Page))


def subject_of(page_id: int) -> str:
    """
    What messages and decisions about a page are filed under.

    >>> subject_of(7)
    'page/7'
    """
    return f"page/{page_id}"


def page_of(row: PageRow) -> Page:
    """
    A row as a value.
    """
    found = {name: getattr(row, name) for name in _FIELDS}
    return Page(**found | {"state": PageState(row.state), "reason": Reason(row.reason)})


def changed(before: Page, page: Page) -> dict[str, Any]:
    """
    The columns in which they differ.
    """
    found = {name: getattr(page, name) for name in _FIELDS if getattr(page, name) != getattr(before, name)}
    return {name: str(value) if isinstance(value, PageState | Reason) else value for name, value in found.items()}


def body_of(view: Connection, row: PageRow, *, at_ns: int) -> dict[str, Any]:
    """
    What every message about this page says, whatever the manual says by the time it is sent.
    """
    keys = pages.alerts_of(view, [row.id]).get(row.id, ())
    incident = None if row.incident_id is None else incidents.by_id(view, row.incident_id)
    return {
        "at_ns": at_ns,
        "page": row.id,
        "title": row.title,
        "severity": row.severity,
        "service": row.service,
        "policy": row.policy,
        "count": max(len(keys), 1),
        "alerts": list(keys[:MOST_KEYS]),
        "notice": _newest(view, keys),
        "incident": None if incident is None else incident.number,
    }


def notice_of(send: Send, body: dict[str, Any], *, page_id: int, now_ns: int) -> NoticeRow:
    """
    The row of one message about a page.
    """
    held = send.reason is Reason.THROTTLED
    place = {"step": send.step, "round": send.round, "cycle": send.cycle, "reason": send.reason.value}
    return NoticeRow(
        subject=subject_of(page_id),
        kind=Kind.PAGE.value,
        person=send.person,
        channel=send.channel,
        address=send.method,
        body={**body, **place},
        created_ns=now_ns,
        due_ns=send.held_until_ns if held and send.held_until_ns is not None else send.due_ns,
        transition_id=page_id,
        cycle=send.cycle,
        state="held" if held else "due",
        reason=send.reason.value,
    )


def write_sends(tx: Connection, row: PageRow, sends: Sequence[Send], *, now_ns: int) -> int:
    """
    Write every message and refusal of a page; how many messages. A message takes those into itself that already wait
    for the same recipient.
    """
    decisions.add(tx, [_decision_row(one, row.id, now_ns) for one in sends])
    going = [one for one in sends if one.send]
    if not going:
        return 0
    body = body_of(tx, row, at_ns=now_ns)
    for send in going:
        to = {"channel": send.channel, "person": send.person, "address": send.method}
        waiting = outbox.unsent(tx, subject=subject_of(row.id), **to) if row.cycle else []
        notice = notice_of(send, body, page_id=row.id, now_ns=now_ns)
        (new,) = outbox.add(tx, [notice])
        older = [
            one.id
            for one in waiting
            if one.cycle < row.cycle
            and (one.state == "held" or one.due_ns <= now_ns)
            and notice.due_ns <= max(one.due_ns, now_ns)  # what goes later takes nothing that goes sooner
        ]
        if new is not None and older:
            outbox.merge(tx, older, into=new, now_ns=now_ns, reason=send.reason.value)
    return len(going)


def decided(
    tx: Connection, page_ids: Iterable[int], *, verdict: str, reason: Reason, by: str, at_ns: int, because_of: str = ""
) -> None:
    """
    Write down what a person, or time, did with pages.
    """
    rows = [
        DecisionRow(
            at_ns=at_ns,
            alert_key=subject_of(number),
            channel="",
            person=by,
            verdict=verdict,
            reason=reason.value,
            because_of=because_of or None,
        )
        for number in page_ids
    ]
    decisions.add(tx, rows)


def _decision_row(send: Send, page_id: int, at_ns: int) -> DecisionRow:
    verdict = "refuse" if not send.send else "send" if send.held_until_ns is None else "hold"
    return DecisionRow(
        at_ns=at_ns,
        alert_key=subject_of(page_id),
        channel=send.channel,
        person=send.person,
        verdict=verdict,
        reason=send.reason.value,
        because_of=send.because_of,
    )


def _newest(view: Connection, keys: Sequence[str]) -> dict[str, Any] | None:
    """
    What the newest alert of a page has to say.
    """
    found = alerts.named(view, keys[:500]) if keys else None
    if not found:
        return None
    row = max(found.values(), key=lambda one: (one.since_ns, one.key))
    memory = memory_of(row)
    notice = Notice(
        key=memory.key,
        kind=Kind.FIRING,
        channel=None,
        reason=Reason.FIRST,
        at_ns=row.updated_ns,
        cycle=memory.cycle,
        firing_id=memory.firing_id,
        finding=finding_of(row),
        severity=row.severity,
        since_ns=row.since_ns,
    )
    return notice_to_json(replace(notice, kind=Kind.EVENT) if row.event_ns else notice)
