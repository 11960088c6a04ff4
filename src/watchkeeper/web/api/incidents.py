"""
Which incidents are there, and what do people do with them, in JSON?
"""

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import Field, StringConstraints

from watchkeeper.act.watch import IncidentStory, Watch
from watchkeeper.decide.values import Incident as IncidentValue
from watchkeeper.web.api.asking import TheWatch, Who, router
from watchkeeper.web.api.errors import CHANGES, Conflict, answers, found
from watchkeeper.web.api.values import Instant, Model, Nothing, at, at_or_none
from watchkeeper.web.views.lists import reason_words

routes = router("incidents")

Number = Annotated[int, Path(ge=1, le=2**53, description="The number that people call the incident by.")]


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


class TimelineEntry(Model):
    """
    One thing that happened.
    """

    at: Instant
    kind: str = Field(description="opened, alert, note, closed or reopened.")
    text: str
    by: str


class IncidentDetail(Incident):
    """
    An incident with its timeline, oldest first.
    """

    timeline: list[TimelineEntry]


class Note(Model):
    """
    A line for the timeline.
    """

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


@routes.get("/incidents", responses=answers(422))
def incidents(
    watch: TheWatch, most: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50
) -> IncidentList:
    """
    The newest incidents, open and closed.
    """
    return IncidentList(incidents=[incident_of(one) for one in watch.incidents(most=most)])


@routes.get("/incidents/{number}", responses=answers(404, 422))
def incident(number: Number, watch: TheWatch) -> IncidentDetail:
    """
    One incident with its timeline.
    """
    return _detail(_story(watch, number))


@routes.post("/incidents/{number}/close", responses=answers(404) | CHANGES)
def close_incident(number: Number, _: Nothing, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Close an incident.
    """
    incident = _story(watch, number).incident
    if incident.closed_ns is not None:
        raise Conflict(f"incident {number} is closed already: by {incident.closed_by}, {at(incident.closed_ns)}")
    watch.close_incident(number, by=who.by)
    return _detail(watch.incident(number))


@routes.post("/incidents/{number}/reopen", responses=answers(404) | CHANGES)
def reopen_incident(number: Number, _: Nothing, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Undo a closing.
    """
    if _story(watch, number).incident.closed_ns is None:
        raise Conflict(f"incident {number} is open")
    watch.reopen_incident(number, by=who.by)
    return _detail(watch.incident(number))


@routes.post("/incidents/{number}/notes", responses=answers(404) | CHANGES)
def note_on_incident(number: Number, note: Note, watch: TheWatch, who: Who) -> IncidentDetail:
    """
    Write a line on the timeline, also of a closed incident.
    """
    _story(watch, number)
    watch.note(number, text=note.text, by=who.by)
    return _detail(watch.incident(number))


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
        closed=at_or_none(value.closed_ns),
        closed_by=value.closed_by,
        close_reason=value.close_reason,
        close_reason_says=reason_words(value.close_reason) or None,
        alerts=list(value.alerts),
    )


def _story(watch: Watch, number: int) -> IncidentStory:
    return found(watch.incident, number, what="incident", known=lambda: [one.number for one in watch.incidents()])


def _detail(story: IncidentStory) -> IncidentDetail:
    entries = [TimelineEntry(at=at(row.at_ns), kind=row.kind, text=row.text, by=row.by) for row in story.timeline]
    return IncidentDetail(**dict(incident_of(story.incident)), timeline=entries)
