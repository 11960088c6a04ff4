"""
What does acting remember, and where do rows become values?

Alerts, transitions, decisions and messages; incidents have a file of their own.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from watchkeeper.act import page_memory
from watchkeeper.act.attention import Attention
from watchkeeper.act.correcting import Corrections
from watchkeeper.act.digest import gather
from watchkeeper.act.flapping import Flaps
from watchkeeper.act.incidents import journal
from watchkeeper.act.record import finding_from_json, finding_to_json, notice_to_json
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.rules import Rule
from watchkeeper.decide.values import (
    AlertKey,
    AlertMemory,
    ChannelFacts,
    Finding,
    Kind,
    Notice,
    State,
    TurnPlan,
)
from watchkeeper.manual.model.manual import Manual
from watchkeeper.measure.engine import Engine
from watchkeeper.store import alerts, decisions, notices, outbox
from watchkeeper.store.alerts import AlertRow, TransitionRow
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.notices import NoticeRow

_ENDS = (Kind.RESOLVED, Kind.WITHDRAWN)


def memories(view: Connection) -> dict[AlertKey, AlertMemory]:
    """
    Every alert that is remembered.
    """
    return {memory.key: memory for memory in (memory_of(row) for row in alerts.every(view))}


class Remembered:
    """
    Every alert, read once; later turns go on with what the turn before them wrote.

    The rows stay the truth: a turn takes this out and puts it back when its rows are written, so that after a failure
    (or in a new process) the rows are read again.
    """

    def __init__(self, *, sweeps: bool = True) -> None:
        self.corrections = Corrections()
        self.flaps = Flaps()
        self._sweeps = sweeps  # False: every turn judges every alert, for tests of what a sweep must not change
        self._attention: Attention | None = None
        self._known: dict[AlertKey, AlertMemory] | None = None

    def attention(self, rules: Mapping[str, Rule], engine: Engine) -> Attention | None:
        """
        What was last seen under these rules, by this engine.
        """
        mine = self._attention
        if self._sweeps and (mine is None or mine.rules is not rules or mine.engine is not engine):
            if mine is not None:
                mine.close()
            self._attention = Attention(rules, engine)
        return self._attention

    def take(self, view: Connection) -> dict[AlertKey, AlertMemory]:
        """
        What is remembered; until `put` nothing is kept.
        """
        known, self._known = self._known, None
        if known is None:
            self.flaps = Flaps()
        return memories(view) if known is None else known

    def put(self, known: dict[AlertKey, AlertMemory], changed: Sequence[AlertMemory]) -> Mapping[AlertKey, AlertMemory]:
        """
        What is remembered now that the changed ones are written.
        """
        self._known = known | {memory.key: memory for memory in changed} if changed else known
        return self._known

    def firings(
        self, view: Connection, keys: Iterable[AlertKey], manual: Manual, *, now_ns: int
    ) -> dict[AlertKey, int]:
        """
        How often these alerts have fired within the time that the manual calls flapping.
        """
        flapping = manual.defaults.flapping
        return self.flaps.lately(view, keys, span_ns=flapping.per.ns if flapping else None, now_ns=now_ns)


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
        hushed=None if row.because_of is None else Reason(row.because_of),
    )


def finding_of(row: AlertRow) -> Finding | None:
    """
    The arithmetic of an alert's last change.
    """
    return finding_from_json(row.numbers)


def channel_facts(view: Connection, manual: Manual, *, now_ns: int) -> dict[str, ChannelFacts]:
    """
    What the channels that hold messages sent lately (or are about to), and when what they hold is due.

    A channel that lost its limit or its digest, or is gone, still gives back what it holds.
    """
    limits = {name: channel.rate_limit for name, channel in manual.channels.items() if channel.rate_limit}
    holds = {*limits, *(name for name, channel in manual.channels.items() if channel.digest)}
    facts = {}
    for name in {*holds, *notices.holding(view)}:
        sent = notices.sent_at(view, name, since_ns=now_ns - limits[name].per.ns) if name in limits else []
        due = min((row.due_ns for row in notices.held_of(view, name)), default=None)
        facts[name] = ChannelFacts(
            name=name,
            sent_ns=(*sent, *notices.open_at(view, name)),
            digest_due_ns=due if name in holds or due is None else now_ns,
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


def remember(tx: Connection, plan: TurnPlan, *, meanings: Mapping[str, str], revision: int) -> list[int]:
    """
    Write a whole plan: alerts, transitions, decisions, messages, incidents, pages. All of it or, if this raises, none.

    Returns the ids of the transitions, in their order.
    """
    before = alerts.named(tx, [str(memory.key) for memory in plan.memories])
    changed = {str(transition.key): transition for transition in plan.transitions}
    alerts.save(tx, [_alert_row(memory, changed, before, plan, meanings, revision) for memory in plan.memories])
    ids = alerts.add_transitions(tx, [_transition_row(one) for one in plan.transitions])
    by_key = dict(zip((str(one.key) for one in plan.transitions), ids, strict=True))
    decisions.add(tx, [_decision_row(notice) for notice in plan.notices])
    _remember_notices(tx, plan.notices, by_key)
    for opening in plan.opens:
        journal.open_as_planned(tx, opening, revision=revision)
    journal.note_transitions(tx, plan.transitions)
    for closing in plan.closes:
        journal.close_as_planned(tx, closing)
    page_memory.open_pages(tx, plan.pages, revision=revision)
    page_memory.end_pages(tx, plan.page_ends)
    return ids


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
        because_of=None if memory.hushed is None else memory.hushed.value,
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


def _decision_row(notice: Notice) -> DecisionRow:
    return DecisionRow(
        at_ns=notice.at_ns,
        alert_key=str(notice.key),
        channel=notice.channel or "",
        verdict="send" if notice.send else "hold" if notice.held_until_ns else "refuse",
        reason=notice.reason.value,
        because_of=notice.because_of,
    )


def _remember_notices(tx: Connection, plan: Sequence[Notice], transitions: Mapping[str, int]) -> None:
    """
    What takes nothing into itself is written at once; then what ends an alert; then the digests, with all that is held.
    """
    sayable = [(one, one.channel) for one in plan if one.channel is not None and (one.send or one.held_until_ns)]
    plain = [(one, channel) for one, channel in sayable if one.kind not in (*_ENDS, Kind.DIGEST)]
    outbox.add(tx, [_notice_row(one, channel, transitions) for one, channel in plain])
    for one, channel in sayable:
        if one.kind in _ENDS:
            waiting = outbox.unsent(tx, subject=str(one.key), channel=channel)
            _add(tx, _notice_row(one, channel, transitions, waiting=waiting), waiting, Reason.MERGED)
    for one, channel in sayable:
        if one.kind is Kind.DIGEST:
            held = notices.held_of(tx, channel)
            _add(tx, _notice_row(one, channel, transitions, held=held), held, Reason.DIGEST)


def _add(tx: Connection, row: NoticeRow, taken: Sequence[NoticeRow], reason: Reason) -> None:
    (new,) = outbox.add(tx, [row])
    if new is not None and taken:
        outbox.merge(tx, [one.id for one in taken], into=new, now_ns=row.created_ns, reason=reason.value)


def _notice_row(
    notice: Notice,
    channel: str,
    transitions: Mapping[str, int],
    *,
    waiting: Sequence[NoticeRow] = (),
    held: Sequence[NoticeRow] = (),
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
        # below 0 where no transition says it: the number of the firing must not be taken for that of a transition
        transition_id=transitions.get(str(notice.key), -notice.firing_id),
        cycle=notice.cycle,
        state="due" if goes else "held",
        reason=notice.reason.value,
    )
