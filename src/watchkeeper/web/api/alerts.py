"""
What do the alerts say, in JSON?
"""

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import Field

from watchkeeper.act.record import finding_from_json
from watchkeeper.act.watch import AlertStory, AlertView
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import State, Truth
from watchkeeper.manual.condition.printer import show
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store.alerts import TransitionRow
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.web.api.asking import TheWatch, router
from watchkeeper.web.api.conditions import ConditionFields, fields_of
from watchkeeper.web.api.errors import answers, found
from watchkeeper.web.api.incidents import Incident, incident_of
from watchkeeper.web.api.messages import Message, message_of
from watchkeeper.web.api.values import Instant, Model, Numbers, Verdict, at, at_or_none, numbers_of, verdict_of
from watchkeeper.web.views import words
from watchkeeper.web.views.alert_line import sentence
from watchkeeper.web.views.lists import reason_words

routes = router("alerts")

Key = Annotated[str, Path(description="The key as it stands in the list; slashes need no quoting.")]


class Alert(Model):
    """
    An alert (a rule, for one value of its `each` label) as it stands now.
    """

    key: str = Field(description="What it is called everywhere.", examples=["parse-success[platform=spotify]"])
    rule: str = Field(description="The name of its rule in the manual.")
    label: str | None = Field(description="The label that its rule is `each` for.")
    value: str | None = Field(description="The value of that label.")
    title: str
    state: State
    since: Instant | None = Field(description="Since when it is in this state; null for one that never changed.")
    unknown_since: Instant | None = Field(description="Since when its condition cannot be judged.")
    severity: str | None
    service: str | None
    condition: str | None = Field(description="The condition; null for a rule on events, and for one that is gone.")
    fields: ConditionFields | None = Field(description="The same in fields.")
    truth: Truth | None = Field(description="What the condition comes to at this moment.")
    reason: Reason | None = Field(description="Why, as one word of a closed list.")
    reason_says: str | None = Field(description="The same in words.")
    says: str = Field(description="One sentence: what was found, against the rule.")
    numbers: Numbers | None = Field(description="Its arithmetic.")
    others: list[str] = Field(description="For `in N of M label`: the values in which it holds.")
    runbook: str | None = Field(description="The name of its runbook in the manual.")


class AlertList(Model):
    """
    Every alert that can be asked, or that is remembered, by key.
    """

    alerts: list[Alert]


class Transition(Model):
    """
    One change of an alert.
    """

    at: Instant
    old: State
    new: State
    reason: str
    reason_says: str
    because_of: str | None = Field(description="What caused it, where it was not the condition alone.")
    verdict: Verdict | None = Field(description="What the condition came to then.")


class Decision(Model):
    """
    Whether somebody was told, and why, or why not.
    """

    at: Instant
    channel: str | None
    verdict: Literal["send", "hold", "refuse"]
    reason: str
    reason_says: str
    because_of: str | None = Field(description="What caused it: another alert, a limit.")


class AlertDetail(Alert):
    """
    An alert with all that happened to it and because of it; newest first.
    """

    transitions: list[Transition]
    decisions: list[Decision] = Field(description="Refusals as well as messages: why somebody was told, or was not.")
    messages: list[Message]
    incidents: list[Incident]
    siblings: list[Alert] = Field(description="The same rule for the other values of its label.")


@routes.get("/alerts")
def alerts(watch: TheWatch) -> AlertList:
    """
    Every alert as it stands now, with its arithmetic.
    """
    manual = watch.standing.manual
    return AlertList(alerts=[alert_of(view, manual) for view in watch.alerts()])


@routes.get("/alerts/{key:text}", responses=answers(404, 422))
def alert(key: Key, watch: TheWatch) -> AlertDetail:
    """
    One alert by its key, with its transitions, decisions, messages, incidents, and its siblings.
    """
    story = found(watch.alert, key, what="alert", known=lambda: [str(view.memory.key) for view in watch.alerts()])
    return _detail(story, watch.standing.manual)


def alert_of(view: AlertView, manual: Manual) -> Alert:
    """
    One alert for JSON.
    """
    key, rule, finding = view.memory.key, view.rule, view.finding
    said = manual.alerts.get(key.rule)
    condition = None if rule is None else rule.condition
    verdict = None if finding is None else verdict_of(finding)
    return Alert(
        key=str(key),
        rule=key.rule,
        label=key.label or None,
        value=key.value if key.label else None,
        title=words.title(key.rule, said),
        state=view.memory.state,
        since=at_or_none(view.memory.since_ns),
        unknown_since=at_or_none(view.memory.unknown_since_ns),
        severity=view.memory.severity or (said.severity if said else None),
        service=None if rule is None else rule.service,
        condition=None if condition is None else show(condition),
        fields=None if condition is None else fields_of(condition, manual.zone),
        truth=None if finding is None else finding.truth,
        reason=None if finding is None else finding.reason,
        reason_says=None if verdict is None else verdict.reason_says,
        says=sentence(view, manual),
        numbers=None if finding is None else numbers_of(finding),
        others=[] if finding is None else list(finding.others),
        runbook=said.runbook if said else None,
    )


def _detail(story: AlertStory, manual: Manual) -> AlertDetail:
    return AlertDetail(
        **dict(alert_of(story.alert, manual)),
        transitions=[_transition(row) for row in story.transitions],
        decisions=[_decision(row) for row in story.decisions],
        messages=[message_of(row, manual) for row in story.notices],
        incidents=[incident_of(one) for one in story.incidents],
        siblings=[alert_of(view, manual) for view in story.siblings],
    )


def _transition(row: TransitionRow) -> Transition:
    finding = finding_from_json(row.numbers)
    return Transition(
        at=at(row.at_ns),
        old=State(row.old),
        new=State(row.new),
        reason=row.reason,
        reason_says=reason_words(row.reason),
        because_of=row.because_of,
        verdict=None if finding is None else verdict_of(finding),
    )


def _decision(row: DecisionRow) -> Decision:
    verdict: Any = row.verdict
    return Decision(
        at=at(row.at_ns),
        channel=row.channel or None,
        verdict=verdict,
        reason=row.reason,
        reason_says=reason_words(row.reason),
        because_of=row.because_of,
    )
