"""
Does the condition hold?

A verdict is exact or unknown. Ratios are compared by cross-multiplication of whole numbers, quantiles as shares of
counted events, and a source that only has buckets is judged only when both of its bounds agree:

>>> from watchkeeper.manual.condition.parser import parse
>>> from watchkeeper.measure.answers import Answer
>>> answer = Answer(start_ns=0, end_ns=900, count=212, matched=198, known=9, slots=10)
>>> found = judge(parse("< 95% over 15m"), Asked(answers=(answer,), good=True))
>>> found.truth.value, found.numbers.hits, found.numbers.events
('holds', 198, 212)
"""

from collections.abc import Callable, Iterable
from fractions import Fraction

from watchkeeper.decide.arithmetic import Asked, distinct_bounds, numbers_of, quantile_bounds
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import Finding, Numbers, Truth
from watchkeeper.manual.condition import ast
from watchkeeper.manual.condition.ast import Condition, Op
from watchkeeper.manual.condition.counting import Share, as_share
from watchkeeper.manual.units import Dimension, Quantity, Range
from watchkeeper.measure.answers import Answer, Under
from watchkeeper.measure.fixed import bound

__all__ = ["Asked", "judge"]

COMPARE: dict[Op, Callable[[Fraction, Fraction], bool]] = {
    Op.LT: lambda a, b: a < b,
    Op.LE: lambda a, b: a <= b,
    Op.GT: lambda a, b: a > b,
    Op.GE: lambda a, b: a >= b,
    Op.EQ: lambda a, b: a == b,
    Op.NE: lambda a, b: a != b,
}
_SETTLES_FIRST = (Truth.CLEAR, Truth.UNKNOWN, Truth.HOLDS)


def judge(condition: Condition, asked: Asked) -> Finding:
    """
    Whether the condition holds, with its arithmetic.
    """
    return (
        _judge_windows(condition, asked) if condition.where is None else _judge_where(condition, condition.where, asked)
    )


def _judge_windows(condition: Condition, asked: Asked) -> Finding:
    """
    Every window of a pair must hold: one that is clear settles it, whatever is unknown about the other.
    """
    findings = [_judge_one(condition, asked, answer) for answer in asked.answers]
    return min(findings, key=lambda found: _SETTLES_FIRST.index(found.truth))


def _judge_where(condition: Condition, where: ast.Where, asked: Asked) -> Finding:
    """
    Enough values must hold. A value that was named (`2 of 3`) but never heard of is as unknown as one that fell silent.
    """
    findings = {value: _judge_windows(condition, one) for value, one in asked.by_value.items()}
    if where.kind is ast.Quantifier.ALL:
        findings = _with_something_to_say(findings)
    holding = tuple(value for value, found in findings.items() if found.truth is Truth.HOLDS)
    unknown = [found for found in findings.values() if found.truth is Truth.UNKNOWN]
    missing = max(0, (where.of or 1) - len(findings))
    wanted = _wanted(where, len(findings))
    first = _first(findings.values())
    numbers = Numbers() if first is None else first.numbers
    if len(holding) >= wanted:
        return Finding(truth=Truth.HOLDS, reason=Reason.HOLDS, numbers=numbers, others=holding)
    if len(holding) + len(unknown) + missing >= wanted:
        reason = unknown[0].reason if unknown else Reason.NOT_HEARD
        return Finding(truth=Truth.UNKNOWN, reason=reason, numbers=numbers, others=holding)
    return Finding(truth=Truth.CLEAR, reason=Reason.CLEAR, numbers=numbers, others=holding)


def _with_something_to_say(findings: dict[str, Finding]) -> dict[str, Finding]:
    """
    Of `all`, a value in which nothing happened says neither yes nor no; unless that is so everywhere.
    """
    speaking = {value: found for value, found in findings.items() if found.reason is not Reason.NO_EVENTS}
    return speaking or findings


def _wanted(where: ast.Where, known: int) -> int:
    match where.kind:
        case ast.Quantifier.ANY:
            return 1
        case ast.Quantifier.ALL:
            return max(known, where.of or 1)
        case ast.Quantifier.N_OF:
            return where.n or 1


def _first(findings: Iterable[Finding]) -> Finding | None:
    """
    The finding whose numbers stand for all: one that holds, else one that is unknown.
    """
    return max(findings, key=lambda found: _SETTLES_FIRST.index(found.truth), default=None)


def _judge_one(condition: Condition, asked: Asked, answer: Answer) -> Finding:
    numbers = numbers_of(condition, asked, answer)
    unknown = _why_unknown(condition, asked, answer)
    if unknown is not None:
        return Finding(truth=Truth.UNKNOWN, reason=unknown, numbers=numbers)
    share = as_share(condition)
    if share is not None:
        return _found(_share_holds(share, answer), numbers)
    if isinstance(condition.measure, ast.Quantile):
        return _found(_quantile_holds(condition, asked, answer), numbers)
    if isinstance(condition.measure, ast.Distinct) and numbers.value is not None:
        return _found(_distinct_holds(condition, asked, answer), numbers)
    if numbers.value is None or numbers.limit is None:
        return Finding(truth=Truth.UNKNOWN, reason=_why_valueless(condition, asked, answer), numbers=numbers)
    return _found(COMPARE[condition.op](numbers.value, numbers.limit), numbers)


def _found(holds: bool | None, numbers: Numbers) -> Finding:
    match holds:
        case None:
            return Finding(truth=Truth.UNKNOWN, reason=Reason.UNDECIDABLE, numbers=numbers)
        case True:
            return Finding(truth=Truth.HOLDS, reason=Reason.HOLDS, numbers=numbers)
        case False:
            return Finding(truth=Truth.CLEAR, reason=Reason.CLEAR, numbers=numbers)


def _share_holds(share: Share, answer: Answer) -> bool | None:
    limit = bound(share.threshold, inclusive=share.inclusive, scale=answer.scale)
    under = answer.under.get(limit, Under(sure=0, most=answer.count))
    low, high = (share.holds(under=n, total=answer.count) for n in (under.sure, under.most))
    return low if low == high else None


def _quantile_holds(condition: Condition, asked: Asked, answer: Answer) -> bool | None:
    """
    A quantile against an earlier one: both lie in a bucket, so it is settled when every pair of values agrees.
    """
    assert isinstance(condition.measure, ast.Quantile)
    if asked.earlier is None or not isinstance(condition.value, ast.Relative):
        return None
    mine = quantile_bounds(answer, condition.measure.share)
    theirs = quantile_bounds(asked.earlier, condition.measure.share)
    if mine is None or theirs is None:
        return None
    compare, times = COMPARE[condition.op], condition.value.share.value
    found = {compare(value, times * earlier) for value in mine for earlier in theirs}
    return found.pop() if len(found) == 1 else None


def _distinct_holds(condition: Condition, asked: Asked, answer: Answer) -> bool | None:
    """
    Beyond a few hundred only bounds are known: settled when every pair of them agrees.
    """
    assert isinstance(condition.measure, ast.Distinct)
    mine, limits = distinct_bounds(condition.measure, answer), _limits(condition, condition.measure, asked)
    if mine is None or limits is None:
        return None
    found = {COMPARE[condition.op](value, limit) for value in mine for limit in limits}
    if condition.op in (Op.EQ, Op.NE) and (mine[0] != mine[1] or limits[0] != limits[-1]):
        found = found if mine[1] < limits[0] or limits[-1] < mine[0] else set()  # between the bounds it may be equal
    return found.pop() if len(found) == 1 else None


def _limits(condition: Condition, measure: ast.Distinct, asked: Asked) -> tuple[Fraction, ...] | None:
    match condition.value:
        case Quantity(value=value) | Range(high=Quantity(value=value)):
            return (value,)
        case ast.Relative(share=share) if asked.earlier is not None:
            theirs = distinct_bounds(measure, asked.earlier)
            return None if theirs is None else tuple(share.value * one for one in theirs)
    return None


# --- why nobody can say


def _why_unknown(condition: Condition, asked: Asked, answer: Answer) -> Reason | None:
    if isinstance(condition.measure, ast.Age | ast.Left | ast.Last | ast.Bad):
        return _why_no_result(condition, asked, answer)
    if condition.strikes is not None:  # `p95 > 2s 3 in a row`: only single results are kept one by one
        return Reason.UNDECIDABLE
    return _why_dark(condition, asked, answer) or _why_earlier_dark(condition, asked)


def _why_no_result(condition: Condition, asked: Asked, answer: Answer) -> Reason | None:
    """
    Single results: an age and a date hold on their own; the newest value is worth something while somebody reports.
    """
    if isinstance(condition.measure, ast.Last | ast.Bad) and not asked.lately:
        return Reason.NOT_HEARD
    return None if answer.seen_ns is not None else Reason.NO_EVENTS


def _why_dark(condition: Condition, asked: Asked, answer: Answer) -> Reason | None:
    if not (asked.whole or answer.half_known or _settled(condition, asked, answer)):
        return Reason.NOT_HEARD
    if isinstance(condition.measure, ast.Count | ast.Rate):  # nothing is a count too, when somebody listened
        return None
    if asked.at_least is not None and answer.count < asked.at_least:
        return Reason.TOO_FEW
    return None if answer.count else Reason.NO_EVENTS


def _why_earlier_dark(condition: Condition, asked: Asked) -> Reason | None:
    if not isinstance(condition.value, ast.Relative):
        return None
    earlier = asked.earlier
    if earlier is None or (earlier.born_ns is not None and earlier.born_ns >= earlier.end_ns):
        return Reason.NO_EVENTS  # before the stream was first heard, or the product first released
    if not earlier.half_known:
        return Reason.NOT_HEARD
    return None if earlier.count else Reason.NO_EVENTS


def _settled(condition: Condition, asked: Asked, answer: Answer) -> bool:
    """
    Zero budget: one bad event settles what allows none; nothing that was not heard can undo it.
    """
    value = condition.value
    if asked.good is None or not isinstance(condition.measure, ast.Ratio) or not isinstance(value, Quantity):
        return False
    if value.dimension is not Dimension.RATIO or value.value != (1 if asked.good else 0):
        return False
    return (answer.count - answer.matched if asked.good else answer.matched) > 0


def _why_valueless(condition: Condition, asked: Asked, answer: Answer) -> Reason:
    if isinstance(condition.measure, ast.Burn):
        return Reason.UNDECIDABLE if asked.allowed else Reason.NO_BUDGET
    return Reason.UNDECIDABLE if answer.bucketed else Reason.NO_EVENTS
