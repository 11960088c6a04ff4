"""
How much did each row count between two slots?

A ring keeps what each row counted in each of the newest slots. A window is the sum of its slots, read by blocks of 16;
a late observation changes the one slot that it belongs to:

>>> from watchkeeper.measure.grid import Tier
>>> import numpy as np
>>> ring = Ring(Tier(name="fine", slot_ns=10, length=8), head=100)
>>> ring.add(np.array([0]), np.array([100]), np.array([5]))
>>> ring.advance(102)
>>> ring.add(np.array([0, 0]), np.array([101, 102]), np.array([2, 1]))
>>> ring.between(np.array([0]), 101, 102).tolist(), ring.between(np.array([0]), 100, 102).tolist()
([3], [8])

A row takes room only once it counts something, 16 bits a slot as long as they hold it, then 32, then 64 with a sign: an
indicator that counts thirty events a second, and how many of them are good, takes 13 KB in all rings.
"""

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.arenas import KINDS, WIDEST, Table
from watchkeeper.measure.grid import Tier
from watchkeeper.measure.native.backend import native as compiled
from watchkeeper.measure.values import Ints

NOWHERE = -1
_SHIFT = 2  # a place is 4 * index + kind
_KIND = 3


class Ring:
    """
    What all rows counted, exactly, in the newest `tier.length` slots; `head` is the open one.

    Without `native` the loops are numpy's; they are the reference.
    """

    def __init__(self, tier: Tier, *, head: int, native: bool = True) -> None:
        self.tier = tier
        self.head = head
        self._loops = compiled("rings") if native else None
        self._places = np.full(64, NOWHERE, dtype=np.int32)
        self._tables = tuple(Table(kind, tier.length) for kind in range(len(KINDS)))
        self._looked = head  # when idle rows were last looked for

    @property
    def nbytes(self) -> int:
        """
        Bytes of memory that the ring takes.
        """
        return int(self._places.nbytes) + sum(table.nbytes for table in self._tables)

    @property
    def rows(self) -> int:
        """
        How many rows have room.
        """
        return int((self._places >= 0).sum())

    def advance(self, slot: int) -> None:
        """
        Open this slot; slots in between saw nothing.
        """
        if slot <= self.head:
            return
        length = self.tier.length
        opened, first = min(slot - self.head, length), (max(self.head, slot - length) + 1) % length
        for table in self._tables:
            if table.used:
                table.clear(first, min(first + opened, length))
                if first + opened > length:
                    table.clear(0, first + opened - length)
        self.head = slot
        if slot - self._looked >= length // 4:
            self._looked = slot
            self._release_idle()

    def add(self, rows: Ints, slots: Ints, amounts: Ints) -> None:
        """
        Count amounts in their own slots, none of which lies after the open one. Negative ones take off again.

        What is older than the ring has no window here and is left out.
        """
        self.count(rows, slots * self.tier.slot_ns, amounts)

    def count(self, rows: Ints, at_ns: Ints, amounts: Ints) -> None:
        """
        The same for amounts by time.
        """
        if self._loops is None:
            self._count(rows, at_ns // self.tier.slot_ns, amounts)
            return
        rows, at_ns, amounts = _flat(rows, at_ns, amounts)
        tier, done = self.tier, 0
        while True:
            done = self._loops.add(
                self._places, *self._all(), rows, at_ns, amounts, tier.slot_ns, self.head, tier.length, done
            )
            if done == len(rows):
                return
            row = int(rows[done])
            if row >= len(self._places) or self._places[row] < 0:
                self._make_room(rows[self._inside(at_ns // tier.slot_ns, amounts)])
                assert self._places[row] >= 0, "the loop and the reference differ about what lies in the ring"
            else:
                column = int(at_ns[done]) // tier.slot_ns % tier.length
                self._widen(row, np.array([self._at(row, column) + int(amounts[done])]))

    def between(self, rows: Ints, first: int, last: int) -> Ints:
        """
        What each of these rows counted in the slots first..last; a row that was never counted (-1) gives 0.
        """
        return self.sums(rows, np.full(len(rows), first, dtype=np.int64), np.full(len(rows), last, dtype=np.int64))

    def sums(self, rows: Ints, firsts: Ints, lasts: Ints) -> Ints:
        """
        What each of these rows counted in its own slots first..last.
        """
        found = np.zeros(len(rows), dtype=np.int64)
        if self._loops is not None:
            self._loops.sums(
                self._places, *self._all(), *_flat(rows, firsts, lasts), self.head, self.tier.length, found
            )
            return found
        spans = np.stack([np.maximum(firsts, self.head - self.tier.length + 1), np.minimum(lasts, self.head)], axis=1)
        places = self._of(rows)
        for first, last in np.unique(spans[places >= 0], axis=0).tolist():
            here = (spans[:, 0] == first) & (spans[:, 1] == last)
            for table in self._tables if first <= last else ():
                mine = here & (places >= 0) & (places & _KIND == table.kind)
                for a, b in self._columns(first, last):
                    found[mine] += table.sums(places[mine] >> _SHIFT, a, b)
        return found

    def known(self, rows: Ints, firsts: Ints, lasts: Ints, reaches: Ints) -> Ints:
        """
        In how many of its slots first..last each row counted something, there or in the reach - 1 slots before.
        """
        found = np.zeros(len(rows), dtype=np.int64)
        if self._loops is not None:
            cells = [table.cells for table in self._tables]
            columns = _flat(rows, firsts, lasts, reaches)
            self._loops.known(self._places, *cells, *columns, self.head, self.tier.length, found)
            return found
        for i, (row, first, last, reach) in enumerate(
            zip(rows.tolist(), firsts.tolist(), lasts.tolist(), reaches.tolist(), strict=True)
        ):
            found[i] = self.known_slots(row, first, last, reach).sum()
        return found

    def known_slots(self, row: int, first: int, last: int, reach: int) -> NDArray[np.bool_]:
        """
        Which of the slots first..last those are.
        """
        spoke = np.r_[0, np.cumsum(self.each(row, first - reach + 1, last) > 0)]
        known: NDArray[np.bool_] = spoke[reach:] > spoke[:-reach]
        return known

    def each(self, row: int, first: int, last: int) -> Ints:
        """
        What one row counted in each of the slots first..last; 0 before the ring begins and after the open slot.
        """
        wanted = np.arange(first, last + 1)
        counted = np.zeros(len(wanted), dtype=np.int64)
        inside = (wanted > self.head - self.tier.length) & (wanted <= self.head)
        place = int(self._places[row]) if 0 <= row < len(self._places) else NOWHERE
        if place >= 0:
            counted[inside] = self._tables[place & _KIND].cells[place >> _SHIFT, wanted[inside] % self.tier.length]
        return counted

    def settle(self) -> None:
        """
        Give back what room was taken in advance: after many rows came at once.
        """
        for table in self._tables:
            self._settle(table)

    # --- how

    def _all(self) -> list[NDArray[np.int64]]:
        return [part for table in self._tables for part in (table.cells, table.blocks)]

    def _columns(self, first: int, last: int) -> list[tuple[int, int]]:
        """
        The one or two runs of columns of the slots first..last.
        """
        length = self.tier.length
        begin, n = first % length, last - first + 1
        return [(begin, begin + n)] if begin + n <= length else [(begin, length), (0, begin + n - length)]

    def _of(self, rows: Ints) -> NDArray[np.int32]:
        known = (rows >= 0) & (rows < len(self._places))
        return np.where(known, self._places[np.where(known, rows, 0)], np.int32(NOWHERE))

    def _at(self, row: int, column: int) -> int:
        place = int(self._places[row])
        return int(self._tables[place & _KIND].cells[place >> _SHIFT, column])

    def _inside(self, slots: Ints, amounts: Ints) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = (slots > self.head - self.tier.length) & (slots <= self.head) & (amounts != 0)
        return inside

    def _count(self, rows: Ints, slots: Ints, amounts: Ints) -> None:
        """
        The reference: one sum per row and column, rows widened where it does not fit.
        """
        kept = self._inside(slots, amounts)
        rows, columns, amounts = rows[kept], slots[kept] % self.tier.length, amounts[kept]
        if not len(rows):
            return
        self._make_room(rows)
        keys, which = np.unique(rows * self.tier.length + columns, return_inverse=True)
        more = np.zeros(len(keys), dtype=np.int64)
        np.add.at(more, which, amounts)
        rows, columns = keys // self.tier.length, keys % self.tier.length
        for table in self._tables:
            mine = np.flatnonzero(self._places[rows] & _KIND == table.kind)
            sums = table.cells[self._places[rows[mine]] >> _SHIFT, columns[mine]].astype(np.int64) + more[mine]
            if table.kind < WIDEST:
                limit = np.iinfo(table.cells.dtype).max
                wide = np.isin(rows[mine], rows[mine][(sums < 0) | (sums > limit)])
                for row in np.unique(rows[mine][wide]).tolist():
                    self._widen(row, sums[rows[mine] == row])  # counted when the wider table has its turn
                mine, sums = mine[~wide], sums[~wide]
            index = self._places[rows[mine]] >> _SHIFT  # only now: where one row leaves, others may move together
            table.cells[index, columns[mine]] = sums
            np.add.at(table.blocks, (index, columns[mine] // 16), more[mine].astype(table.blocks.dtype))

    def _make_room(self, rows: Ints) -> None:
        top = int(rows.max()) + 1
        if top > len(self._places):
            more = np.full(top + top // 8 - len(self._places), NOWHERE, dtype=np.int32)
            self._places = np.r_[self._places, more]
        homeless = rows[self._places[rows] < 0]
        if len(homeless):
            new = np.unique(homeless)
            self._places[new] = self._tables[0].take(len(new)) << _SHIFT

    def _widen(self, row: int, values: Ints) -> None:
        """
        Move a row to the first table that holds what it holds and these numbers.
        """
        place = int(self._places[row])
        old, index = self._tables[place & _KIND], place >> _SHIFT
        new = next((table for table in self._tables[old.kind + 1 :] if table.hold(values)), self._tables[WIDEST])
        to = int(new.take(1)[0])
        new.cells[to], new.blocks[to] = old.cells[index], old.blocks[index]
        self._places[row] = to << _SHIFT | new.kind
        old.release(index)
        if old.loose:
            self._settle(old)

    def _settle(self, table: Table) -> None:
        mine = np.flatnonzero((self._places >= 0) & (self._places & _KIND == table.kind))
        table.keep(self._places[mine] >> _SHIFT)
        self._places[mine] = np.arange(len(mine)) << _SHIFT | table.kind

    def _release_idle(self) -> None:
        """
        Rows that counted nothing since the ring last came round give their room back.
        """
        settled = np.flatnonzero(self._places >= 0)
        places = self._places[settled]
        for table in self._tables:
            mine = settled[places & _KIND == table.kind]
            index = self._places[mine] >> _SHIFT
            for row in mine[table.idle()[index]].tolist():
                table.release(int(self._places[row]) >> _SHIFT)
                self._places[row] = NOWHERE
            if table.loose:
                self._settle(table)


def _flat(*columns: Ints) -> list[Ints]:
    return [np.ascontiguousarray(column, dtype=np.int64) for column in columns]
