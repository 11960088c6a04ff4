"""
How do incidents and messages read in a line?
"""

from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from watchkeeper.act.incidents.people import called
from watchkeeper.act.watch import Watch
from watchkeeper.decide.reasons import SAYS, Reason
from watchkeeper.decide.values import Incident, Kind
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store.notices import NoticeRow
from watchkeeper.web.views import words
from watchkeeper.web.views.alert_line import alert_href
from watchkeeper.web.views.moments import Moment, moment, span

#: What became of a message, in words.
BECAME = {
    "due": "waits to be sent",
    "sending": "is being sent",
    "sent": "sent",
    "failed": "could not be sent",
    "held": "held back",
    "merged": "told with another",
    "unknown": "outcome unknown",
    "cancelled": "not sent any more",
}
#: What a kind of message is called, where its own word says too little.
KINDS = {"page": "paged", "page-over": "over", "bundle": "several pages", "test": "a test"}
#: What a message of an incident told, where the word of the event says too little.
EVENTS = {"stage": "next stage", "missed": "deadline missed", "severity": "severity changed"}
#: Whether that is as it should be, as a CSS class.
STATES = {"sent": "met", "failed": "breached", "unknown": "unknown", "due": "at-risk", "sending": "at-risk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """
    One incident for a list; `lasted` counts on while it is open.
    """

    id: int  # of its row
    number: int
    href: str
    title: str
    severity: str
    open: bool
    opened: Moment
    lasted: str
    alerts: tuple[str, ...]
    stage: str
    has_it: str  # who; empty: nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """
    One message for a list: what it was about, where it went, what became of it and why.
    """

    at: Moment
    subject: str
    href: str
    kind: str
    channel: str
    became: str
    state: str
    why: str
    attempts: int


def incident_row(incident: Incident, manual: Manual, *, now_ns: int) -> IncidentRow:
    """
    One incident.
    """
    until_ns = now_ns if incident.closed_ns is None else incident.closed_ns
    return IncidentRow(
        id=incident.id,
        number=incident.number,
        href=f"/incidents/{incident.number}",
        title=incident.title[:1].upper() + incident.title[1:],
        severity=incident.severity,
        open=incident.closed_ns is None,
        opened=moment(incident.opened_ns, now_ns=now_ns, zone=ZoneInfo(manual.zone)),
        lasted=span(until_ns - incident.opened_ns),
        alerts=incident.alerts,
        stage=incident.stage,
        has_it=called(manual, incident.acknowledged_by) if incident.acknowledged_by else "",
    )


def message_row(row: NoticeRow, manual: Manual, *, now_ns: int) -> MessageRow:
    """
    One message.
    """
    return MessageRow(
        at=moment(row.created_ns, now_ns=now_ns, zone=ZoneInfo(manual.zone)),
        subject=_subject(row, manual),
        href=subject_href(row.subject),
        kind=_kind(row),
        channel=f"{_name(row.person, manual)}, {row.channel}" if row.person else row.channel,
        became=BECAME[row.state],
        state=STATES.get(row.state, "unknown"),
        why=_why(row),
        attempts=row.attempts,
    )


def subject_href(subject: str) -> str:
    """
    The page of what a message is about.

    >>> subject_href("incident/7"), subject_href("page/3"), subject_href("disk")
    ('/incidents/7', '/pages/3', '/alerts/disk')
    """
    for kind, place in (("incident/", "/incidents/"), ("page/", "/pages/")):
        if subject.startswith(kind):
            return f"{place}{quote(subject.removeprefix(kind), safe='')}"
    return "/on-call" if subject.startswith("schedule/") else alert_href(subject)


def message_rows(watch: Watch, *, now_ns: int, most: int) -> tuple[MessageRow, ...]:
    """
    The newest messages.
    """
    manual = watch.standing.manual
    return tuple(message_row(row, manual, now_ns=now_ns) for row in watch.recent_notices(most=most))


def readable(key: str, manual: Manual) -> str:
    """
    The key of an alert as people read it: `parse-success[platform=spotify]` is "Parse success on spotify".
    """
    for kind, says in (("incident/", "Incident #"), ("page/", "Page "), ("schedule/", "Schedule ")):
        if key.startswith(kind) and key not in manual.alerts:
            return says + key.removeprefix(kind)
    rule, bracket, rest = key.partition("[")
    said = words.title(rule, manual.alerts[rule]) if rule in manual.alerts else key
    value = rest.removesuffix("]").partition("=")[2]
    return f"{said} on {value}" if bracket and rule in manual.alerts else said


def plain(text: str) -> str:
    """
    A sentence that was written for terminals too, without its marks of code.

    >>> plain("`mail`: SMTP is not set")
    'mail: SMTP is not set'
    """
    return text.replace("`", "")


def reason_words(value: str | None) -> str:
    """
    A reason in words.
    """
    return SAYS[Reason(value)] if value in {one.value for one in Reason} else (value or "")


def _subject(row: NoticeRow, manual: Manual) -> str:
    """
    What a message is about; the title of a page stands in its messages.
    """
    title = str(row.body.get("title") or "") if row.kind in KINDS else ""
    return title[:1].upper() + title[1:] or readable(row.subject, manual)


def _kind(row: NoticeRow) -> str:
    """
    What it told; of an incident, what happened to it.
    """
    event = str(row.body.get("event") or "") if row.kind == Kind.INCIDENT else ""
    return EVENTS.get(event, event) or KINDS.get(row.kind, row.kind)


def _name(person: str, manual: Manual) -> str:
    found = manual.people.get(person)
    return (found.name if found else None) or person.removeprefix("contact:")


def _why(row: NoticeRow) -> str:
    why = (row.receipt or {}).get("detail")
    return str(why) if why and row.state in ("failed", "unknown") else reason_words(row.reason)
