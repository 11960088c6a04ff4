"""
Who answers, in what order, and by which runbook?

The incident process with its stages, the people and their turns, and the runbooks: what to do, step by step.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from watchkeeper.manual.model.base import ChannelName, Entry, Named, PartName, Several, SeverityName, says
from watchkeeper.manual.model.forms import InWords
from watchkeeper.manual.model.scalars import Clock, Flag, Length, Names, Text, Texts, Weekday, Within, Zone
from watchkeeper.manual.model.unfit import Unfit


class RunbookStep(Entry):
    """
    One thing to do. A text alone will do.
    """

    do: Text = Field(description="what to do")
    details: Texts = says("how, point by point", ())
    run: Texts = says("the commands, as the document writes them", ())
    limit: Text | None = says("a number that belongs to the step")
    change: Text | None = says("by how much something changes: `-50%`")
    when: Text | None = says("only in this case")


Steps = Several[Annotated[RunbookStep, InWords("do")]]


class Stage(Entry):
    """
    One stage of an incident: what is done, by whom, within what time. A name alone will do.
    """

    name: Text = Field(description="its name")
    within: Within | None = says("how soon after the incident opened it must be done; `ongoing` or `varies`")
    responsible: Text | None = says("who does it")
    steps: Steps = says("what is done, in order", ())
    tell: Several[ChannelName] = says("the channels that hear of it", ())


class Incidents(Entry):
    """
    The incident process: what opens one, which stages it goes through, what is owed afterwards.
    """

    opens: Several[SeverityName] = says("alerts of these severities open one", ())
    stages: Several[Annotated[Stage, InWords("name")]] = says("the stages, in order", ())
    report_within: Length | None = says("how soon after it closed the report is due")
    roles: Texts = says("the roles that people take", ())
    closes: Text | None = says("`by a person`, or `when its alerts resolve`")

    @model_validator(mode="after")
    def _closes_somehow(self) -> Self:
        ways = ("by a person", "when its alerts resolve")
        if self.closes is not None and self.closes not in ways:
            raise Unfit(found=f"`closes: {self.closes}`", wanted=" or ".join(f"`{way}`" for way in ways))
        return self


class Contact(Entry):
    """
    Somebody to reach outside the rotation. What the document leaves blank stays a `placeholder`, and lint finds it.
    """

    role: Text | None = says("what they are there for")
    group: Text | None = says("the list it belongs to: emergency, security")
    name: Text | None = says("their name")
    phone: Text | None = says("their telephone number")
    email: Text | None = says("their mail address")
    address: Text | None = says("any other way to reach them")
    placeholder: Text | None = says("what the document writes where a name should stand; lint finds it")
    placeholders: Texts = says("the same, where it writes several", ())


class Person(Entry):
    """
    Somebody who can be on call.
    """

    name: Text | None = says("their name")
    zone: Zone | None = says("the time zone they live in")
    email: Text | None = says("their mail address")
    channels: Several[ChannelName] = says("how they are reached, first to last", ())


class OnCallRole(Entry):
    """
    What somebody in this role does.
    """

    title: Text | None = says("the name for people")
    duties: Texts = says("what they do", ())


class OnCall(Entry):
    """
    The roles of being on call, and what belongs into the bag.
    """

    roles: Named[Annotated[OnCallRole, InWords("duties")]] = says("the roles by name", {})
    kit: Texts = says("what somebody on call has at hand", ())


class Rotation(Entry):
    """
    Who is on call changes every so often.
    """

    every: Length = Field(description="how long one turn is")
    from_: Annotated[Weekday | None, Field(alias="from", description="the day a turn begins")] = None
    to: Weekday | None = says("the day it ends")
    at: Clock | None = says("the time of the change")
    people: Names = says("who takes turns, in order", ())


class HandOff(Entry):
    """
    When one person hands over to the next.
    """

    day: Weekday | None = says("the day")
    at: Clock | None = says("the time")
    zone: Zone | None = says("the time zone of that time, instead of the manual's")
    how: Text | None = says("what happens, in words")


class Schedule(Entry):
    """
    A rotation: who is on call when.
    """

    rotation: Rotation | None = says("how turns follow each other")
    hand_off: HandOff | None = says("the meeting at which a turn changes hands")
    role: Text | None = says("the role it fills")
    people: Names = says("who takes turns", ())


class Phase(Entry):
    """
    Steps that belong together.
    """

    name: Text = Field(description="its name")
    steps: Steps = says("what to do, in order", ())
    within: Length | None = says("how soon it must be done")


class Review(Entry):
    """
    How often a document is looked at again.
    """

    every: Length | None = says("how often")
    last: Text | None = says("when it was done last")
    next: Text | None = says("when it is due")


class Runbook(Entry):
    """
    What to do about it. The steps stand here, or in `runbooks/NAME.md` beside the manual.
    """

    service: PartName | None = says("the service (or dependency) that it is about")
    kind: Text = says("`runbook`, or `reference` for a list to look things up in", "runbook")
    symptoms: Texts = says("how one knows that it is the matter", ())
    steps: Steps = says("what to do, in order, where there are no phases", ())
    phases: Several[Phase] = says("what to do, phase by phase", ())
    afterwards: Texts = says("what to do when it is over", ())
    long_term: Texts = says("what would make it rarer", ())
    prevention: Texts = says("what keeps it from happening", ())
    review: Review | None = says("how often it is looked at again")
    commands: Steps = says("ready commands, in no order", ())
    file: Text | None = says("the Markdown file, under `runbooks/`")


class Switch(Entry):
    """
    What a runbook flips in the live application.
    """

    kind: Text = Field(description="boolean, percentage, number, text, address or set")
    default: Text | None = says("what holds when nobody has set it")
    service: PartName | None = says("the service that asks for it")
    owner: Text | None = says("who answers for it")
    public: Flag = says("browsers may see it", False)
