"""
Which incidents are there, and what do people do with them, in JSON?
"""

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field, StringConstraints

from watchkeeper.act.incidents.course import IncidentCase
from watchkeeper.act.incidents.desk import MOST_TEXT
from watchkeeper.act.watch import Watch
from watchkeeper.decide.values import Incident as IncidentValue
from watchkeeper.web.api.asking import TheWatch, Who, router
from watchkeeper.web.api.errors import CHANGES, Conflict, answers, found
from watchkeeper.web.api.incident_values import (
    Incident,
    IncidentDetail,
    IncidentList,
    ResponseTimes,
    detail_of,
    incident_of,
    times_of,
)
from watchkeeper.web.api.values import Model, Nothing, at

__all__ = ["Incident", "IncidentDetail", "IncidentList", "incident_of", "routes"]

routes = router("incidents")

Number = Annotated[int, Path(ge=1, le=2**53, description="The number that people call the incident by.")]
Written = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_TEXT)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Keys = Annotated[list[Short], Field(max_length=200, description="Keys of alerts: `parse-success[platform=spotify]`.")]
DAY_NS = 86_400 * 10**9


class Opening(Model):
    """
    What a person opens an incident with.
    """

    title: Short
    severity: Short
    service: Short | None = None
    alerts: Keys = []
    summary: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MOST_TEXT)] = Field(
        "", description="What is known."
    )


class Note(Model):
    """
    A line for the timeline, an update for all who hear of it, or what is known.
    """

    text: Written


class Summary(Model):
    """
    What is known; empty takes it back.
    """

    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MOST_TEXT)]


class Taking(Model):
    """
    Who has it: a person of the manual; whoever asks, when nobody is named.
    """

    assignee: Short | None = None


class ToStage(Model):
    """
    The stage to go on to; the next one, when none is named.
    """

    stage: Short | None = None


class Ticking(Model):
    """
    A step of a stage's checklist, counted from 1, is done or not.
    """

    stage: Short
    step: Annotated[int, Field(ge=1, le=1000)]
    done: bool = True
    note: Annotated[str, StringConstraints(max_length=400)] = ""


class RoleChange(Model):
    """
    A person takes a role, or (`held` false) gives it back.
    """

    role: Short
    person: Short | None = Field(None, description="Whoever asks, when nobody is named.")
    held: bool = True


class SeverityChange(Model):
    """
    How bad it is after all.
    """

    severity: Short
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)] = ""


class Services(Model):
    """
    All services that are affected, beside its own.
    """

    services: Annotated[list[Short], Field(max_length=100)]


class Belonging(Model):
    """
    Alerts that belong to it, and alerts that do not.
    """

    attach: Keys = []
    detach: Keys = []


class Merging(Model):
    """
    The incident that it goes on as.
    """

    into: Annotated[int, Field(ge=1, le=2**53)]


class Splitting(Model):
    """
    The alerts that are another matter, and what that is.
    """

    alerts: Annotated[list[Short], Field(min_length=1, max_length=200)]
    title: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""


@routes.get("/incidents", responses=answers(422))
def incidents(
    watch: TheWatch, most: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50
) -> IncidentList:
    """
    The newest incidents, open and closed.
    """
    return IncidentList(incidents=[incident_of(one) for one in watch.incidents(most=most)])


@routes.get("/response-times", responses=answers(422))
def response_times(
    watch: TheWatch, days: Annotated[int, Query(ge=1, le=3660, description="Of the last so many days.")] = 30
) -> ResponseTimes:
    """
    How long it took until somebody had it (MTTA), until it was over (MTTR), and in which stages the time went.
    """
    now_ns = watch.clock.now_ns()
    begin_ns = now_ns - days * DAY_NS
    return times_of(watch.desk.times(begin_ns=begin_ns, end_ns=now_ns + 1), begin_ns=begin_ns)


@routes.post("/incidents", responses=CHANGES)
def open_incident(opening: Opening, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Open an incident: its clocks start, and whoever the policy of incidents names is paged.
    """
    new = watch.desk.open(
        title=opening.title,
        severity=opening.severity,
        by=who,
        service=opening.service,
        alerts=opening.alerts,
        summary=opening.summary,
    )
    return detail_of(watch.desk.case(new.number))


@routes.get("/incidents/{number}", responses=answers(404, 422))
def incident(number: Number, watch: TheWatch) -> IncidentDetail:
    """
    One incident with its clocks, its people and its timeline.
    """
    return detail_of(_case(watch, number))


@routes.post("/incidents/{number}/acknowledge", responses=answers(404) | CHANGES)
def acknowledge_incident(number: Number, taking: Taking, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Somebody has it; nobody is paged about it any more.
    """
    _case(watch, number)
    return _after(watch, watch.desk.acknowledge(number, by=who, assignee=taking.assignee))


@routes.post("/incidents/{number}/stage", responses=answers(404) | CHANGES)
def move_incident(number: Number, to: ToStage, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Go on to the next stage, or to this one; after the last the process is done.
    """
    _case(watch, number)
    return _after(watch, watch.desk.stage(number, by=who, to=to.stage))


@routes.post("/incidents/{number}/steps", responses=answers(404) | CHANGES)
def tick_step(number: Number, tick: Ticking, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Tick a step of a stage's checklist, or take the tick back.
    """
    _case(watch, number)
    ticked = watch.desk.step(number, tick.stage, tick.step - 1, by=who, done=tick.done, note=tick.note)
    return _after(watch, ticked)


@routes.post("/incidents/{number}/roles", responses=answers(404) | CHANGES)
def change_role(number: Number, change: RoleChange, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Somebody takes a role (commander, communications, scribe, responders, those of the manual), or gives it back.
    """
    _case(watch, number)
    person = change.person or who.by
    deed = watch.desk.take_role if change.held else watch.desk.give_up_role
    return _after(watch, deed(number, change.role, person=person, by=who))


@routes.post("/incidents/{number}/severity", responses=answers(404) | CHANGES)
def change_severity(number: Number, change: SeverityChange, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    It is worse, or less bad, than thought; its deadlines follow.
    """
    _case(watch, number)
    return _after(watch, watch.desk.change_severity(number, change.severity, by=who, reason=change.reason))


@routes.post("/incidents/{number}/updates", responses=answers(404) | CHANGES)
def update_on_incident(number: Number, note: Note, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Tell everybody who hears of it how it goes.
    """
    _case(watch, number)
    return _after(watch, watch.desk.update(number, note.text, by=who))


@routes.post("/incidents/{number}/notes", responses=answers(404) | CHANGES)
def note_on_incident(number: Number, note: Note, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Write a line on the timeline, also of a closed incident.
    """
    _case(watch, number)
    watch.desk.note(number, note.text, by=who)
    return detail_of(watch.desk.case(number))


@routes.post("/incidents/{number}/notes/{entry}", responses=answers(404) | CHANGES)
def edit_note(
    number: Number, entry: Annotated[int, Path(ge=1, le=2**53)], note: Note, watch: TheWatch, who: Who
) -> IncidentDetail:
    """
    Change what a note or an update says; what it said before is kept.
    """
    _case(watch, number)
    watch.desk.edit(number, entry, note.text, by=who)
    return detail_of(watch.desk.case(number))


@routes.post("/incidents/{number}/summary", responses=answers(404) | CHANGES)
def summarise_incident(number: Number, summary: Summary, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Say what is known.
    """
    _case(watch, number)
    return _after(watch, watch.desk.summarise(number, summary.text, by=who))


@routes.post("/incidents/{number}/services", responses=answers(404) | CHANGES)
def set_affected_services(number: Number, services: Services, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Say which services are affected.
    """
    _case(watch, number)
    return _after(watch, watch.desk.affect(number, services.services, by=who))


@routes.post("/incidents/{number}/alerts", responses=answers(404) | CHANGES)
def change_alerts(number: Number, belonging: Belonging, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Attach alerts to it, and detach some.
    """
    changed = _case(watch, number).incident
    if belonging.attach:
        changed = watch.desk.attach(number, belonging.attach, by=who)
    if belonging.detach:
        changed = watch.desk.detach(number, belonging.detach, by=who)
    return _after(watch, changed)


@routes.post("/incidents/{number}/merge", responses=answers(404) | CHANGES)
def merge_incident(number: Number, merging: Merging, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    It is the same as another one, and goes on as that, which is answered.
    """
    _case(watch, number)
    _case(watch, merging.into)
    return _after(watch, watch.desk.merge(number, into=merging.into, by=who))


@routes.post("/incidents/{number}/split", responses=answers(404) | CHANGES)
def split_incident(number: Number, splitting: Splitting, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Some of its alerts are another matter: they get an incident of their own, which is answered.
    """
    _case(watch, number)
    return _after(watch, watch.desk.split(number, splitting.alerts, title=splitting.title, by=who))


@routes.post("/incidents/{number}/close", responses=answers(404) | CHANGES)
def close_incident(number: Number, _: Nothing, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Close an incident.
    """
    incident = _case(watch, number).incident
    if incident.closed_ns is not None:
        raise Conflict(f"incident {number} is closed already: by {incident.closed_by}, {at(incident.closed_ns)}")
    return _after(watch, watch.desk.close(number, by=who))


@routes.post("/incidents/{number}/reopen", responses=answers(404) | CHANGES)
def reopen_incident(number: Number, _: Nothing, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Undo a closing.
    """
    if _case(watch, number).incident.closed_ns is None:
        raise Conflict(f"incident {number} is open")
    return _after(watch, watch.desk.reopen(number, by=who))


def _case(watch: Watch, number: int) -> IncidentCase:
    return found(watch.desk.case, number, what="incident", known=lambda: [one.number for one in watch.incidents()])


def _after(watch: Watch, changed: IncidentValue) -> IncidentDetail:
    return detail_of(watch.desk.case(changed.number))
