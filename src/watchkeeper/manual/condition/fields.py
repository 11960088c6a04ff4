"""
How does a condition look in fields, for machines?

`watchkeeper show --json` carries them beside the text: SI units, ratios 0..1 with the polarity of the document.

>>> from watchkeeper.manual.condition.parser import parse
>>> found = fields(parse("p95 > 2s over this month"), zone="Europe/Berlin")
>>> found["op"], found["value"], found["unit"], found["quantile"], found["window"]
('>', 2, 's', 0.95, {'calendar': 'month', 'zone': 'Europe/Berlin'})
"""

from fractions import Fraction
from typing import Any

from watchkeeper.manual.condition.ast import (
    Calendar,
    Condition,
    Distinct,
    InARow,
    Measure,
    Pair,
    Previous,
    Quantifier,
    Quantile,
    Ratio,
    Reference,
    Relative,
    Rolling,
    Strikes,
    Value,
    Where,
    Window,
)
from watchkeeper.manual.condition.printer import show, show_reference
from watchkeeper.manual.units import NS_PER_SECOND, Duration, Quantity, Range

Number = int | float


def fields(condition: Condition, zone: str) -> dict[str, Any]:
    """
    Text, op, value and the rest; `zone` is the manual's, in which calendar windows begin. Times are seconds.
    """
    measure, value = condition.measure, condition.value
    return {
        "text": show(condition),
        "measure": _measure_name(measure),
        "op": condition.op.value,
        "value": _value(value),
        "unit": _of_range(value).dimension.value,
        "quantile": number(measure.share) if isinstance(measure, Quantile) else None,
        "window": _window(condition.window, zone),
        "for": None if condition.hold is None else seconds(condition.hold),
        "strikes": _strikes(condition.strikes),
        "where": _where(condition.where),
        "of": _reference(value.of) if isinstance(value, Relative) else None,
        "distinct": _distinct(measure) if isinstance(measure, Distinct) else None,
        "approx": condition.approx,
    }


def number(value: Fraction) -> Number:
    """
    Whole numbers as int, others as the nearest float.
    """
    return value.numerator if value.denominator == 1 else float(value)


def seconds(duration: Duration) -> Number:
    """
    The span of time in seconds.
    """
    return number(Fraction(duration.ns, NS_PER_SECOND))


def _measure_name(measure: Measure) -> str:
    if isinstance(measure, Quantile):
        return "p"
    return "ratio" if isinstance(measure, Ratio) else type(measure).__name__.lower()


def _of_range(value: Value) -> Quantity:
    if isinstance(value, Range):
        return value.high
    return value.share if isinstance(value, Relative) else value


def _value(value: Value) -> Number | list[Number]:
    if isinstance(value, Range):
        return [number(value.low.value), number(value.high.value)]
    return number(_of_range(value).value)


def _window(window: Window | None, zone: str) -> Any:
    if window is None:
        return None
    if isinstance(window, Rolling):
        return seconds(window.duration)
    if isinstance(window, Pair):
        return [seconds(window.long), seconds(window.short)]
    assert isinstance(window, Calendar)
    return {"calendar": window.period.value, "zone": zone}


def _strikes(strikes: Strikes | None) -> dict[str, int] | None:
    if strikes is None:
        return None
    return {"in_a_row": strikes.n} if isinstance(strikes, InARow) else {"bad": strikes.x, "of": strikes.y}


def _where(where: Where | None) -> dict[str, Any] | None:
    if where is None:
        return None
    many = {"n": where.n, "of": where.of} if where.kind is Quantifier.N_OF else {}
    return {"in": where.kind.value, "label": where.label, **many}


def _reference(reference: Reference) -> dict[str, Number] | str:
    return {"previous": seconds(reference.duration)} if isinstance(reference, Previous) else show_reference(reference)


def _distinct(measure: Distinct) -> dict[str, Any]:
    return {"key": measure.key, "where": measure.where.text if measure.where else None, "divided": measure.divided}
