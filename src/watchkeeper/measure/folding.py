"""
How do deltas become rollups?

The folder sums the tail of the log, slice by slice, into one body per slot and tier: the finest slots (as far back as
the finest ring reaches), minutes (the durable truth), hours and days behind them. What lies ahead of the open slot
stays a delta until its time has come. Slots and watermark move in one transaction, so that a crash between two slices,
or within one, loses nothing and doubles nothing.

It needs neither the engine nor the way in: bodies are appended and applied meanwhile.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice

import msgspec
import numpy as np

from watchkeeper.measure.deltas import Delta, Worst, added, pack, split, together, unpack
from watchkeeper.measure.durable import AHEAD, BIRTHS, TRIMMED, WORST, Rows, births, durable_tiers, named, trimmed
from watchkeeper.measure.examples import KEEP, taken
from watchkeeper.measure.grid import Grid
from watchkeeper.measure.heard import Heard
from watchkeeper.measure.merges import Merge
from watchkeeper.measure.plan import Plan
from watchkeeper.measure.rollups import Rollup, Spread, worst_with
from watchkeeper.measure.rows import Registry
from watchkeeper.measure.values import Ints

KEEP_HOURS = 400 * 24
KEEP_DAYS = 10 * 366
#: A slice: how many records, and how many bytes of them, are summed and written at once.
RECORDS, BYTES = 4096, 4 * 2**20
_CELLS = 2**20
TRIM = 24  # bodies per slice that are freed of rows that no manual names any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """
    A snapshot of the counters, and the sequence that was the newest when it was taken.
    """

    seq: int
    body: bytes


class Folder:
    """
    Folds one log, one slice a `step`. Any thread may step; two never do at once.
    """

    def __init__(
        self, ground: Rows, registry: Registry, grid: Grid, plan: Plan, *, records: int = RECORDS, size: int = BYTES
    ) -> None:
        self._ground, self._registry, self._grid, self._plan = ground, registry, grid, plan
        self._records, self._size = records, size
        self.still = threading.RLock()  # hold it where nobody may fold: while rings are filled from the ground

    def renew(self, plan: Plan) -> None:
        """
        Go on under another plan: it says how long minutes are kept, and which rows are still named.
        """
        with self.still:
            self._plan = plan

    def step(self, now_ns: int, counters: Counters | None = None) -> int:
        """
        Fold a slice of the tail in one short transaction; how many records that were, 0 when there were none.

        Raises what the ground raises; then nothing of the slice was folded.
        """
        with self.still:
            deltas, upto, n = self._slice()
            if not n:
                return 0
            waiting = self._ground.read_slot(AHEAD, 0)
            if waiting:
                deltas.append(unpack(waiting))
            whole = added(summed(together(deltas)))
            delta, ahead = split(whole, self._grid.fine.slot(now_ns))
            bodies = [(BIRTHS, 0, self._births(whole)), (AHEAD, 0, pack(ahead)), *self._summed(delta)]
            bodies += self._worst(delta.worst)
            bodies += self._trimmed(now_ns, {(tier, slot) for tier, slot, _ in bodies})
            self._ground.fold(
                upto=upto,
                slots=bodies,
                drop=self._outdated(now_ns),
                now_ns=now_ns,
                counters=counters.body if counters is not None and upto <= counters.seq else None,
            )
        return n

    def all(self, now_ns: int, counters: Counters | None = None) -> int:
        """
        Fold everything that the log holds now; how many records that were.
        """
        total = 0
        while n := self.step(now_ns, counters):
            total += n
        return total

    # --- how

    def _slice(self) -> tuple[list[Delta], int, int]:
        """
        The first deltas of the tail, the sequence of the last of them, and how many there are.
        """
        deltas: list[Delta] = []
        upto = size = 0
        with _ended(self._ground.tail()) as tail:
            for seq, body in tail:
                deltas.append(unpack(body))
                upto, size = seq, size + len(body)
                if len(deltas) >= self._records or size >= self._size:
                    break
        return deltas, upto, len(deltas)

    def _births(self, delta: Delta) -> bytes:
        heard = Heard(self._registry)
        heard.births = births(self._ground)
        heard.note(delta.rows, delta.slots * self._grid.fine.slot_ns)
        return msgspec.msgpack.encode(heard.births)

    def _summed(self, delta: Delta) -> Iterator[tuple[str, int, bytes]]:
        """
        The bodies of the slots that a delta touches, in every tier, as they are after it.
        """
        for tier, slot_ns in durable_tiers(self._grid).items():
            amounts = _by_slot(self._at(delta.slots, slot_ns), delta.rows, delta.amounts)
            some = delta.buckets
            spread = _by_slot(self._at(some.slots, slot_ns), some.rows, some.buckets, some.amounts)
            merges: dict[int, list[tuple[str, Merge]]] = {}
            for (series, slot), merge in delta.merges.items():
                merges.setdefault(slot * self._grid.fine.slot_ns // slot_ns, []).append((series, merge))
            for slot in sorted({*amounts, *spread, *merges}):
                rows, n = amounts.get(slot, (_none(), _none()))
                more: Spread | None = spread.get(slot)  # type: ignore[assignment]  # three columns went in
                rollup = Rollup.read(self._ground.read_slot(tier, slot))
                yield tier, slot, rollup.with_(rows, n, more, merges.get(slot, [])).body()

    def _worst(self, worst: Worst) -> Iterator[tuple[str, int, bytes]]:
        slots = self._at(worst.slots, self._grid.middle.slot_ns)
        some = Worst(rows=worst.rows, slots=slots, at_ns=worst.at_ns, values=worst.values, traces=worst.traces)
        for slot in np.unique(slots).tolist():
            yield WORST, slot, worst_with(self._ground.read_slot(WORST, slot), taken(some, slots == slot))

    def _at(self, slots: Ints, slot_ns: int) -> Ints:
        return slots * self._grid.fine.slot_ns // slot_ns

    def _kept_ns(self) -> dict[str, int]:
        """
        How long each tier is kept: minutes for the longest window and as long again.
        """
        grid, longest_ns = self._grid, 2 * self._plan.longest_ns
        return {
            "fine": grid.fine.length * grid.fine.slot_ns,
            "minute": max(grid.middle.length * grid.middle.slot_ns, longest_ns),
            "hour": max(KEEP_HOURS * grid.coarse.slot_ns, longest_ns),
            "day": max(KEEP_DAYS * grid.long.slot_ns, longest_ns),
        }

    def _outdated(self, now_ns: int) -> list[tuple[str, int]]:
        tiers, kept = durable_tiers(self._grid), self._kept_ns()
        drop = [(tier, (now_ns - kept[tier]) // slot_ns) for tier, slot_ns in tiers.items()]
        return [*drop, (WORST, self._grid.middle.slot(now_ns) - KEEP + 1)]

    def _trimmed(self, now_ns: int, written: set[tuple[str, int]]) -> Iterator[tuple[str, int, bytes]]:
        """
        Hours and days whose minutes are dropped now, without the rows that no manual names any more.
        """
        tiers, done = durable_tiers(self._grid), trimmed(self._ground)
        rows: list[int] | None = None
        for tier in ("hour", "day"):
            end = (now_ns - self._kept_ns()["minute"]) // tiers[tier]
            if tier == "day":  # never before its hours: what no day names any more is used by nothing (`forgetting`)
                end = min(end, done["hour"] * tiers["hour"] // tiers["day"])
            found = self._first(tier, done.get(tier, end), end - 1)
            for slot, body in found:
                rows = named(self._registry, self._plan) if rows is None else rows
                if (tier, slot) not in written:
                    yield tier, slot, Rollup.read(body).only(rows).body()
            done[tier] = max(done.get(tier, end), end if len(found) < TRIM else found[-1][0] + 1)
        yield TRIMMED, 0, msgspec.msgpack.encode(done)

    def _first(self, tier: str, first: int, last: int) -> list[tuple[int, bytes]]:
        """
        The first few of these slots that exist.
        """
        if first > last:
            return []
        with _ended(self._ground.read_slots(tier, first, last)) as slots:
            return list(islice(slots, TRIM))


def summed(delta: Delta) -> Delta:
    """
    The same with one amount per row and slot, where a table of all rows and slots is small beside what is to be added:
    that is quicker than sorting.
    """
    if not len(delta.rows):
        return delta
    first, width = int(delta.slots.min()), int(delta.rows.max()) + 1
    cells = (int(delta.slots.max()) - first + 1) * width
    if cells > _CELLS + 4 * len(delta.rows):
        return delta
    table = np.zeros(cells, dtype=np.int64)
    np.add.at(table, (delta.slots - first) * width + delta.rows, delta.amounts)
    found = np.flatnonzero(table)
    return replace(delta, rows=found % width, slots=found // width + first, amounts=table[found])


@contextmanager
def _ended(rows: Iterator[tuple[int, bytes]]) -> Iterator[Iterator[tuple[int, bytes]]]:
    """
    A read that ends here, read to its end or not.
    """
    try:
        yield rows
    finally:
        close = getattr(rows, "close", None)
        if close is not None:
            close()


def _none() -> Ints:
    return np.zeros(0, dtype=np.int64)


def _by_slot(slots: Ints, *columns: Ints) -> dict[int, tuple[Ints, ...]]:
    """
    The columns cut by slot.
    """
    if not len(slots):
        return {}
    order = np.argsort(slots, kind="stable")
    slots = slots[order]
    columns = tuple(column[order] for column in columns)
    starts = np.flatnonzero(np.r_[True, slots[1:] != slots[:-1]])
    ends = np.r_[starts[1:], len(slots)]
    return {
        int(slots[a]): tuple(column[a:b] for column in columns)
        for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
    }
