"""
Over which time does a condition hold that names none?

>>> from watchkeeper.manual.condition.parser import parse
>>> filled = alert_window(parse("> 2%"), Manual(watchkeeper=1, manual="Shop"))
>>> str(filled.window.duration), filled.source.value
('5m', 'built in')
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from watchkeeper.manual.condition.ast import Age, Bad, Condition, Last, Left, Rolling, Window
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.promising import Objective
from watchkeeper.manual.units import NS_PER_SECOND, Duration

#: What most teams use; lint names every place where it stands in.
OBJECTIVE_WINDOW = Rolling(duration=Duration(ns=30 * 86_400 * NS_PER_SECOND, written="30d"))
ALERT_WINDOW = Rolling(duration=Duration(ns=300 * NS_PER_SECOND, written="5m"))

_TIMELESS = (Bad, Age, Left, Last)  # these look at single observations, not over a stretch of time


class Source(StrEnum):
    """
    Who said so.
    """

    CONDITION = "condition"
    OBJECTIVE = "objective"
    DEFAULTS = "defaults"
    BUILT_IN = "built in"


@dataclass(frozen=True, slots=True)
class Filled:
    """
    The window that holds, None for conditions that need none, and who said so.
    """

    window: Window | None
    source: Source


def objective_window(condition: Condition, objective: Objective, manual: Manual) -> Filled:
    """
    The window of a target or agreement: its own, the objective's, the manual's default, else 30 days.
    """
    if condition.window is not None:
        return Filled(condition.window, Source.CONDITION)
    if isinstance(condition.measure, _TIMELESS):
        return Filled(None, Source.CONDITION)
    if objective.window is not None:
        return Filled(objective.window, Source.OBJECTIVE)
    if manual.defaults.window is not None:
        return Filled(manual.defaults.window, Source.DEFAULTS)
    return Filled(OBJECTIVE_WINDOW, Source.BUILT_IN)


def alert_window(condition: Condition, manual: Manual) -> Filled:
    """
    The window of any other condition: its own, the manual's default, else 5 minutes.
    """
    if condition.window is not None or isinstance(condition.measure, _TIMELESS):
        return Filled(condition.window, Source.CONDITION)
    if manual.defaults.alert_window is not None:
        return Filled(Rolling(duration=manual.defaults.alert_window), Source.DEFAULTS)
    return Filled(ALERT_WINDOW, Source.BUILT_IN)


def targets(objective: Objective, manual: Manual) -> tuple[Condition, ...]:
    """
    The objective's targets with their windows filled in.
    """
    return tuple(_filled(each, objective, manual) for each in objective.targets)


def agreements(objective: Objective, manual: Manual) -> tuple[Condition, ...]:
    """
    The objective's agreements with their windows filled in.
    """
    return tuple(_filled(each, objective, manual) for each in objective.agreements)


def _filled(condition: Condition, objective: Objective, manual: Manual) -> Condition:
    return replace(condition, window=objective_window(condition, objective, manual).window)
