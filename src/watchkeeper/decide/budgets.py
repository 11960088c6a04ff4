"""
How much of the error budget is left, and how fast does it go?

>>> from fractions import Fraction
>>> half = Budget(allowed=Fraction(1, 1000), bad=432, total=1_000_000, window_ns=30 * 24 * 3600 * 10**9)
>>> half.spent, half.left
(Fraction(54, 125), Fraction(71, 125))
>>> half.left_ns // 10**9
1472
"""

from dataclasses import dataclass
from fractions import Fraction

from watchkeeper.manual.budgets import budget
from watchkeeper.manual.condition.ast import Condition, Op
from watchkeeper.manual.condition.counting import as_share
from watchkeeper.manual.model.measuring import Indicator
from watchkeeper.measure.answers import Answer, Under
from watchkeeper.measure.fixed import bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """
    The error budget of one target over its window: the allowed share of bad events, and what was seen.
    """

    allowed: Fraction
    bad: int
    total: int
    window_ns: int

    @property
    def spent(self) -> Fraction | None:
        """
        Share of the budget that is gone (above 1: overspent); None when nothing was seen or nothing is allowed.
        """
        if not self.total or not self.allowed:
            return None
        return Fraction(self.bad, self.total) / self.allowed

    @property
    def left(self) -> Fraction | None:
        """
        What is left of it; negative when overspent.
        """
        return None if self.spent is None else 1 - self.spent

    @property
    def left_ns(self) -> int | None:
        """
        The same as time of full failure within the window: 99.9 % over 30 days allows 43 min 12 s.
        """
        return None if self.left is None else int(self.left * self.allowed * self.window_ns)


def budget_of(target: Condition, answer: Answer, indicator: Indicator) -> Budget | None:
    """
    The budget of a target after this answer; None where it has none. What a bucketed source leaves open counts as good.
    """
    allowed = budget(target, indicator)
    if allowed is None:
        return None
    bad = bad_of(target, answer, good=indicator.good is not None)
    return Budget(allowed=allowed, bad=bad.sure, total=answer.count, window_ns=answer.end_ns - answer.start_ns)


def bad_of(target: Condition, answer: Answer, *, good: bool | None) -> Under:
    """
    How many events are bad by this target: surely, and at most where a source only has buckets.

    A quantile target counts what lies beyond its threshold; any other what the indicator calls bad (`good` says which).
    """
    share = as_share(target)
    if share is None:
        bad = answer.count - answer.matched if good else answer.matched
        return Under(sure=bad, most=bad)
    limit = bound(share.threshold, inclusive=share.inclusive, scale=answer.scale)
    under = answer.under.get(limit, Under(sure=0, most=answer.count))
    if share.op is Op.GE:
        return Under(sure=answer.count - under.most, most=answer.count - under.sure)
    return under
