"""
How do deltas become rollups, and rollups rings again?

The folder sums the tail of the log into one body per slot and tier: the finest slots (as far back as the finest ring
reaches), minutes (the durable truth), hours and days behind them. What lies ahead of the open slot stays a delta until
its time has come. After a restart the rings are filled from these bodies and the tail is applied on top, so that every
number is what it was.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec
import numpy as np

from watchkeeper.measure.deltas import Delta, added, pack, split, together, unpack
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.grid import DAY, Grid, Tier
from watchkeeper.measure.held import Held, held_of
from watchkeeper.measure.rollups import Rollup
from watchkeeper.measure.values import Ints

BIRTHS = "births"  # a tier of one slot: when streams were first heard
AHEAD = "ahead"  # a tier of one slot: a delta that waits for its slots to open
KEEP_HOURS_NS = 400 * DAY
KEEP_DAYS_NS = 10 * 366 * DAY
_END = 2**62


class Slots(Protocol):
    """
    The rows of the ground that folding needs.
    """

    def tail(self) -> Iterable[tuple[int, bytes]]: ...
    def read_slot(self, tier: str, slot: int) -> bytes | None: ...
    def read_slots(self, tier: str, first: int, last: int) -> Iterator[tuple[int, bytes]]: ...
    def fold(
        self,
        *,
        upto: int,
        slots: Iterable[tuple[str, int, bytes]],
        drop: Sequence[tuple[str, int]],
        now_ns: int,
        counters: bytes | None = None,
    ) -> None: ...


_births = msgspec.msgpack.Decoder(dict[str, int])


def durable_tiers(grid: Grid) -> dict[str, int]:
    """
    The tiers on disk and their slot lengths in ns.
    """
    return {"fine": grid.fine.slot_ns, "minute": grid.minute_ns, "hour": grid.coarse.slot_ns, "day": DAY}


def fold(log: Slots, engine: Engine, *, now_ns: int, counters: bytes | None = None) -> int:
    """
    Move the whole tail of the log into rollups, in one transaction; returns how many records that were.

    `counters` is a snapshot of the counters as they are after the tail.
    """
    records = list(log.tail())
    if not records:
        return 0
    waiting = log.read_slot(AHEAD, 0)
    deltas = [unpack(body) for _, body in records] + ([unpack(waiting)] if waiting else [])
    delta, ahead = split(together(deltas), engine.grid.fine.slot(now_ns))
    held = held_of(delta, engine.registry)
    bodies = [(BIRTHS, 0, msgspec.msgpack.encode(dict(engine.heard.births))), (AHEAD, 0, pack(ahead))]
    for tier, slot_ns in durable_tiers(engine.grid).items():
        bodies += _summed(log, tier, delta, held, engine.grid.fine.slot_ns, slot_ns)
    log.fold(
        upto=records[-1][0],
        slots=bodies,
        drop=_outdated(engine, now_ns),
        now_ns=now_ns,
        counters=counters,
    )
    return len(records)


def restore(log: Slots, engine: Engine, *, now_ns: int) -> None:
    """
    Fill a fresh engine from rollups and the tail of the log.
    """
    grid = engine.grid
    newest = max((slot for slot, _ in log.read_slots("fine", grid.fine.slot(now_ns), _END)), default=0)
    now_ns = max(now_ns, newest * grid.fine.slot_ns)  # the clock may have been set back since the last fold
    engine.advance(now_ns)
    births = log.read_slot(BIRTHS, 0)
    for name, at_ns in (_births.decode(births) if births else {}).items():
        engine.heard.bear(name, at_ns)
    for tier, durable in ((grid.fine, "fine"), (grid.middle, "minute"), (grid.coarse, "hour")):
        _restore_ring(log, engine, tier, durable, now_ns)
    _restore_calendars(log, engine, now_ns)
    waiting = log.read_slot(AHEAD, 0)
    for body in [waiting] if waiting else []:
        engine.apply(unpack(body))
    for _, body in log.tail():
        engine.apply(unpack(body))


def _outdated(engine: Engine, now_ns: int) -> list[tuple[str, int]]:
    """
    Up to which slot each tier is dropped: minutes are kept for the longest window and as long again.
    """
    grid, longest_ns = engine.grid, 2 * engine.plan.longest_ns
    kept = {
        "fine": grid.fine.length * grid.fine.slot_ns,
        "minute": max(grid.middle.length * grid.middle.slot_ns, longest_ns),
        "hour": max(KEEP_HOURS_NS, longest_ns),
        "day": KEEP_DAYS_NS,
    }
    return [(tier, (now_ns - kept[tier]) // slot_ns) for tier, slot_ns in durable_tiers(grid).items()]


def _summed(
    log: Slots, tier: str, delta: Delta, held: dict[tuple[str, int], Held], fine_ns: int, slot_ns: int
) -> Iterator[tuple[str, int, bytes]]:
    """
    The bodies of the slots of a tier that a delta touches, as they are after it.
    """
    summed = added(Delta(rows=delta.rows, slots=delta.slots * fine_ns // slot_ns, amounts=delta.amounts))
    merges: dict[int, list[tuple[str, Held]]] = {}
    for (series, slot), merge in held.items():
        merges.setdefault(slot * fine_ns // slot_ns, []).append((series, merge))
    for slot in sorted({*np.unique(summed.slots).tolist(), *merges}):
        here = summed.slots == slot
        rollup = Rollup.read(log.read_slot(tier, slot))
        yield tier, slot, rollup.with_(summed.rows[here], summed.amounts[here], merges.get(slot, [])).body()


def _restore_ring(log: Slots, engine: Engine, tier: Tier, durable: str, now_ns: int) -> None:
    slot_ns = durable_tiers(engine.grid)[durable]
    first = (tier.slot(now_ns) - tier.length + 1) * tier.slot_ns // slot_ns
    found: list[tuple[Ints, int, Ints]] = []
    for slot, body in log.read_slots(durable, first, now_ns // slot_ns):
        rollup, of_ring = Rollup.read(body), slot * slot_ns // tier.slot_ns
        found.append((rollup.rows, of_ring, rollup.amounts))
        for series, merge in rollup.merges.items():
            engine.merges[tier.name].take(series, of_ring, merge)
    if found:
        engine.rings[tier.name].fill(
            np.concatenate([rows for rows, _, _ in found]),
            np.concatenate([np.full(len(rows), slot, dtype=np.int64) for rows, slot, _ in found]),
            np.concatenate([amounts for _, _, amounts in found]),
        )


def _restore_calendars(log: Slots, engine: Engine, now_ns: int) -> None:
    """
    Running totals from hours, and from minutes in an hour that a boundary cuts; of these minutes the merges too.
    """
    begin_ns = engine.calendars.earliest_ns()
    if begin_ns is None:
        return
    hour_ns, minute_ns = engine.grid.coarse.slot_ns, engine.grid.minute_ns
    per = hour_ns // minute_ns
    for hour, body in log.read_slots("hour", begin_ns // hour_ns, now_ns // hour_ns):
        if hour not in engine.cut:
            _count(engine, hour * hour_ns, Rollup.read(body))
            continue
        for minute, part in log.read_slots("minute", hour * per, hour * per + per - 1):
            rollup = Rollup.read(part)
            _count(engine, minute * minute_ns, rollup)
            for series, merge in rollup.merges.items():
                engine.cuts.take(series, minute, merge)


def _count(engine: Engine, at_ns: int, rollup: Rollup) -> None:
    engine.calendars.add(rollup.rows, np.full(len(rollup.rows), at_ns, dtype=np.int64), rollup.amounts)
