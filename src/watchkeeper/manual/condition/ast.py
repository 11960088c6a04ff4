"""
What does a condition say?

One `Condition` holds what a line such as `p95 > 2s over 10m` says, part by part. Values only: `parser` reads them,
`printer` writes them, `fields` and `counting` explain them to machines.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from watchkeeper.manual.predicate.ast import Expression
from watchkeeper.manual.units import Dimension, Duration, Quantity, Range


class Op(StrEnum):
    """
    The six comparisons.
    """

    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    EQ = "="
    NE = "!="


# --- measures: which number of the indicator is compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """
    The indicator's own number, none written: its share of good (or bad) events, or what its gauge says.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """
    The nearest-rank quantile: p95 is `share` 19/20, the ceil(0.95 n)-th smallest of n values.
    """

    share: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """
    The arithmetic mean of the values in the window.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Min:
    """
    The smallest value in the window.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Max:
    """
    The largest value in the window.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """
    The newest value.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """
    How many observations the window holds.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """
    Observations per second over the window.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """
    Time since the newest observation (a backup, a delivery).
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """
    Time until the instant that the indicator names (a certificate's end).
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """
    How fast the error budget goes: 1 spends it in exactly one objective window.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """
    The indicator's bad results one by one, as strikes count them: `3 in a row`, `8 of 10`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """
    A predicate in its canonical text, which alone decides equality, and what that text says.
    """

    text: str
    expression: Expression = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct:
    """
    How many different values of `key`, those `where` holds; `divided` by all different values of `key` when asked.
    """

    key: str
    where: Predicate | None = None
    divided: bool = False


Measure = Ratio | Quantile | Mean | Min | Max | Last | Count | Rate | Age | Left | Burn | Bad | Distinct


# --- what it is compared with


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """
    The stretch of this length that ends where the window begins.
    """

    duration: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class SameHourLastWeek:
    """
    The same hour of the same weekday, a week ago.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeRelease:
    """
    The stretch of the window's length that ended when the newest release began.
    """


Reference = Previous | SameHourLastWeek | BeforeRelease


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """
    A share of an earlier number: `150% of previous 1h`.
    """

    share: Quantity
    of: Reference


Value = Quantity | Range | Relative


# --- when and where it must hold


class Period(StrEnum):
    """
    Calendar periods in the manual's zone.
    """

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """
    The last stretch of this length, ending now.
    """

    duration: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """
    From the period's local beginning until now.
    """

    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """
    Two rolling windows that must both hold; `long` is the longer one.
    """

    long: Duration
    short: Duration


Window = Rolling | Calendar | Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class InARow:
    """
    So many one after another.
    """

    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class XofY:
    """
    At least `x` of the newest `y`.
    """

    x: int
    y: int


Strikes = InARow | XofY


class Quantifier(StrEnum):
    """
    In how many of a label's values it must hold.
    """

    ANY = "any"
    ALL = "all"
    N_OF = "n_of"


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """
    In which values of `label`: any, all, or at least `n` (`of` so many, when the manual says how many there are).
    """

    kind: Quantifier
    label: str
    n: int | None = None
    of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """
    One comparison over time. A missing window is filled by the manual's defaults; `approx` marks a `~`.

    Strikes alone (`3 in a row`) have the measure `Bad`, op `>=` and the number of strikes as value: `of_strikes`.
    """

    measure: Measure
    op: Op
    value: Value
    window: Window | None = None
    hold: Duration | None = None
    strikes: Strikes | None = None
    where: Where | None = None
    approx: bool = False


def of_strikes(strikes: Strikes, where: Where | None = None) -> Condition:
    """
    The condition that counts the indicator's bad results themselves.
    """
    n = strikes.n if isinstance(strikes, InARow) else strikes.x
    value = Quantity(value=Fraction(n), dimension=Dimension.NUMBER, written=str(n))
    return Condition(measure=Bad(), op=Op.GE, value=value, strikes=strikes, where=where)
