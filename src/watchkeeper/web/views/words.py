"""
How are verdicts told in sentences?

What messages say too stands in `act/saying.py`; here is what only pages need: targets, rules, values, what is missing.

>>> from watchkeeper.manual.condition.parser import parse
>>> rule(parse("< 95% over 15m")), promise(parse("p95 < 1.5s over 30d"))
('below 95 % over 15 min', 'p95 < 1.5 s')
"""

from fractions import Fraction

from watchkeeper.decide.values import Finding, Numbers
from watchkeeper.manual.condition import ast
from watchkeeper.manual.condition.ast import Condition, Op
from watchkeeper.manual.model.base import Entry
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.units import Dimension, Duration, Quantity, Range
from watchkeeper.manual.words import count, measured, percent, quantity, rate, words_ns

_SIGNS = {Op.LT: "<", Op.LE: "≤", Op.GT: ">", Op.GE: "≥", Op.EQ: "=", Op.NE: "≠"}
_COMPARED = {
    Op.LT: "below",
    Op.LE: "at or below",
    Op.GT: "above",
    Op.GE: "at or above",
    Op.EQ: "exactly",
    Op.NE: "other than",
}
_MEASURES: dict[type, str] = {
    ast.Ratio: "",
    ast.Mean: "mean",
    ast.Min: "smallest",
    ast.Max: "largest",
    ast.Last: "newest",
    ast.Count: "count",
    ast.Rate: "rate",
    ast.Age: "age",
    ast.Left: "time left",
    ast.Burn: "burn rate",
    ast.Bad: "",
    ast.Distinct: "different values",
}
_PERIODS = {
    ast.Period.DAY: "today",
    ast.Period.WEEK: "this week",
    ast.Period.MONTH: "this month",
    ast.Period.QUARTER: "this quarter",
    ast.Period.YEAR: "this year",
}


def title(name: str, entry: Entry | None = None) -> str:
    """
    What people call an entry: its title, or its name in plain words (`parse-success` is "Parse success").
    """
    said = getattr(entry, "title", None)
    plain = name.replace("-", " ").replace("_", " ")
    return said or plain[:1].upper() + plain[1:]


def noun(manual: Manual, indicator: str) -> str:
    """
    What an indicator counts: the name of its stream, in plain words.
    """
    said = manual.indicators.get(indicator)
    return (said.from_ if said else indicator).replace("-", " ").replace("_", " ")


def measure(condition: Condition) -> str:
    """
    `p95`, `mean`, `burn rate`; empty for a ratio.
    """
    if isinstance(condition.measure, ast.Quantile):
        share = condition.measure.share * 100
        return f"p{share.numerator}" if share.denominator == 1 else f"p{float(share):g}"
    return _MEASURES[type(condition.measure)]


def promise(condition: Condition) -> str:
    """
    A target in signs: `≥ 97 %`, `p95 < 1.5 s`.
    """
    if condition.strikes is not None and isinstance(condition.measure, ast.Bad):
        return strikes(condition.strikes)
    return f"{measure(condition)} {_SIGNS[condition.op]} {limit(condition)}".strip()


def rule(condition: Condition) -> str:
    """
    A rule in words, to follow a value: `below 95 % over 15 min`, `above 2 s over 10 min for 5 min`.
    """
    parts = [f"{_COMPARED[condition.op]} {limit(condition)}", over(condition)]
    if condition.strikes is not None:
        parts = [strikes(condition.strikes)]
    if condition.hold is not None:
        parts.append(f"for {duration(condition.hold)}")
    if condition.where is not None:
        parts.append(where(condition.where))
    return " ".join(part for part in parts if part)


def limit(condition: Condition) -> str:
    """
    What a condition compares with, as people wrote it.
    """
    match condition.value:
        case Quantity() | Range():
            return quantity(condition.value) + ("×" if isinstance(condition.measure, ast.Burn) else "")
        case ast.Relative(share=share, of=ast.Previous(duration=before)):
            return f"{quantity(share)} of the {duration(before)} before"
        case ast.Relative(share=share, of=ast.SameHourLastWeek()):
            return f"{quantity(share)} of the same hour last week"
        case ast.Relative(share=share):
            return f"{quantity(share)} of what it was before the release"


def over(condition: Condition) -> str:
    """
    The window in words: `over 15 min`, `this month`.
    """
    match condition.window:
        case ast.Rolling(duration=length):
            return f"over {duration(length)}"
        case ast.Pair(long=long, short=short):
            return f"over {duration(long)} and {duration(short)}"
        case ast.Calendar(period=period):
            return _PERIODS[period]
        case None:
            return ""


def window(condition: Condition) -> str:
    """
    The window alone: `30 d`, `this month`.
    """
    return over(condition).removeprefix("over ")


def strikes(of: ast.Strikes) -> str:
    """
    `2 bad ones in a row`, `8 bad ones of the newest 10`.
    """
    if isinstance(of, ast.InARow):
        return f"{of.n} bad ones in a row"
    return f"{of.x} bad ones of the newest {of.y}"


def where(of: ast.Where) -> str:
    """
    `in 2 of 3 regions`, `in any region`.
    """
    if of.kind is ast.Quantifier.N_OF:
        return f"in {of.n} of {of.of} {of.label}s" if of.of else f"in {of.n} {of.label}s"
    return f"in {of.kind.value} {of.label}"


def duration(length: Duration) -> str:
    """
    A written span of time, in words.
    """
    return words_ns(length.ns)


def measured_of(numbers: Numbers, condition: Condition | None = None) -> str:
    """
    The measured value as people read it; `no data` where there is none.
    """
    if numbers.value is None:
        return "no data"
    return value(numbers.value, numbers.dimension, against=numbers.limit, condition=condition)


def value(
    number: Fraction, dimension: Dimension, *, against: Fraction | None = None, condition: Condition | None = None
) -> str:
    """
    A number of this dimension, apart from what it is compared with.
    """
    if condition is not None and isinstance(condition.measure, ast.Burn):
        return f"{measured(number, Dimension.NUMBER)}×"
    if condition is not None and isinstance(condition.measure, ast.Rate):
        return rate(number)
    if condition is not None and isinstance(condition.measure, ast.Count | ast.Bad):
        return count(int(number))
    if dimension is Dimension.RATIO:
        return percent(number, against=against)
    return measured(number, dimension)


def gap(finding: Finding) -> str:
    """
    Why nothing can be said, with its numbers: `12 of at least 20 events`, `heard 4 of 15 slots`.
    """
    numbers = finding.numbers
    match finding.reason.value:
        case "too-few":
            return f"{count(numbers.events)} of the {count(numbers.at_least or 0)} events that it takes to judge"
        case "not-heard":
            share = Fraction(numbers.known, numbers.slots) if numbers.slots else Fraction(0)
            return f"only {percent(share)} of the window was heard" if numbers.known else "nothing was heard"
    return "nothing happened in the window"
