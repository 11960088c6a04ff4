"""
How do the promises stand?

An objective is met, at risk, breached or unknown: the worst of its targets and agreements. At risk means met, but with
less than a quarter of the budget left. A window that reaches back before its stream was first heard is judged by what
was heard since.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from watchkeeper.decide.budgets import Budget, budget_of
from watchkeeper.decide.conditions import Asked, judge
from watchkeeper.decide.values import Finding, Truth
from watchkeeper.manual.condition.ast import Condition
from watchkeeper.manual.model.measuring import Indicator
from watchkeeper.measure.answers import Answer

LOW_BUDGET = Fraction(1, 4)


class Standing(StrEnum):
    """
    How a promise stands, best first.
    """

    MET = "met"
    AT_RISK = "at risk"
    UNKNOWN = "unknown"
    BREACHED = "breached"


_WORST_LAST = (Standing.MET, Standing.AT_RISK, Standing.UNKNOWN, Standing.BREACHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStatus:
    """
    One target (or agreement) over its window.
    """

    condition: Condition
    standing: Standing
    finding: Finding
    budget: Budget | None
    since_ns: int | None  # what the window really knows, where it reaches back before the stream was first heard


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveStatus:
    """
    An objective with the status of each of its targets and agreements.
    """

    name: str
    standing: Standing
    targets: tuple[TargetStatus, ...]
    agreements: tuple[TargetStatus, ...] = ()


def objective_status(
    name: str,
    targets: Sequence[tuple[Condition, Answer]],
    agreements: Sequence[tuple[Condition, Answer]],
    indicator: Indicator,
) -> ObjectiveStatus:
    """
    The status of an objective from an answer per target and agreement.
    """
    held = tuple(target_status(condition, answer, indicator) for condition, answer in targets)
    agreed = tuple(target_status(condition, answer, indicator) for condition, answer in agreements)
    standing = worst(one.standing for one in (*held, *agreed))
    return ObjectiveStatus(name=name, standing=standing, targets=held, agreements=agreed)


def worst(standings: Iterable[Standing]) -> Standing:
    """
    The worst of some standings; unknown for none.
    """
    return max(standings, key=_WORST_LAST.index, default=Standing.UNKNOWN)


def target_status(condition: Condition, answer: Answer, indicator: Indicator) -> TargetStatus:
    """
    The status of one target over one answer.
    """
    asked = Asked(answers=(answer,), good=polarity(indicator), whole=_heard_enough(answer))
    finding, budget = judge(condition, asked), budget_of(condition, answer, indicator)
    young = answer.born_ns is not None and answer.born_ns > answer.start_ns
    return TargetStatus(
        condition=condition,
        standing=_standing(finding, budget),
        finding=finding,
        budget=budget,
        since_ns=answer.born_ns if young else None,
    )


def polarity(indicator: Indicator | None) -> bool | None:
    """
    What the indicator's predicate says: True good, False bad, None when neither is written.
    """
    if indicator is None or (indicator.good is None and indicator.bad is None):
        return None
    return indicator.good is not None


def _heard_enough(answer: Answer) -> bool:
    """
    Half of what could be heard was heard, where nothing could be before the stream was heard first.

    Known slots against that share of all slots which lies after its birth.
    """
    if answer.born_ns is None or not answer.slots:
        return False
    length = max(1, answer.end_ns - answer.start_ns)
    possible = answer.end_ns - max(answer.born_ns, answer.start_ns)
    return 2 * answer.known * length >= answer.slots * possible


def _standing(finding: Finding, budget: Budget | None) -> Standing:
    if finding.truth is Truth.UNKNOWN:
        return Standing.UNKNOWN
    if finding.truth is Truth.CLEAR:
        return Standing.BREACHED
    if budget is not None and budget.left is not None and budget.left < LOW_BUDGET:
        return Standing.AT_RISK
    return Standing.MET
