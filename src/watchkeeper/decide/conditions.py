"""
Does the condition hold?

A verdict is exact or unknown. Ratios are compared by cross-multiplication of whole numbers, quantiles as shares of counted
events, and a source that only has buckets is judged only when both of its bounds agree:

>>> from watchkeeper.manual.condition.parser import parse
>>> from watchkeeper.measure.answers import Answer
>>> answer = Answer(start_ns=0, end_ns=900, count=212, matched=198, known=9, slots=10)
>>> found = judge(parse("< 95% over 15m"), Asked(answers=(answer,), good=True))
>>> found.truth.value, found.numbers.hits, found.numbers.events
('holds', 198, 212)
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import Finding, Numbers, Truth
from watchkeeper.manual.condition import ast
from watchkeeper.manual.condition.ast import Condition, Op
from watchkeeper.manual.condition.counting import as_share
from watchkeeper.manual.units import Dimension, Quantity, Range
from watchkeeper.measure.answers import Answer, Under
from watchkeeper.measure.fixed import bound
from watchkeeper.measure.merges import quantile

_COMPARE: dict[Op, Callable[[Fraction, Fraction], bool]] = {
    Op.LT: lambda a, b: a < b,
    Op.LE: lambda a, b: a <= b,
    Op.GT: lambda a, b: a > b,
    Op.GE: lambda a, b: a >= b,
    Op.EQ: lambda a, b: a == b,
    Op.NE: lambda a, b: a != b,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    What a condition is judged by: an answer per window (long and short of a pair), and the answers it is compared with.

    `good` says what `matched` means: True good, False bad, None a plain value. `allowed` is the error budget of the
    objective whose burn is asked for. `whole` judges a window although little of it is known (objectives since birth).
    """

    answers: tuple[Answer, ...]
    good: bool | None = None
    earlier: Answer | None = None
    allowed: Fraction | None = None
    at_least: int | None = None
    whole: bool = False
    by_value: dict[str, "Asked"] = field(default_factory=dict)  # per value of the label that `in N of M` speaks of


def judge(condition: Condition, asked: Asked) -> Finding:
    """
    Whether the condition holds, with its arithmetic.
    """
    if condition.where is not None and asked.by_value:
        return _judge_where(condition, asked)
    findings = [_judge_one(condition, asked, answer) for answer in asked.answers]
    truths = [finding.truth for finding in findings]
    if Truth.CLEAR in truths:  # both windows of a pair must hold: one that does not settles it
        return findings[truths.index(Truth.CLEAR)]
    if Truth.UNKNOWN in truths:
        return findings[truths.index(Truth.UNKNOWN)]
    return findings[0]


def _judge_where(condition: Condition, asked: Asked) -> Finding:
    where = condition.where
    assert where is not None
    findings = {value: _judge_plain(condition, one) for value, one in asked.by_value.items()}
    holding = tuple(value for value, found in findings.items() if found.truth is Truth.HOLDS)
    open_ = sum(found.truth is Truth.UNKNOWN for found in findings.values())
    wanted = {ast.Quantifier.ANY: 1, ast.Quantifier.ALL: max(len(findings), where.of or 0)}.get(
        where.kind, where.n or 1
    )
    first = next((findings[value] for value in holding), next(iter(findings.values())))
    if len(holding) >= wanted:
        return Finding(truth=Truth.HOLDS, reason=Reason.HOLDS, numbers=first.numbers, others=holding)
    if len(holding) + open_ >= wanted:
        unknown = next(found for found in findings.values() if found.truth is Truth.UNKNOWN)
        return Finding(truth=Truth.UNKNOWN, reason=unknown.reason, numbers=unknown.numbers, others=holding)
    return Finding(truth=Truth.CLEAR, reason=Reason.CLEAR, numbers=first.numbers, others=holding)


def _judge_plain(condition: Condition, asked: Asked) -> Finding:
    findings = [_judge_one(condition, asked, answer) for answer in asked.answers]
    return min(findings, key=lambda found: [Truth.CLEAR, Truth.UNKNOWN, Truth.HOLDS].index(found.truth))


def _judge_one(condition: Condition, asked: Asked, answer: Answer) -> Finding:
    numbers = _numbers(condition, asked, answer)
    unknown = _why_unknown(condition, asked, answer)
    if unknown is not None:
        return Finding(truth=Truth.UNKNOWN, reason=unknown, numbers=numbers)
    if isinstance(condition.measure, ast.Bad):
        return _found(_strikes(condition, asked, answer), numbers)
    share = as_share(condition)
    if share is not None:
        limit = bound(share.threshold, inclusive=share.inclusive, scale=answer.scale)
        under = answer.under.get(limit, Under(sure=0, most=answer.count))
        low, high = share.holds(under=under.sure, total=answer.count), share.holds(under=under.most, total=answer.count)
        return _found(low if low == high else None, numbers)
    if numbers.value is None:
        return Finding(truth=Truth.UNKNOWN, reason=_why_valueless(condition, asked, answer), numbers=numbers)
    if numbers.limit is None:
        return Finding(truth=Truth.UNKNOWN, reason=Reason.NO_EVENTS, numbers=numbers)
    return _found(_COMPARE[condition.op](numbers.value, numbers.limit), numbers)


def _found(holds: bool | None, numbers: Numbers) -> Finding:
    if holds is None:
        return Finding(truth=Truth.UNKNOWN, reason=Reason.UNDECIDABLE, numbers=numbers)
    return Finding(
        truth=Truth.HOLDS if holds else Truth.CLEAR, reason=Reason.HOLDS if holds else Reason.CLEAR, numbers=numbers
    )


def _why_unknown(condition: Condition, asked: Asked, answer: Answer) -> Reason | None:
    if isinstance(condition.measure, ast.Age | ast.Left | ast.Last | ast.Bad):
        return None if answer.seen_ns is not None else Reason.NO_EVENTS
    if not (asked.whole or answer.half_known):
        return Reason.NOT_HEARD
    if isinstance(condition.measure, ast.Count | ast.Rate):  # nothing is a count too, when somebody listened
        return None
    if asked.at_least is not None and answer.count < asked.at_least:
        return Reason.TOO_FEW
    return None if answer.count else Reason.NO_EVENTS


def _why_valueless(condition: Condition, asked: Asked, answer: Answer) -> Reason:
    if isinstance(condition.measure, ast.Burn) and not asked.allowed:
        return Reason.NO_BUDGET
    return Reason.UNDECIDABLE if answer.bucketed else Reason.NO_EVENTS


def _strikes(condition: Condition, asked: Asked, answer: Answer) -> bool | None:
    """
    Strikes are read off the newest results, oldest first: n bad ones in a row, or x bad ones of the newest y.
    """
    bad = [(matched == 1) is (asked.good is False) for _, matched in answer.results]
    match condition.strikes:
        case ast.InARow(n=n):
            return all(bad[-n:]) if len(bad) >= n else False
        case ast.XofY(x=x, y=y):
            return sum(bad[-y:]) >= x
        case _:
            return None


def _numbers(condition: Condition, asked: Asked, answer: Answer) -> Numbers:
    dimension = condition.value.dimension if isinstance(condition.value, Quantity) else Dimension.NUMBER
    limit = _limit(condition, asked)
    common = {
        "events": answer.count,
        "window_ns": answer.end_ns - answer.start_ns,
        "start_ns": answer.start_ns,
        "at_least": asked.at_least,
        "known": answer.known,
        "slots": answer.slots,
    }
    share = as_share(condition)
    if share is not None:
        inside = answer.under.get(bound(share.threshold, inclusive=share.inclusive, scale=answer.scale))
        hits = inside.sure if inside else None
        return Numbers(
            value=quantile_of(answer, share.share),
            limit=limit,
            dimension=dimension,
            hits=hits,
            hits_are="under",
            **common,
        )
    if asked.good is None:
        return Numbers(value=_value(condition, asked, answer), limit=limit, dimension=dimension, **common)
    hits_are = "good" if asked.good else "bad"
    return Numbers(
        value=_value(condition, asked, answer),
        limit=limit,
        dimension=dimension,
        hits=answer.matched,
        hits_are=hits_are,
        **common,
    )


def _value(condition: Condition, asked: Asked, answer: Answer) -> Fraction | None:
    match condition.measure:
        case ast.Ratio():
            return answer.share if asked.good is not None else answer.mean
        case ast.Mean():
            return answer.mean
        case ast.Min():
            return _steps(answer.low, answer)
        case ast.Max():
            return _steps(answer.high, answer)
        case ast.Last():
            return _steps(answer.last, answer)
        case ast.Count():
            return Fraction(answer.count)
        case ast.Rate():
            return Fraction(answer.count * 1_000_000_000, max(1, answer.end_ns - answer.start_ns))
        case ast.Age():
            return None if answer.seen_ns is None else Fraction(answer.end_ns - answer.seen_ns, 1_000_000_000)
        case ast.Left():
            return _left(answer)
        case ast.Burn():
            return burn(answer, asked)
        case ast.Bad():
            return Fraction(sum((matched == 1) is (asked.good is False) for _, matched in answer.results))
        case _:
            return None


def _left(answer: Answer) -> Fraction | None:
    """
    Time until the instant that the newest value named, as seen now.
    """
    if answer.last is None or answer.last_at_ns is None:
        return None
    return Fraction(answer.last, answer.scale) - Fraction(answer.end_ns - answer.last_at_ns, 1_000_000_000)


def burn(answer: Answer, asked: Asked) -> Fraction | None:
    """
    The observed share of bad events over the allowed one; None when nothing was seen or nothing is allowed.

    A burn rate of 1 spends the whole budget in exactly one objective window (SRE Workbook, "Alerting on SLOs").
    """
    if not answer.count or not asked.allowed:
        return None
    bad = answer.count - answer.matched if asked.good else answer.matched
    return Fraction(bad, answer.count) / asked.allowed


def quantile_of(answer: Answer, share: Fraction) -> Fraction | None:
    """
    About where a quantile lies, for showing; verdicts never use it.
    """
    steps = quantile(answer.buckets, float(share))
    if steps is None:
        return None
    if answer.low is not None and answer.high is not None and not answer.bucketed:
        steps = min(max(steps, answer.low), answer.high)
    return Fraction(steps, answer.scale)


def _steps(value: int | None, answer: Answer) -> Fraction | None:
    return None if value is None or answer.bucketed else Fraction(value, answer.scale)


def _limit(condition: Condition, asked: Asked) -> Fraction | None:
    match condition.value:
        case Quantity(value=value):
            return value
        case Range(high=high):
            return high.value
        case ast.Relative(share=share):
            earlier = None if asked.earlier is None else _value(condition, asked, asked.earlier)
            return None if earlier is None else share.value * earlier
