"""
What does an alert rule ask, and with which times?

The manual's alert, with everything filled in that the manual leaves to its defaults: the window and the times.
Made once per manual; the turn only reads it.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction

from watchkeeper.decide.alerts import Timing
from watchkeeper.decide.burns import faster_ones
from watchkeeper.decide.depending import Upstream, upstream_of
from watchkeeper.decide.objectives import polarity
from watchkeeper.decide.values import AlertKey
from watchkeeper.manual.budgets import budget
from watchkeeper.manual.condition import ast
from watchkeeper.manual.condition.ast import Condition
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.measuring import Indicator
from watchkeeper.manual.model.promising import Alert, Objective
from watchkeeper.manual.routing import service_of
from watchkeeper.manual.units import NS_PER_SECOND, Duration, Quantity
from watchkeeper.manual.windows import alert_window
from watchkeeper.measure.answers import LOOKS_BACK, Question, Since, Span, event_name

UNKNOWN_AFTER_NS = 30 * 60 * 10**9
RESOLVE_AFTER_NS = 60 * 10**9

_ADDED_UP = (ast.Ratio, ast.Mean, ast.Count, ast.Rate, ast.Burn)  # these need nothing but sums


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
    target: Condition | None = None  # what a `burn` condition burns, and its budget
    allowed: Fraction | None = None
    each: str = ""
    where: str = ""  # the label that `in N of M` speaks of
    service: str | None = None
    faster: tuple[str, ...] = ()  # rules that hold it back while they fire (`burns`)
    upstream: Upstream = field(default_factory=dict)  # and those about what its service needs (`depending`)

    def upstream_of(self, key: AlertKey) -> tuple[str, ...]:
        """
        The rules about what the service needs that hold this alert back while they fire.
        """
        return self.upstream[key.value] if key.value in self.upstream else self.upstream.get("", ())

    def questions(self, *, value: str = "", where_value: str = "") -> list[Question]:
        """
        The windows to ask about: for one value of `each`, or of the label of `in N of M`.
        """
        label, of = (self.where, where_value) if where_value else (self.each if value else "", value)
        windows = [LOOKS_BACK] if self.condition is None else windows_of(self.condition)
        merges = self.condition is None or not isinstance(self.condition.measure, _ADDED_UP)
        return [
            Question(indicator=self.indicator, window=window, label=label, value=of, merges=merges)
            for window in windows
        ]


def rules_of(manual: Manual, *, times: int = 1) -> dict[str, Rule]:
    """
    All rules of a manual, by name. Whether one can be asked is for the engine to say.
    """
    rules = {name: rule_of(name, alert, manual, times=times) for name, alert in manual.alerts.items()}
    faster = faster_ones({name: rule.condition for name, rule in rules.items() if rule.condition}, manual)
    upstream = upstream_of(manual)
    return {
        name: replace(rule, faster=faster.get(name, ()), upstream=upstream.get(name, {}))
        for name, rule in rules.items()
    }


def rule_of(name: str, alert: Alert, manual: Manual, *, times: int = 1) -> Rule:
    """
    One rule with the manual's defaults filled in; what the manual leaves open passes `times` as fast.
    """
    objective = manual.objectives.get(alert.objective) if alert.objective else None
    indicator = alert.indicator or (objective.indicator if objective else "") or event_name(alert.on or "")
    said = manual.indicators.get(indicator)
    condition = None if alert.when is None else replace(alert.when, window=alert_window(alert.when, manual).window)
    target = _burnt(objective, said)
    return Rule(
        name=name,
        alert=alert,
        indicator=indicator,
        condition=condition,
        good=polarity(said),
        target=target,
        allowed=None if target is None or said is None else budget(target, said),
        each=alert.each or "",
        where=condition.where.label if condition and condition.where else "",
        service=service_of(alert, manual),
        timing=_timing(alert, condition, manual, times),
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
            return [Span(ns=_looks_back_ns(condition))]


def _looks_back_ns(condition: Condition) -> int:
    """
    A day; for an age, twice as far as it may be old, so that what is too old is still seen.
    """
    if isinstance(condition.measure, ast.Age) and isinstance(condition.value, Quantity):
        return max(LOOKS_BACK.ns, int(2 * condition.value.value * NS_PER_SECOND))
    return LOOKS_BACK.ns


def _timing(alert: Alert, condition: Condition | None, manual: Manual, times: int) -> Timing:
    stated = _ns(alert.unknown_after, manual.defaults.unknown_after)
    clear = _ns(alert.resolve_after, manual.defaults.resolve_after)
    # A share of a sliding window trembles round its limit while bad events leave it; single observations do not.
    flapping = manual.defaults.flapping
    trembles = condition is not None and condition.window is not None
    return Timing(
        hold_ns=_ns(condition.hold if condition else None) or 0,
        resolve_after_ns=(RESOLVE_AFTER_NS // times if trembles else 0) if clear is None else clear,
        unknown_after_ns=UNKNOWN_AFTER_NS // times if stated is None else stated,
        asks_when_quiet=stated is not None,
        repeat_ns=_ns(alert.repeat_every, manual.defaults.repeat_every),
        flap_count=flapping.count if flapping else 0,
        flap_ns=flapping.per.ns if flapping else None,
    )


def _burnt(objective: Objective | None, indicator: Indicator | None) -> Condition | None:
    """
    The first target of the objective that has a budget at all.
    """
    if objective is None or indicator is None:
        return None
    promises = (*objective.targets, *objective.agreements)
    return next((one for one in promises if budget(one, indicator) is not None), None)


def _ns(*lengths: Duration | None) -> int | None:
    return next((length.ns for length in lengths if length is not None), None)
