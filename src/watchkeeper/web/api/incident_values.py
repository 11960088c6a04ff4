"""
How do incidents look in JSON?
"""

from typing import Any, Literal

from pydantic import Field

from watchkeeper.act.incidents.course import IncidentCase
from watchkeeper.decide import response_times as times
from watchkeeper.decide.process import Clock as ClockValue
from watchkeeper.decide.values import Incident as IncidentValue
from watchkeeper.web.api.values import Instant, Model, Seconds, at, at_or_none, seconds
from watchkeeper.web.views.lists import reason_words


class Incident(Model):
    """
    What people work on together.
    """

    number: int
    title: str
    severity: str
    state: Literal["open", "closed"]
    service: str | None
    opened: Instant
    opened_by: str
    stage: str = Field(description="The present stage; empty without a process, and after its last stage.")
    acknowledged: Instant | None = Field(description="When somebody had it for the first time.")
    acknowledged_by: str | None = Field(description="Who has it; null also when an acknowledgement lapsed.")
    closed: Instant | None
    closed_by: str | None
    close_reason: str | None
    close_reason_says: str | None = Field(description="Why it was closed, in words.")
    alerts: list[str] = Field(description="The keys of its alerts.")


class IncidentList(Model):
    """
    The newest incidents, newest first.
    """

    incidents: list[Incident]


class Edit(Model):
    """
    What an entry said until somebody changed it.
    """

    text: str
    changed: Instant
    changed_by: str


class TimelineEntry(Model):
    """
    One thing that happened.
    """

    id: int
    at: Instant
    kind: str = Field(
        description="opened, alert, stage, acknowledged, missed, escalated, severity, role, step, note, update, "
        "summary, services, attached, detached, merged, split, channel, lapsed, closed or reopened."
    )
    text: str
    by: str
    edits: list[Edit] = Field(description="What it said before, oldest first.")


class Clock(Model):
    """
    What is owed by when: `respond`, `escalate`, `recover`, `update`, `report`, or `stage NAME`.
    """

    name: str
    started: Instant
    due: Instant
    met: Instant | None = Field(description="When it was done.")
    missed: Instant | None = Field(description="When it was found to be missed, and told.")


class Role(Model):
    """
    Who has which role.
    """

    role: str
    person: str
    since: Instant


class StagePassed(Model):
    """
    A stage that it is in (`left` null) or went through.
    """

    stage: str
    entered: Instant
    left: Instant | None
    by: str


class StepDone(Model):
    """
    A step of a stage's checklist that is done, counted from 1.
    """

    stage: str
    step: int
    done: Instant
    by: str
    note: str


class IncidentDetail(Incident):
    """
    An incident with its clocks, its people and its timeline, oldest first.
    """

    summary: str = Field(description="What is known, in a person's words.")
    services: list[str] = Field(description="What is affected beside `service`.")
    merged_into: int | None = Field(description="The number of the incident that it went on as.")
    merged: list[int] = Field(description="The numbers of those that went on as this one.")
    roles: list[Role]
    clocks: list[Clock]
    stages: list[StagePassed]
    steps: list[StepDone]
    evidence: dict[str, Any] | None = Field(
        description="What was known when it opened: numbers, worst observations, releases, who was on call."
    )
    timeline: list[TimelineEntry]


class Times(Model):
    """
    Of so many: mean, median and longest.
    """

    n: int
    mean_seconds: Seconds
    median_seconds: Seconds
    longest_seconds: Seconds


class Kept(Model):
    """
    How often a deadline was met in time, and how often not.
    """

    met: int
    missed: int


class ResponseTimes(Model):
    """
    How the incidents of some days went; null where there was nothing to measure.
    """

    since: Instant
    incidents: int
    acknowledge: Times | None = Field(description="From the opening until somebody had it: MTTA.")
    resolve: Times | None = Field(description="From the opening until it was closed: MTTR.")
    stages: dict[str, Times]
    clocks: dict[str, Kept]


def incident_of(value: IncidentValue) -> Incident:
    """
    One incident for JSON.
    """
    return Incident(
        number=value.number,
        title=value.title,
        severity=value.severity,
        state="open" if value.closed_ns is None else "closed",
        service=value.service,
        opened=at(value.opened_ns),
        opened_by=value.opened_by,
        stage=value.stage,
        acknowledged=at_or_none(value.acknowledged_ns),
        acknowledged_by=value.acknowledged_by,
        closed=at_or_none(value.closed_ns),
        closed_by=value.closed_by,
        close_reason=value.close_reason,
        close_reason_says=reason_words(value.close_reason) or None,
        alerts=list(value.alerts),
    )


def detail_of(case: IncidentCase) -> IncidentDetail:
    """
    One incident with all that belongs to it.
    """
    return IncidentDetail(
        **dict(incident_of(case.incident)),
        summary=case.incident.summary,
        services=list(case.incident.services),
        merged_into=None if case.into is None else case.into.number,
        merged=[one.number for one in case.merged],
        roles=[Role(role=one.role, person=one.person, since=at(one.since_ns)) for one in case.roles],
        clocks=[clock_of(one) for one in case.clocks],
        stages=[
            StagePassed(stage=one.stage, entered=at(one.entered_ns), left=at_or_none(one.left_ns), by=one.by)
            for one in case.stages
        ],
        steps=[
            StepDone(stage=one.stage, step=one.position + 1, done=at(one.done_ns), by=one.by, note=one.note)
            for one in case.steps
        ],
        evidence=_evidence(case.row.evidence),
        timeline=_timeline(case),
    )


def clock_of(value: ClockValue) -> Clock:
    """
    One clock.
    """
    return Clock(
        name=value.name,
        started=at(value.started_ns),
        due=at(value.due_ns),
        met=at_or_none(value.met_ns),
        missed=at_or_none(value.missed_ns),
    )


def times_of(value: times.ResponseTimes, *, begin_ns: int) -> ResponseTimes:
    """
    How incidents went.
    """
    return ResponseTimes(
        since=at(begin_ns),
        incidents=value.incidents,
        acknowledge=_times(value.acknowledge),
        resolve=_times(value.resolve),
        stages={name: found for name, spans in value.stages.items() if (found := _times(spans)) is not None},
        clocks={name: Kept(met=kept.met, missed=kept.missed) for name, kept in value.clocks.items()},
    )


def _times(value: times.Times | None) -> Times | None:
    if value is None:
        return None
    return Times(
        n=value.n,
        mean_seconds=seconds(value.mean_ns),
        median_seconds=seconds(value.median_ns),
        longest_seconds=seconds(value.longest_ns),
    )


def _timeline(case: IncidentCase) -> list[TimelineEntry]:
    edits: dict[int, list[Edit]] = {}
    for one in case.edits:
        edits.setdefault(one.entry_id, []).append(Edit(text=one.text, changed=at(one.at_ns), changed_by=one.by))
    return [
        TimelineEntry(id=row.id, at=at(row.at_ns), kind=row.kind, text=row.text, by=row.by, edits=edits.get(row.id, []))
        for row in case.timeline
    ]


def _evidence(found: Any) -> Any:
    """
    The same with instants as all others: `at_ns` becomes `at`.
    """
    if isinstance(found, dict):
        return {
            name.removesuffix("_ns"): at(value) if name.endswith("_ns") and isinstance(value, int) else _evidence(value)
            for name, value in found.items()
            if name != "numbers"
        }
    return [_evidence(one) for one in found] if isinstance(found, list) else found
