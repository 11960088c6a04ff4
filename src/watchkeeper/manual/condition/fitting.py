"""
Does the number fit the measure?

A burn rate has no unit, an age is a time, a rate is per second. The indicator's own ratio or gauge, its quantiles and
the like have the indicator's unit, which the model knows and this does not.
"""

from watchkeeper.manual.condition.ast import (
    Age,
    Burn,
    Calendar,
    Condition,
    Count,
    Distinct,
    Left,
    Measure,
    Op,
    Quantile,
    Rate,
    Relative,
)
from watchkeeper.manual.condition.mistakes import Wrong
from watchkeeper.manual.condition.printer import show_measure, show_window
from watchkeeper.manual.units import Dimension, Quantity

_UNIT_OF = {
    Age: (Dimension.TIME, "an age is a time, such as `26h`"),
    Left: (Dimension.TIME, "the time left is a time, such as `30d`"),
    Rate: (Dimension.RATE, "a rate is per time, such as `20/s` or `500/h`"),
    Count: (Dimension.NUMBER, "a count is a plain number, such as `20`"),
    Burn: (Dimension.NUMBER, "a burn rate is a plain number, such as `14.4`"),
}


def check(condition: Condition, *, measure_column: int, value_column: int) -> None:
    """
    Raise what does not fit, with its column.
    """
    _check_unit(condition, value_column)
    if isinstance(condition.measure, Quantile) and condition.op in (Op.EQ, Op.NE):
        raise Wrong(
            measure_column,
            f"{show_measure(condition.measure)} {condition.op}",
            "a quantile is compared with <, <=, > or >=",
        )
    if isinstance(condition.measure, Burn):
        _check_burn(condition, measure_column, value_column)


def _check_unit(condition: Condition, column: int) -> None:
    wanted = _unit_of(condition.measure)
    value = condition.value
    if wanted is None or isinstance(value, Relative):
        return
    dimension = value.dimension if isinstance(value, Quantity) else value.high.dimension
    if dimension is not wanted[0]:
        raise Wrong(column, str(value), wanted[1])


def _unit_of(measure: Measure) -> tuple[Dimension, str] | None:
    if isinstance(measure, Distinct):
        if measure.divided:
            return Dimension.RATIO, "a share of distinct values is in %, such as `90%`"
        return Dimension.NUMBER, "a number of distinct values is a plain number, such as `5`"
    return _UNIT_OF.get(type(measure))


def _check_burn(condition: Condition, measure_column: int, value_column: int) -> None:
    if isinstance(condition.value, Relative):
        raise Wrong(value_column, str(condition.value.share), "a burn rate is compared with a plain number")
    if isinstance(condition.window, Calendar):
        wanted = "a burn rate is measured over a rolling window, such as `over 1h and 5m`"
        raise Wrong(measure_column, f"burn over {show_window(condition.window)}", wanted)
