"""
How does one objective read in a line?

Its standing, its promise, how it does just now, what is left of its budget in per cent and in time, and its line over
the last hours against the promise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from urllib.parse import quote

from watchkeeper.act.watch import Watch
from watchkeeper.decide.budgets import Budget, budget_of
from watchkeeper.decide.conditions import Asked, judge
from watchkeeper.decide.objectives import ObjectiveStatus, Standing, TargetStatus, polarity, worst
from watchkeeper.decide.values import Numbers
from watchkeeper.manual.condition.ast import Condition
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.measuring import Indicator
from watchkeeper.manual.units import Dimension
from watchkeeper.manual.words import measured, percent, words_ns
from watchkeeper.measure.answers import Answer, Question, Span
from watchkeeper.web.views import drawing, series, words
from watchkeeper.web.views.alert_line import AlertLine
from watchkeeper.web.views.drawing import Sketch

MINUTE = 60 * 10**9
NOW_NS = 5 * MINUTE  # what "now" means for a number; `--fast` divides both by its factor
LAST_NS = 6 * 60 * MINUTE
FASTER = 60
POINTS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Tank:
    """
    What is left of a budget: its level (0 to 100), in per cent and in time, and how fast it goes. Unknown has no level.
    """

    state: str
    level: float | None
    left: str
    worth: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveRow:
    """
    One objective for the table of all.
    """

    name: str
    href: str
    title: str
    standing: str
    state: str  # the standing as a CSS class
    promise: str
    window: str
    measured: str  # over the window of the promise; `now` is over the last minutes
    by: str
    now: str
    now_note: str
    now_bad: bool
    tank: Tank
    spark: Sketch
    alerts: tuple[AlertLine, ...]
    unguarded: str  # why there are none


def objective_row(status: ObjectiveStatus, watch: Watch, alerts: Sequence[AlertLine], *, fast: bool) -> ObjectiveRow:
    """
    The row of one objective.
    """
    manual = watch.standing.manual
    objective = manual.objectives[status.name]
    indicator, target = manual.indicators[objective.indicator], leading(status)
    now, note, bad = _now(watch, objective.indicator, target.condition, fast=fast)
    return ObjectiveRow(
        name=status.name,
        href=objective_href(status.name),
        title=words.title(status.name, objective),
        standing=status.standing.value,
        state=css(status.standing),
        promise=words.promise(target.condition),
        window=words.window(target.condition),
        measured=""
        if target.finding.numbers.value is None
        else words.measured_of(target.finding.numbers, target.condition),
        by=f"by {', '.join(indicator.by)}" if indicator.by else "",
        now=now,
        now_note=note,
        now_bad=bad,
        tank=tank(target, burning(watch, objective.indicator, target.condition, fast=fast)),
        spark=spark(watch, objective.indicator, target.condition, fast=fast),
        alerts=tuple(alerts),
        unguarded=_unguarded(watch, status.name),
    )


def _unguarded(watch: Watch, name: str) -> str:
    """
    A rule with `each` has its alerts once the label's values were heard.
    """
    indicator = watch.standing.manual.objectives[name].indicator
    guards = [one for one in watch.standing.rules.values() if one.indicator == indicator and one.condition is not None]
    if not guards:
        return "no alert guards it"
    return f"one alert for each {guards[0].each}, once one is heard"


def objective_href(name: str) -> str:
    """
    The page of an objective.
    """
    return f"/objectives/{quote(name, safe='')}"


def leading(status: ObjectiveStatus) -> TargetStatus:
    """
    The target (or, where there is none, the agreement) that stands worst.
    """
    held = status.targets or status.agreements
    standing = worst(one.standing for one in held)
    return next(one for one in held if one.standing is standing)


def css(standing: Standing) -> str:
    """
    The standing as a CSS class.
    """
    return standing.value.replace(" ", "-")


def tank(target: TargetStatus, burning: Fraction | None) -> Tank:
    """
    The budget of a target. `burning` is its burn rate just now.
    """
    budget, state = target.budget, css(target.standing)
    if budget is None:
        return Tank(state=state, level=None, left="", worth="no budget", note="this target is met or it is not")
    if budget.left is None or budget.left_ns is None or target.standing is Standing.UNKNOWN:
        zero = budget.allowed == 0
        return Tank(
            state="unknown" if not zero else state,
            level=None,
            left="",
            worth="none is allowed" if zero else "unknown",
            note="one failure breaches it" if zero else "neither met nor breached",
        )
    return Tank(
        state=state,
        level=round(min(100.0, max(0.0, float(budget.left) * 100)), 1),
        left=percent(max(Fraction(0), budget.left)),
        worth=words_ns(_round_down(budget.left_ns)),
        note=_burned(budget, burning),
    )


def _burned(budget: Budget, burning: Fraction | None) -> str:
    assert budget.left is not None
    assert budget.spent is not None
    if budget.left < 0:
        return f"spent {_times(budget.spent)}"
    if burning is not None and burning > 1:
        return f"burning {_times(burning)}"
    return f"{percent(budget.left)} left"


def _times(number: Fraction) -> str:
    return f"{measured(number, Dimension.NUMBER)}×"


def _round_down(ns: int) -> int:
    """
    Whole seconds, towards zero: nobody plans with milliseconds.
    """
    return (abs(ns) // 10**9) * 10**9 * (1 if ns >= 0 else -1)


def burning(watch: Watch, indicator: str, target: Condition, *, fast: bool) -> Fraction | None:
    """
    How fast the budget of a target goes just now; None when it has none, or nothing happened.
    """
    said = watch.standing.manual.indicators[indicator]
    [answer] = watch.ask([Question(indicator=indicator, window=Span(ns=12 * _now_ns(fast)))])
    budget = budget_of(target, answer, said)
    return None if budget is None else budget.spent


def spark(watch: Watch, indicator: str, target: Condition, *, fast: bool) -> Sketch:
    """
    The line of the last hours, with the promise as its level.
    """
    said = watch.standing.manual.indicators[indicator]
    history = watch.history(indicator, window_ns=LAST_NS // FASTER if fast else LAST_NS)
    scale = watch.intake.engine.plan.indicators[indicator].scale
    shares = polarity(said) is not None
    drawn = series.since_heard(series.line(history, target, points=POINTS, scale=scale, shares=shares))
    level = series.level(target)
    low, high = drawing.bounds(drawn.values, level, floor=0.0, ceiling=1.0 if shares else None)
    return drawing.sketch(drawn.values, drawn.heard, width=132, height=30, low=low, high=high, level=level)


def measured_by(condition: Condition, answer: Answer, indicator: Indicator) -> Numbers:
    """
    The numbers of one answer, as this condition reads it.
    """
    return judge(replace(condition, where=None), Asked(answers=(answer,), good=polarity(indicator), whole=True)).numbers


def _now(watch: Watch, indicator: str, target: Condition, *, fast: bool) -> tuple[str, str, bool]:
    """
    The value just now, the value of the label that does worst, and whether it is bad.
    """
    manual = watch.standing.manual
    said, window = manual.indicators[indicator], Span(ns=_now_ns(fast))
    where = [(label, value) for label in said.by for value in watch.labels(indicator, label)]
    questions = [Question(indicator=indicator, window=window, label=label, value=value) for label, value in where]
    whole, *parts = watch.ask([Question(indicator=indicator, window=window), *questions])
    numbers = measured_by(target, whole, said)
    if numbers.value is None:
        return "no data", "", False
    known = [
        (found.value, value)
        for (_, value), part in zip(where, parts, strict=True)
        if (found := measured_by(target, part, said)).value is not None
    ]
    low_is_bad = target.op.value in (">", ">=")
    value = words.measured_of(numbers, target)
    missed = _missed(numbers, low_is_bad=low_is_bad)
    if not known or numbers.limit is None:
        return value, "", missed
    extreme, name = (min if low_is_bad else max)(known)
    worse = extreme < numbers.limit if low_is_bad else extreme > numbers.limit
    shown = words.value(extreme, numbers.dimension, against=numbers.limit, condition=target)
    return value, f"{name} {shown}" if worse else "", missed


def _missed(numbers: Numbers, *, low_is_bad: bool) -> bool:
    if numbers.value is None or numbers.limit is None:
        return False
    return numbers.value < numbers.limit if low_is_bad else numbers.value > numbers.limit


def _now_ns(fast: bool) -> int:
    return NOW_NS // FASTER if fast else NOW_NS


def noun_counts(watch: Watch, *, fast: bool) -> list[tuple[str, int]]:
    """
    How many observations each stream behind an objective brought just now, by its name: the pulse of the system.
    """
    manual: Manual = watch.standing.manual
    known = watch.intake.engine.plan.indicators
    by_stream: dict[str, list[str]] = {}
    for objective in manual.objectives.values():
        if objective.indicator in known:
            by_stream.setdefault(manual.indicators[objective.indicator].from_, []).append(objective.indicator)
    names = [indicator for indicators in by_stream.values() for indicator in indicators]
    answers = watch.ask([Question(indicator=name, window=Span(ns=_now_ns(fast))) for name in names])
    counts = {name: answer.count for name, answer in zip(names, answers, strict=True)}
    return [
        (stream.replace("-", " "), max(counts[indicator] for indicator in indicators))
        for stream, indicators in by_stream.items()
    ]
