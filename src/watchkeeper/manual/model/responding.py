"""
What is done about it, in what order, and by which runbook?

The incident process with its stages, and the runbooks: what to do, step by step.
"""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from watchkeeper.manual.model.base import (
    AlertName,
    ChannelName,
    ContactName,
    Entry,
    PartName,
    PolicyName,
    Several,
    SeverityName,
    SeverityTimes,
    says,
)
from watchkeeper.manual.model.forms import InWords, MayBeEmpty
from watchkeeper.manual.model.running import Parameter, ParameterName
from watchkeeper.manual.model.scalars import Length, Text, Texts, Within
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
    deadlines: SeverityTimes = says("the same by severity, where the document gives several", {})
    responsible: Text | None = says("who does it")
    steps: Steps = says("what is done, in order", ())
    tell: Several[ChannelName] = says("the channels that hear of it", ())
    contacts: Several[ContactName] = says("who else is told: people who are not on call, such as the legal team", ())


class Incidents(Entry):
    """
    The incident process: what opens one, which stages it goes through, what is owed afterwards.
    """

    opens: Several[SeverityName] = says("alerts of these severities open one", ())
    stages: Several[Annotated[Stage, InWords("name")]] = says("the stages, in order", ())
    report_within: Length | None = says("how soon after it closed the report is due")
    roles: Texts = says("the roles that people take", ())
    policy: PolicyName | None = says("the escalation policy of missed deadlines and of incidents that people open")
    chat: Text | None = says("the address of an incident's own channel, with `{number}` in it")
    closes: Text | None = says("`by a person`, or `when its alerts resolve`")

    @model_validator(mode="after")
    def _closes_somehow(self) -> Self:
        ways = ("by a person", "when its alerts resolve")
        if self.closes is not None and self.closes not in ways:
            raise Unfit(found=f"`closes: {self.closes}`", wanted=" or ".join(f"`{way}`" for way in ways))
        return self


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
    triggers: Several[AlertName] = says("the alerts that it answers, beside those that name it", ())
    severity: Several[SeverityName] = says("how bad it is when it is needed", ())
    owner: Text | None = says("who keeps it right")
    parameters: Annotated[Mapping[ParameterName, Parameter], MayBeEmpty()] = says(
        "what whoever starts it says, each with what is allowed", {}
    )
    rollback: Text | None = says("the heading of its page whose steps only go back")
    symptoms: Texts = says("how one knows that it is the matter", ())
    steps: Steps = says("what to do, in order, where there are no phases", ())
    phases: Several[Phase] = says("what to do, phase by phase", ())
    afterwards: Texts = says("what to do when it is over", ())
    long_term: Texts = says("what would make it rarer", ())
    prevention: Texts = says("what keeps it from happening", ())
    review: Review | None = says("how often it is looked at again")
    commands: Steps = says("ready commands, in no order", ())
    file: Text | None = says("the Markdown file, under `runbooks/`")
