"""
How do the pages of a turn become rows, and who hears that one is over?

In the transaction of the alerts that cause it. A page joins the incident that its alert opens or belongs to. When it
ends, nothing more is sent about it, and whoever was paged hears that it is over.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from watchkeeper.act.paging import bundling
from watchkeeper.decide.paging.values import EndPage, OpenPage, PageState
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import AlertKey, Kind
from watchkeeper.store import decisions, incidents, notices, outbox, pages
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.pages import PageRow

_PORTION = 500  # keys in one question
_PAGED = (Kind.PAGE.value, Kind.BUNDLE.value)
_REACHED = ("sending", "sent", "unknown")


def standing_of(view: Connection, keys: Collection[AlertKey]) -> dict[int, tuple[AlertKey, ...]]:
    """
    The standing pages of any of these alerts, each with all of its alerts.
    """
    named = [str(key) for key in keys]
    ids = [number for portion in _portions(named) for number in pages.standing_ids_of_alerts(view, portion)]
    found = {}
    for portion in _portions(sorted(set(ids))):
        for number, members in pages.alerts_of(view, portion).items():
            found[number] = tuple(key_of(member) for member in members)
    return found


def key_of(text: str) -> AlertKey:
    """
    The alert that a key names.

    >>> key_of("orders[country=de]"), key_of("disk").label
    (AlertKey(rule='orders', label='country', value='de'), '')
    """
    rule, bracket, rest = text.partition("[")
    label, _, value = rest.removesuffix("]").partition("=")
    return AlertKey(rule=rule, label=label, value=value) if bracket else AlertKey(rule=text)


def open_pages(tx: Connection, openings: Iterable[OpenPage], *, revision: int) -> None:
    """
    Open each page, or let its alerts join the standing one with its key, which may begin again by that.
    """
    openings = list(openings)
    if not openings:
        return
    every = [str(key) for opening in openings for key in opening.alerts]
    incident_of = {key: one for part in _portions(every) for key, one in incidents.open_of_alerts(tx, part).items()}
    standing = pages.standing_with(tx, {one.key for one in openings})
    new: dict[str, PageRow] = {}
    for opening in openings:
        found = (incident_of[str(key)] for key in opening.alerts if str(key) in incident_of)
        incident = next(found, None)
        if opening.key in standing:
            standing[opening.key] = _joined(tx, standing[opening.key], opening, incident)
        elif opening.key not in new or new[opening.key].incident_id is None:
            new[opening.key] = _new(opening, incident, revision)
    ids = dict(zip(new, pages.add(tx, list(new.values())), strict=True))
    ids |= {key: row.id for key, row in standing.items()}
    pages.add_members(tx, [(ids[opening.key], str(key)) for opening in openings for key in opening.alerts])


def end_pages(tx: Connection, ends: Iterable[EndPage]) -> None:
    """
    End each page that still stands: what is unsent about it is cancelled, and those who were paged hear the end.
    """
    for end in ends:
        row = pages.by_id(tx, end.id)
        if row is not None and pages.change(
            tx, end.id, state=PageState.ENDED, ended_ns=end.at_ns, due_ns=None, reason=end.reason.value
        ):
            end_messages(tx, row, reason=end.reason, at_ns=end.at_ns)


def end_messages(tx: Connection, row: PageRow, *, reason: Reason, at_ns: int) -> None:
    """
    Nothing more goes out about this page, and everybody who was paged hears that it is over, the way they were paged.
    """
    subject = f"page/{row.id}"
    outbox.cancel_about(tx, subject, now_ns=at_ns, reason=reason.value)
    bundling.without(tx, [row.id], now_ns=at_ns, reason=reason)
    rows = [one for one in notices.of_subject(tx, subject, most=10_000) if one.kind in _PAGED and _reached(one)]
    newest = {(one.person, one.channel, one.address): one for one in reversed(rows)}
    over = [_over(one, row, reason, at_ns) for one in newest.values()]
    outbox.add(tx, over)
    decisions.add(
        tx,
        [
            DecisionRow(
                at_ns=at_ns,
                alert_key=subject,
                channel=one.channel,
                person=one.person,
                verdict="send",
                reason=reason.value,
            )
            for one in over
        ],
    )


def _reached(told: NoticeRow) -> bool:
    return told.state in _REACHED or (told.state == "merged" and told.reason == Reason.BUNDLED)


def _new(opening: OpenPage, incident: int | None, revision: int) -> PageRow:
    return PageRow(
        key=opening.key,
        title=opening.title,
        policy=opening.policy,
        severity=opening.severity,
        service=opening.service,
        state=PageState.OPEN,
        opened_ns=opening.at_ns,
        due_ns=opening.at_ns,
        reason=Reason.FIRST.value,
        incident_id=incident,
        revision=revision,
    )


def _joined(tx: Connection, row: PageRow, opening: OpenPage, incident: int | None) -> PageRow:
    """
    The standing page with what joins it: it begins again when it is worse than before, or has happened anew.
    """
    changed: dict[str, Any] = {}
    if row.incident_id is None and incident is not None:
        changed["incident_id"] = incident
    worse = opening.severity is not None and (row.severity is None or row.severity in opening.outranks)
    if worse:
        changed["severity"] = opening.severity
    if worse or (opening.happens and row.state != PageState.OPEN):
        reason = Reason.SEVERITY_GREW if worse else Reason.EVENT
        changed |= {"state": PageState.OPEN, "step": 0, "round": 0, "due_ns": opening.at_ns, "reason": reason.value}
    if changed:
        pages.change(tx, row.id, **changed)
    return replace(row, **changed)


def _over(told: NoticeRow, row: PageRow, reason: Reason, at_ns: int) -> NoticeRow:
    body = {**told.body, "page": row.id, "title": row.title, "at_ns": at_ns, "reason": reason.value}
    return NoticeRow(
        subject=f"page/{row.id}",
        kind=Kind.PAGE_OVER.value,
        person=told.person,
        channel=told.channel,
        address=told.address,
        body=body,
        created_ns=at_ns,
        due_ns=at_ns,
        transition_id=row.id,
        cycle=row.cycle,
        reason=reason.value,
    )


def _portions(items: list[Any]) -> Iterable[list[Any]]:
    return (items[i : i + _PORTION] for i in range(0, len(items), _PORTION))
