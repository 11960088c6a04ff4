"""
How is a condition written?

One canonical line for each condition, its clauses in one order; reading it back gives the same condition.

>>> from watchkeeper.manual.condition.parser import parse
>>> show(parse("p95≥2 s for 10m over 5m in 2 of 3 region"))
'p95 >= 2s over 5m for 10m in 2 of 3 region'
"""

from fractions import Fraction

from watchkeeper.manual.condition.ast import (
    Age,
    Bad,
    Burn,
    Calendar,
    Condition,
    Count,
    Distinct,
    InARow,
    Last,
    Left,
    Max,
    Mean,
    Measure,
    Min,
    Pair,
    Previous,
    Quantifier,
    Quantile,
    Rate,
    Ratio,
    Reference,
    Relative,
    SameHourLastWeek,
    Strikes,
    Value,
    Where,
    Window,
)

_WORDS: dict[type, str] = {
    Ratio: "",
    Mean: "mean",
    Min: "min",
    Max: "max",
    Last: "last",
    Count: "count",
    Rate: "rate",
    Age: "age",
    Left: "left",
    Burn: "burn",
    Bad: "bad",
}


def show(condition: Condition) -> str:
    """
    The canonical line.
    """
    parts = [] if isinstance(condition.measure, Bad) else [*_compared(condition)]
    if condition.window is not None:
        parts.append(f"over {show_window(condition.window)}")
    if condition.hold is not None:
        parts.append(f"for {condition.hold}")
    if condition.strikes is not None:
        parts.append(show_strikes(condition.strikes))
    if condition.where is not None:
        parts.append(show_where(condition.where))
    return " ".join(parts)


def _compared(condition: Condition) -> list[str]:
    measure = show_measure(condition.measure)
    about = "~" if condition.approx else ""
    return [*([measure] if measure else []), condition.op.value, about + show_value(condition.value)]


def show_measure(measure: Measure) -> str:
    """
    The measure as it stands before the comparison; nothing for the indicator's own ratio.
    """
    if isinstance(measure, Quantile):
        return f"p{_decimal(measure.share * 100)}"
    if isinstance(measure, Distinct):
        where = f" where {measure.where.text}" if measure.where else ""
        return f"distinct {measure.key}{where}" + (f" / distinct {measure.key}" if measure.divided else "")
    return _WORDS[type(measure)]


def show_value(value: Value) -> str:
    """
    The number, the range, or the share of an earlier number.
    """
    return f"{value.share} of {show_reference(value.of)}" if isinstance(value, Relative) else str(value)


def show_reference(reference: Reference) -> str:
    """
    The earlier stretch that a relative condition looks at.
    """
    if isinstance(reference, Previous):
        return f"previous {reference.duration}"
    return "same hour last week" if isinstance(reference, SameHourLastWeek) else "before release"


def show_window(window: Window) -> str:
    """
    The window as it stands after `over`.
    """
    if isinstance(window, Calendar):
        return f"this {window.period}"
    return f"{window.long} and {window.short}" if isinstance(window, Pair) else str(window.duration)


def show_strikes(strikes: Strikes) -> str:
    """
    `3 in a row` or `8 of 10`.
    """
    return f"{strikes.n} in a row" if isinstance(strikes, InARow) else f"{strikes.x} of {strikes.y}"


def show_where(where: Where) -> str:
    """
    `in any region`, `in 2 of 3 region`, `in 2 of region`.
    """
    if where.kind is not Quantifier.N_OF:
        return f"in {where.kind} {where.label}"
    return f"in {where.n} of {where.label}" if where.of is None else f"in {where.n} of {where.of} {where.label}"


def _decimal(number: Fraction) -> str:
    """
    A fraction whose denominator divides a power of ten, without trailing zeros.
    """
    scaled, places = number, 0
    while scaled.denominator != 1 and places < 9:
        scaled, places = scaled * 10, places + 1
    digits = str(scaled.numerator).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits
