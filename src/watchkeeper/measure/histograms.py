"""
How are the values of a series spread, slot by slot?

The histograms of all series in the slots of one tier, as columns: no object per series, none per slot. Entries lie in
segments of 32 slots, sorted by row, slot and bucket, so that a window of one row is a slice of each segment. What comes
in waits in a heap beside its segment until it is worth sorting in:

>>> import numpy as np
>>> from watchkeeper.measure.grid import Tier
>>> slots = HistogramSlots(Tier(name="fine", slot_ns=10, length=100))
>>> slots.take(*(np.array(column) for column in ([7, 7, 9], [500, 501, 500], [80, 80, -1], [2, 3, 1])))
>>> slots.over(7, 500, 501), slots.over(7, 501, 600), slots.over(8, 0, 600)
({80: 5}, {80: 3}, {})
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.grid import Tier
from watchkeeper.measure.values import Ints

SEGMENT = 32  # slots
HEAP = 4096  # entries that may always wait
_SLOT_BITS, _BUCKET_BITS = 5, 10
_WIDTHS = (np.uint8, np.uint16, np.uint32, np.int64)


def _none() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass(slots=True)
class Segment:
    """
    The entries of some slots. `groups` are row and slot, `starts` where the entries of each begin; buckets are counted
    from 1. Each column is as narrow as its numbers.
    """

    groups: Ints = field(default_factory=_none)
    starts: Ints = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    buckets: Ints = field(default_factory=_none)
    amounts: Ints = field(default_factory=_none)
    keys: Ints = field(default_factory=_none)  # of the heap: row, slot and bucket
    more: Ints = field(default_factory=_none)  # of the heap: amounts
    _heaped: list[tuple[Ints, Ints]] = field(default_factory=list)
    _waiting: int = 0

    @property
    def nbytes(self) -> int:
        """
        Bytes of memory.
        """
        parts = (self.groups, self.starts, self.buckets, self.amounts, self.keys, self.more)
        return sum(int(part.nbytes) for part in parts) + 16 * self._waiting

    def take(self, rows: Ints, offsets: Ints, buckets: Ints, amounts: Ints) -> None:
        """
        Add entries; `offsets` are slots within the segment.
        """
        self._heaped.append(((rows << _SLOT_BITS | offsets) << _BUCKET_BITS | (buckets + 1), amounts))
        self._waiting += len(rows)
        if self._waiting + len(self.keys) > HEAP + len(self.buckets) // 8:
            self.sort()

    def entries(self, row: int, first: int, last: int) -> tuple[Ints, Ints, Ints]:
        """
        Offsets, buckets and amounts of one row from the offset `first` to `last`; one bucket may come twice.
        """
        self._gather()
        low, high = row << _SLOT_BITS | first, row << _SLOT_BITS | last
        edges = np.array((low, high), dtype=np.int64)
        if len(self.groups) and high <= np.iinfo(self.groups.dtype).max:
            edges = edges.astype(self.groups.dtype)  # or all of them would be made as wide
        a = int(np.searchsorted(self.groups, edges[:1])[0])
        b = int(np.searchsorted(self.groups, edges[1:], side="right")[0])
        begin, end = int(self.starts[a]), int(self.starts[b])
        groups = np.repeat(self.groups[a:b].astype(np.int64), np.diff(self.starts[a : b + 1]))
        waits = self.keys >> _BUCKET_BITS
        mine = (waits >= low) & (waits <= high)
        offsets = np.r_[groups, waits[mine]] & (1 << _SLOT_BITS) - 1
        buckets = np.r_[self.buckets[begin:end].astype(np.int64), self.keys[mine] & (1 << _BUCKET_BITS) - 1]
        return offsets, buckets - 1, np.r_[self.amounts[begin:end].astype(np.int64), self.more[mine]]

    def sort(self) -> None:
        """
        Sort in what waits.
        """
        self._gather()
        keys, amounts = np.r_[self._sorted_keys(), self.keys], np.r_[self.amounts.astype(np.int64), self.more]
        order = np.argsort(keys, kind="stable")
        self._set(keys[order], amounts[order])
        self.keys, self.more = _none(), _none()

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """
        Only the entries of those offsets for which this is true.
        """
        self.sort()
        keys = self._sorted_keys()
        mine = kept[keys >> _BUCKET_BITS & (1 << _SLOT_BITS) - 1]
        self._set(keys[mine], self.amounts[mine].astype(np.int64))

    def _gather(self) -> None:
        if self._heaped:
            self.keys = np.concatenate([self.keys, *(keys for keys, _ in self._heaped)])
            self.more = np.concatenate([self.more, *(amounts for _, amounts in self._heaped)])
            self._heaped, self._waiting = [], 0

    def _sorted_keys(self) -> Ints:
        groups = np.repeat(self.groups.astype(np.int64), np.diff(self.starts))
        return groups << _BUCKET_BITS | self.buckets.astype(np.int64)

    def _set(self, keys: Ints, amounts: Ints) -> None:
        if len(keys):
            starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
            keys, amounts = keys[starts], np.add.reduceat(amounts, starts)
            keys, amounts = keys[amounts != 0], amounts[amounts != 0]
        groups = keys >> _BUCKET_BITS
        begins = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]]) if len(groups) else _none()
        self.groups, self.starts = _narrow(groups[begins]), _narrow(np.r_[begins, len(keys)])
        self.buckets, self.amounts = _narrow(keys & (1 << _BUCKET_BITS) - 1), _narrow(amounts)


class HistogramSlots:
    """
    The histograms of every row in the slots of one tier.
    """

    def __init__(self, tier: Tier) -> None:
        self.tier = tier
        self._segments: dict[int, Segment] = {}

    def __bool__(self) -> bool:
        return bool(self._segments)

    @property
    def nbytes(self) -> int:
        """
        Bytes of memory.
        """
        return sum(segment.nbytes for segment in self._segments.values())

    def take(self, rows: Ints, slots: Ints, buckets: Ints, amounts: Ints) -> None:
        """
        Add entries, in any order.
        """
        which = slots // SEGMENT
        for number in np.unique(which).tolist():
            mine = which == number
            segment = self._segments.setdefault(number, Segment())
            segment.take(rows[mine], slots[mine] % SEGMENT, buckets[mine], amounts[mine])

    def between(self, row: int, first: int, last: int) -> tuple[Ints, Ints, Ints]:
        """
        Slots, buckets and amounts of one row in the slots first..last; one slot and bucket may come twice.
        """
        found = []
        for number in sorted(self._segments) if row >= 0 and first <= last else ():
            begin = number * SEGMENT
            if first < begin + SEGMENT and begin <= last:
                inside = max(first - begin, 0), min(last - begin, SEGMENT - 1)
                offsets, buckets, amounts = self._segments[number].entries(row, *inside)
                found.append((offsets + begin, buckets, amounts))
        if not found:
            return _none(), _none(), _none()
        slots, buckets, amounts = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return slots, buckets, amounts

    def over(self, row: int, first: int, last: int) -> dict[int, int]:
        """
        The histogram of one row over the slots first..last.
        """
        _, buckets, amounts = self.between(row, first, last)
        return summed(buckets, amounts)

    def forget(self, outdated: Callable[[Ints], NDArray[np.bool_]]) -> None:
        """
        Let go of the slots of which this is true.
        """
        for number in list(self._segments):
            gone = outdated(number * SEGMENT + np.arange(SEGMENT))
            if gone.all():
                del self._segments[number]
            elif gone.any() and gone.sum() > SEGMENT // 2:
                self._segments[number].keep(~gone)


def summed(buckets: Ints, amounts: Ints) -> dict[int, int]:
    """
    How many in each bucket, by rising bucket.
    """
    if not len(buckets):
        return {}
    counts = np.zeros(int(buckets.max()) + 2, dtype=np.int64)
    np.add.at(counts, buckets + 1, amounts)
    found = np.flatnonzero(counts)
    return dict(zip((found - 1).tolist(), counts[found].tolist(), strict=True))


def _narrow(column: Ints) -> Ints:
    least, most = int(column.min(initial=0)), int(column.max(initial=0))
    width = next(one for one in _WIDTHS if np.iinfo(one).min <= least and most <= np.iinfo(one).max)
    narrow: Ints = column.astype(width)
    return narrow
