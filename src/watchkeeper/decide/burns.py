"""
Which alert already says what a slower one would say again?

A fast burn of a budget is a slow burn of it as well. While the fast alert fires, the slower ones of the same objective
and the same value are held back, as long as everybody who would hear of them hears of the fast one. When it is over
and a slower one still fires, that one is told.

>>> fast, slow = (Pace(least=Fraction(n), window_ns=ns) for n, ns in (("14.4", 3600), ("6", 6 * 3600)))
>>> fast.beats(slow), slow.beats(fast), fast.beats(fast)
(True, False, False)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from watchkeeper.decide.depending import reach_of, routed_values
from watchkeeper.manual.condition.ast import Burn, Condition, Op, Pair, Rolling, Where
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.units import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """
    How fast a budget must burn (1 spends it in exactly its window), and over how long that is looked at.
    """

    least: Fraction
    window_ns: int

    def beats(self, other: "Pace") -> bool:
        """
        At least as fast, seen over no longer a time, and not the same.
        """
        return self != other and self.least >= other.least and self.window_ns <= other.window_ns


def pace_of(condition: Condition) -> Pace | None:
    """
    The pace that a condition waits for; None where it does not wait for a budget to burn fast.

    >>> from watchkeeper.manual.condition.parser import parse
    >>> pace_of(parse("burn > 14.4 over 1h and 5m")).window_ns // 10**9, pace_of(parse("burn < 1 over 1h"))
    (3600, None)
    """
    upwards = isinstance(condition.measure, Burn) and condition.op in (Op.GT, Op.GE)
    if not upwards or not isinstance(condition.value, Quantity):
        return None
    match condition.window:
        case Pair(long=length) | Rolling(duration=length):
            return Pace(least=condition.value.value, window_ns=length.ns)
    return None


def faster_ones(conditions: Mapping[str, Condition], manual: Manual) -> dict[str, tuple[str, ...]]:
    """
    For each alert that waits for a fast burn, those that hold it back, the fastest first.

    `conditions` are those of the alerts, by name, with their windows filled in.
    """
    paces = {name: pace for name, condition in conditions.items() if (pace := pace_of(condition)) is not None}
    groups: dict[tuple[str, str, Where | None], list[str]] = {}
    for name in sorted(paces, key=lambda one: (-paces[one].least, paces[one].window_ns, one)):
        alert = manual.alerts[name]
        if alert.objective is not None:
            groups.setdefault((alert.objective, alert.each or "", conditions[name].where), []).append(name)
    return {
        name: tuple(one for one in group if paces[one].beats(paces[name]) and _heard_by_all(one, name, manual))
        for group in groups.values()
        for name in group
    }


def _heard_by_all(faster: str, slower: str, manual: Manual) -> bool:
    """
    Whoever would hear of the slower one hears of the faster one, through channels that are in use and as a page.
    """
    mine, other = manual.alerts[faster], manual.alerts[slower]
    return all(
        reach_of(faster, mine, manual, [value]).covers(reach_of(slower, other, manual, [value]))
        for value in routed_values(other, manual)
    )
