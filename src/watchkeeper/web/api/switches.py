"""
What do the switches of the live application say, and how does one flip them, in JSON?
"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Path
from pydantic import Field, StringConstraints

from watchkeeper.act.switching import CannotFlip, FlipWish, in_words, value_in_words
from watchkeeper.act.watch import Watch
from watchkeeper.decide.switches import ANYBODY
from watchkeeper.manual.model.switching import texts_of
from watchkeeper.store.flips import FlipRow
from watchkeeper.web.api.asking import TheWatch, Who, router
from watchkeeper.web.api.errors import CHANGES, Unfit, Unknown, answers
from watchkeeper.web.api.values import NS, Instant, Model, Nothing, Seconds, at, at_or_none, seconds

routes = router("switches")

_Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
_Number = Annotated[int, Path(ge=1, le=2**53, description="The number of the flip.")]
_Seconds = Annotated[int, Field(ge=1, le=366 * 86_400)]
_Values = Annotated[list[_Short], Field(max_length=1000)]


class FlipAnswer(Model):
    """
    A switch that somebody flipped, from `begins` to `expires` or to when it `ended`.
    """

    number: int
    switch: str
    value: list[str] = Field(description="As it is written; a set has any number of them.")
    says: str = Field(description="What it says to whom, in words.")
    only: dict[str, list[str]] = Field(description="Only for those whose attributes have one of these values.")
    share: float = Field(description="For so many percent of the targeting keys.")
    ramp: str = Field(description="How it comes in, such as `10% every 5m`; empty: at once.")
    author: str
    reason: str
    begins: Instant
    expires: Instant
    incident: int | None = Field(description="The number of the incident that it is for.")
    ended: Instant | None
    ended_by: str | None
    ended_because: str | None = Field(description="undone, expired or withdrawn.")


class SwitchAnswer(Model):
    """
    A switch of the manual, what it says to somebody of whom nothing is known, and the flips that hold.
    """

    name: str
    title: str | None
    kind: str
    default: list[str]
    value: list[str] = Field(description="What it says now, where nothing is known of who asks.")
    says: str = Field(description="The same in words.")
    changes: Instant | None = Field(description="When it says something else, if nobody flips it meanwhile.")
    next: list[str] | None = Field(description="What it says then.")
    service: str | None
    owner: str | None
    role: str = Field(description="Who may flip it at least.")
    longest_seconds: Seconds = Field(description="How long a flip lasts at most.")
    allowed: list[str]
    range: str | None
    public: bool
    flips: list[FlipAnswer] = Field(description="Those that hold, the oldest first; the newest lies on top.")


class SwitchList(Model):
    """
    The switches of the manual.
    """

    switches: list[SwitchAnswer]


class FlipList(Model):
    """
    The newest flips, newest first, those that are over too.
    """

    flips: list[FlipAnswer]


class FlipAsked(Model):
    """
    What to flip, to what, for how long and why. At its end, what held before holds again.
    """

    switch: _Short
    value: _Values = Field(description="As it is written in the manual; one, or any number for a set.")
    for_seconds: _Seconds
    reason: _Short
    only: Annotated[Mapping[_Short, _Values], Field(max_length=10)] = Field(
        default={}, description="Only for those whose attributes have one of these values."
    )
    share: float = Field(default=100, gt=0, le=100, description="For so many percent of the targeting keys.")
    ramp: str = Field(default="", max_length=60, description="How it comes in: `10% every 5m`.")
    incident: int | None = Field(default=None, ge=1, le=2**53, description="The incident that it is for.")


class LengthAsked(Model):
    """
    How long a flip holds from now on.
    """

    for_seconds: _Seconds


@routes.get("/switches", responses=answers())
def switches(watch: TheWatch) -> SwitchList:
    """
    The switches, what they say now, and the flips that hold.
    """
    rows = watch.switches.standing()
    names = watch.switches.board.names()
    return SwitchList(switches=[_switch(name, rows, watch) for name in names])


@routes.get("/flips", responses=answers())
def flips(watch: TheWatch) -> FlipList:
    """
    The newest flips of all switches, those that are over too.
    """
    return FlipList(flips=[_answer(row, watch) for row in watch.switches.recent()])


@routes.post("/flips", responses=answers(403, 404) | CHANGES)
def flip(asked: FlipAsked, watch: TheWatch, who: Who) -> FlipAnswer:
    """
    Flip a switch for a time.
    """
    wish = FlipWish(
        switch=asked.switch,
        value=asked.value,
        for_ns=asked.for_seconds * NS,
        reason=asked.reason,
        only=asked.only,
        share=asked.share,
        ramp=asked.ramp,
        incident=asked.incident,
    )
    try:
        return _answer(watch.switches.flip(wish, who=who), watch)
    except KeyError:
        raise Unknown("switch", asked.switch, watch.switches.board.names()) from None
    except CannotFlip as why:
        raise Unfit(str(why)) from None


@routes.post("/flips/{number}/extend", responses=answers(403, 404) | CHANGES)
def extend_flip(number: _Number, asked: LengthAsked, watch: TheWatch, who: Who) -> FlipAnswer:
    """
    Let a flip hold so long from now on.
    """
    try:
        return _answer(watch.switches.extend(number, for_ns=asked.for_seconds * NS, who=who), watch)
    except KeyError:
        raise _unknown(number, watch) from None
    except CannotFlip as why:
        raise Unfit(str(why)) from None


@routes.post("/flips/{number}/undo", responses=answers(403, 404) | CHANGES)
def undo_flip(number: _Number, _: Nothing, watch: TheWatch, who: Who) -> FlipAnswer:
    """
    End a flip before its time: what held before holds again.
    """
    try:
        return _answer(watch.switches.undo(number, who=who), watch)
    except KeyError:
        raise _unknown(number, watch) from None
    except CannotFlip as why:
        raise Unfit(str(why)) from None


def _unknown(number: int, watch: Watch) -> Unknown:
    return Unknown("flip", number, [row.id for row in watch.switches.recent()])


def _switch(name: str, rows: list[FlipRow], watch: Watch) -> SwitchAnswer:
    said = watch.switches.board.say(name, ANYBODY)
    switch, value = said.switch, texts_of(said.found.value)
    return SwitchAnswer(
        name=name,
        title=switch.title,
        kind=switch.kind,
        default=list(switch.default),
        value=value,
        says=value_in_words(value, switch.kind),
        changes=None if said.next is None else at(said.next.at_ns),
        next=None if said.next is None else texts_of(said.next.value),
        service=switch.service,
        owner=switch.owner,
        role=switch.role,
        longest_seconds=seconds(switch.longest_ns),
        allowed=list(switch.allowed),
        range=switch.range,
        public=switch.public,
        flips=[_answer(row, watch) for row in rows if row.switch == name],
    )


def _answer(row: FlipRow, watch: Watch) -> FlipAnswer:
    return FlipAnswer(
        number=row.id,
        switch=row.switch,
        value=row.value,
        says=in_words(row, watch.standing.manual),
        only=row.only,
        share=row.share,
        ramp=row.ramp,
        author=row.author,
        reason=row.reason,
        begins=at(row.begin_ns),
        expires=at(row.expires_ns),
        incident=row.incident,
        ended=at_or_none(row.ended_ns),
        ended_by=row.ended_by,
        ended_because=row.ended_because,
    )
