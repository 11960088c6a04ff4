"""
What are the numbers behind a verdict?

Exact fractions all the way: nothing is rounded before somebody prints it, and what nobody can say is None.

>>> from watchkeeper.manual.condition.parser import parse
>>> answer = Answer(start_ns=0, end_ns=3600 * 10**9, count=10_000, matched=9_856)
>>> burn(answer, Asked(answers=(answer,), good=True, target=parse(">= 99.9%"), allowed=Fraction(1, 1000)))
Fraction(72, 5)
"""

from dataclasses import dataclass, field
from fractions import Fraction

from watchkeeper.decide.budgets import bad_of
from watchkeeper.decide.values import Numbers
from watchkeeper.manual.condition import ast
from watchkeeper.manual.condition.ast import Condition
from watchkeeper.manual.condition.counting import as_share
from watchkeeper.manual.units import Dimension, Quantity, Range
from watchkeeper.measure.answers import Answer
from watchkeeper.measure.distinct import set_name
from watchkeeper.measure.fixed import bound
from watchkeeper.measure.merges import LIMITS, quantile, quantile_bucket

NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    What a condition is judged by: an answer per window (long and short of a pair), and the answer it is compared with.

    `good` says what `matched` means: True good, False bad, None a plain value. `target` and its budget `allowed` are
    what a `burn` burns. `whole` judges a window although little of it is known (objectives since birth). `lately` is
    False where single results are looked at and whoever reports them has fallen silent.
    """

    answers: tuple[Answer, ...]
    good: bool | None = None
    earlier: Answer | None = None
    target: Condition | None = None
    allowed: Fraction | None = None
    at_least: int | None = None
    whole: bool = False
    lately: bool = True
    by_value: dict[str, "Asked"] = field(default_factory=dict)  # per value of the label that `in N of M` speaks of


def numbers_of(condition: Condition, asked: Asked, answer: Answer) -> Numbers:
    """
    The arithmetic of one condition over one answer.
    """
    hits, hits_are = _hits(condition, asked, answer)
    return Numbers(
        value=value_of(condition, asked, answer),
        limit=_limit(condition, asked),
        dimension=_dimension(condition),
        events=answer.count,
        hits=hits,
        hits_are=hits_are,
        window_ns=answer.end_ns - answer.start_ns,
        start_ns=answer.start_ns,
        at_least=asked.at_least,
        known=answer.known,
        slots=answer.slots,
        excluded=answer.excluded,
        excluded_ns=answer.excluded_ns,
    )


def value_of(condition: Condition, asked: Asked, answer: Answer) -> Fraction | None:
    """
    The number that the condition compares, in SI units or as a share; a quantile only approximately, for showing.
    """
    match condition.measure:
        case ast.Ratio():
            return answer.share if asked.good is not None else answer.mean
        case ast.Quantile(share=share):
            return quantile_of(answer, share)
        case ast.Mean():
            return answer.mean
        case ast.Min():
            return _in_units(answer.low, answer)
        case ast.Max():
            return _in_units(answer.high, answer)
        case ast.Last():
            return _in_units(answer.last, answer)
        case ast.Count():
            return Fraction(answer.count)
        case ast.Rate():
            return Fraction(answer.count * NS, max(1, answer.end_ns - answer.start_ns))
        case ast.Age():
            return None if answer.seen_ns is None else Fraction(answer.end_ns - answer.seen_ns, NS)
        case ast.Left():
            return _left(answer)
        case ast.Burn():
            return burn(answer, asked)
        case ast.Bad():
            return Fraction(strikes(condition, asked, answer))
        case ast.Distinct():
            bounds = distinct_bounds(condition.measure, answer)
            return None if bounds is None else sum(bounds, Fraction(0)) / 2


def strikes(condition: Condition, asked: Asked, answer: Answer) -> int:
    """
    How many bad results there were: without a break up to the newest, or among the newest y.
    """
    newest_first = [(matched == 1) is (asked.good is False) for _, matched in reversed(answer.results)]
    if isinstance(condition.strikes, ast.XofY):
        return sum(newest_first[: condition.strikes.y])
    return newest_first.index(False) if False in newest_first else len(newest_first)


def burn(answer: Answer, asked: Asked) -> Fraction | None:
    """
    The observed share of bad events over the allowed one; None when nothing was seen or allowed, or buckets hide it.

    A burn rate of 1 spends the whole budget in exactly one objective window (SRE Workbook, "Alerting on SLOs").
    """
    if not answer.count or not asked.allowed or asked.target is None:
        return None
    bad = bad_of(asked.target, answer, good=asked.good)
    return Fraction(bad.sure, answer.count) / asked.allowed if bad.sure == bad.most else None


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


def quantile_bounds(answer: Answer, share: Fraction) -> tuple[Fraction, Fraction] | None:
    """
    Between which two values a quantile surely lies: those of its bucket, and no further out than the extremes, where
    those are kept. None where nothing was valued, a source only gave buckets, or it is below 1 step and its extremes
    are not known.
    """
    bucket = quantile_bucket(answer.buckets, share)
    if bucket is None or answer.bucketed or (bucket < 0 and answer.low is None):
        return None
    least, most = (answer.low or 0, 0) if bucket < 0 else (int(LIMITS[bucket]), _largest(bucket))
    low = least if answer.low is None else max(least, answer.low)
    high = most if answer.high is None else min(most, answer.high)
    return Fraction(low, answer.scale), Fraction(high, answer.scale)


def _largest(bucket: int) -> int:
    return int(LIMITS[bucket + 1]) - 1 if bucket + 1 < len(LIMITS) else 2**63 - 1


def distinct_bounds(measure: ast.Distinct, answer: Answer) -> tuple[Fraction, Fraction] | None:
    """
    Between which two numbers (or shares) of different values it lies, equal where they are known one by one.

    None for a share of nothing.
    """
    where = None if measure.where is None else measure.where.text
    low, high = answer.distinct.get(set_name(measure.key, where), (0, 0))
    if not measure.divided:
        return Fraction(low), Fraction(high)
    least, most = answer.distinct.get(set_name(measure.key), (0, 0))
    if not most:
        return None
    return Fraction(low, most), min(Fraction(high, least), Fraction(1)) if least else Fraction(1)


def _hits(condition: Condition, asked: Asked, answer: Answer) -> tuple[int | None, str]:
    share = as_share(condition)
    if share is not None:
        under = answer.under.get(bound(share.threshold, inclusive=share.inclusive, scale=answer.scale))
        return (under.sure if under else None), "under"
    if asked.good is None:
        return None, ""
    return answer.matched, "good" if asked.good else "bad"


def _dimension(condition: Condition) -> Dimension:
    match condition.value:
        case Quantity(dimension=dimension):
            return dimension
        case Range(high=high):
            return high.dimension
        case _:
            return Dimension.NUMBER


def _limit(condition: Condition, asked: Asked) -> Fraction | None:
    match condition.value:
        case Quantity(value=value):
            return value
        case Range(high=high):
            return high.value
        case ast.Relative(share=share):
            earlier = None if asked.earlier is None else value_of(condition, asked, asked.earlier)
            return None if earlier is None else share.value * earlier


def _left(answer: Answer) -> Fraction | None:
    """
    Time until the instant that the newest value named, as seen now.
    """
    if answer.last is None or answer.last_at_ns is None:
        return None
    return Fraction(answer.last, answer.scale) - Fraction(answer.end_ns - answer.last_at_ns, NS)


def _in_units(steps: int | None, answer: Answer) -> Fraction | None:
    return None if steps is None or answer.bucketed else Fraction(steps, answer.scale)
