"""
Which minutes do not count, and how does one take some out or put them back, in JSON?
"""

from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import Field, StringConstraints

from watchkeeper.act.excluding import CannotExclude, Wish
from watchkeeper.store.exclusions import ExclusionRow
from watchkeeper.web.api.asking import TheWatch, Who, router
from watchkeeper.web.api.errors import CHANGES, Conflict, Unfit, Unknown, answers
from watchkeeper.web.api.values import Instant, Model, Nothing, at, at_or_none

routes = router("exclusions")

_Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class ExclusionAnswer(Model):
    """
    Minutes that count in no window, but apart.
    """

    number: int
    begins: Instant
    ends: Instant
    indicators: list[str] = Field(description="What it is about; empty: everything.")
    label: str
    value: str
    author: str
    reason: str
    created: Instant
    undone: Instant | None
    undone_by: str | None


class ExclusionList(Model):
    """
    All exclusions that hold and the newest that were undone, newest first.
    """

    exclusions: list[ExclusionAnswer]


class ExclusionWish(Model):
    """
    The minutes to take out. They are widened to whole minutes.
    """

    begins: datetime = Field(description="RFC 3339 with a zone.")
    ends: datetime = Field(description="RFC 3339 with a zone; may lie ahead.")
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
    indicator: _Word = Field(default="", description="Only this one.")
    service: _Word = Field(default="", description="Only what is measured of this service.")
    label: _Word = Field(default="", description="Only one value of this label ...")
    value: _Word = Field(default="", description="... this one.")


@routes.get("/exclusions", responses=answers())
def exclusions(watch: TheWatch) -> ExclusionList:
    """
    The exclusions that hold, and the newest that were undone.
    """
    return ExclusionList(exclusions=[_answer(row) for row in watch.exclusions()])


@routes.post("/exclusions", responses=CHANGES)
def exclude(wish: ExclusionWish, watch: TheWatch, who: Who) -> ExclusionAnswer:
    """
    Take minutes out of the numbers, before or after the fact.
    """
    try:
        row = watch.exclude(
            Wish(
                begin_ns=_ns(wish.begins, "begins"),
                end_ns=_ns(wish.ends, "ends"),
                reason=wish.reason,
                indicator=wish.indicator,
                service=wish.service,
                label=wish.label,
                value=wish.value,
            ),
            by=who,
        )
    except CannotExclude as why:
        raise Unfit(str(why)) from None
    return _answer(row)


@routes.post("/exclusions/{number}/undo", responses=answers(404) | CHANGES)
def undo_exclusion(
    number: Annotated[int, Path(ge=1, le=2**53, description="The number of the exclusion.")],
    _: Nothing,
    watch: TheWatch,
    who: Who,
) -> ExclusionAnswer:
    """
    Put the minutes back: the numbers are what they were.
    """
    known = {row.id: row for row in watch.exclusions()}
    if number not in known:
        raise Unknown("exclusion", number, list(known))
    if known[number].undone_ns is not None:
        raise Conflict(f"exclusion {number} was undone already, by {known[number].undone_by}")
    return _answer(watch.undo_exclusion(number, by=who))


def _ns(instant: datetime, field: str) -> int:
    if instant.tzinfo is None:
        raise Unfit(f"{field}: found an instant without a zone; wanted one such as 2026-11-20T10:00:00Z")
    return int(instant.timestamp()) * 10**9


def _answer(row: ExclusionRow) -> ExclusionAnswer:
    return ExclusionAnswer(
        number=row.id,
        begins=at(row.begin_ns),
        ends=at(row.end_ns),
        indicators=row.indicators,
        label=row.label,
        value=row.value,
        author=row.author,
        reason=row.reason,
        created=at(row.created_ns),
        undone=at_or_none(row.undone_ns),
        undone_by=row.undone_by,
    )
