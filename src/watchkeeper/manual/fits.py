"""
Does each condition fit the indicator that it speaks of?

A share needs `good` or `bad`, a quantile needs a value, a burn rate needs a budget, a label needs to be in `by`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from watchkeeper.manual.budgets import budget
from watchkeeper.manual.condition.ast import (
    Bad,
    Burn,
    Condition,
    Max,
    Mean,
    Min,
    Quantile,
    Ratio,
    Relative,
)
from watchkeeper.manual.condition.printer import show_measure
from watchkeeper.manual.conditions import conditions, indicator_of
from watchkeeper.manual.marks import Place
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.measuring import Indicator, Stream
from watchkeeper.manual.model.promising import Alert
from watchkeeper.manual.model.unfit import nearest
from watchkeeper.manual.units import Dimension, Quantity, Range

#: Signals whose observations have no number unless the manual names one.
WITHOUT_VALUE = frozenset({"events", "logs", "deliveries", "backup"})
#: Signals that are numbers by themselves, so that a bare `> 70%` speaks of the number.
GAUGES = frozenset({"metric", "host", "query", "reports", "beacons"})

_TIMES = frozenset({"ns", "us", "ms", "s", "m", "h", "d"})
_EXTENTS = (Quantile, Mean, Min, Max)


@dataclass(frozen=True, slots=True)
class Misfit:
    """
    Where it does not fit, what was found, what is wanted.
    """

    path: Place
    found: str
    wanted: str


def misfits(manual: Manual) -> Iterator[Misfit]:
    """
    Every condition that cannot be asked.
    """
    for path, indicator, condition in conditions(manual):
        yield from misfits_of(path, condition, indicator, manual)
    for name, alert in manual.alerts.items():
        yield from _unfit_alert(("alerts", name), alert, manual)


def misfits_of(path: Place, condition: Condition, indicator: Indicator, manual: Manual) -> Iterator[Misfit]:
    """
    Why this condition cannot be asked of this indicator.
    """
    stream = manual.streams.get(indicator.from_)
    if stream is not None:
        yield from _unfit(path, condition, indicator, stream)
    yield from _unknown_label(path, condition, indicator)


def dimension_of(indicator: Indicator, stream: Stream) -> Dimension | None:
    """
    What the indicator's values are in; None when nothing says.
    """
    unit = indicator.unit or stream.unit
    value = indicator.value or stream.value
    if unit in _TIMES or (unit is None and value in {"duration", "certificate_left"}):
        return Dimension.TIME
    return Dimension.BYTES if unit in {"B", "By", "kB", "MB", "GB", "KiB", "MiB", "GiB"} else None


def _unfit(path: Place, condition: Condition, indicator: Indicator, stream: Stream) -> Iterator[Misfit]:
    counted = (indicator.good, indicator.bad, indicator.slot_good_when)
    shares = any(each is not None for each in counted)
    measure = condition.measure
    if isinstance(measure, Ratio):
        yield from _unfit_ratio(path, condition, stream, shares)
    elif isinstance(measure, Bad) and not shares:
        yield Misfit(path, "strikes on an indicator without `good` or `bad`", "one of them on the indicator")
    elif isinstance(measure, _EXTENTS):
        said = show_measure(measure)
        if stream.signal in WITHOUT_VALUE and not (indicator.value or "value" in stream.model_fields_set):
            found = f"`{said}` of {stream.signal} without a number"
            yield Misfit(path, found, "`value` on the stream or the indicator")
        elif isinstance(condition.value, Quantity | Range):
            yield from _unfit_unit(path, condition.value, dimension_of(indicator, stream))


def _unfit_ratio(path: Place, condition: Condition, stream: Stream, shares: bool) -> Iterator[Misfit]:
    value = condition.value
    if not shares and stream.signal not in GAUGES:
        wanted = "`good` or `bad` on the indicator, or a measure such as `p95`, `mean` or `count`"
        yield Misfit(path, f"a share of {stream.signal} of which none is called good or bad", wanted)
    elif shares and not isinstance(value, Relative):
        dimension = value.dimension if isinstance(value, Quantity) else value.high.dimension
        if dimension is not Dimension.RATIO:
            wanted = f"a share in %, such as `{_number(value)}%`, or a measure such as `p95`"
            yield Misfit(path, f"`{value}` for a share", wanted)


def _number(value: Quantity | Range) -> str:
    written = str(value.low if isinstance(value, Range) else value)
    return "".join(character for character in written if character.isdigit() or character == ".") or "5"


def _unfit_unit(path: Place, value: Quantity | Range, wanted: Dimension | None) -> Iterator[Misfit]:
    dimension = value.dimension if isinstance(value, Quantity) else value.high.dimension
    if wanted is not None and dimension is not wanted:
        example = "1.5s" if wanted is Dimension.TIME else "5MB"
        yield Misfit(path, f"`{value}`", f"a {'time' if wanted is Dimension.TIME else 'size'} such as `{example}`")


def _unknown_label(path: Place, condition: Condition, indicator: Indicator) -> Iterator[Misfit]:
    label = condition.where.label if condition.where else None
    if label is not None and label not in indicator.by:
        yield Misfit(path, f"the label `{label}`", f"a label of the indicator's `by`{nearest(label, indicator.by)}")


def _unfit_alert(path: Place, alert: Alert, manual: Manual) -> Iterator[Misfit]:
    indicator = indicator_of(alert, manual)
    if alert.each is not None and indicator is not None and alert.each not in indicator.by:
        wanted = f"a label of the indicator's `by`{nearest(alert.each, indicator.by)}"
        yield Misfit((*path, "each"), f"`{alert.each}`", wanted)
    if alert.when is not None and isinstance(alert.when.measure, Burn):
        yield from _unfit_burn((*path, "when"), alert, manual)


def _unfit_burn(path: Place, alert: Alert, manual: Manual) -> Iterator[Misfit]:
    objective = manual.objectives.get(alert.objective or "")
    if objective is None:
        if alert.objective is None:
            yield Misfit(path, "`burn` without an objective", "`objective`: the name of the one whose budget burns")
        return
    indicator = manual.indicators.get(objective.indicator)
    shares = [budget(target, indicator) for target in objective.targets] if indicator else []
    if shares and all(share is None for share in shares):
        wanted = "a target on a share or a quantile, or `slot_good_when` on the indicator"
        yield Misfit(path, "`burn` on an objective without a budget", wanted)
    elif shares and all(share in (None, Fraction(0)) for share in shares):
        wanted = "a condition on the share itself, since any bad event breaches the target"
        yield Misfit(path, "`burn` on a target of 0 % or 100 %, which has no budget", wanted)
