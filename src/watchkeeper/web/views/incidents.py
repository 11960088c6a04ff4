"""
What does a tired person with a phone need to know about an incident?

Its clock, what is known, the runbook, one primary action; the timeline below.
"""

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from watchkeeper.act.incidents.journal import BY_RULE
from watchkeeper.act.watch import IncidentStory, Watch
from watchkeeper.decide.reasons import SAYS, Reason
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.units import Duration
from watchkeeper.manual.words import words
from watchkeeper.store.incidents import TimelineRow
from watchkeeper.web.views.alert_line import AlertLine, Countdown, RunbookLink, alert_line
from watchkeeper.web.views.lists import IncidentRow, incident_row, readable
from watchkeeper.web.views.moments import Moment, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentsView:
    """
    All incidents, those that are open first.
    """

    title: str
    headline: str
    open: tuple[IncidentRow, ...]
    closed: tuple[IncidentRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One line of the timeline.
    """

    at: Moment
    kind: str
    text: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLine:
    """
    A stage of the process as the manual writes it.
    """

    name: str
    within: str
    who: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPage:
    """
    The page of one incident. `countdown` is the time to respond, while it is open.
    """

    title: str
    row: IncidentRow
    sentence: str
    meaning: str
    closed_why: str
    closed: Moment | None
    countdown: Countdown | None
    alerts: tuple[AlertLine, ...]
    runbooks: tuple[RunbookLink, ...]
    stages: tuple[StageLine, ...]
    timeline: tuple[Entry, ...]


def incidents_view(watch: Watch) -> IncidentsView:
    """
    The list of incidents.
    """
    manual, now_ns = watch.standing.manual, watch.clock.now_ns()
    rows = [incident_row(one, manual, now_ns=now_ns) for one in watch.incidents(most=200)]
    open_ = tuple(row for row in rows if row.open)
    n = len(open_)
    said = "No incident is open" if not n else "1 incident is open" if n == 1 else f"{n} incidents are open"
    return IncidentsView(
        title="Incidents", headline=said, open=open_, closed=tuple(row for row in rows if not row.open)
    )


def incident_page(story: IncidentStory, watch: Watch) -> IncidentPage:
    """
    The page of one incident.
    """
    manual, now_ns, incident = watch.standing.manual, watch.clock.now_ns(), story.incident
    zone, row = ZoneInfo(manual.zone), incident_row(incident, manual, now_ns=now_ns)
    lines = tuple(alert_line(view, manual, now_ns=now_ns) for view in story.alerts)
    links = {line.runbook.href: line.runbook for line in lines if line.runbook is not None}
    severity = manual.severities.get(incident.severity)
    counting = (line.countdown for line in lines if line.countdown is not None)
    return IncidentPage(
        title=f"#{incident.number} {row.title}",
        row=row,
        sentence=_sentence(row, lines),
        meaning=" ".join(part for part in (severity.title, severity.meaning) if part) if severity else "",
        closed_why=_closed_why(incident.close_reason, incident.closed_by),
        closed=None if incident.closed_ns is None else moment(incident.closed_ns, now_ns=now_ns, zone=zone),
        countdown=next(counting, None) if row.open else None,
        alerts=lines,
        runbooks=tuple(links.values()),
        stages=_stages(manual),
        timeline=tuple(_entry(one, manual, now_ns=now_ns) for one in reversed(story.timeline)),
    )


def _sentence(row: IncidentRow, lines: tuple[AlertLine, ...]) -> str:
    if not row.open:
        return f"It is closed; it lasted {row.lasted}."
    firing = sum(line.state == "firing" for line in lines)
    if not firing:
        return f"Open for {row.lasted}. None of its alerts fires any more: it can be closed."
    return f"Open for {row.lasted}. {'1 alert is' if firing == 1 else f'{firing} alerts are'} firing."


def _closed_why(reason: str | None, by: str | None) -> str:
    if reason is None:
        return ""
    if reason == Reason.BY_A_PERSON.value:
        return f"closed by {by}"
    return SAYS[Reason(reason)] if reason in {one.value for one in Reason} else reason


def _stages(manual: Manual) -> tuple[StageLine, ...]:
    if manual.incidents is None:
        return ()
    return tuple(
        StageLine(
            name=stage.name,
            within=words(stage.within) if isinstance(stage.within, Duration) else stage.within or "",
            who=stage.responsible or "",
            steps=tuple(step.do for step in stage.steps),
        )
        for stage in manual.incidents.stages
    )


def _entry(row: TimelineRow, manual: Manual, *, now_ns: int) -> Entry:
    return Entry(
        at=moment(row.at_ns, now_ns=now_ns, zone=ZoneInfo(manual.zone)),
        kind=row.kind,
        text=row.text if row.kind == "note" else _readable(row.text, manual),
        by="" if row.by == BY_RULE else row.by,
    )


def _readable(text: str, manual: Manual) -> str:
    """
    A sentence with the keys of alerts in it, as people read them.
    """
    names = "|".join(re.escape(name) for name in sorted(manual.alerts, key=len, reverse=True))
    if not names:
        return text
    return re.sub(rf"(?<![\w-])(?:{names})(?:\[[^\]]*\])?(?![\w-])", lambda found: readable(found[0], manual), text)
