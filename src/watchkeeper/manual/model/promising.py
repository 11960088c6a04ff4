"""
What does the manual promise, and when does it raise its voice?

An objective holds one indicator against targets (SLO tier) and agreements (SLA tier); an alert rule says which
condition reaches people, how severely, and which runbook answers it; a severity says how fast that must happen.
"""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from watchkeeper.manual.model.base import (
    AlertName,
    CalendarName,
    ChannelName,
    Entry,
    IndicatorName,
    ObjectiveName,
    PartName,
    PolicyName,
    RunbookName,
    Several,
    SeverityName,
    says,
)
from watchkeeper.manual.model.forms import InWords, MayBeEmpty
from watchkeeper.manual.model.scalars import (
    Condition_,
    Conditions,
    Flag,
    Length,
    Name,
    Response,
    Text,
    Texts,
    WholeNumber,
    Window,
)
from watchkeeper.manual.model.unfit import Unfit

Severities = Several[SeverityName]
Channels = Several[ChannelName]
Labels = Annotated[Mapping[Name, Texts], MayBeEmpty()]


class Objective(Entry):
    """
    An SLO: targets that must hold, agreements (SLA) that must never break, over one window.

    Budget and burn rate are per target. `window` is for targets that name none; the manual's default comes last.
    """

    service: PartName | None = says("the service (or dependency) that it promises something about")
    indicator: IndicatorName = Field(description="the indicator that is held against the targets")
    targets: Conditions = says("what must hold (SLO)", ())
    agreements: Conditions = says("what must never break (SLA)", ())
    window: Window | None = says("over what the targets hold that name no window")
    budgets: Conditions = says(
        "the error budgets as the document writes them; shown, while those in use follow from the targets", ()
    )
    agreement_budgets: Conditions = says("the same for the agreements", ())
    measured_by: Texts = says("how the document says it is measured, in words", ())

    @model_validator(mode="after")
    def _promises_something(self) -> Self:
        if not self.targets and not self.agreements:
            raise Unfit(
                found="neither `targets` nor `agreements`", wanted="at least one: an objective promises something"
            )
        return self


class Alert(Entry):
    """
    An alert rule: an indicator and a condition, or an event (`on`) that notifies once and closes by itself.
    """

    service: PartName | None = says("the service (or dependency) that it speaks of")
    indicator: IndicatorName | None = says("the indicator that the condition is about")
    objective: ObjectiveName | None = says("the objective that it guards; a `burn` condition needs one")
    when: Condition_ | None = says("the condition that raises it")
    on: Text | None = says("the kind of event that raises it: `release`, `dependency-patch`")
    each: Name | None = says("one alert per value of this label")
    at_least: WholeNumber | None = says("fewer observations than this in the window: unknown")
    severity: SeverityName | None = says("how bad it is")
    respond: Response | None = says("how soon somebody responds, instead of the severity's time")
    escalate: Response | None = says("when it goes further, instead of the severity's time")
    runbook: RunbookName | None = says("what to do about it")
    tell: Channels = says("the channels that hear of it; else the routes decide", ())
    policy: PolicyName | None = says("the escalation policy that pages people for it; else the routes decide")
    unknown_after: Length | None = says("unknown this long asks a person")
    resolve_after: Length | None = says("the condition must be clear this long before it resolves; else the default")
    repeat_every: Length | None = says("told again this often while it fires")
    summary: Text | None = says("one sentence for the message")

    @model_validator(mode="after")
    def _one_cause(self) -> Self:
        if self.when is not None and self.on is not None:
            raise Unfit(found="both `when` and `on`", wanted="one of them: a condition or an event")
        if self.when is None and self.on is None:
            raise Unfit(found="neither `when` nor `on`", wanted="`when` (a condition) or `on` (an event)")
        if self.when is not None and self.indicator is None and self.objective is None:
            raise Unfit(
                found="`when` without `indicator`", wanted="`indicator`: the name of what the condition speaks of"
            )
        return self


class Criterion(Entry):
    """
    One thing that makes a case this severe; with a condition where the document gives a number.
    """

    name: Text = Field(description="the criterion in words")
    indicator: IndicatorName | None = says("the indicator that the number is about")
    when: Condition_ | None = says("the number: a condition")


class Severity(Entry):
    """
    How bad, and how fast people must move: respond, escalate, recover, update.

    `scale` keeps two ladders of one document apart (incidents, alerts).
    """

    scale: Text | None = says("the ladder it belongs to, where a document has two: `incidents`, `alerts`")
    meaning: Text | None = says("what it means, in words")
    respond: Response | None = says("how soon somebody responds")
    escalate: Response | None = says("when it goes further")
    recover: Response | None = says("how soon it is over")
    update: Response | None = says("how often people hear how it goes")
    page: Text | None = says("who is paged: `everyone`, or nothing")
    policy: PolicyName | None = says("the escalation policy of its alerts whose route names none")
    calendar: CalendarName | None = says(
        "the business calendar of `next business day`; else the manual's business days"
    )
    criteria: Several[Annotated[Criterion, InWords("name")]] = says("what makes a case this severe", ())
    examples: Texts = says("cases of it, in words", ())
    opens_incident: Flag = says("an alert of this severity opens an incident", False)


class RateLimit(Entry):
    """
    At most `count` messages per `per`; the first message of an alert is never held, nor are these severities.
    """

    count: WholeNumber = says("how many messages", 1)
    per: Length = Field(description="in how much time")
    never_hold: Severities = says("severities that are never held", ())


class Channel(Entry):
    """
    Where messages go. Addresses and secrets come from the environment, never from the manual.
    """

    kind: Text = Field(description="webhook, slack, discord, email ...")
    address_env: Text | None = says("the environment variable that holds the address")
    secret_env: Text | None = says("webhook: the environment variable that holds the signing secret")
    format: Text | None = says("the shape of the message, where the kind leaves a choice")
    rate_limit: RateLimit | None = says("how many messages it carries")
    to: Texts = says("email: its own audience, as mail addresses or names of people and contacts; else only words", ())
    purpose: Text | None = says("what it is for")
    audience: Text | None = says("who reads it")
    planned: Flag = says("the document names it as future: never used", False)
    digest: Length | None = says("one message per this much time, with everything in it")
    at_once: Severities = says("the severities that do not wait for the digest", ())
    from_: Annotated[Text | None, Field(alias="from", description="email: the address it is sent from")] = None
    token_env: Text | None = says("ntfy: the environment variable that holds the access token")
    signing_env: Text | None = says("slack: the environment variable that holds the signing secret of its buttons")
    fallback: ChannelName | None = says("the channel that carries its messages while it is dead")


class Flapping(Entry):
    """
    How often an alert may fire before it counts as flapping.
    """

    count: WholeNumber = says("more firings than this", 3)
    per: Length = Field(description="in how much time")


class Route(Entry):
    """
    Which messages go where: the first route that fits, top to bottom. What is not written fits everything.
    """

    severity: Severities = says("these severities", ())
    service: Several[PartName] = says("these services or dependencies", ())
    alert: Several[AlertName] = says("these alerts", ())
    label: Labels = says("alerts whose label has one of these values: `{platform: spotify}`", {})
    tell: Channels = says("the channels that hear of it", ())
    policy: PolicyName | None = says("the escalation policy that pages people for it")
    group: Texts = says(
        "pages are one per value of these: `alert`, `service`, `severity`, a label; `alert` if not said", ()
    )

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if not self.tell and self.policy is None:
            raise Unfit(found="neither `tell` nor `policy`", wanted="at least one: a route leads somewhere")
        return self
