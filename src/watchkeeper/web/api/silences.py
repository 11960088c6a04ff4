"""
Of which alerts does nobody hear just now, and how does one silence some or undo it, in JSON?
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import Field, StringConstraints

from watchkeeper.act.silencing import CannotSilence, Silences, SilenceWish, matchers_from_json, shown
from watchkeeper.decide.values import Matchers
from watchkeeper.outside.clock import nanoseconds
from watchkeeper.store.silences import SilenceRow
from watchkeeper.web.api.asking import TheWatch, Who, router
from watchkeeper.web.api.errors import CHANGES, Conflict, Unfit, Unknown, answers
from watchkeeper.web.api.values import Instant, Model, Nothing, at, at_or_none

routes = router("silences")

_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_Names = Annotated[list[_Name], Field(max_length=100)]
_Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
_Number = Annotated[int, Path(ge=1, le=2**53, description="The number of the silence.")]


class Meant(Model):
    """
    Which alerts are meant: any of each list, all lists at once. An empty list means all.
    """

    alert: _Names = Field(default=[], description="These alert rules.")
    service: _Names = Field(default=[], description="Alerts about these services or dependencies.")
    severity: _Names = Field(default=[], description="Alerts of these severities.")
    label: Annotated[Mapping[_Name, _Names], Field(max_length=20)] = Field(
        default={}, description="Alerts whose label has one of these values."
    )


class SilenceAnswer(Model):
    """
    A silence: nobody is told of the alerts that are meant, from `begins` to `ends`.
    """

    number: int
    begins: Instant
    ends: Instant
    of: str = Field(description="What is meant, in words.")
    meant: Meant
    author: str
    reason: str
    created: Instant
    undone: Instant | None
    undone_by: str | None
    holds: bool = Field(description="It holds now.")


class SilenceList(Model):
    """
    The newest silences, newest first: those that hold, are to come, are over or undone.
    """

    silences: list[SilenceAnswer]


class SilenceAsked(Model):
    """
    What to silence, until when and why. At its end, what still fires is told and paged.
    """

    ends: datetime = Field(description="RFC 3339 with a zone; at most a year ahead.")
    reason: _Reason
    begins: datetime | None = Field(default=None, description="RFC 3339 with a zone; now, if not said.")
    meant: Meant = Meant()


class SilencePreview(Model):
    """
    What a silence would hit as everything stands.
    """

    rules: list[str]
    alerts: list[str] = Field(description="Their alerts that are known, those that fire first.")
    firing: list[str] = Field(description="Those that fire, and of which nobody would hear any more.")


@routes.get("/silences", responses=answers())
def silences(watch: TheWatch) -> SilenceList:
    """
    The newest silences.
    """
    now_ns = watch.clock.now_ns()
    return SilenceList(silences=[_answer(row, now_ns) for row in _desk(watch).recent()])


@routes.post("/silences", responses=CHANGES)
def silence(asked: SilenceAsked, watch: TheWatch, who: Who) -> SilenceAnswer:
    """
    Silence alerts for a time.
    """
    wish = SilenceWish(
        begin_ns=None if asked.begins is None else _ns(asked.begins, "begins"),
        end_ns=_ns(asked.ends, "ends"),
        reason=asked.reason,
        matchers=_matchers(asked.meant),
    )
    try:
        return _answer(_desk(watch).create(wish, by=who), watch.clock.now_ns())
    except CannotSilence as why:
        raise Unfit(str(why)) from None


@routes.post("/silences/preview", responses=CHANGES)
def preview_silence(meant: Meant, watch: TheWatch) -> SilencePreview:
    """
    Look what a silence would hit; nothing changes.
    """
    try:
        found = _desk(watch).preview(_matchers(meant))
    except CannotSilence as why:
        raise Unfit(str(why)) from None
    return SilencePreview(
        rules=list(found.rules),
        alerts=[str(one.key) for one in found.alerts],
        firing=[str(one.key) for one in found.firing],
    )


@routes.post("/silences/{number}/undo", responses=answers(404) | CHANGES)
def undo_silence(number: _Number, _: Nothing, watch: TheWatch, who: Who) -> SilenceAnswer:
    """
    End a silence before its time: what still fires is told and paged.
    """
    desk, now_ns = _desk(watch), watch.clock.now_ns()
    try:
        row = desk.get(number)
    except KeyError:
        raise Unknown("silence", number, [one.id for one in desk.recent()]) from None
    if row.undone_ns is not None:
        raise Conflict(f"silence {number} was undone already, by {row.undone_by}")
    if row.end_ns <= now_ns:
        raise Conflict(f"silence {number} is over already")
    return _answer(desk.undo(number, by=who), now_ns)


def _desk(watch: TheWatch) -> Silences:
    return Silences(watch.state, watch.clock, lambda: watch.standing)


def _matchers(meant: Meant) -> Matchers:
    return Matchers(
        alert=frozenset(meant.alert),
        service=frozenset(meant.service),
        severity=frozenset(meant.severity),
        label=tuple((label, frozenset(values)) for label, values in sorted(meant.label.items())),
    )


def _ns(instant: datetime, field: str) -> int:
    if instant.tzinfo is None:
        raise Unfit(f"{field}: found an instant without a zone; wanted one such as 2026-11-20T10:00:00Z")
    return nanoseconds(instant)


def _answer(row: SilenceRow, now_ns: int) -> SilenceAnswer:
    return SilenceAnswer(
        number=row.id,
        begins=at(row.begin_ns),
        ends=at(row.end_ns),
        of=shown(matchers_from_json(row.matchers)),
        meant=Meant.model_validate(row.matchers),
        author=row.author,
        reason=row.reason,
        created=at(row.created_ns),
        undone=at_or_none(row.undone_ns),
        undone_by=row.undone_by,
        holds=row.undone_ns is None and row.begin_ns <= now_ns < row.end_ns,
    )
