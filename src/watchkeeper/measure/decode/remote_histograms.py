"""
Which samples of buckets make one histogram?

Prometheus sends a classic histogram as a series per bucket, each cumulative over the limits below it, and deals series
out to its senders: the buckets of one scrape may arrive in several requests, in any order. They are held until the set
is complete, and become one point whose buckets count apart. Only then are the counters touched: what is held when the
process ends is not lost but counted with the next point.

Which limits belong together is learned. The first point waits for a later one, since by then its requests are in; from
then on a point is complete when every known limit has been heard. A new limit makes the set unknown again. A limit that
was not heard for five minutes, while others wait for it, belongs no more. After a restart the counters know how many
limits there were, and which: that set is complete at once, and another one must come twice.

>>> counters, histograms = CounterMemory(), Histograms()
>>> one = Bucket(group=bytes(16), at_ns=10, value=3.0, limit=0.5, metric=0, wire=0, codes=())
>>> all_ = one._replace(limit=inf, value=5.0)
>>> [len(histograms.take(each, counters, now_ns=0)) for each in (one, all_)]
[0, 0]
>>> later = [each._replace(at_ns=20, value=each.value + 2) for each in (all_, one)]
>>> points = [point for each in later for point in histograms.take(each, counters, now_ns=0)]
>>> [(point.at_ns, point.counts) for point in points]
[(10, [3.0, 2.0]), (20, [5.0, 2.0])]
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from struct import pack
from typing import Final, NamedTuple
from zlib import crc32

from watchkeeper.measure.counters import STALE, CounterMemory

#: Histograms that are being put together; those longest unheard make room.
MOST_GROUPS: Final = 20_000
#: Points of one histogram that wait for buckets; senders may be so many scrapes apart.
MOST_HELD: Final = 64
GIVE_UP_NS: Final = 5 * 60 * 10**9


class Bucket(NamedTuple):
    """
    A sample of one bucket: so many were at most `limit`.
    """

    group: bytes  # the histogram
    at_ns: int
    value: float
    limit: float  # as written, inf for the last
    metric: int
    wire: int
    codes: Sequence[int]


class Point(NamedTuple):
    """
    A histogram at one instant, its buckets counted apart.
    """

    at_ns: int
    limits: list[float]  # upper limits, rising, the last is inf
    counts: list[float]
    last: Bucket  # the sample that made it complete

    def grown(self, counters: CounterMemory) -> list[float] | None:
        """
        What each bucket grew by; None where the point is not newer than the last. Other limits than the last point
        had are a new base: how the buckets grew in between cannot be said.
        """
        told = [_sum(self.limits), *self.counts]
        found, before = counters.exchange(self.last.group, start_ns=0, at_ns=self.at_ns, values=told)
        if found == STALE:
            return None
        if before is None or len(before) != len(told) or before[0] != told[0]:
            return [0.0] * len(self.counts)
        was = before.tolist()[1:]
        if any(count < one for count, one in zip(self.counts, was, strict=True)):
            return self.counts
        return [count - one for count, one in zip(self.counts, was, strict=True)]


@dataclass(slots=True)
class _Group:
    limits: dict[float, int] = field(default_factory=dict)  # limit -> when it was last heard, by our clock
    held: dict[int, dict[float, float]] = field(default_factory=dict)  # instant -> limit -> value
    settled: bool = False
    kept: tuple[int, float] | None = None  # how many limits the counters know, and their sum, until they are settled
    newest: int = -1  # the newest point that was counted, as far as this body knows; -1: it has not asked yet


class Histograms:
    """
    Puts samples together. Owned by one thread.
    """

    def __init__(self) -> None:
        self._groups: dict[bytes, _Group] = {}  # longest unheard first
        self._fresh: list[_Group] = []
        self.rejected: Counter[str] = Counter()
        self.noted: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._groups)

    def begin(self) -> None:
        """
        A new body: what the last one completed is in the counters by now, or was taken back.
        """
        self.rejected, self.noted = Counter(), Counter()
        for group in self._fresh:
            group.newest = -1
        self._fresh = []

    def take(self, bucket: Bucket, counters: CounterMemory, *, now_ns: int) -> list[Point]:
        """
        One sample more; the points that are complete now, oldest first. They are for `Point.grown`.
        """
        group = self._group(bucket.group)
        limit, at = bucket.limit, bucket.at_ns
        if group.newest < 0:
            group.newest = counters.last(bucket.group)
            self._fresh.append(group)
            if not group.limits and (values := counters.values(bucket.group)) is not None and len(values):
                group.kept = len(values) - 1, float(values[0])
        if limit not in group.limits:
            group.settled = False
        group.limits[limit] = now_ns
        if at <= group.newest:
            self.rejected["duplicate"] += 1
            return []
        held = group.held.setdefault(at, {})
        if limit in held:
            self.rejected["duplicate"] += 1
            return []
        held[limit] = bucket.value
        self._bound(group)
        return self._complete(group, bucket, now_ns)

    def _complete(self, group: _Group, bucket: Bucket, now_ns: int) -> list[Point]:
        if group.settled:
            if len(group.held) > 1 and len(group.held[bucket.at_ns]) < len(group.limits):
                self._give_up(group, bucket, now_ns)
            return self._points(group, bucket, bucket.at_ns) if self._whole(group, bucket.at_ns) else []
        heard = group.held[bucket.at_ns]
        if group.kept is not None and group.kept == (len(heard), _sum(sorted(heard))):
            self._settle(group, set(heard))
            return self._points(group, bucket, bucket.at_ns)
        earlier = self._earlier(group, bucket.at_ns)
        if earlier is None:
            return []
        self._settle(group, set(group.held[earlier]))
        points = self._points(group, bucket, earlier)
        if not group.held[bucket.at_ns].keys() <= group.limits.keys():
            group.limits |= dict.fromkeys(group.held[bucket.at_ns], now_ns)
            group.settled = False
            return points
        return points + (self._points(group, bucket, bucket.at_ns) if self._whole(group, bucket.at_ns) else [])

    def _earlier(self, group: _Group, before: int) -> int | None:
        """
        The newest point before this instant whose limits may be all.
        """
        whole = [at for at in group.held if at < before and inf in group.held[at]]
        if group.kept is not None:
            sets = [group.held[at].keys() for at in whole]
            whole = [at for at in whole if sets.count(group.held[at].keys()) > 1]
        return max(whole, default=None)

    def _whole(self, group: _Group, at: int) -> bool:
        return inf in group.limits and len(group.held[at]) == len(group.limits)

    def _settle(self, group: _Group, limits: set[float]) -> None:
        group.limits = {limit: group.limits.get(limit, 0) for limit in sorted(limits)}
        group.settled, group.kept = True, None

    def _give_up(self, group: _Group, bucket: Bucket, now_ns: int) -> None:
        """
        Limits that nobody speaks of any more are waited for no longer.
        """
        heard = group.held[bucket.at_ns]
        missing = [limit for limit in group.limits if limit not in heard]
        if all(now_ns - group.limits[limit] > GIVE_UP_NS for limit in missing):
            self._settle(group, group.limits.keys() - set(missing))

    def _points(self, group: _Group, bucket: Bucket, at: int) -> list[Point]:
        values = group.held[at]
        for older in [one for one in group.held if one <= at]:
            self.noted["histogram-incomplete"] += older < at
            del group.held[older]
        group.newest = max(group.newest, at)
        limits = sorted(values)
        totals = [values[limit] for limit in limits]
        counts = [total - below for total, below in zip(totals, [0.0, *totals], strict=False)]
        if any(count < 0 or count != int(count) for count in counts):
            self.rejected["bad-histogram"] += len(counts)
            return []
        return [Point(at, limits, counts, bucket)]

    def _group(self, name: bytes) -> _Group:
        group = self._groups.pop(name, None) or _Group()
        self._groups[name] = group
        if len(self._groups) > MOST_GROUPS:
            del self._groups[next(iter(self._groups))]
            self.noted["series-overflow"] += 1
        return group

    def _bound(self, group: _Group) -> None:
        if len(group.held) > MOST_HELD:
            del group.held[min(group.held)]
            self.noted["histogram-incomplete"] += 1


def _sum(limits: Sequence[float]) -> float:
    """
    What tells limits from others: 32 bits of them, as a number that is kept beside the counts.
    """
    return float(crc32(pack(f"<{len(limits)}d", *limits)))
