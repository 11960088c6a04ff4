"""
Where do the slots of many rows lie, in as few bytes as hold them?

Three tables of rows by columns: 16 bits a slot, 32, and 64 with a sign. Beside each lie the totals of blocks of 16
slots, so that a long window reads few numbers. A row lies in the first table that holds every one of its slots.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.values import Ints

BLOCK = 16
#: Slots and block totals of each table; a block of 16-bit slots fits 32 bits.
KINDS = ((np.uint16, np.uint32), (np.uint32, np.int64), (np.int64, np.int64))
WIDEST = len(KINDS) - 1


@dataclass(slots=True)
class Table:
    """
    The rows of one kind. `take` gives room, `release` takes it back.
    """

    kind: int
    length: int
    cells: NDArray[np.int64] = field(init=False)
    blocks: NDArray[np.int64] = field(init=False)
    used: int = 0
    _free: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        cell, block = KINDS[self.kind]
        self.cells = np.zeros((0, self.length), dtype=cell)
        self.blocks = np.zeros((0, -(-self.length // BLOCK)), dtype=block)

    @property
    def nbytes(self) -> int:
        """
        Bytes of memory.
        """
        return int(self.cells.nbytes + self.blocks.nbytes)

    def take(self, n: int) -> Ints:
        """
        The indexes of n rows, all zero. What is more than there is room for grows the table by an eighth.
        """
        again = [self._free.pop() for _ in range(min(n, len(self._free)))]
        more = n - len(again)
        if self.used + more > len(self.cells):
            room = max(self.used + more, len(self.cells) + len(self.cells) // 8)
            try:  # in place, where nobody else looks at the tables
                self.cells.resize((room, self.cells.shape[1]))
                self.blocks.resize((room, self.blocks.shape[1]))
            except ValueError:
                self.cells, self.blocks = _longer(self.cells, room), _longer(self.blocks, room)
        self.used += more
        return np.array([*again, *range(self.used - more, self.used)], dtype=np.int64)

    def release(self, index: int) -> None:
        """
        The row is used no longer.
        """
        self.cells[index] = 0
        self.blocks[index] = 0
        self._free.append(index)

    @property
    def loose(self) -> bool:
        """
        Whether so many rows were released that it is worth moving together.
        """
        return len(self._free) > 8 + (self.used - len(self._free)) // 32

    def keep(self, index: Ints) -> None:
        """
        Keep only these rows, in this order and without room for more.
        """
        self.cells, self.blocks = self.cells[index], self.blocks[index]
        self.used, self._free = len(index), []

    def clear(self, first: int, last: int) -> None:
        """
        Nothing is in the columns first..last-1 any more.
        """
        if last - first == 1:
            self.blocks[: self.used, first // BLOCK] -= self.cells[: self.used, first]
            self.cells[: self.used, first] = 0
            return
        self.cells[: self.used, first:last] = 0
        for block in range(first // BLOCK, -(-last // BLOCK)):
            inside = self.cells[: self.used, block * BLOCK : (block + 1) * BLOCK]
            self.blocks[: self.used, block] = inside.sum(axis=1, dtype=np.int64)

    def sums(self, index: Ints, first: int, last: int) -> Ints:
        """
        What these rows hold in the columns first..last-1.
        """
        whole, end = -(-first // BLOCK), last // BLOCK
        if whole >= end:
            inside: Ints = self.cells[index, first:last].sum(axis=1, dtype=np.int64)
            return inside
        found: Ints = self.blocks[index, whole:end].sum(axis=1, dtype=np.int64)
        found += self.cells[index, first : whole * BLOCK].sum(axis=1, dtype=np.int64)
        found += self.cells[index, end * BLOCK : last].sum(axis=1, dtype=np.int64)
        return found

    def hold(self, values: Ints) -> bool:
        """
        Whether slots of this kind hold these numbers.
        """
        limits = np.iinfo(self.cells.dtype)
        return bool(len(values) == 0 or (values.min() >= limits.min and values.max() <= limits.max))

    def idle(self) -> NDArray[np.bool_]:
        """
        Which rows hold nothing in any slot.
        """
        busy = np.asarray(self.blocks[: self.used].any(axis=1))
        if self.kind == WIDEST:  # signed slots may add up to nothing
            busy |= np.asarray(self.cells[: self.used].any(axis=1))
        return ~busy


def _longer(rows: Ints, room: int) -> Ints:
    longer = np.zeros((room, rows.shape[1]), dtype=rows.dtype)
    longer[: len(rows)] = rows
    return longer
