"""
What must be asked of the engine, so that every rule can be judged?

Gathers, for each alert rule and each value of its label, the answers that its condition is judged by. All questions go
to the engine in one call.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from watchkeeper.decide.conditions import Asked
from watchkeeper.decide.rules import Rule, windows_of
from watchkeeper.decide.values import AlertKey
from watchkeeper.manual.condition import ast
from watchkeeper.manual.condition.ast import Condition
from watchkeeper.measure.answers import Answer, Question, Span
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.given import REPORTS
from watchkeeper.measure.plan import StreamPlan
from watchkeeper.measure.posed import Posed

WEEK_NS = 7 * 86_400 * 10**9
HOUR_NS = 3600 * 10**9


@dataclass(slots=True, kw_only=True)
class _Slip:
    """
    The questions of one series of one alert, by what their answers are for.
    """

    windows: list[Question]
    lately: Question | None = None
    earlier: Question | None = None
    by_value: dict[str, "_Slip"] = field(default_factory=dict)

    def questions(self) -> Iterator[Question]:
        yield from self.windows
        yield from (question for question in (self.lately, self.earlier) if question is not None)
        for slip in self.by_value.values():
            yield from slip.questions()


def gather(
    rules: Mapping[str, Rule], engine: Engine, *, now_ns: int, keys: Iterable[AlertKey] | None = None
) -> tuple[dict[AlertKey, Asked], dict[AlertKey, tuple[int, ...]]]:
    """
    What every rule's condition is judged by, per alert, and the newest events of every event rule (ns); or only those
    of some alerts.
    """
    if keys is None:
        live = [rule for rule in rules.values() if rule.indicator in engine.plan.indicators]
        keys = [key for rule in live for key in keys_of(rule, engine)]
    slips = {key: (rules[key.rule], _slip(rules[key.rule], key, engine)) for key in keys}
    questions = [question for _, slip in slips.values() for question in slip.questions()]
    answers = iter(engine.ask_all(questions, now_ns))
    asked, events = {}, {}
    for key, (rule, slip) in slips.items():
        found = _asked(rule, slip, answers, engine.plan.indicators[rule.indicator].stream)
        if rule.condition is None:
            events[key] = tuple(at_ns for at_ns, _ in found.answers[0].results)
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


def posed_of(rule: Rule, key: AlertKey, engine: Engine) -> Posed:
    """
    The condition of a rule as a sweep takes it. `AssertionError` for an event rule, which has none.
    """
    assert rule.condition is not None
    return Posed(
        indicator=rule.indicator,
        condition=rule.condition,
        windows=tuple(windows_of(rule.condition)),
        label=key.label,
        value=key.value,
        good=rule.good,
        target=rule.target,
        allowed=rule.allowed,
        at_least=rule.alert.at_least,
        where_values=tuple(engine.labels(rule.indicator, rule.where)) if rule.where else (),
    )


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
    slip = _of_series(rule, engine, rule.questions(value=key.value))
    if rule.where:
        slip.by_value = {
            value: _of_series(rule, engine, rule.questions(where_value=value))
            for value in engine.labels(rule.indicator, rule.where)
        }
    return slip


def _of_series(rule: Rule, engine: Engine, windows: list[Question]) -> _Slip:
    slip = _Slip(windows=windows)
    if rule.condition is None:
        return slip
    if isinstance(rule.condition.measure, ast.Last | ast.Bad):
        stream = engine.plan.indicators[rule.indicator].stream
        slip.lately = replace(windows[0], window=Span(ns=2 * stream.speaks_ns))  # one word may be missed
    earlier = earlier_window(rule.condition)
    if earlier is not None:
        window, ago_ns = earlier
        slip.earlier = replace(windows[0], window=window, ago_ns=ago_ns)
    return slip


def _asked(rule: Rule, slip: _Slip, answers: Iterator[Answer], stream: StreamPlan) -> Asked:
    windows = tuple(next(answers) for _ in slip.windows)
    lately = next(answers) if slip.lately else None
    earlier = next(answers) if slip.earlier else None
    return Asked(
        answers=windows,
        good=rule.good,
        earlier=earlier,
        target=rule.target,
        allowed=rule.allowed,
        at_least=rule.alert.at_least,
        lately=lately is None or _spoke(lately, stream),
        by_value={value: _asked(rule, one, answers, stream) for value, one in slip.by_value.items()},
    )


def _spoke(answer: Answer, stream: StreamPlan) -> bool:
    return answer.seen_ns is not None if stream.signal in REPORTS else answer.known > 0
