"""
Who hears of an incident, and what?

A stage names the channels and contacts that hear of it; whatever else happens goes to the channels of the stages, or,
where no stage names any, to those that carry its alerts. What cannot be told is a decision with its reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from watchkeeper.decide.oncall.reach import CONTACT, methods_of, why_unreachable
from watchkeeper.decide.process import stages
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import Kind
from watchkeeper.manual.liveness import why_not
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.responding import Stage
from watchkeeper.manual.routing import channels_of, routed
from watchkeeper.store import decisions, incidents, outbox
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.incidents import IncidentRow
from watchkeeper.store.notices import NoticeRow


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """
    What is told of an incident: `entry` is the entry of its timeline that says the same.
    """

    event: str  # stage, missed, escalated, severity, update, opened, closed
    text: str
    at_ns: int
    entry: int
    by: str = ""
    due_ns: int | None = None
    reason: Reason = Reason.BY_A_PERSON


def subject_of(number: int) -> str:
    """
    What messages about an incident, and decisions not to send one, are filed under.
    """
    return f"incident/{number}"


def audience(view: Connection, row: IncidentRow, manual: Manual) -> tuple[str, ...]:
    """
    The channels that hear how an incident goes.
    """
    named = tuple(dict.fromkeys(channel for stage in stages(manual) for channel in stage.tell))
    if named:
        return named
    keys = incidents.alerts_of(view, row.id)
    rules = dict.fromkeys(key.partition("[")[0] for key in keys)
    carried = [channels_of(rule, manual.alerts[rule], manual) for rule in rules if rule in manual.alerts]
    usual = routed(manual, severity=row.severity, service=row.service, name="")
    return tuple(dict.fromkeys(channel for some in (carried or [usual]) for channel in some))


def tell_stage(tx: Connection, row: IncidentRow, stage: Stage, manual: Manual, news: News) -> None:
    """
    Those whom a stage names hear that it began.
    """
    _tell_channels(tx, row, stage.tell, manual, news)
    for name in stage.contacts:
        _tell_contact(tx, row, name, manual, news)


def tell_all(tx: Connection, row: IncidentRow, manual: Manual, news: News) -> None:
    """
    Everybody who hears how an incident goes hears this.
    """
    _tell_channels(tx, row, audience(tx, row, manual), manual, news)


def _tell_channels(tx: Connection, row: IncidentRow, channels: Iterable[str], manual: Manual, news: News) -> None:
    for channel in channels:
        if why := why_not("channels", channel, manual):
            _refuse(tx, row, news, Reason.PLANNED_CHANNEL, channel=channel, why=why)
        else:
            outbox.add(tx, [_notice(row, news, channel=channel)])


def _tell_contact(tx: Connection, row: IncidentRow, name: str, manual: Manual, news: News) -> None:
    person = f"{CONTACT}{name}"
    if why := why_unreachable(person, manual):
        _refuse(tx, row, news, Reason.UNREACHABLE, person=person, why=why)
        return
    for method in methods_of(person, manual):
        outbox.add(tx, [_notice(row, news, channel=method.channel, person=person, address=method.name)])


def _notice(row: IncidentRow, news: News, *, channel: str, person: str = "", address: str = "") -> NoticeRow:
    body = {
        "at_ns": news.at_ns,
        "incident": row.number,
        "event": news.event,
        "title": row.title,
        "severity": row.severity,
        "text": news.text,
        "stage": row.stage,
        "due_ns": news.due_ns,
        "by": news.by,
    }
    return NoticeRow(
        subject=subject_of(row.number),
        kind=Kind.INCIDENT.value,
        channel=channel,
        body=body,
        created_ns=news.at_ns,
        due_ns=news.at_ns,
        transition_id=news.entry,
        person=person,
        address=address,
        reason=news.reason.value,
    )


def _refuse(
    tx: Connection, row: IncidentRow, news: News, reason: Reason, *, why: str, channel: str = "", person: str = ""
) -> None:
    refusal = DecisionRow(
        at_ns=news.at_ns,
        alert_key=subject_of(row.number),
        channel=channel,
        verdict="refuse",
        reason=reason.value,
        because_of=why,
        person=person,
    )
    decisions.add(tx, [refusal])
