"""
How did an incident go, from all sides?
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from watchkeeper.act.incidents.journal import clock_of, incident_of
from watchkeeper.decide.process import Clock
from watchkeeper.decide.response_times import Course
from watchkeeper.decide.values import Incident
from watchkeeper.store import decisions, incident_work, incidents, notices, pages
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.incident_work import EditRow, RoleRow, StageRow, StepRow
from watchkeeper.store.incidents import IncidentRow, TimelineRow
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.pages import PageRow


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentCase:
    """
    An incident with all that belongs to it; the timeline is oldest first, `edits` what its entries said before.
    """

    incident: Incident
    row: IncidentRow
    timeline: tuple[TimelineRow, ...]
    edits: tuple[EditRow, ...]
    roles: tuple[RoleRow, ...]
    clocks: tuple[Clock, ...]
    stages: tuple[StageRow, ...]
    steps: tuple[StepRow, ...]
    pages: tuple[PageRow, ...]
    told: tuple[NoticeRow, ...]  # messages about it, newest first
    refused: tuple[DecisionRow, ...]  # those that could not be sent, and why
    merged: tuple[Incident, ...]  # the incidents that went on as this one
    into: Incident | None  # the one that this went on as


def case_of(view: Connection, row: IncidentRow) -> IncidentCase:
    """
    All of it.
    """
    into = incidents.by_id(view, row.merged_into) if row.merged_into is not None else None
    return IncidentCase(
        incident=incident_of(view, row),
        row=row,
        timeline=tuple(incidents.timeline_of(view, row.id)),
        edits=tuple(incident_work.edits_of(view, row.id)),
        roles=tuple(incident_work.roles_of(view, row.id)),
        clocks=tuple(clock_of(one) for one in incident_work.clocks_of(view, row.id)),
        stages=tuple(incident_work.stages_of(view, row.id)),
        steps=tuple(incident_work.steps_of(view, row.id)),
        pages=tuple(pages.of_incident(view, row.id)),
        told=tuple(notices.of_subject(view, f"incident/{row.number}")),
        refused=tuple(decisions.of_alert(view, f"incident/{row.number}")),
        merged=tuple(incident_of(view, one) for one in incident_work.merged_into(view, row.id)),
        into=None if into is None else incident_of(view, into),
    )


def courses_between(view: Connection, *, begin_ns: int, end_ns: int) -> list[Course]:
    """
    How the incidents went that opened in [begin, end); those that went on as others are counted there.
    """
    clocks: dict[int, list[Clock]] = {}
    for clock in incident_work.clocks_between(view, begin_ns=begin_ns, end_ns=end_ns):
        clocks.setdefault(clock.incident_id, []).append(clock_of(clock))
    stages: dict[int, list[tuple[str, int]]] = {}
    for stage in incident_work.stages_between(view, begin_ns=begin_ns, end_ns=end_ns):
        if stage.left_ns is not None:
            stages.setdefault(stage.incident_id, []).append((stage.stage, stage.left_ns - stage.entered_ns))
    return [
        Course(
            opened_ns=row.opened_ns,
            acknowledged_ns=row.acknowledged_ns,
            closed_ns=row.closed_ns,
            stages=stages.get(row.id, ()),
            clocks=clocks.get(row.id, ()),
        )
        for row in incident_work.opened_between(view, begin_ns=begin_ns, end_ns=end_ns)
        if row.merged_into is None
    ]
