"""
What must be asked of the engine, so that every rule can be judged?

Gathers, for each alert rule and each value of its label, the answers that its condition is judged by. All questions go to the
engine in one call.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from watchkeeper.decide.conditions import Asked
from watchkeeper.decide.rules import Rule, windows_of
from watchkeeper.decide.values import AlertKey
from watchkeeper.manual.condition import ast
from watchkeeper.manual.condition.ast import Condition
from watchkeeper.measure.answers import Answer, Question, Span
from watchkeeper.measure.engine import Engine

WEEK_NS = 7 * 86_400 * 10**9
HOUR_NS = 3600 * 10**9


@dataclass(slots=True)
class _Slip:
    """
    The questions of one alert, by what their answers are for.
    """

    rule: Rule
    windows: list[Question]
    earlier: Question | None = None
    by_value: dict[str, list[Question]] = field(default_factory=dict)


def gather(
    rules: Mapping[str, Rule], engine: Engine, *, now_ns: int
) -> tuple[dict[AlertKey, Asked], dict[AlertKey, int]]:
    """
    What every rule's condition is judged by, per alert, and the newest event of every event rule (ns).
    """
    slips: dict[AlertKey, _Slip] = {}
    events: dict[AlertKey, int] = {}
    for rule in rules.values():
        if rule.indicator not in engine.plan.indicators:
            continue
        for key in keys_of(rule, engine):
            slips[key] = _slip(rule, key, engine)
    questions = [question for slip in slips.values() for question in _all(slip)]
    answers = iter(engine.ask_all(questions, now_ns))
    asked = {}
    for key, slip in slips.items():
        found = _asked(slip, answers)
        if slip.rule.condition is None:
            events[key] = found.answers[0].seen_ns or 0
        else:
            asked[key] = found
    return asked, events


def keys_of(rule: Rule, engine: Engine) -> list[AlertKey]:
    """
    The alerts of a rule: one, or one per value of its `each` label that was ever seen.
    """
    if not rule.each:
        return [AlertKey(rule=rule.name)]
    values = engine.labels(rule.indicator, rule.each)
    return [AlertKey(rule=rule.name, label=rule.each, value=value) for value in values]


def earlier_window(condition: Condition) -> tuple[Span, int] | None:
    """
    The window that a relative condition compares with, and how long ago it ended.
    """
    if not isinstance(condition.value, ast.Relative):
        return None
    mine = windows_of(condition)[0]
    length = mine.ns if isinstance(mine, Span) else HOUR_NS
    match condition.value.of:
        case ast.Previous(duration=duration):
            return Span(ns=duration.ns), length
        case ast.SameHourLastWeek():
            return Span(ns=HOUR_NS), WEEK_NS
        case ast.BeforeRelease():
            return None  # needs the releases of the product, which no source of this version reports


def _slip(rule: Rule, key: AlertKey, engine: Engine) -> _Slip:
    slip = _Slip(rule=rule, windows=rule.questions(value=key.value))
    earlier = None if rule.condition is None else earlier_window(rule.condition)
    if earlier is not None:
        window, ago_ns = earlier
        slip.earlier = replace(slip.windows[0], window=window, ago_ns=ago_ns)
    if rule.where:
        values = engine.labels(rule.indicator, rule.where)
        slip.by_value = {value: rule.questions(where_value=value) for value in values}
    return slip


def _all(slip: _Slip) -> list[Question]:
    earlier = [slip.earlier] if slip.earlier else []
    return slip.windows + earlier + [question for questions in slip.by_value.values() for question in questions]


def _asked(slip: _Slip, answers: Iterator[Answer]) -> Asked:
    def take(n: int) -> tuple[Answer, ...]:
        return tuple(next(answers) for _ in range(n))

    base = Asked(
        answers=take(len(slip.windows)),
        good=slip.rule.good,
        earlier=take(1)[0] if slip.earlier else None,
        allowed=slip.rule.allowed,
        at_least=slip.rule.alert.at_least,
    )
    by_value = {value: replace(base, answers=take(len(questions))) for value, questions in slip.by_value.items()}
    return replace(base, by_value=by_value)
