"""
Which rows does a watch begin with?

All that are counted in, but for two kinds: rows that nothing on disk counts for any more lose their number, and values
of labels that were not seen for the longest window are not known until they are seen again, so that a cap on values is
one on those of today.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from watchkeeper.measure.deltas import unpack
from watchkeeper.measure.durable import AHEAD, WORST, Rows
from watchkeeper.measure.grid import Grid
from watchkeeper.measure.rollups import Rollup, unpack_worst
from watchkeeper.measure.rows import series_of
from watchkeeper.measure.values import Ints

_EVER = 2**62


class Names(Rows, Protocol):
    """
    The rows of the ground, and their names.
    """

    def names(self) -> dict[int, str]: ...
    def forget_names(self, rows: Iterable[int]) -> None: ...


def names_at_start(ground: Names, grid: Grid, *, since_ns: int) -> dict[int, str]:
    """
    The names that a registry begins with; those of rows that nothing counts for are forgotten for good.

    Only before anything is counted: a number that is forgotten may be given to another row. `since_ns` is the beginning
    of the longest window.
    """
    since = grid.long.slot(since_ns)
    used: set[int] = set()
    recent: set[int] = set()
    for slot, body in ground.read_slots("day", -_EVER, _EVER):  # whatever was folded is in the days, and longest there
        rollup = Rollup.read(body)
        found = {*rollup.rows.tolist(), *(rollup.spread[0].tolist() if rollup.spread else ())}
        used |= found
        if slot >= since:
            recent |= found
    for rows in _elsewhere(ground):
        used.update(rows.tolist())
        recent.update(rows.tolist())
    names = ground.names()
    unused = [row for row, name in names.items() if row not in used and series_of(name) is not None]
    if unused:
        ground.forget_names(unused)
    return {row: name for row, name in names.items() if row in recent or _stays(name, used=row in used)}


def _elsewhere(ground: Rows) -> Iterator[Ints]:
    for _, body in ground.read_slots(WORST, -_EVER, _EVER):
        yield unpack_worst(body).rows
    waiting = ground.read_slot(AHEAD, 0)
    for body in [*(body for _, body in ground.tail()), *([waiting] if waiting else [])]:
        delta = unpack(body)
        yield from (delta.rows, delta.buckets.rows, delta.worst.rows)


def _stays(name: str, *, used: bool) -> bool:
    """
    Whether a name is known from the beginning although its row was not counted for long.
    """
    series = series_of(name)
    return series is None or (used and not series.label)
