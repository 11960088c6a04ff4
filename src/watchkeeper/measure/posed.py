"""
How does a condition become whole numbers that a machine compares?

Whatever a condition compares, it comes down to `x * q` against `p * y`: x and y are counted in the window, p and q are
known beforehand. "Under 95 % good" is good * 20 < 19 * all; a mean, a rate, a burn rate and a quantile go the same way:

>>> from watchkeeper.manual.condition.parser import parse
>>> asked = Posed(indicator="parses", condition=parse("< 95% over 15m"), windows=(Span(ns=900 * NS),), good=True)
>>> leaf = leaf_of(asked, scale=NS, bounds=frozenset())
>>> leaf.kind is Kind.SHARE, leaf.op is Op.LT, leaf.p, leaf.q
(True, True, 19, 20)

What does not come down to it (a comparison with an earlier time) is left to be asked one by one.
"""

from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction

from watchkeeper.manual.condition import ast
from watchkeeper.manual.condition.ast import Condition, Op
from watchkeeper.manual.condition.counting import Share, as_share
from watchkeeper.manual.units import Dimension, Quantity, Range
from watchkeeper.measure.answers import Since, Span
from watchkeeper.measure.fixed import bound

NS = 1_000_000_000
MOST = 2**62  # what p and q must stay under, so that their products fit


class Kind(IntEnum):
    """
    How x and y are made of what was counted; the compiled part knows the same numbers.
    """

    ASK = 0  # not here: by `judge`, one by one
    UNKNOWN = 1  # whatever was counted
    VALUELESS = 2  # unknown, unless there is an earlier reason for it
    SHARE = 3  # x matched, y all
    MEAN = 4  # x the sum, y how many are valued
    COUNT = 5  # x all, y 1
    RATE = 6  # x all, y the length in ns
    UNDER = 7  # x those under a limit (surely, at most), y all
    BURN = 8  # x the bad ones, y all
    BURN_OVER = 9  # x those not under a limit, y all
    BURN_UNDER = 10  # x those under a limit, y all
    NEWEST = 11  # x and y are given; no matter how much of the window was heard
    GIVEN = 12  # x and y are given


@dataclass(frozen=True, slots=True, kw_only=True)
class Posed:
    """
    A condition as it is asked of one series, with what `judge` would be told beside the answers.
    """

    indicator: str
    condition: Condition
    windows: tuple[Span | Since, ...]
    label: str = ""
    value: str = ""
    good: bool | None = None
    target: Condition | None = None
    allowed: Fraction | None = None
    at_least: int | None = None
    where_values: tuple[str, ...] = ()  # the known values of the label that `in N of M` speaks of


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """
    One comparison: which rows it reads (by the ends of their names), and what they are compared with.

    `settles`: one bad event settles it, however little was heard. `spoilt`: no value where buckets hide a part.
    """

    kind: Kind
    op: Op = Op.LT
    p: int = 0
    q: int = 1
    rows: tuple[str, ...] = ()
    at_least: int = -1
    good: bool = False
    settles: bool = False
    spoilt: bool = False


def leaf_of(posed: Posed, *, scale: int, bounds: frozenset[int]) -> Leaf:
    """
    The comparison that a condition makes in each of its windows. `bounds` are the thresholds that are counted.
    """
    condition = posed.condition
    limit = _limit(condition)
    single = isinstance(condition.measure, ast.Age | ast.Left | ast.Last | ast.Bad)
    if limit is None:
        return Leaf(kind=Kind.ASK)
    if condition.strikes is not None and not single:
        return Leaf(kind=Kind.UNKNOWN)
    leaf = _measured(posed, limit, scale, bounds)
    return leaf if abs(leaf.p) < MOST and leaf.q < MOST else Leaf(kind=Kind.ASK)


def _measured(posed: Posed, limit: Fraction, scale: int, bounds: frozenset[int]) -> Leaf:
    condition, at_least = posed.condition, -1 if posed.at_least is None else posed.at_least
    match condition.measure:
        case ast.Ratio() if posed.good is not None:
            settles = _allows_none(condition, good=posed.good)
            leaf = _leaf(condition.op, limit, Kind.SHARE, "n", "g", at_least=at_least, good=posed.good, settles=settles)
        case ast.Ratio() | ast.Mean():
            leaf = _leaf(condition.op, limit * scale, Kind.MEAN, "n", "v", "s", "S", "b", at_least=at_least)
        case ast.Count():
            leaf = _leaf(condition.op, limit, Kind.COUNT, "n")
        case ast.Rate():
            leaf = _leaf(condition.op, limit / NS, Kind.RATE, "n")
        case ast.Quantile():
            leaf = _quantile(as_share(condition), scale, bounds, at_least)
        case ast.Burn():
            leaf = _burn(posed, limit, scale, bounds, at_least)
        case ast.Age() | ast.Bad():
            times = NS if isinstance(condition.measure, ast.Age) else 1
            leaf = _leaf(condition.op, limit * times, Kind.NEWEST, "n")
        case ast.Last():
            leaf = _leaf(condition.op, limit * scale, Kind.NEWEST, "n", "b", spoilt=True)
        case ast.Left():
            kind = Kind.NEWEST if scale == NS else Kind.ASK  # else its value and the time are in different steps
            leaf = _leaf(condition.op, limit * scale, kind, "n", "b")
        case ast.Min() | ast.Max():
            leaf = _leaf(condition.op, limit * scale, Kind.GIVEN, "n", "b", at_least=at_least, spoilt=True)
        case ast.Distinct():
            leaf = _leaf(condition.op, limit, Kind.GIVEN, "n", "b", at_least=at_least)
    return leaf


def _leaf(
    op: Op,
    limit: Fraction,
    kind: Kind,
    *rows: str,
    at_least: int = -1,
    good: bool = False,
    settles: bool = False,
    spoilt: bool = False,
) -> Leaf:
    p, q = limit.numerator, limit.denominator
    return Leaf(kind=kind, op=op, p=p, q=q, rows=rows, at_least=at_least, good=good, settles=settles, spoilt=spoilt)


def _quantile(share: Share | None, scale: int, bounds: frozenset[int], at_least: int) -> Leaf:
    if share is None:  # against a range: `judge` knows no answer either
        return Leaf(kind=Kind.VALUELESS, rows=("n",), at_least=at_least)
    return _leaf(share.op, share.share, Kind.UNDER, "n", *_limits(share, scale, bounds), at_least=at_least)


def _burn(posed: Posed, limit: Fraction, scale: int, bounds: frozenset[int], at_least: int) -> Leaf:
    if posed.target is None or not posed.allowed:
        return Leaf(kind=Kind.VALUELESS, rows=("n",), at_least=at_least)
    op, limit, share = posed.condition.op, limit * posed.allowed, as_share(posed.target)
    if share is None:
        return _leaf(op, limit, Kind.BURN, "n", "g", at_least=at_least, good=bool(posed.good))
    kind = Kind.BURN_OVER if share.op is Op.GE else Kind.BURN_UNDER
    return _leaf(op, limit, kind, "n", *_limits(share, scale, bounds), at_least=at_least)


def _limits(share: Share, scale: int, bounds: frozenset[int]) -> tuple[str, str]:
    limit = bound(share.threshold, inclusive=share.inclusive, scale=scale)
    return (f"u{limit}", f"o{limit}") if limit in bounds else ("", "")


def _limit(condition: Condition) -> Fraction | None:
    match condition.value:
        case Quantity(value=value) | Range(high=Quantity(value=value)):
            return value
    return None


def _allows_none(condition: Condition, *, good: bool) -> bool:
    """
    Zero budget: one bad event settles what allows none.
    """
    value = condition.value
    return isinstance(value, Quantity) and value.dimension is Dimension.RATIO and value.value == (1 if good else 0)
