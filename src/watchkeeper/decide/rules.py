"""
What does an alert rule ask, and with which times?

The manual's alert, with everything filled in that the manual leaves to its defaults: the window, the times, the severity's
channels. Made once per manual; the turn only reads it.
"""

from dataclasses import dataclass, replace
from fractions import Fraction

from watchkeeper.decide.alerts import Timing
from watchkeeper.decide.objectives import polarity
from watchkeeper.manual.budgets import budget
from watchkeeper.manual.condition import ast
from watchkeeper.manual.condition.ast import Condition
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.measuring import Indicator
from watchkeeper.manual.model.promising import Alert, Objective
from watchkeeper.manual.units import Duration
from watchkeeper.manual.windows import alert_window
from watchkeeper.measure.answers import LOOKS_BACK, Question, Since, Span, event_name

UNKNOWN_AFTER_NS = 30 * 60 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    An alert rule, ready to be asked.
    """

    name: str
    alert: Alert
    indicator: str
    condition: Condition | None  # None for an event rule
    timing: Timing
    good: bool | None = None
    allowed: Fraction | None = None  # the budget that a `burn` condition burns
    each: str = ""
    where: str = ""  # the label that `in N of M` speaks of
    service: str | None = None

    def questions(self, *, value: str = "", where_value: str = "") -> list[Question]:
        """
        The windows to ask about: for one value of `each`, or of the label of `in N of M`.
        """
        label, of = (self.where, where_value) if where_value else (self.each if value else "", value)
        windows = [LOOKS_BACK] if self.condition is None else windows_of(self.condition)
        return [Question(indicator=self.indicator, window=window, label=label, value=of) for window in windows]


def rules_of(manual: Manual) -> dict[str, Rule]:
    """
    All rules of a manual whose indicator is live, by name.
    """
    return {name: rule_of(name, alert, manual) for name, alert in manual.alerts.items()}


def rule_of(name: str, alert: Alert, manual: Manual) -> Rule:
    """
    One rule with the manual's defaults filled in.
    """
    objective = manual.objectives.get(alert.objective) if alert.objective else None
    indicator = alert.indicator or (objective.indicator if objective else "") or event_name(alert.on or "")
    said = manual.indicators.get(indicator)
    condition = None if alert.when is None else replace(alert.when, window=alert_window(alert.when, manual).window)
    defaults = manual.defaults
    return Rule(
        name=name,
        alert=alert,
        indicator=indicator,
        condition=condition,
        good=polarity(said),
        allowed=_allowed(objective, said),
        each=alert.each or "",
        where=condition.where.label if condition and condition.where else "",
        service=alert.service or (objective.service if objective else None),
        timing=Timing(
            hold_ns=condition.hold.ns if condition and condition.hold else 0,
            resolve_after_ns=alert.resolve_after.ns if alert.resolve_after else 0,
            unknown_after_ns=_ns(alert.unknown_after, defaults.unknown_after, UNKNOWN_AFTER_NS),
            repeat_ns=_ns(alert.repeat_every, defaults.repeat_every, None),
        ),
    )


def windows_of(condition: Condition) -> list[Span | Since]:
    """
    The windows of a condition, the long one of a pair first.
    """
    match condition.window:
        case ast.Rolling(duration=duration):
            return [Span(ns=duration.ns)]
        case ast.Pair(long=long, short=short):
            return [Span(ns=long.ns), Span(ns=short.ns)]
        case ast.Calendar(period=period):
            return [Since(period=period)]
        case None:  # age, left, last and strikes look at single observations
            return [LOOKS_BACK]


def _allowed(objective: Objective | None, indicator: Indicator | None) -> Fraction | None:
    if objective is None or indicator is None:
        return None
    shares = (budget(target, indicator) for target in (*objective.targets, *objective.agreements))
    return next((share for share in shares if share is not None), None)


def _ns(*lengths: Duration | int | None) -> int | None:
    found = next((length for length in lengths if length is not None), None)
    return found.ns if isinstance(found, Duration) else found
