"""
What was the newest result of each series, and how many bad ones came one after another?

Followed as deltas are applied, so that nobody has to go through a day of slots each second. Of each series: the newest
observation, the newest value, the newest results.

>>> from watchkeeper.measure.merges import Merge
>>> singles = Singles(["a|"], good=[True])
>>> singles.take({("a|", 7): Merge(seen_ns=75, results=[(71, 1), (75, 0)])})
>>> singles.take({("a|", 7): Merge(seen_ns=73, results=[(73, 0)])})
>>> singles.in_a_row(np.array([0]), np.array([70])).tolist(), singles.seen_ns.tolist()
([2], [75])
"""

from collections.abc import Mapping, Sequence

import numpy as np

from watchkeeper.measure.answers import Answer
from watchkeeper.measure.merges import KEEP_RESULTS, Merge
from watchkeeper.measure.values import Ints

NONE = -1


class Singles:
    """
    The single results of some series. `good` says what a result speaks of: True good, False bad.
    """

    def __init__(self, series: Sequence[str], *, good: Sequence[bool | None]) -> None:
        n = len(series)
        self._index = {one: i for i, one in enumerate(series)}
        self._bad_is = [1 if one is False else 0 for one in good]  # the result that is a bad one
        self.seen_ns = np.full(n, NONE, dtype=np.int64)
        self.last_ns = np.full(n, NONE, dtype=np.int64)
        self.last = np.zeros(n, dtype=np.int64)
        self._results: list[list[tuple[int, int]]] = [[] for _ in series]
        self.at_ns = np.full((n, KEEP_RESULTS), NONE, dtype=np.int64)  # newest first
        self.bad = np.zeros((n, KEEP_RESULTS), dtype=np.uint8)

    def load(self, series: str, answer: Answer) -> None:
        """
        What the engine knows of a series, over a window that reaches as far as any that is asked about.
        """
        last = None if answer.last is None or answer.last_at_ns is None else (answer.last_at_ns, answer.last)
        self._take(self._index[series], answer.seen_ns or 0, last, answer.results)

    def take(self, merges: Mapping[tuple[str, int], Merge]) -> None:
        """
        What a delta merges.
        """
        for (series, _), merge in merges.items():
            i = self._index.get(series)
            if i is not None:
                self._take(i, merge.seen_ns, merge.last, merge.results)

    def in_a_row(self, which: Ints, since_ns: Ints) -> Ints:
        """
        How many bad results of each series came one after another up to the newest, none older than that.
        """
        bad = (self.bad[which] == 1) & (self.at_ns[which] >= since_ns[:, None])
        found: Ints = np.logical_and.accumulate(bad, axis=1).sum(axis=1, dtype=np.int64)
        return found

    def of_newest(self, which: Ints, since_ns: Ints, most: Ints) -> Ints:
        """
        How many of the newest `most` results of each series are bad.
        """
        counted = np.arange(KEEP_RESULTS)[None, :] < most[:, None]
        bad = (self.bad[which] == 1) & (self.at_ns[which] >= since_ns[:, None]) & counted
        found: Ints = bad.sum(axis=1, dtype=np.int64)
        return found

    def _take(self, i: int, seen_ns: int, last: tuple[int, int] | None, results: Sequence[tuple[int, int]]) -> None:
        if seen_ns:
            self.seen_ns[i] = max(int(self.seen_ns[i]), seen_ns)
        if last is not None and last > (int(self.last_ns[i]), int(self.last[i])):
            self.last_ns[i], self.last[i] = last
        if results:
            newest = sorted([*self._results[i], *results])[-KEEP_RESULTS:]
            self._results[i] = newest
            self.at_ns[i, : len(newest)] = [at_ns for at_ns, _ in reversed(newest)]
            self.bad[i, : len(newest)] = [result == self._bad_is[i] for _, result in reversed(newest)]
