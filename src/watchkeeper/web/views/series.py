"""
What did an indicator do, point by point, as a condition reads it?

Slots are joined into a few points; each point is a share, a quantile, a count or the newest value, whichever the
condition speaks of. Quantiles are read off histograms: good enough to draw, never to judge by.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.act.watch import History
from watchkeeper.manual.condition import ast
from watchkeeper.manual.condition.ast import Condition
from watchkeeper.manual.units import Quantity, Range
from watchkeeper.measure.held import Held
from watchkeeper.measure.merges import quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """
    Points over time, oldest first: when each begins (ns), its value (None: nothing to say), and whether it was heard.
    """

    starts_ns: tuple[int, ...]
    values: tuple[float | None, ...]
    heard: tuple[bool, ...]


def line(history: History, condition: Condition, *, points: int, scale: int, shares: bool) -> Line:
    """
    The history in at most so many points. `shares`: the indicator says good or bad, so a ratio is a share of matched.
    """
    n = len(history.counts)
    width = max(1, -(-n // points))
    groups = [range(first, min(n, first + width)) for first in range(0, n, width)]
    return Line(
        starts_ns=tuple(history.starts_ns[group[0]] for group in groups),
        values=tuple(_value(history, group, condition, scale, shares) for group in groups),
        heard=tuple(any(history.heard[i] for i in group) for group in groups),
    )


def rolling(history: History, condition: Condition, *, window_ns: int, scale: int, shares: bool) -> Line:
    """
    What the condition's window held at the end of each slot; the first window is left out, because it was not whole.
    """
    slots = max(1, window_ns // history.tier.slot_ns)
    ends = range(min(slots, len(history.counts)) - 1, len(history.counts))
    spans = [range(max(0, end - slots + 1), end + 1) for end in ends]
    return Line(
        starts_ns=tuple(history.starts_ns[end] for end in ends),
        values=tuple(_value(history, window, condition, scale, shares) for window in spans),
        heard=tuple(2 * sum(history.heard[i] for i in window) >= len(window) for window in spans),
    )


def since_heard(line: Line, *, least: int = 12) -> Line:
    """
    The line from the point before anything was heard, but at least so many points: a young watch has little to show.
    """
    first = next((i for i, known in enumerate(line.heard) if known), len(line.heard))
    begin = max(0, min(first - 1, len(line.heard) - least))
    return Line(starts_ns=line.starts_ns[begin:], values=line.values[begin:], heard=line.heard[begin:])


def level(condition: Condition) -> float | None:
    """
    The rule as a height; None where it is relative.
    """
    match condition.value:
        case Quantity(value=value):
            return float(value)
        case Range(high=high):
            return float(high.value)
    return None


def _value(history: History, slots: Sequence[int], condition: Condition, scale: int, shares: bool) -> float | None:
    count = sum(history.counts[i] for i in slots)
    match condition.measure:
        case ast.Ratio() if shares:
            return sum(history.matched[i] for i in slots) / count if count else None
        case ast.Count():
            return float(count)
        case ast.Rate():
            return count / (len(slots) * history.tier.slot_ns / 1e9)
    merged = Held()
    for i in slots:
        if i in history.merges:
            merged.take(history.merges[i])
    steps = _steps(merged, condition)
    return None if steps is None else steps / scale


def _steps(merged: Held, condition: Condition) -> int | None:
    match condition.measure:
        case ast.Quantile(share=share):
            return quantile(merged.buckets, float(share))
        case ast.Min():
            return merged.low
        case ast.Max():
            return merged.high
    return merged.last[1] if merged.last else None
