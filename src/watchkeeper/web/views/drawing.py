"""
How does a series become a line?

Pages draw small charts as SVG, so that they need no script: a polyline per unbroken stretch (what was not heard is a gap,
never a guess), and the rule as a level.

>>> sketch([1, 0.5, None, 0, 0.5], width=40, height=10, low=0, high=1).paths
('M0 1 L10 5', 'M30 9 L40 5')
"""

from collections.abc import Sequence
from dataclasses import dataclass

MARGIN = 1.0  # so that a line at the edge is not cut in half


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """
    A small chart in the units of its own box: lines, the level of the rule (None: none), and where nothing was heard.
    """

    width: int
    height: int
    paths: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]  # stretches of one point
    level: float | None
    gaps: tuple[tuple[float, float], ...]  # x and width of what was not heard


def sketch(
    values: Sequence[float | None],
    *,
    width: int,
    height: int,
    low: float,
    high: float,
    level: float | None = None,
) -> Sketch:
    """
    The chart of these values, oldest first, with `low` at the bottom and `high` at the top. None is a gap.
    """
    step = width / max(1, len(values) - 1)

    def y(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return height - MARGIN - min(1.0, max(0.0, share)) * (height - 2 * MARGIN)

    paths: list[str] = []
    dots: list[tuple[float, float]] = []
    gaps: list[tuple[float, float]] = []
    for first, last, known in _stretches(values):
        if not known:
            gaps.append((_round(max(0.0, (first - 0.5) * step)), _round((last - first + 1) * step)))
            continue
        points = [(_round(i * step), _round(y(values[i] or 0.0))) for i in range(first, last + 1)]
        if len(points) == 1:
            dots.append(points[0])
        else:
            paths.append("M" + " L".join(f"{x:g} {up:g}" for x, up in points))
    return Sketch(
        width=width,
        height=height,
        paths=tuple(paths),
        dots=tuple(dots),
        level=None if level is None else _round(y(level)),
        gaps=tuple(gaps),
    )


def bounds(values: Sequence[float | None], level: float | None, *, floor: float | None = None) -> tuple[float, float]:
    """
    The lowest and the highest value to draw, the rule among them, with a little air; not below `floor`.
    """
    known = [value for value in (*values, level) if value is not None]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    air = (high - low) * 0.12 or abs(high) * 0.05 or 1.0
    low, high = low - air, high + air
    return (low if floor is None else max(floor, low)), high


def _stretches(values: Sequence[float | None]) -> list[tuple[int, int, bool]]:
    found: list[tuple[int, int, bool]] = []
    for i, value in enumerate(values):
        known = value is not None
        if found and found[-1][2] is known:
            found[-1] = (found[-1][0], i, known)
        else:
            found.append((i, i, known))
    return found


def _round(number: float) -> float:
    return round(number, 1)
