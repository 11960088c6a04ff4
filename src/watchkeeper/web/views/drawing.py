"""
How does a series become a line?

Pages draw small charts as SVG, so that they need no script: a polyline per unbroken stretch (what was not heard breaks
it, and is hatched, never guessed), and the rule as a level. Slots that were heard but quiet have no value: the line
passes over them.

>>> sketch([1, 0.5, None, 0.5, 0, 0.5], [True, True, False, True, True, True], width=50, height=10, low=0, high=1).paths
('M0 1 L10 5', 'M30 5 L40 9 L50 5')
"""

from collections.abc import Sequence
from dataclasses import dataclass

MARGIN = 1.0  # so that a line at the edge is not cut in half


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """
    A small chart in the units of its own box: lines, single points, the level of the rule (None: none), and x and width
    of what was not heard.
    """

    width: int
    height: int
    paths: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    level: float | None
    gaps: tuple[tuple[float, float], ...]


def sketch(
    values: Sequence[float | None],
    heard: Sequence[bool],
    *,
    width: int,
    height: int,
    low: float,
    high: float,
    level: float | None = None,
) -> Sketch:
    """
    The chart of these values, oldest first, with `low` at the bottom and `high` at the top.
    """
    step = width / max(1, len(values) - 1)

    def y(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return round(height - MARGIN - min(1.0, max(0.0, share)) * (height - 2 * MARGIN), 1)

    paths: list[str] = []
    dots: list[tuple[float, float]] = []
    gaps: list[tuple[float, float]] = []
    for first, last, known in _stretches(heard):
        if not known:
            begin = max(0.0, (first - 0.5) * step)
            gaps.append((round(begin, 1), round(min(width, (last + 0.5) * step) - begin, 1)))
            continue
        points = [(round(i * step, 1), y(value)) for i in range(first, last + 1) if (value := values[i]) is not None]
        if len(points) == 1:
            dots.append(points[0])
        elif points:
            paths.append("M" + " L".join(f"{x:g} {up:g}" for x, up in points))
    return Sketch(
        width=width,
        height=height,
        paths=tuple(paths),
        dots=tuple(dots),
        level=None if level is None else y(level),
        gaps=tuple(gaps),
    )


def bounds(
    values: Sequence[float | None], level: float | None, *, floor: float | None = None, ceiling: float | None = None
) -> tuple[float, float]:
    """
    The lowest and the highest value to draw, the rule among them, with a little air; within `floor` and `ceiling`.
    """
    known = [value for value in (*values, level) if value is not None]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    air = (high - low) * 0.15 or abs(high) * 0.05 or 1.0
    low, high = low - air, high + air
    return (low if floor is None else max(floor, low)), (high if ceiling is None else min(ceiling, high))


def _stretches(heard: Sequence[bool]) -> list[tuple[int, int, bool]]:
    found: list[tuple[int, int, bool]] = []
    for i, known in enumerate(heard):
        if found and found[-1][2] is known:
            found[-1] = (found[-1][0], i, known)
        else:
            found.append((i, i, known))
    return found
