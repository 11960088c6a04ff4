"""
How do the promises stand, in JSON?
"""

from collections.abc import Sequence
from fractions import Fraction as Ratio

from pydantic import Field

from watchkeeper.act import saying
from watchkeeper.act.watch import ObjectiveStory, Watch
from watchkeeper.decide.budgets import Budget, budget_of
from watchkeeper.decide.objectives import ObjectiveStatus, Standing, TargetStatus
from watchkeeper.decide.reasons import SAYS, Reason
from watchkeeper.decide.values import Truth
from watchkeeper.manual.condition.ast import Condition
from watchkeeper.manual.condition.printer import show
from watchkeeper.manual.liveness import why_not
from watchkeeper.manual.model.manual import Manual
from watchkeeper.measure.answers import Answer
from watchkeeper.web.api.asking import TheWatch, router
from watchkeeper.web.api.conditions import ConditionFields, fields_of
from watchkeeper.web.api.errors import Unknown, answers, found
from watchkeeper.web.api.values import (
    Fraction,
    Instant,
    Model,
    Numbers,
    Seconds,
    at,
    at_or_none,
    exact,
    numbers_of,
    rounded,
    seconds,
)
from watchkeeper.web.views import words
from watchkeeper.web.views.objective_row import leading, measured_by

routes = router("objectives")


class ErrorBudget(Model):
    """
    What a target allows to go wrong, and what is left of it.
    """

    allowed: float = Field(description="The share of events that may be bad.")
    allowed_exact: Fraction
    bad: int = Field(description="How many events of the window are bad ...")
    events: int = Field(description="... of how many.")
    spent: float | None = Field(description="The share of the budget that is gone; above 1 it is overspent.")
    spent_exact: Fraction | None
    left: float | None = Field(description="What is left: 1 less what is spent; negative when overspent.")
    left_exact: Fraction | None
    left_seconds: Seconds | None = Field(description="The same as time of full failure within the window.")


class Target(Numbers):
    """
    One target (SLO) or agreement (SLA) over its window.
    """

    text: str = Field(description="The target in its canonical writing.", examples=[">= 97% over 30d"])
    fields: ConditionFields
    standing: Standing = Field(description="How it stands.")
    reason: Reason = Field(description="Why, as one word of a closed list.")
    reason_says: str = Field(description="The same in words.")
    says: str = Field(description="One sentence with the arithmetic.")
    since: Instant | None = Field(
        description="When its stream was first heard, where that was after the window began: nothing is known before."
    )
    budget: ErrorBudget | None = Field(description="Its error budget; null for a target that has none.")


class Objective(Model):
    """
    An objective as it stands now: the worst of its targets and agreements.
    """

    name: str
    title: str
    service: str | None
    indicator: str
    standing: Standing
    targets: list[Target]
    agreements: list[Target]


class ObjectiveList(Model):
    """
    Every live objective, in the order of the manual.
    """

    objectives: list[Objective]


class LabelValue(Model):
    """
    The objective for one value of a label.
    """

    value: str
    standing: Standing
    targets: list[Target]
    agreements: list[Target]


class Window(Model):
    """
    The indicator over another window, up to now.
    """

    seconds: Seconds
    events: int
    matched: int = Field(description="How many are what the indicator speaks of: good ones, or bad ones.")
    value: float | None = Field(description="The value as the worst target reads it: a share, a quantile, seconds ...")
    value_exact: Fraction | None
    burn_rate: float | None = Field(
        description="How fast the budget of that target goes: 1 spends all of it in one of its windows."
    )
    burn_rate_exact: Fraction | None
    known_share: float | None = Field(description="The share of the window in which a source was heard, 0..1.")


class Observation(Model):
    """
    One of the worst observations lately.
    """

    at: Instant
    value: float = Field(description="In SI units.")
    trace_id: str | None


class ObjectiveDetail(Objective):
    """
    An objective from all sides.
    """

    breakdown: dict[str, list[LabelValue]] = Field(description="By label of the indicator, for each of its values.")
    windows: list[Window] = Field(description="Shortest first.")
    alerts: list[str] = Field(description="The keys of the alerts on the same indicator.")
    worst: list[Observation] = Field(description="Worst first.")


@routes.get("/objectives")
def objectives(watch: TheWatch) -> ObjectiveList:
    """
    Every live objective with its targets, agreements and budgets.
    """
    manual = watch.standing.manual
    return ObjectiveList(objectives=[_objective(status, manual) for status in watch.objectives()])


@routes.get("/objectives/{name}", responses=answers(404, 422))
def objective(name: str, watch: TheWatch) -> ObjectiveDetail:
    """
    One objective: also by value of its labels, over other windows, with its alerts and its worst observations.
    """
    manual = watch.standing.manual
    if name in manual.objectives and (why := why_not("objectives", name, manual)):
        raise Unknown("live objective", name, (), why=f"it is declared, not yet live ({why})")
    story = found(watch.objective, name, what="objective", known=lambda: [one.name for one in watch.objectives()])
    return _detail(story, watch)


def _detail(story: ObjectiveStory, watch: Watch) -> ObjectiveDetail:
    manual, status = watch.standing.manual, story.status
    return ObjectiveDetail(
        **dict(_objective(status, manual)),
        breakdown={
            label: [_label_value(value, one, manual) for value, one in values.items()]
            for label, values in story.breakdown.items()
        },
        windows=[_window(ns, answer, leading(status).condition, story, manual) for ns, answer in story.windows],
        alerts=[str(view.memory.key) for view in story.alerts],
        worst=[
            Observation(at=at(at_ns), value=value / story.scale, trace_id=trace or None)
            for at_ns, value, trace in story.worst
        ],
    )


def _objective(status: ObjectiveStatus, manual: Manual) -> Objective:
    said = manual.objectives[status.name]
    return Objective(
        name=status.name,
        title=words.title(status.name, said),
        service=said.service,
        indicator=said.indicator,
        standing=status.standing,
        targets=_targets(status.targets, status.name, manual),
        agreements=_targets(status.agreements, status.name, manual),
    )


def _targets(statuses: Sequence[TargetStatus], name: str, manual: Manual) -> list[Target]:
    return [_target(one, name, manual) for one in statuses]


def _target(status: TargetStatus, name: str, manual: Manual) -> Target:
    finding = status.finding
    return Target(
        **dict(numbers_of(finding)),
        text=show(status.condition),
        fields=fields_of(status.condition, manual.zone),
        standing=status.standing,
        reason=finding.reason,
        reason_says=SAYS[finding.reason],
        says=_says(status, name, manual),
        since=at_or_none(status.since_ns),
        budget=None if status.budget is None else _budget(status.budget),
    )


def _says(status: TargetStatus, name: str, manual: Manual) -> str:
    """
    `Parse success is 93.4 %, promised ≥ 97 %: 14 of 212 parses failed, 6.6 %, limit 3 % over 30 d`.
    """
    objective, condition, finding = manual.objectives[name], status.condition, status.finding
    who = words.title(name, objective)
    if finding.truth is Truth.UNKNOWN:
        return f"{who}: {words.gap(finding)}"
    noun = words.noun(manual, objective.indicator)
    value, counts = (
        words.measured_of(finding.numbers, condition),
        saying.arithmetic(condition, finding.numbers, noun=noun),
    )
    is_ = f"{who} {words.measure(condition)}".strip()
    return f"{is_}: {value}, promised {words.promise(condition)}" + (f"; {counts}" if counts else "")


def _budget(budget: Budget) -> ErrorBudget:
    return ErrorBudget(
        allowed=float(budget.allowed),
        allowed_exact=Fraction(numerator=budget.allowed.numerator, denominator=budget.allowed.denominator),
        bad=budget.bad,
        events=budget.total,
        spent=rounded(budget.spent),
        spent_exact=exact(budget.spent),
        left=rounded(budget.left),
        left_exact=exact(budget.left),
        left_seconds=None if budget.left_ns is None else seconds(budget.left_ns),
    )


def _label_value(value: str, status: ObjectiveStatus, manual: Manual) -> LabelValue:
    return LabelValue(
        value=value,
        standing=status.standing,
        targets=_targets(status.targets, status.name, manual),
        agreements=_targets(status.agreements, status.name, manual),
    )


def _window(ns: int, answer: Answer, target: Condition, story: ObjectiveStory, manual: Manual) -> Window:
    indicator = manual.indicators[story.objective.indicator]
    value, budget = measured_by(target, answer, indicator).value, budget_of(target, answer, indicator)
    burn: Ratio | None = None if budget is None else budget.spent
    return Window(
        seconds=seconds(ns),
        events=answer.count,
        matched=answer.matched,
        value=rounded(value),
        value_exact=exact(value),
        burn_rate=rounded(burn),
        burn_rate_exact=exact(burn),
        known_share=answer.known / answer.slots if answer.slots else None,
    )
