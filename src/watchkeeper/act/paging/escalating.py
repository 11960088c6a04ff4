"""
Who is paged next, of every page of which something is due?

Each page goes one step further in one transaction: it is read again, decided, and its messages, its refusals and the
time at which it is looked at again are written, or none of it. Then what was held for too busy contact methods goes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from watchkeeper.act.incidents import marks
from watchkeeper.act.paging import bundling, echoes
from watchkeeper.act.paging.facts import MISSED, Gathering, due_row
from watchkeeper.act.paging.rows import changed, decided, page_of, write_sends
from watchkeeper.act.standing import Standing
from watchkeeper.decide.paging.escalation import Escalated, escalate, is_exhausted
from watchkeeper.decide.paging.throttling import Carried, after
from watchkeeper.decide.paging.values import PageState, Send
from watchkeeper.decide.reasons import Reason
from watchkeeper.manual.routing import policy_of_incident
from watchkeeper.store import carried, pages
from watchkeeper.store.incidents import IncidentRow
from watchkeeper.store.pages import PageRow
from watchkeeper.store.state import State

PORTION: Final = 8  # pages of one transaction: a commit costs as much as several pages, a turn must not hold up others
MOST: Final = 2000  # pages of one pass


def run(state: State, standing: Standing, *, now_ns: int) -> bool:
    """
    Take each due page one step further; whether anything was written.
    """
    with state.reading() as view:
        due = [row.id for row in pages.due(view, now_ns=now_ns, most=MOST)]
        held = carried.held_due(view, now_ns=now_ns)
    if not due and not held:
        return False
    gathering, wrote = Gathering(standing, now_ns=now_ns), False
    for portion in _portions(due):
        with state.transaction() as tx:
            wrote = [_take(tx, number, gathering) for number in portion] != [] or wrote
    with state.reading() as view:
        held = carried.held_due(view, now_ns=now_ns)
    for recipient in held:
        with state.transaction() as tx:
            wrote = bundling.release(tx, recipient, standing.manual, now_ns=now_ns) or wrote
    return wrote


def escalate_incident(tx: Connection, incident: IncidentRow, standing: Standing, *, reason: Reason, at_ns: int) -> None:
    """
    Take the pages of an incident to their next step at once; open one if it has none: for everyone where its severity
    says so, else by the policy of incidents.

    Nobody is paged where the manual is not about production, and where it has no such policy and no page.
    """
    if standing.manual.environment != "production":
        return
    mine = [row for row in pages.of_incident(tx, incident.id) if row.state != PageState.ENDED]
    for row in mine:
        further(tx, row, reason=reason, at_ns=at_ns)
    policy = policy_of_incident(incident.severity, standing.manual)
    if mine or policy is None:
        return
    row = PageRow(
        key=f"incident/{incident.number}",
        title=incident.title,
        policy=policy,
        severity=incident.severity,
        service=incident.service,
        state=PageState.OPEN.value,
        opened_ns=at_ns,
        due_ns=at_ns,
        reason=reason.value,
        incident_id=incident.id,
        revision=standing.revision,
    )
    pages.add(tx, [row])


def further(tx: Connection, row: PageRow, *, reason: Reason, at_ns: int) -> bool:
    """
    Make the next step of a page due at once, from the first one when all were taken; False for one that is over.
    """
    ended = is_exhausted(state=row.state, due_ns=row.due_ns, reason=row.reason)
    columns: dict[str, Any] = {"state": PageState.OPEN.value, "due_ns": at_ns, "reason": reason.value}
    if ended:
        columns |= {"step": 0, "round": 0}
    return pages.change(tx, row.id, **columns)


def _portions(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    return (numbers[i : i + PORTION] for i in range(0, len(numbers), PORTION))


def _take(tx: Connection, number: int, gathering: Gathering) -> bool:
    """
    One page, as it now stands; False when somebody was faster.
    """
    now_ns = gathering.now_ns
    row = due_row(tx, number, now_ns=now_ns)
    if row is None:
        return False
    facts = gathering.facts(tx, row)
    found = escalate(facts, now_ns=now_ns)
    if facts.page.state is PageState.ACKNOWLEDGED:
        echoes.acknowledged(tx, row, gathering.manual, at_ns=now_ns)
    _write(tx, row, found, gathering)
    return True


def _write(tx: Connection, row: PageRow, found: Escalated, gathering: Gathering) -> None:
    before, now_ns = page_of(row), gathering.now_ns
    if columns := changed(before, found.page):
        pages.change(tx, row.id, **columns)
    if before.state is not PageState.OPEN and found.page.state is PageState.OPEN:
        reason = Reason.LAPSED if before.state is PageState.ACKNOWLEDGED else Reason.SNOOZE_OVER
        decided(tx, [row.id], verdict="reopen", reason=reason, by="", at_ns=now_ns, because_of=row.by or "")
        if before.incident_id is not None and reason is Reason.LAPSED:
            marks.lapsed(tx, before.incident_id, now_ns)
    if found.late:
        decided(tx, [row.id], verdict=MISSED, reason=Reason.DEADLINE_MISSED, by="", at_ns=now_ns)
    write_sends(tx, replace(row, policy=found.page.policy), found.sends, now_ns=now_ns)
    for send in found.sends:
        _carry(send, gathering)


def _carry(send: Send, gathering: Gathering) -> None:
    if send.send and send.person and send.reason is not Reason.QUIET_HOURS:
        to = (send.person, send.channel, send.method)
        known: Carried = gathering.carried(to)
        gathering.wrote(to, after(known, send))
