"""
What do the numbers of an alert say to a person?

The verdict speaks in the polarity of the manual, the arithmetic of what went wrong:

>>> from watchkeeper.manual.condition.parser import parse
>>> said = parse("< 95% over 15m")
>>> ratio = {"value": Fraction(198, 212), "limit": Fraction(95, 100), "dimension": Dimension.RATIO}
>>> seen = Numbers(**ratio, events=212, hits=198, hits_are="good")
>>> verdict(said, seen, of="Parse success"), arithmetic(said, seen, noun="parses")
('Parse success is 93.4 %, below 95 % over 15 min', '14 of 212 parses failed, 6.6 %, limit 5 % over 15 min')
"""

from fractions import Fraction

from watchkeeper.decide.values import Numbers
from watchkeeper.manual.condition import ast
from watchkeeper.manual.condition.ast import Condition, Op
from watchkeeper.manual.condition.printer import show, show_measure, show_reference, show_where
from watchkeeper.manual.units import Dimension, Quantity, Range
from watchkeeper.manual.words import count, measured, percent, quantity, words

_BESIDE: dict[Op, str] = {
    Op.LT: "below",
    Op.LE: "at or below",
    Op.GT: "above",
    Op.GE: "at or above",
    Op.EQ: "equal to",
    Op.NE: "other than",
}
_HAS: dict[type, str] = {
    ast.Mean: "a mean",
    ast.Min: "a minimum",
    ast.Max: "a maximum",
    ast.Count: "a count",
    ast.Rate: "a rate",
    ast.Burn: "a burn rate",
}


def speaks_of(condition: Condition, numbers: Numbers) -> bool:
    """
    Do the numbers belong to this condition? Not when the manual changed after they were written down.
    """
    match condition.value:
        case Quantity(value=limit) | Range(high=Quantity(value=limit)):
            same = numbers.limit is None or numbers.limit == limit
        case _:
            same = True
    return same and (numbers.hits_are != "under" or isinstance(condition.measure, ast.Quantile))


def verdict(condition: Condition, numbers: Numbers, *, of: str) -> str:
    """
    What is the matter: the number of something, the comparison, the time. The bare rule when there is no number.
    """
    if isinstance(condition.measure, ast.Bad):
        return f"{of} {_strikes(condition)}{_where(condition)}"
    value = _value(condition, numbers)
    if value is None or numbers.limit is None:
        return f"{of} {'meet' if _several(of) else 'meets'} `{show(condition)}`"
    limit = _limit(condition, numbers)
    beside = _BESIDE[condition.op]
    if value == limit and numbers.value != numbers.limit:
        beside = f"just {beside}"
    said = f"{_phrase(condition, value, of)}, {beside} {limit}{_reference(condition)}"
    return f"{said}{_over(condition)}{_for(condition)}{_where(condition)}"


def arithmetic(condition: Condition, numbers: Numbers, *, noun: str, allowed: Fraction | None = None) -> str | None:
    """
    What was counted, in failures; None when nothing was. `allowed` is the budget that a burn rate is measured by.
    """
    if numbers.hits is None or not numbers.events:
        told = not numbers.events or isinstance(condition.measure, ast.Count | ast.Rate)  # the verdict says it already
        return None if told else f"{count(numbers.events)} {noun}{_over(condition)}"
    if numbers.hits_are == "under":
        return _beyond(condition, numbers, noun)
    failed = numbers.hits if numbers.hits_are == "bad" else numbers.events - numbers.hits
    return f"{_share(failed, numbers.events, noun, 'failed')}{_allowed(condition, numbers, allowed)}{_over(condition)}"


def _value(condition: Condition, numbers: Numbers) -> str | None:
    if numbers.value is None:
        return None
    dimension = _dimension(condition, numbers)
    if dimension is Dimension.RATIO:
        return percent(numbers.value, against=numbers.limit)
    return measured(numbers.value, dimension)


def _dimension(condition: Condition, numbers: Numbers) -> Dimension:
    match condition.measure:
        case ast.Ratio() if numbers.hits_are in ("good", "bad"):
            return Dimension.RATIO
        case ast.Rate():
            return Dimension.RATE
        case ast.Age() | ast.Left():
            return Dimension.TIME
        case _:
            return numbers.dimension


def _limit(condition: Condition, numbers: Numbers) -> str:
    if isinstance(condition.value, Quantity | Range):
        return quantity(condition.value)
    assert numbers.limit is not None
    return measured(numbers.limit, _dimension(condition, numbers))


def _reference(condition: Condition) -> str:
    if not isinstance(condition.value, ast.Relative):
        return ""
    return f" ({quantity(condition.value.share)} of {show_reference(condition.value.of)})"


def _phrase(condition: Condition, value: str, of: str) -> str:
    is_, has = ("are", "have") if _several(of) else ("is", "has")
    match condition.measure:
        case ast.Ratio() | ast.Last():
            return f"{of} {is_} {value}"
        case ast.Quantile():
            return f"{of} {has} a {show_measure(condition.measure)} of {value}"
        case ast.Distinct():
            return f"{of} {has} {value} ({show_measure(condition.measure)})"
        case ast.Age():
            return f"{of} {is_} {value} old"
        case ast.Left():
            return f"{of} {has} {value} left"
    return f"{of} {has} {_HAS[type(condition.measure)]} of {value}"


def _several(of: str) -> bool:
    """
    Is it a plural? Read off the end of what comes before `on` and the value of a label.
    """
    noun = of.rpartition(" on ")[0] or of
    return noun.endswith("s") and not noun.endswith(("ss", "us", "is"))


def _strikes(condition: Condition) -> str:
    match condition.strikes:
        case ast.InARow(n=n):
            return f"failed {n} times in a row"
        case ast.XofY(x=x, y=y):
            return f"failed {x} of the last {y} times"
    return f"meets `{show(condition)}`"


def _for(condition: Condition) -> str:
    return f" for {words(condition.hold)}" if condition.hold else ""


def _where(condition: Condition) -> str:
    return f" {show_where(condition.where)}" if condition.where else ""


def _over(condition: Condition) -> str:
    match condition.window:
        case ast.Rolling(duration=duration):
            return f" over {words(duration)}"
        case ast.Pair(long=long, short=short):
            return f" over {words(long)} and {words(short)}"
        case ast.Calendar(period=period):
            return f" this {period}"
    return ""


def _beyond(condition: Condition, numbers: Numbers, noun: str) -> str:
    """
    A quantile as the share that it is: of the events on the wrong side of the threshold so many may be.
    """
    assert numbers.hits is not None
    assert isinstance(condition.measure, ast.Quantile)
    quantile, above = condition.measure.share, condition.op in (Op.GT, Op.GE)
    wrong = numbers.events - numbers.hits if above else numbers.hits
    where = f"were {_BESIDE[condition.op]} {_limit(condition, numbers)}"
    limit = percent(1 - quantile if above else quantile)
    return f"{_share(wrong, numbers.events, noun, where)}, limit {limit}{_over(condition)}"


def _share(part: int, whole: int, noun: str, verb: str) -> str:
    return f"{count(part)} of {count(whole)} {noun} {verb}, {percent(Fraction(part, whole))}"


def _allowed(condition: Condition, numbers: Numbers, allowed: Fraction | None) -> str:
    if isinstance(condition.measure, ast.Burn):
        return "" if allowed is None else f", budget {percent(allowed)}"
    if not isinstance(condition.measure, ast.Ratio) or numbers.limit is None:
        return ""
    return f", limit {percent(1 - numbers.limit if numbers.hits_are == 'good' else numbers.limit)}"
