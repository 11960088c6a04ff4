"""
What does a tired person with a phone need to know about an incident?

The clock of the present stage, what is known, who is on it, what comes next, one primary action; then the timeline, and
what else can be done. What is primary follows from where the incident stands, and stays in one place.
"""

import re
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from watchkeeper.act.incidents.checklists import RUNBOOK, checklist
from watchkeeper.act.incidents.course import IncidentCase
from watchkeeper.act.incidents.journal import BY_RULE
from watchkeeper.act.incidents.people import called
from watchkeeper.act.watch import IncidentStory, Watch
from watchkeeper.decide import process
from watchkeeper.decide.process import ESCALATE, RECOVER, REPORT, RESPOND, STAGE, UPDATE, Clock
from watchkeeper.decide.reasons import SAYS, Reason
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.units import Duration
from watchkeeper.manual.words import words, words_ns
from watchkeeper.store.incidents import TimelineRow
from watchkeeper.web.views.alert_line import AlertLine, RunbookLink, alert_line, runbook_link
from watchkeeper.web.views.evidence import EvidenceView, evidence_view
from watchkeeper.web.views.lists import IncidentRow, MessageRow, incident_row, message_row, readable
from watchkeeper.web.views.moments import Moment, moment
from watchkeeper.web.views.ways import person_href

SECOND: Final = 10**9
_OWES: Final = {
    RESPOND: "to acknowledge",
    ESCALATE: "until it goes further",
    RECOVER: "to recover",
    UPDATE: "until the next update",
    REPORT: "to write the report",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockLine:
    """
    One clock as people read it: `3:12` left `to acknowledge`, of `5 min`, due at. `seconds` left lets a browser count.
    """

    name: str
    what: str
    left: str
    seconds: int
    of: str
    due: Moment
    state: str  # runs, late, met, met late
    ended: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """
    One step of a checklist; `position` counts from 0.
    """

    text: str
    position: int
    done: Moment | None
    by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLine:
    """
    A stage of the process: `stands` is past, present or ahead.
    """

    name: str
    stands: str
    within: str
    who: str
    clock: ClockLine | None
    spent: str
    steps: tuple[StepLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """
    A runbook of its alerts, with its first step that is not done.
    """

    link: RunbookLink
    list: str
    steps: tuple[StepLine, ...]
    next: StepLine | None
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """
    Somebody in a role.
    """

    person: str
    name: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleLine:
    """
    A role and who has it.
    """

    role: str
    holders: tuple[Holder, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """
    The one primary action: which deed, what the button says, and why it is that.
    """

    deed: str
    says: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One line of the timeline; `before` is what it said earlier, and `id` is 0 where it cannot be edited.
    """

    id: int
    at: Moment
    kind: str
    text: str
    by: str
    before: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPage:
    """
    The page of one incident.
    """

    title: str
    row: IncidentRow
    sentence: str
    meaning: str
    closed_why: str
    closed: Moment | None
    wrong: str
    act: Act
    clock: ClockLine | None
    clocks: tuple[ClockLine, ...]
    stage: str
    stages: tuple[StageLine, ...]
    now: StageLine | None
    roles: tuple[RoleLine, ...]
    on_it: tuple[Holder, ...]
    has_it: str
    summary: str
    services: tuple[str, ...]
    alerts: tuple[AlertLine, ...]
    books: tuple[Book, ...]
    evidence: EvidenceView
    timeline: tuple[Entry, ...]
    told: tuple[MessageRow, ...]
    pages: tuple[tuple[str, str], ...]
    into: tuple[int, str] | None
    merged: tuple[tuple[int, str], ...]
    people: tuple[tuple[str, str], ...]
    severities: tuple[str, ...]
    every_service: tuple[str, ...]
    others: tuple[tuple[int, str], ...]  # open incidents that it may be the same as
    loose: tuple[tuple[str, str], ...]  # alerts that may belong to it
    opened_by: str


def incident_page(story: IncidentStory, watch: Watch, *, wrong: str = "") -> IncidentPage:
    """
    The page of one incident; `wrong` says why a form changed nothing.
    """
    manual, now_ns, incident = watch.standing.manual, watch.clock.now_ns(), story.incident
    case = watch.desk.case(incident.number)
    zone, row = ZoneInfo(manual.zone), incident_row(incident, manual, now_ns=now_ns)
    lines = tuple(alert_line(view, manual, now_ns=now_ns) for view in story.alerts)
    severity = manual.severities.get(incident.severity)
    clocks = tuple(_clock(one, now_ns, zone) for one in case.clocks)
    stages = _stages(case, manual, clocks, now_ns=now_ns, zone=zone)
    return IncidentPage(
        title=f"#{incident.number} {row.title}",
        row=row,
        sentence=_sentence(row, lines, case, manual),
        meaning=" ".join(part for part in (severity.title, severity.meaning) if part) if severity else "",
        closed_why=_closed_why(incident.close_reason, incident.closed_by, manual),
        closed=None if incident.closed_ns is None else moment(incident.closed_ns, now_ns=now_ns, zone=zone),
        wrong=wrong,
        act=_act(case, manual, lines),
        clock=_present(case, clocks),
        clocks=clocks,
        stage=incident.stage,
        stages=stages,
        now=next((one for one in stages if one.stands == "present"), None),
        roles=_roles(case, watch, manual),
        on_it=tuple(_holder(one, manual) for one in dict.fromkeys(role.person for role in case.roles)),
        has_it=called(manual, incident.acknowledged_by) if incident.acknowledged_by else "",
        summary=incident.summary,
        services=tuple(dict.fromkeys((*((incident.service,) if incident.service else ()), *incident.services))),
        alerts=lines,
        books=_books(lines, case, manual, now_ns=now_ns, zone=zone),
        evidence=evidence_view(case.row.evidence or {}, manual, now_ns=now_ns),
        timeline=_timeline(case, manual, now_ns=now_ns),
        told=tuple(message_row(one, manual, now_ns=now_ns) for one in case.told[:10]),
        pages=tuple((f"page {page.id}, {page.state}", f"/pages/{page.id}") for page in case.pages),
        into=None if case.into is None else (case.into.number, case.into.title),
        merged=tuple((one.number, one.title) for one in case.merged),
        people=tuple((name, called(manual, name)) for name in manual.people),
        severities=tuple(manual.severities),
        every_service=(*manual.services, *manual.dependencies),
        others=tuple(
            (one.number, one.title)
            for one in watch.incidents(most=200)
            if one.closed_ns is None and one.number != incident.number
        ),
        loose=_loose(watch, incident.alerts, manual),
        opened_by="" if incident.opened_by == BY_RULE else called(manual, incident.opened_by),
    )


def left(span_ns: int) -> str:
    """
    How long is left, or over: `3:12`, `1:02:00`, from two days on `2 d 3 h`.

    >>> left(192 * SECOND), left(-5 * SECOND), left(2 * 86_400 * SECOND)
    ('3:12', '0:05', '2 d')
    """
    seconds = abs(span_ns) // SECOND
    if seconds >= 2 * 86_400:
        return words_ns(seconds // 3600 * 3600 * SECOND)
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


# The clocks.


def _clock(clock: Clock, now_ns: int, zone: ZoneInfo) -> ClockLine:
    met, late = clock.met_ns is not None, (clock.met_ns or now_ns) > clock.due_ns
    until_ns = clock.due_ns - (clock.met_ns if clock.met_ns is not None else now_ns)
    stage = clock.name.removeprefix(STAGE) if clock.name.startswith(STAGE) else ""
    return ClockLine(
        name=clock.name,
        what=f"for {stage}" if stage else _OWES.get(clock.name, clock.name),
        left=left(until_ns),
        seconds=until_ns // SECOND,
        of=words_ns(clock.due_ns - clock.started_ns),
        due=moment(clock.due_ns, now_ns=now_ns, zone=zone),
        state=("met late" if late else "met") if met else "late" if late else "runs",
        ended=None if clock.met_ns is None else moment(clock.met_ns, now_ns=now_ns, zone=zone),
    )


def _present(case: IncidentCase, clocks: tuple[ClockLine, ...]) -> ClockLine | None:
    """
    The clock that matters now: to acknowledge while nobody has it, then the present stage's, then whichever is next.
    """
    owed = [one for one in clocks if one.state in ("runs", "late")]
    if case.incident.acknowledged_by is None and case.incident.closed_ns is None:
        first = [one for one in owed if process.is_acknowledgement(one.name)]
        if first:
            return min(first, key=lambda one: one.seconds)
    mine = next((one for one in owed if one.name == f"{STAGE}{case.incident.stage}"), None)
    running = [one for one in owed if not one.name.startswith(STAGE)] or owed
    return mine or min(running, key=lambda one: (one.seconds < 0, one.seconds), default=None)


# The process.


def _stages(
    case: IncidentCase, manual: Manual, clocks: tuple[ClockLine, ...], *, now_ns: int, zone: ZoneInfo
) -> tuple[StageLine, ...]:
    found, present = process.stages(manual), case.incident.stage
    names = [one.name for one in found]
    at = names.index(present) if present in names else len(names) if case.stages else 0
    by_name = {one.name: one for one in clocks}
    return tuple(
        StageLine(
            name=stage.name,
            stands="past" if place < at else "present" if place == at else "ahead",
            within=words(stage.within) if isinstance(stage.within, Duration) else stage.within or "",
            who=stage.responsible or "",
            clock=by_name.get(f"{STAGE}{stage.name}"),
            spent=_spent(case, stage.name, now_ns),
            steps=_steps(case, manual, stage.name, now_ns=now_ns, zone=zone),
        )
        for place, stage in enumerate(found)
    )


def _spent(case: IncidentCase, stage: str, now_ns: int) -> str:
    spans = [(one.left_ns or now_ns) - one.entered_ns for one in case.stages if one.stage == stage]
    return words_ns(sum(spans) // SECOND * SECOND) if sum(spans) else ""


def _steps(case: IncidentCase, manual: Manual, name: str, *, now_ns: int, zone: ZoneInfo) -> tuple[StepLine, ...]:
    done = {one.position: one for one in case.steps if one.stage == name}
    return tuple(
        StepLine(
            text=text,
            position=place,
            done=moment(done[place].done_ns, now_ns=now_ns, zone=zone) if place in done else None,
            by=called(manual, done[place].by) if place in done else "",
            note=done[place].note if place in done else "",
        )
        for place, text in enumerate(checklist(manual, name))
    )


def _books(
    lines: tuple[AlertLine, ...], case: IncidentCase, manual: Manual, *, now_ns: int, zone: ZoneInfo
) -> tuple[Book, ...]:
    firing = sorted(lines, key=lambda line: line.state != "firing")
    rules = dict.fromkeys(line.key.partition("[")[0] for line in firing)
    names = dict.fromkeys(alert.runbook for rule in rules if (alert := manual.alerts.get(rule)) and alert.runbook)
    books = []
    for name in names:
        steps = _steps(case, manual, f"{RUNBOOK}{name}", now_ns=now_ns, zone=zone)
        following = next((one for one in steps if one.done is None), None)
        done = sum(one.done is not None for one in steps)
        books.append(
            Book(link=runbook_link(name, manual), list=f"{RUNBOOK}{name}", steps=steps, next=following, done=done)
        )
    return tuple(books)


def _act(case: IncidentCase, manual: Manual, lines: tuple[AlertLine, ...]) -> Act:
    incident, stage = case.incident, case.incident.stage
    after = process.next_stage(manual, stage) if stage else ""
    if incident.closed_ns is not None:
        if case.into is not None:
            return Act(deed="reopen", says="Undo: it is another matter", why="")
        if stage and process.is_afterwards(stage):
            return Act(deed="stage", says=f"{stage} is done", why="It is closed; this is left to do.")
        return Act(deed="reopen", says="Undo: open it again", why="")
    if incident.acknowledged_by is None:
        return Act(deed="acknowledge", says="Acknowledge", why="Nobody has it yet.")
    if after and not process.is_afterwards(after):
        return Act(deed="stage", says=f"Go on to {after}", why=f"when {stage} is done")
    calm = not any(line.state in ("firing", "unknown") for line in lines)
    return Act(deed="close", says="Close it", why="None of its alerts fires any more." if calm and lines else "")


# People, and what happened.


def _roles(case: IncidentCase, watch: Watch, manual: Manual) -> tuple[RoleLine, ...]:
    held: dict[str, list[Holder]] = {}
    for one in case.roles:
        held.setdefault(one.role, []).append(_holder(one.person, manual))
    return tuple(RoleLine(role=role, holders=tuple(held.get(role, ()))) for role in (*watch.desk.roles(),))


def _holder(person: str, manual: Manual) -> Holder:
    href = person_href(person) if person in manual.people else ""
    return Holder(person=person, name=called(manual, person), href=href)


def _sentence(row: IncidentRow, lines: tuple[AlertLine, ...], case: IncidentCase, manual: Manual) -> str:
    if case.into is not None:
        return f"It goes on as #{case.into.number} {case.into.title}."
    if not row.open:
        return f"It is closed; it lasted {row.lasted}."
    firing, unknown = (sum(line.state == state for line in lines) for state in ("firing", "unknown"))
    parts = []
    if firing:
        parts.append("1 alert is firing" if firing == 1 else f"{firing} alerts are firing")
    if unknown:
        parts.append("1 is unknown" if unknown == 1 else f"{unknown} are unknown")
    if lines and not parts:
        parts.append("none of its alerts fires any more: it can be closed")
    who = case.incident.acknowledged_by
    parts.append(f"{called(manual, who)} has it" if who else "nobody has it")
    said = "; ".join(parts)
    return f"Open for {row.lasted}. {said[:1].upper()}{said[1:]}."


def _closed_why(reason: str | None, by: str | None, manual: Manual) -> str:
    if reason is None:
        return ""
    if reason == Reason.BY_A_PERSON.value:
        return f"closed by {called(manual, by or '')}"
    return SAYS[Reason(reason)] if reason in {one.value for one in Reason} else reason


def _timeline(case: IncidentCase, manual: Manual, *, now_ns: int) -> tuple[Entry, ...]:
    before: dict[int, list[str]] = {}
    for edit in case.edits:
        before.setdefault(edit.entry_id, []).append(f"{edit.text} (until {called(manual, edit.by)} changed it)")
    zone = ZoneInfo(manual.zone)
    return tuple(
        Entry(
            id=row.id if row.kind in ("note", "update") else 0,
            at=moment(row.at_ns, now_ns=now_ns, zone=zone),
            kind=row.kind,
            text=row.text if row.kind in ("note", "update") else _readable(_named(row, manual), manual),
            by="" if row.by == BY_RULE or _speaks_of(row, row.by) else called(manual, row.by),
            before=tuple(before.get(row.id, ())),
        )
        for row in reversed(case.timeline)
    )


def _named(row: TimelineRow, manual: Manual) -> str:
    """
    What the watch wrote, with people by their full names.
    """
    text = row.text
    for name in {row.by, str(row.data.get("person", ""))} & set(manual.people):
        full = called(manual, name).replace("\\", r"\\")
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", full, text)
    return text


def _speaks_of(row: TimelineRow, name: str) -> bool:
    return (
        row.kind not in ("note", "update") and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", row.text) is not None
    )


def _loose(watch: Watch, mine: tuple[str, ...], manual: Manual) -> tuple[tuple[str, str], ...]:
    firing = [str(view.memory.key) for view in watch.alerts() if view.memory.state.value in ("firing", "unknown")]
    return tuple((key, readable(key, manual)) for key in firing if key not in mine)[:30]


def _readable(text: str, manual: Manual) -> str:
    """
    A sentence with the keys of alerts in it, as people read them.
    """
    names = "|".join(re.escape(name) for name in sorted(manual.alerts, key=len, reverse=True))
    if not names:
        return text
    found: Any = re.sub(
        rf"(?<![\w-])(?:{names})(?:\[[^\]]*\])?(?![\w-])", lambda found: readable(found[0], manual), text
    )
    return str(found)
