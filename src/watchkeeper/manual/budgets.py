"""
How much bad does a target allow?

The share of events (or of slots, where `slot good when` is given) that may be bad while the target holds:

>>> from watchkeeper.manual.condition.parser import parse
>>> from watchkeeper.manual.model.measuring import Indicator
>>> from watchkeeper.manual.model.scalars import read_predicate
>>> ok = Indicator.model_construct(from_="parses", good="outcome == 'ok'")
>>> budget(parse(">= 97%"), ok), budget(parse("p95 < 1.5s"), ok), budget(parse("mean < 2s"), ok)
(Fraction(3, 100), Fraction(1, 20), None)
"""

from fractions import Fraction

from watchkeeper.manual.condition.ast import Condition, Op, Quantile, Ratio
from watchkeeper.manual.model.measuring import Indicator
from watchkeeper.manual.units import Dimension, Quantity

_UPPER = (Op.LT, Op.LE, Op.EQ)
_LOWER = (Op.GT, Op.GE, Op.EQ)


def budget(target: Condition, indicator: Indicator) -> Fraction | None:
    """
    The allowed bad share, 0..1; None when the target has no budget (a mean, a maximum, a gauge, a count).

    0 is a zero budget: any bad event breaches, and a burn rate is undefined.
    """
    value = target.value
    if isinstance(target.measure, Quantile):
        return _of_quantile(target.measure.share, target.op)
    if not isinstance(target.measure, Ratio) or not isinstance(value, Quantity):
        return None
    if value.dimension is not Dimension.RATIO:
        return None
    if (indicator.good is not None or indicator.slot_good_when is not None) and target.op in _LOWER:
        return max(1 - value.value, Fraction(0))
    if indicator.bad is not None and target.op in _UPPER:
        return value.value
    return None


def _of_quantile(share: Fraction, op: Op) -> Fraction | None:
    """
    `p95 < 2s` lets 5 % be slower; `p5 > 20` (most are above) lets 5 % be below.
    """
    if op in (Op.LT, Op.LE):
        return 1 - share
    return share if op in (Op.GT, Op.GE) else None
