"""
What must be counted exactly, so that a condition has an exact answer?

A quantile condition is a condition on a share of the events, and shares can be counted: "p95 < 2s" is "at least 95 % of
the events are under 2 s". No sketch or interpolation comes into it.

>>> from watchkeeper.manual.condition.parser import parse
>>> share = as_share(parse("p95 > 2s over 10m"))
>>> share.threshold, share.inclusive, share.op.value, share.share
(Fraction(2, 1), True, '<', Fraction(19, 20))
>>> share.holds(under=189, total=200)
True
"""

from dataclasses import dataclass
from fractions import Fraction

from watchkeeper.manual.condition.ast import Condition, Op, Quantile
from watchkeeper.manual.units import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """
    A value (SI units) whose events are counted: those at or below it when `inclusive`, else those below it.
    """

    value: Fraction
    inclusive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """
    "The share of events below (or at) the threshold is at least (`>=`), or less than (`<`), this share."
    """

    threshold: Fraction
    inclusive: bool
    op: Op
    share: Fraction

    def holds(self, *, under: int, total: int) -> bool | None:
        """
        Whether it holds when `under` of `total` events are below (or at) the threshold; None when nothing was seen.
        """
        if total == 0:
            return None
        enough = under * self.share.denominator >= self.share.numerator * total
        return enough if self.op is Op.GE else not enough


def as_share(condition: Condition) -> Share | None:
    """
    The quantile condition as a share; None for other measures and for values that are not one number.

    The quantile is the nearest rank: of n sorted values the ceil(q n)-th. That value is below T exactly when at least
    ceil(q n) values are, and as a number of values is whole, exactly when at least q n are. With F< and F<= the shares
    of the events below, and at or below, T:

        pQ <  T    F<  >= q        pQ >= T    F<  < q     (the negation of pQ <  T)
        pQ <= T    F<= >= q        pQ >  T    F<= < q     (the negation of pQ <= T)
    """
    if not isinstance(condition.measure, Quantile) or not isinstance(condition.value, Quantity):
        return None
    return Share(
        threshold=condition.value.value,
        inclusive=condition.op in (Op.LE, Op.GT),
        op=Op.GE if condition.op in (Op.LT, Op.LE) else Op.LT,
        share=condition.measure.share,
    )


def thresholds(condition: Condition) -> tuple[Threshold, ...]:
    """
    The thresholds at which events must be counted for this condition; none when sums, extremes or counts suffice.
    """
    share = as_share(condition)
    return () if share is None else (Threshold(value=share.threshold, inclusive=share.inclusive),)
