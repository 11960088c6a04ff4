"""
What has a batch counted so far?

While a batch is being counted, rows are known by their *place* in a table of names, so that nothing is looked up by
name twice; only at the end do new rows get their lasting numbers, all at once.
"""

from collections.abc import Iterable

import numpy as np

from watchkeeper.measure.deltas import Buckets, Delta, Worst, added
from watchkeeper.measure.held import Held
from watchkeeper.measure.merges import Merge
from watchkeeper.measure.rows import Registry, histogram_row, worst_row
from watchkeeper.measure.values import Ints, halves


class Places:
    """
    Row names by place, with their lasting numbers where they have one.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._place: dict[str, int] = {}
        self._names: list[str] = []
        self._ids = np.full(256, -1, dtype=np.int64)

    def of(self, names: Iterable[str]) -> Ints:
        """
        The places of some names.
        """
        return np.array([self._of(name) for name in names], dtype=np.int64)

    def ids(self, places: Ints) -> Ints:
        """
        The lasting numbers at some places; those that have none yet get one. Raises what the registry raises.
        """
        missing = len(self._names) - len(self._ids)
        if missing > 0:
            self._ids = np.r_[self._ids, np.full(missing + len(self._ids), -1, dtype=np.int64)]
        new = np.unique(places[self._ids[places] < 0])
        if len(new):
            self._ids[new] = self._registry.ids([self._names[place] for place in new.tolist()])
        return self._ids[places]

    def _of(self, name: str) -> int:
        place = self._place.get(name)
        if place is None:
            place = self._place[name] = len(self._names)
            self._names.append(name)
        return place


class Sheet:
    """
    The amounts of one batch by place and slot, and its merges by series and slot.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._rows: list[Ints] = []
        self._slots: list[Ints] = []
        self._amounts: list[Ints] = []
        self._merges: dict[tuple[str, int], Held] = {}

    def add(self, rows: Ints, slot: int, amounts: Ints | int) -> None:
        """
        Add an amount (one for all, or one each) to the rows at these places.
        """
        if isinstance(amounts, int):
            if amounts == 0 or not len(rows):
                return
            amounts = np.full(len(rows), amounts, dtype=np.int64)
        self._rows.append(rows)
        self._amounts.append(amounts)
        self._slots.append(np.full(len(rows), slot, dtype=np.int64))

    def merge(self, series: str, slot: int, merge: Held) -> None:
        """
        Merge into a series; the given one stays as it is.
        """
        self._merges.setdefault((series, slot), Held()).take(merge)

    def delta(self) -> Delta:
        """
        All of it as a delta.
        """
        if not self._rows:
            return Delta()
        rows, slots, amounts = (np.concatenate(one) for one in (self._rows, self._slots, self._amounts))
        counts = amounts != 0  # a row that counts nothing gets no number
        rows, slots, amounts = self._places.ids(rows[counts]), slots[counts], amounts[counts]
        buckets, worst = self._buckets(), self._worst()
        merges = {key: _bare(held) for key, held in self._merges.items()}
        return added(Delta(rows=rows, slots=slots, amounts=amounts, buckets=buckets, worst=worst, merges=merges))

    def _buckets(self) -> Buckets:
        found = [
            (histogram_row(series), slot, bucket, n)
            for (series, slot), held in self._merges.items()
            for bucket, n in held.buckets.items()
        ]
        rows = self._places.ids(self._places.of(name for name, *_ in found))
        slots, buckets, amounts = np.array([rest for _, *rest in found], dtype=np.int64).reshape(-1, 3).T
        return Buckets(rows=rows, slots=slots, buckets=buckets, amounts=amounts)

    def _worst(self) -> Worst:
        found = [
            (worst_row(series), slot, at_ns, value, trace)
            for (series, slot), held in self._merges.items()
            for at_ns, value, trace in held.worst
        ]
        rows = self._places.ids(self._places.of(name for name, *_ in found))
        slots, at_ns, values = np.array([one[1:4] for one in found], dtype=np.int64).reshape(-1, 3).T
        traces = halves([bytes.fromhex(trace) for *_, trace in found])
        return Worst(rows=rows, slots=slots, at_ns=at_ns, values=values, traces=traces)


def _bare(held: Held) -> Merge:
    merge = Merge()
    merge.take(held)
    return merge
