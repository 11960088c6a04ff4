"""
What does acting remember, and where do rows become values?

The one file of this stage that knows both the rows of `store` and the nouns of `decide`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from watchkeeper.act.digest import gather
from watchkeeper.act.record import finding_from_json, finding_to_json
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import (
    AlertKey,
    AlertMemory,
    ChannelFacts,
    Finding,
    Incident,
    Kind,
    Notice,
    State,
    TurnPlan,
)
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store import alerts, decisions, incidents, notices, outbox
from watchkeeper.store.alerts import AlertRow, TransitionRow
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.incidents import IncidentRow, TimelineRow
from watchkeeper.store.notices import NoticeRow

OPEN = "open"
CLOSED = "closed"
BY_RULE = "watchkeeper"


def memories(view: Connection) -> dict[AlertKey, AlertMemory]:
    """
    Every alert that is remembered.
    """
    return {memory.key: memory for memory in (memory_of(row) for row in alerts.every(view))}


def memory_of(row: AlertRow) -> AlertMemory:
    """
    A row as a value.
    """
    label, value = next(iter(row.labels.items()), ("", ""))
    return AlertMemory(
        key=AlertKey(rule=row.rule, label=label, value=value),
        state=State(row.state),
        since_ns=row.since_ns,
        pending_since_ns=row.pending_since_ns,
        clear_since_ns=row.clear_since_ns,
        unknown_since_ns=row.unknown_since_ns,
        asked_unknown=row.asked_unknown,
        told_ns=row.told_ns,
        cycle=row.cycle,
        firing_id=row.firing_id,
        event_ns=row.event_ns,
        severity=row.severity,
    )


def finding_of(row: AlertRow) -> Finding | None:
    """
    The arithmetic of an alert's last change.
    """
    return finding_from_json(row.numbers)


def open_incidents(view: Connection) -> tuple[Incident, ...]:
    """
    The incidents that are not closed.
    """
    return tuple(incident_of(view, row) for row in incidents.in_states(view, OPEN))


def incident_of(view: Connection, row: IncidentRow) -> Incident:
    """
    A row as a value, with its alerts.
    """
    return Incident(
        id=row.id,
        number=row.number,
        title=row.title,
        severity=row.severity,
        opened_ns=row.opened_ns,
        service=row.service,
        closed_ns=row.closed_ns,
        closed_by=row.closed_by,
        close_reason=row.close_reason,
        alerts=tuple(incidents.alerts_of(view, row.id)),
    )


def channel_facts(view: Connection, manual: Manual, *, now_ns: int) -> dict[str, ChannelFacts]:
    """
    What the rate-limited channels sent lately (or are about to), and when what they hold is due.

    A channel that lost its limit, or is gone, still gives back what it holds.
    """
    limits = {name: channel.rate_limit for name, channel in manual.channels.items() if channel.rate_limit}
    facts = {}
    for name in {*limits, *notices.holding(view)}:
        sent = notices.sent_at(view, name, since_ns=now_ns - limits[name].per.ns) if name in limits else []
        due = min((row.due_ns for row in notices.held_of(view, name)), default=None)
        facts[name] = ChannelFacts(
            name=name,
            sent_ns=(*sent, *notices.open_at(view, name)),
            digest_due_ns=due if name in limits or due is None else now_ns,
        )
    return facts


def told_through(view: Connection, keys: Iterable[AlertKey]) -> dict[AlertKey, tuple[str, ...]]:
    """
    The channels that heard of each of these alerts, in order.
    """
    return {
        key: tuple(sorted({row.channel for row in notices.of_subject(view, str(key)) if row.kind != Kind.DIGEST}))
        for key in keys
    }


def remember(tx: Connection, plan: TurnPlan, *, meanings: Mapping[str, str], revision: int) -> None:
    """
    Write a whole plan: alerts, transitions, decisions, messages, incidents. All of it or, if this raises, nothing.
    """
    before = alerts.named(tx, [str(memory.key) for memory in plan.memories])
    changed = {str(transition.key): transition for transition in plan.transitions}
    alerts.save(tx, [_alert_row(memory, changed, before, plan, meanings, revision) for memory in plan.memories])
    ids = alerts.add_transitions(tx, [_transition_row(one) for one in plan.transitions])
    by_key = dict(zip((str(one.key) for one in plan.transitions), ids, strict=True))
    for notice in plan.notices:
        _remember_notice(tx, notice, by_key)
    for opening in plan.opens:
        _open(tx, opening, revision)
    _note_on_incidents(tx, plan)
    for closing in plan.closes:
        close_incident(tx, closing.id, at_ns=closing.at_ns, by=BY_RULE, reason=closing.reason.value)


def close_incident(tx: Connection, incident_id: int, *, at_ns: int, by: str, reason: str) -> None:
    """
    Close an incident and say so on its timeline.
    """
    incidents.update_fields(tx, incident_id, state=CLOSED, closed_ns=at_ns, closed_by=by, close_reason=reason)
    text = f"closed by {by}" if by != BY_RULE else "closed: all its alerts resolved"
    incidents.add_timeline(
        tx,
        [TimelineRow(incident_id=incident_id, at_ns=at_ns, kind="closed", text=text, by=by, data={"reason": reason})],
    )


def reopen_incident(tx: Connection, row: IncidentRow, *, at_ns: int, by: str) -> None:
    """
    Open a closed incident again; an open one stays as it is.
    """
    if row.state == OPEN:
        return
    incidents.update_fields(tx, row.id, state=OPEN, closed_ns=None, closed_by=None, close_reason=None)
    entry = TimelineRow(incident_id=row.id, at_ns=at_ns, kind="reopened", text=f"opened again by {by}", by=by)
    incidents.add_timeline(tx, [entry])


def _alert_row(
    memory: AlertMemory,
    changed: Mapping[str, Any],
    before: Mapping[str, AlertRow],
    plan: TurnPlan,
    meanings: Mapping[str, str],
    revision: int,
) -> AlertRow:
    key = str(memory.key)
    transition, old = changed.get(key), before.get(key)
    finding = transition.finding if transition else plan.findings.get(memory.key)
    return AlertRow(
        key=key,
        rule=memory.key.rule,
        labels={memory.key.label: memory.key.value} if memory.key.label else {},
        state=memory.state.value,
        since_ns=memory.since_ns,
        meaning=meanings.get(memory.key.rule, old.meaning if old else ""),
        revision=revision,
        reason=transition.reason.value if transition else (old.reason if old else Reason.CLEAR.value),
        updated_ns=plan.at_ns,
        pending_since_ns=memory.pending_since_ns,
        clear_since_ns=memory.clear_since_ns,
        unknown_since_ns=memory.unknown_since_ns,
        asked_unknown=memory.asked_unknown,
        told_ns=memory.told_ns,
        firing_id=memory.firing_id,
        event_ns=memory.event_ns,
        severity=memory.severity,
        cycle=memory.cycle,
        numbers=finding_to_json(finding) or (old.numbers if old else {}),
    )


def _transition_row(transition: Any) -> TransitionRow:
    return TransitionRow(
        alert_key=str(transition.key),
        at_ns=transition.at_ns,
        old=transition.old.value,
        new=transition.new.value,
        reason=transition.reason.value,
        numbers=finding_to_json(transition.finding),
    )


def _remember_notice(tx: Connection, notice: Notice, transitions: Mapping[str, int]) -> None:
    decisions.add(
        tx,
        [
            DecisionRow(
                at_ns=notice.at_ns,
                alert_key=str(notice.key),
                channel=notice.channel or "",
                verdict="send" if notice.send else "hold" if notice.held_until_ns else "refuse",
                reason=notice.reason.value,
                because_of=notice.because_of,
            )
        ],
    )
    if notice.channel is None or not (notice.send or notice.held_until_ns):
        return
    subject, ends = str(notice.key), notice.kind in (Kind.RESOLVED, Kind.WITHDRAWN)
    waiting = outbox.unsent(tx, subject=subject, channel=notice.channel) if ends else []
    held = notices.held_of(tx, notice.channel) if notice.kind is Kind.DIGEST else []
    (new,) = outbox.add(tx, [_notice_row(notice, notice.channel, transitions, waiting, held)])
    if new is None:
        return
    outbox.merge(tx, [one.id for one in waiting], into=new, now_ns=notice.at_ns, reason=Reason.MERGED.value)
    outbox.merge(tx, [one.id for one in held], into=new, now_ns=notice.at_ns, reason=Reason.DIGEST.value)


def _notice_row(
    notice: Notice,
    channel: str,
    transitions: Mapping[str, int],
    waiting: Sequence[NoticeRow],
    held: Sequence[NoticeRow],
) -> NoticeRow:
    """
    The row of a message that takes `waiting` (of the same alert) and, a digest, `held` into itself.

    A message that may be held is not, when it takes one that may go: the first word of an alert is never held back.
    """
    goes = notice.send or any(one.state == "due" for one in waiting)
    body = notice_to_json(notice)
    if waiting:
        body["merged"] = [kind for one in waiting for kind in (*one.body.get("merged", ()), one.kind)]
    if held:
        body["held"] = gather(one.body for one in held)
    return NoticeRow(
        subject=str(notice.key),
        kind=notice.kind.value,
        channel=channel,
        body=body,
        created_ns=notice.at_ns,
        due_ns=notice.at_ns if goes else notice.held_until_ns or notice.at_ns,
        transition_id=transitions.get(str(notice.key), notice.firing_id),
        cycle=notice.cycle,
        state="due" if goes else "held",
        reason=notice.reason.value,
    )


def notice_to_json(notice: Notice) -> dict[str, Any]:
    """
    What a message needs to be written later, whatever the manual says by then.
    """
    return {
        "rule": notice.key.rule,
        "label": notice.key.label,
        "value": notice.key.value,
        "kind": notice.kind.value,
        "reason": notice.reason.value,
        "at_ns": notice.at_ns,
        "since_ns": notice.since_ns,
        "cycle": notice.cycle,
        "severity": notice.severity,
        "fine": list(notice.fine),
        "finding": finding_to_json(notice.finding),
    }


def notice_from_json(body: Mapping[str, Any], *, channel: str) -> Notice:
    """
    The notice that `notice_to_json` wrote, as it goes out through this channel.
    """
    return Notice(
        key=AlertKey(rule=body["rule"], label=body["label"], value=body["value"]),
        kind=Kind(body["kind"]),
        channel=channel,
        reason=Reason(body["reason"]),
        at_ns=body["at_ns"],
        since_ns=body["since_ns"],
        cycle=body["cycle"],
        severity=body["severity"],
        fine=tuple(body["fine"]),
        finding=finding_from_json(body["finding"]),
    )


def _open(tx: Connection, opening: Any, revision: int) -> None:
    keys = [str(key) for key in opening.alerts]
    if opening.joins is not None:
        incidents.add_alerts(tx, opening.joins, keys)
        return
    row = IncidentRow(
        number=incidents.next_number(tx),
        title=opening.title,
        severity=opening.severity,
        state=OPEN,
        opened_ns=opening.at_ns,
        revision=revision,
        service=opening.service,
    )
    incident = incidents.add(tx, row, alert_keys=keys)
    text = f"opened by {', '.join(keys)}: {opening.severity}"
    incidents.add_timeline(
        tx, [TimelineRow(incident_id=incident, at_ns=opening.at_ns, kind="opened", text=text, by=BY_RULE)]
    )


def _note_on_incidents(tx: Connection, plan: TurnPlan) -> None:
    """
    Every change of an alert stands on the timeline of its open incidents.
    """
    entries = [
        TimelineRow(
            incident_id=row.id,
            at_ns=transition.at_ns,
            kind="alert",
            text=f"{transition.key} is {transition.new.value}",
            by=BY_RULE,
            data=finding_to_json(transition.finding),
        )
        for transition in plan.transitions
        for row in incidents.of_alert(tx, str(transition.key))
        if row.state == OPEN
    ]
    incidents.add_timeline(tx, entries)
