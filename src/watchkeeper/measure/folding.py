"""
How do deltas become rollups, and rollups rings again?

The folder sums the tail of the log into one body per slot and tier: the finest slots (as far back as the finest ring
reaches), minutes (the durable truth), hours and days behind them. After a restart the rings are filled from these bodies and
the tail is applied on top, so that every number is what it was.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
import numpy as np

from watchkeeper.measure.deltas import Delta, PackedMerge, pack_merge, together, unpack, unpack_merge
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.grid import DAY, Grid
from watchkeeper.measure.merges import Merge
from watchkeeper.measure.values import Ints

BIRTHS = "births"  # a tier of one slot: when streams were first heard and thresholds first named
KEEP_HOURS_NS = 400 * DAY
KEEP_DAYS_NS = 10 * 366 * DAY


class Slots(Protocol):
    """
    The rows of the ground that folding needs.
    """

    def tail(self) -> Iterable[tuple[int, bytes]]: ...
    def read_slot(self, tier: str, slot: int) -> bytes | None: ...
    def read_slots(self, tier: str, first: int, last: int) -> Iterator[tuple[int, bytes]]: ...
    def fold(
        self, *, upto: int, slots: Iterable[tuple[str, int, bytes]], drop: list[tuple[str, int]], now_ns: int
    ) -> None: ...


class _Body(msgspec.Struct, array_like=True):
    rows: bytes
    amounts: bytes
    merges: list[PackedMerge]


@dataclass(slots=True)
class Rollup:
    """
    One slot of one tier: amounts by row, merges by series.
    """

    amounts: dict[int, int] = field(default_factory=dict)
    merges: dict[str, Merge] = field(default_factory=dict)

    @classmethod
    def read(cls, body: bytes | None) -> "Rollup":
        """
        The rollup that `body` wrote; an empty one for None.
        """
        if body is None:
            return cls()
        packed = _decoder.decode(body)
        rows, amounts = np.frombuffer(packed.rows, "<i8").tolist(), np.frombuffer(packed.amounts, "<i8").tolist()
        merges = {one.series: unpack_merge(one) for one in packed.merges}
        return cls(dict(zip(rows, amounts, strict=True)), merges)

    def body(self) -> bytes:
        """
        The rollup as bytes.
        """
        rows = np.array(sorted(self.amounts), dtype="<i8")
        amounts = np.array([self.amounts[row] for row in sorted(self.amounts)], dtype="<i8")
        merges = [pack_merge(series, 0, merge) for series, merge in sorted(self.merges.items())]
        return _encoder.encode(_Body(rows.tobytes(), amounts.tobytes(), merges))


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Body)
_births = msgspec.msgpack.Decoder(dict[str, int])


def durable_tiers(grid: Grid) -> dict[str, int]:
    """
    The tiers on disk and their slot lengths in ns.
    """
    return {"fine": grid.fine.slot_ns, "minute": grid.minute_ns, "hour": grid.coarse.slot_ns, "day": DAY}


def fold(log: Slots, engine: Engine, *, now_ns: int) -> int:
    """
    Move the whole tail of the log into rollups, in one transaction; returns how many records that were.
    """
    records = list(log.tail())
    if not records:
        return 0
    delta = together(unpack(body) for _, body in records)
    grid = engine.grid
    bodies = [(BIRTHS, 0, msgspec.msgpack.encode(engine.heard.births))]
    for tier, slot_ns in durable_tiers(grid).items():
        bodies += _summed(log, tier, delta, grid.fine.slot_ns, slot_ns)
    kept = {
        "fine": grid.fine.length * grid.fine.slot_ns,
        "minute": max(grid.middle.length * grid.middle.slot_ns, engine.plan.longest_ns * 2),
        "hour": max(KEEP_HOURS_NS, engine.plan.longest_ns * 2),
        "day": KEEP_DAYS_NS,
    }
    drop = [(tier, (now_ns - kept[tier]) // slot_ns) for tier, slot_ns in durable_tiers(grid).items()]
    log.fold(upto=records[-1][0], slots=bodies, drop=drop, now_ns=now_ns)
    return len(records)


def _summed(log: Slots, tier: str, delta: Delta, fine_ns: int, slot_ns: int) -> Iterator[tuple[str, int, bytes]]:
    slots = delta.slots * fine_ns // slot_ns
    merges: dict[int, list[tuple[str, Merge]]] = {}
    for (series, slot), merge in delta.merges.items():
        merges.setdefault(slot * fine_ns // slot_ns, []).append((series, merge))
    for slot in sorted(set(np.unique(slots).tolist()) | set(merges)):
        rollup = Rollup.read(log.read_slot(tier, slot))
        here = slots == slot
        for row, amount in zip(delta.rows[here].tolist(), delta.amounts[here].tolist(), strict=True):
            rollup.amounts[row] = rollup.amounts.get(row, 0) + amount
        for series, merge in merges.get(slot, []):
            rollup.merges.setdefault(series, Merge()).take(merge)
        yield tier, slot, rollup.body()


def restore(log: Slots, engine: Engine, *, now_ns: int) -> None:
    """
    Fill a fresh engine from rollups and the tail of the log.
    """
    births = log.read_slot(BIRTHS, 0)
    for name, at_ns in (_births.decode(births) if births else {}).items():
        engine.heard.bear(name, at_ns)
    grid = engine.grid
    for tier, durable, slot_ns in (
        (grid.fine, "fine", grid.fine.slot_ns),
        (grid.middle, "minute", grid.minute_ns),
        (grid.coarse, "hour", grid.coarse.slot_ns),
    ):
        first = (tier.slot(now_ns) - tier.length + 1) * tier.slot_ns // slot_ns
        rows, slots, amounts = _columns(
            log, durable, first, now_ns // slot_ns, engine, tier.name, tier.slot_ns // slot_ns
        )
        engine.rings[tier.name].fill(rows, slots * slot_ns // tier.slot_ns, amounts)
    _restore_periods(log, engine, now_ns)
    for _, body in log.tail():
        engine.apply(unpack(body))


def _columns(
    log: Slots, durable: str, first: int, last: int, engine: Engine, ring: str, per: int
) -> tuple[Ints, Ints, Ints]:
    rows: list[int] = []
    slots: list[int] = []
    amounts: list[int] = []
    for slot, body in log.read_slots(durable, first, last):
        rollup = Rollup.read(body)
        rows += rollup.amounts.keys()
        amounts += rollup.amounts.values()
        slots += [slot] * len(rollup.amounts)
        for series, merge in rollup.merges.items():
            engine.merges[ring].take(series, slot // per, merge)
    return np.array(rows, dtype=np.int64), np.array(slots, dtype=np.int64), np.array(amounts, dtype=np.int64)


def _restore_periods(log: Slots, engine: Engine, now_ns: int) -> None:
    """
    Running totals from hours, and from minutes in an hour that a boundary cuts.
    """
    if not engine.running:
        return
    hour_ns, minute_ns = engine.grid.coarse.slot_ns, engine.grid.minute_ns
    cuts = {edge for running in engine.running.values() for edge in (running.before_ns, running.begin_ns)}
    cut_hours = {edge // hour_ns for edge in cuts if edge % hour_ns}
    for hour, body in log.read_slots("hour", min(cuts) // hour_ns, now_ns // hour_ns):
        if hour in cut_hours:
            per = hour_ns // minute_ns
            parts = [
                (slot * minute_ns, found) for slot, found in log.read_slots("minute", hour * per, hour * per + per - 1)
            ]
        else:
            parts = [(hour * hour_ns, body)]
        for at_ns, found in parts:
            amounts = Rollup.read(found).amounts
            rows, sums = np.array(list(amounts), dtype=np.int64), np.array(list(amounts.values()), dtype=np.int64)
            for running in engine.running.values():
                running.add(rows, np.full(len(rows), at_ns, dtype=np.int64), sums)
