"""
What lies on the ground, and under which names?

Slots of four tiers hold rollups; what is no rollup has tiers of its own: examples, and single bodies in slot 0.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from watchkeeper.measure.grid import Grid
from watchkeeper.measure.plan import Plan
from watchkeeper.measure.rows import Registry, heard_row, series_of

WORST = "worst"  # the newest examples, in slots of the middle tier
BIRTHS = "births"  # a tier of one slot: when streams were first heard
AHEAD = "ahead"  # a tier of one slot: a delta that waits for its slots to open
TRIMMED = "trimmed"  # a tier of one slot: up to where each tier was freed of rows that nobody names

_births = msgspec.msgpack.Decoder(dict[str, int])


class Rows(Protocol):
    """
    The rows of the ground that folding and restoring need.
    """

    def tail(self) -> Iterator[tuple[int, bytes]]: ...
    def read_slot(self, tier: str, slot: int) -> bytes | None: ...
    def read_slots(self, tier: str, first: int, last: int) -> Iterator[tuple[int, bytes]]: ...
    def fold(
        self,
        *,
        upto: int,
        slots: Iterable[tuple[str, int, bytes]],
        drop: Iterable[tuple[str, int]],
        now_ns: int,
        counters: bytes | None = None,
    ) -> None: ...


def durable_tiers(grid: Grid) -> dict[str, int]:
    """
    The tiers of rollups and their slot lengths in ns.
    """
    return {
        "fine": grid.fine.slot_ns,
        "minute": grid.minute_ns,
        "hour": grid.coarse.slot_ns,
        "day": grid.long.slot_ns,
    }


def births(ground: Rows) -> dict[str, int]:
    """
    When streams were first heard (ns), by the name of their row.
    """
    body = ground.read_slot(BIRTHS, 0)
    return _births.decode(body) if body else {}


def trimmed(ground: Rows) -> dict[str, int]:
    """
    Up to which slot each tier was freed of rows that nobody names.
    """
    body = ground.read_slot(TRIMMED, 0)
    return _births.decode(body) if body else {}


def named(registry: Registry, plan: Plan) -> list[int]:
    """
    The rows that a plan counts in.
    """
    meanings = {one.meaning for one in plan.indicators.values()}
    heard = {heard_row(one.meaning) for one in plan.streams.values()}
    found = []
    for row, name in registry.since(0):
        series = series_of(name)
        if name in heard or (series is not None and series.meaning in meanings):
            found.append(row)
    return found
