"""
How do rollups become rings again?

After a restart the rings are filled from the bodies that the folder wrote, each ring from those of its own slots, and
the tail of the log is applied on top, so that every number is what it was. When people exclude minutes, what lies in
them is read from the same bodies.

Whoever calls these holds `Folder.still`: nothing may be folded between reading the bodies and reading the tail.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from watchkeeper.measure.books import CUT, minutes
from watchkeeper.measure.deltas import Delta, split, unpack
from watchkeeper.measure.durable import AHEAD, WORST, Rows, births, durable_tiers
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.exclusions import Exclusion
from watchkeeper.measure.grid import Tier
from watchkeeper.measure.rollups import Rollup, unpack_worst
from watchkeeper.measure.values import Ints

_END = 2**62


def restore(ground: Rows, engine: Engine, *, now_ns: int) -> None:
    """
    Fill a fresh engine from rollups and the tail of the log. Exclusions that it has already hold from the beginning.
    """
    fine = engine.grid.fine
    newest = max((slot for slot, _ in ground.read_slots("fine", fine.slot(now_ns), _END)), default=0)
    engine.advance(max(now_ns, newest * fine.slot_ns))  # the clock may have been set back since the last fold
    for name, at_ns in births(ground).items():
        engine.heard.bear(name, at_ns)
    for slot, body in ground.read_slots(WORST, 0, _END):
        engine.examples.take(unpack_worst(body), slot)
    _fill(ground, engine, counted=True)
    _count_periods(ground, engine)
    _fill_apart(ground, engine)
    for ring in engine.rings.values():
        ring.settle()
    for delta in _deltas(ground):
        engine.apply(delta)


def exclude(ground: Rows, engine: Engine, exclusions: Sequence[Exclusion]) -> None:
    """
    From now on these exclusions hold, and no others: what was counted in their minutes is told apart.
    """
    engine.exclude(exclusions)
    _fill(ground, engine, counted=False)
    _fill_apart(ground, engine)
    for delta in _deltas(ground):
        engine.apply_apart(split(delta, engine.head)[0])  # what lies ahead waits in the engine


def _deltas(ground: Rows) -> Iterator[Delta]:
    waiting = ground.read_slot(AHEAD, 0)
    if waiting:
        yield unpack(waiting)
    for _, body in ground.tail():
        yield unpack(body)


def _tiers(engine: Engine) -> Iterator[tuple[Tier, str]]:
    """
    The rings, and from which bodies each is filled.
    """
    grid = engine.grid
    yield from ((grid.fine, "fine"), (grid.middle, "minute"), (grid.coarse, "hour"))
    if engine.far:
        yield grid.long, "day"


def _fill(ground: Rows, engine: Engine, *, counted: bool) -> None:
    """
    What is merged, in every tier; and what is counted.
    """
    slot_ns = durable_tiers(engine.grid)
    for tier, durable in _tiers(engine):
        head = engine.rings[tier.name].head
        first, last = (edge * tier.slot_ns // slot_ns[durable] for edge in (head - tier.length + 1, head + 1))
        for slot, body in ground.read_slots(durable, first, last - 1):
            _fill_from(ground, engine, Rollup.read(body), slot * slot_ns[durable], slot_ns[durable], tier, counted)
    cut, hour = engine.books.cut, engine.grid.coarse
    per_day = engine.grid.long.slot_ns // hour.slot_ns
    oldest = engine.rings[hour.name].head - hour.length + 1
    for day in cut.days.tolist():
        for slot, body in ground.read_slots("hour", day * per_day, min((day + 1) * per_day, oldest) - 1):
            rollup = Rollup.read(body)
            _merge(ground, engine, rollup, slot * hour.slot_ns, hour.slot_ns, hour)
            if counted:
                _spread(engine, rollup, slot * hour.slot_ns, hour)
    minute = minutes(engine.grid)
    for begin_ns in (cut.hours * hour.slot_ns).tolist():
        for slot, body in ground.read_slots("minute", *_slots(begin_ns, begin_ns + hour.slot_ns, minute.slot_ns)):
            rollup = Rollup.read(body)
            _merge(ground, engine, rollup, slot * minute.slot_ns, minute.slot_ns, minute)
            if counted:
                _spread(engine, rollup, slot * minute.slot_ns, minute)


def _fill_from(
    ground: Rows, engine: Engine, rollup: Rollup, at_ns: int, slot_ns: int, tier: Tier, counted: bool
) -> None:
    if counted:
        slot = np.full(len(rollup.rows), at_ns, dtype=np.int64)
        engine.books.add_to(tier, rollup.rows, slot, rollup.amounts)
        _spread(engine, rollup, at_ns, tier)
    _merge(ground, engine, rollup, at_ns, slot_ns, tier)


def _spread(engine: Engine, rollup: Rollup, at_ns: int, tier: Tier) -> None:
    spread = rollup.spread
    if spread is not None:
        rows, buckets, amounts = spread
        engine.books.spread_to(tier, rows, np.full(len(rows), at_ns, dtype=np.int64), buckets, amounts)


def _merge(ground: Rows, engine: Engine, rollup: Rollup, at_ns: int, slot_ns: int, tier: Tier) -> None:
    """
    The merges of a body; from its minutes where a part of it is excluded.
    """
    if not rollup.merges:
        return
    minute_ns = engine.grid.minute_ns
    if slot_ns > minute_ns and engine.exclusions.minutes.within(at_ns, at_ns + slot_ns):
        for slot, body in ground.read_slots("minute", *_slots(at_ns, at_ns + slot_ns, minute_ns)):
            _merge(ground, engine, Rollup.read(body), slot * minute_ns, minute_ns, tier)
        return
    for series, merge in rollup.merges.items():
        if not engine.excludes(series, at_ns):
            engine.pieces.take(series, at_ns, merge, (tier,))


def _slots(begin_ns: int, end_ns: int, slot_ns: int) -> tuple[int, int]:
    return begin_ns // slot_ns, (end_ns - 1) // slot_ns


def _count_periods(ground: Rows, engine: Engine) -> None:
    """
    Running totals: from days, from the hours of a day that a boundary cuts, from the minutes of such an hour.
    """
    calendars, grid = engine.books.calendars, engine.grid
    begin_ns = calendars.earliest_ns()
    if begin_ns is None:
        return
    days, hours = calendars.cut(grid.long.slot_ns), calendars.cut(grid.coarse.slot_ns)
    whole = ground.read_slots("day", begin_ns // grid.long.slot_ns, _END)
    per_day, per_hour = grid.long.slot_ns // grid.coarse.slot_ns, grid.coarse.slot_ns // grid.minute_ns
    for day, body in whole:
        if day not in days:
            _count(engine, day * grid.long.slot_ns, Rollup.read(body))
    for day in sorted(days):
        for hour, body in ground.read_slots("hour", day * per_day, (day + 1) * per_day - 1):
            if hour not in hours:
                _count(engine, hour * grid.coarse.slot_ns, Rollup.read(body))
    for hour in sorted(hours):
        for minute, body in ground.read_slots("minute", hour * per_hour, (hour + 1) * per_hour - 1):
            _count(engine, minute * grid.minute_ns, Rollup.read(body))


def _count(engine: Engine, at_ns: int, rollup: Rollup) -> None:
    engine.books.calendars.add(rollup.rows, np.full(len(rollup.rows), at_ns, dtype=np.int64), rollup.amounts)


def _fill_apart(ground: Rows, engine: Engine) -> None:
    """
    What was counted in excluded minutes.
    """
    if engine.apart is None:
        return
    grid = engine.grid
    oldest = {tier.name: (engine.rings[tier.name].head - tier.length + 1) * tier.slot_ns for tier in grid.tiers}
    periods_ns = engine.books.calendars.earliest_ns()
    begin_ns = min(oldest["coarse"], _END if periods_ns is None else periods_ns)
    if engine.far:
        begin_ns = min(begin_ns, oldest["long"])
    end_ns = (engine.head + 1) * grid.fine.slot_ns
    for begin, end in engine.exclusions.minutes.within(oldest["fine"], end_ns):
        for slot, body in ground.read_slots("fine", *_slots(begin, end, grid.fine.slot_ns)):
            _count_apart(engine, Rollup.read(body), slot * grid.fine.slot_ns, (grid.fine,), periods=False)
    for begin, end in engine.exclusions.minutes.within(begin_ns, end_ns):
        for tier, first, last in _cut(engine, begin, end, oldest["middle"]):
            slot_ns = durable_tiers(grid)[tier]
            into = (grid.coarse, grid.long) if tier == "hour" else (grid.middle, grid.coarse, grid.long, minutes(grid))
            for slot, body in ground.read_slots(tier, first, last):
                _count_apart(engine, Rollup.read(body), slot * slot_ns, into, periods=True)


def _cut(engine: Engine, begin_ns: int, end_ns: int, middle_ns: int) -> list[tuple[str, int, int]]:
    """
    An excluded stretch as runs of slots: hours where they are long past and no edge of anything lies in them, else
    minutes.
    """
    hour_ns, minute_ns = engine.grid.coarse.slot_ns, engine.grid.minute_ns
    edges = {edge // hour_ns for edge in engine.exclusions.edges_ns}
    parts: list[tuple[str, int, int]] = []
    for hour in range(begin_ns // hour_ns, -(-end_ns // hour_ns)):
        a, b = max(hour * hour_ns, begin_ns), min((hour + 1) * hour_ns, end_ns)
        whole = b - a == hour_ns and b <= middle_ns and hour not in edges and hour not in engine.books.cut.hours
        parts.append(("hour", hour, hour) if whole else ("minute", *_slots(a, b, minute_ns)))
    return parts


def _count_apart(engine: Engine, rollup: Rollup, at_ns: int, tiers: Sequence[Tier], *, periods: bool) -> None:
    books = engine.apart
    assert books is not None
    rows, at, amounts = engine.of_excluded(
        rollup.rows, np.full(len(rollup.rows), at_ns, dtype=np.int64), rollup.amounts
    )
    for tier in tiers if len(rows) else ():
        if tier.name != CUT:
            books.add_to(tier, rows, at, amounts)
    if periods:
        books.calendars.add(rows, at, amounts)
    spread = rollup.spread
    if spread is not None:
        of, buckets, n = spread
        columns: tuple[Ints, ...] = engine.of_excluded(of, np.full(len(of), at_ns, dtype=np.int64), buckets, n)
        for tier in tiers:
            books.spread_to(tier, *columns)
