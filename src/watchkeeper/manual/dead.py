"""
Which alert rules can never fire, and which cannot stop?

The arithmetic of what a number can be: a share lies in 0..1, a burn rate below 1 / (1 - target), a count is at least as
large as the `at_least` under which the window is unknown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from watchkeeper.manual.budgets import budget
from watchkeeper.manual.condition.ast import Age, Burn, Condition, Count, Op, Quantifier, Ratio
from watchkeeper.manual.condition.ast import Rate as RateMeasure
from watchkeeper.manual.condition.printer import show_value
from watchkeeper.manual.conditions import indicator_of
from watchkeeper.manual.fits import dimension_of
from watchkeeper.manual.marks import Place
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.measuring import Indicator
from watchkeeper.manual.model.promising import Alert
from watchkeeper.manual.units import Dimension, Quantity


@dataclass(frozen=True, slots=True)
class DeadEnd:
    """
    A rule with its place, why it cannot fire, or (`always`) why it cannot stop.
    """

    path: Place
    says: str
    always: bool = False


@dataclass(frozen=True, slots=True)
class _Extent:
    """
    What a number can be: from `low` to `high` (None: no end), and how that is said.
    """

    low: Fraction
    high: Fraction | None
    says: str


def dead_ends(manual: Manual) -> Iterator[DeadEnd]:
    """
    Every alert rule that can never fire or can never resolve.
    """
    for name, alert in manual.alerts.items():
        if alert.when is not None:
            path: Place = ("alerts", name, "when")
            yield from _of_extent(path, alert.when, _extent(alert, alert.when, manual))
            yield from _of_regions(path, alert, alert.when, manual)


def _extent(alert: Alert, condition: Condition, manual: Manual) -> _Extent | None:
    indicator = indicator_of(alert, manual)
    zero = Fraction(0)
    if isinstance(condition.measure, Ratio):
        shares = indicator is not None and (indicator.good or indicator.bad or indicator.slot_good_when)
        return _Extent(zero, Fraction(1), "a share lies between 0 % and 100 %") if shares else None
    if isinstance(condition.measure, Burn):
        return _burn_extent(alert, indicator, manual)
    if isinstance(condition.measure, Count):
        least = alert.at_least if alert.at_least is not None else manual.defaults.at_least or 0
        says = f"with fewer than {least} observations (`at_least`) the window is unknown"
        return _Extent(Fraction(least), None, says if least else "a count is never below 0")
    if isinstance(condition.measure, Age | RateMeasure) or _is_time(indicator, manual):
        return _Extent(zero, None, "it is never below 0")
    return None


def _is_time(indicator: Indicator | None, manual: Manual) -> bool:
    return (
        indicator is not None
        and (indicator.value or manual.streams[indicator.from_].value) == "duration"
        and dimension_of(indicator, manual.streams[indicator.from_]) is Dimension.TIME
    )


def _burn_extent(alert: Alert, indicator: Indicator | None, manual: Manual) -> _Extent | None:
    objective = manual.objectives.get(alert.objective or "")
    if objective is None or indicator is None:
        return None
    budgets = [share for each in objective.targets if (share := budget(each, indicator))]
    if not budgets:
        return None
    smallest = min(budgets)
    highest = 1 / smallest
    percent, fastest = f"{float(smallest * 100):g} %", f"{float(highest):g}"
    says = f"the budget is {percent} of events, so that nothing but bad ones burns it at {fastest}"
    return _Extent(Fraction(0), highest, says)


def _of_extent(path: Place, condition: Condition, extent: _Extent | None) -> Iterator[DeadEnd]:
    value = condition.value
    if extent is None or not isinstance(value, Quantity):
        return
    said = f"`{condition.op} {show_value(value)}`"
    if not _possible(condition.op, value.value, extent):
        yield DeadEnd(path, f"{said} can never hold: {extent.says}")
    elif not _possible(_OPPOSITE[condition.op], value.value, extent):
        yield DeadEnd(path, f"{said} always holds: {extent.says}", always=True)


_OPPOSITE = {Op.LT: Op.GE, Op.GE: Op.LT, Op.GT: Op.LE, Op.LE: Op.GT, Op.EQ: Op.NE, Op.NE: Op.EQ}


def _possible(op: Op, value: Fraction, extent: _Extent) -> bool:
    """
    Whether some number of the extent compares so with the value.
    """
    low, high = extent.low, extent.high
    match op:
        case Op.LT:
            return low < value
        case Op.LE:
            return low <= value
        case Op.GT:
            return high is None or high > value
        case Op.GE:
            return high is None or high >= value
        case Op.EQ:
            return low <= value and (high is None or value <= high)
        case Op.NE:
            return not low == value == high


def _of_regions(path: Place, alert: Alert, condition: Condition, manual: Manual) -> Iterator[DeadEnd]:
    """
    `in 2 of 3 region` when the check asks from one place only.
    """
    where, indicator = condition.where, indicator_of(alert, manual)
    if where is None or where.kind is not Quantifier.N_OF or where.label != "region" or indicator is None:
        return
    check = manual.checks.get(manual.streams[indicator.from_].check or "")
    places = max(len(check.regions), 1) if check else None
    wanted = where.n or 0
    if places is not None and wanted > places:
        yield DeadEnd(path, f"it wants {wanted} regions and the check asks from {places}")
