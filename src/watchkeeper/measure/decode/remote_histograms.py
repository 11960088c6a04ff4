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

Most often all buckets of a histogram lie side by side in one request. Then `gather` looks at them once, as columns.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from struct import pack
from typing import Final, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.decode.remote_heard import Samples
from watchkeeper.measure.values import Floats, Ints

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


@dataclass(slots=True, kw_only=True)
class Points:
    """
    Complete histograms as columns; the buckets of point i are offsets[i]:offsets[i + 1].
    """

    identities: NDArray[np.uint8]  # (n, 16)
    at_ns: Ints
    metric: NDArray[np.int32]
    wire: NDArray[np.int32]
    codes: NDArray[np.int32]
    offsets: Ints
    limits: Floats
    counts: Floats

    def grown(self, counters: CounterMemory) -> tuple[Floats, NDArray[np.bool_]]:
        """
        What each bucket grew by, and which points were not newer than the last. Other limits than the last point had
        are a new base: how the buckets grew in between cannot be said.
        """
        n = len(self.at_ns)
        limits, marks = self.limits.tobytes(), np.zeros(n)
        for i, (first, last) in enumerate(zip(self.offsets.tolist(), self.offsets[1:].tolist(), strict=False)):
            marks[i] = crc32(limits[8 * first : 8 * last])
        values = np.insert(self.counts, self.offsets[:-1], marks)
        offsets = self.offsets + np.arange(n + 1)
        told = counters.grown(self.identities, np.zeros(n, dtype=np.int64), self.at_ns, offsets, values, marked=True)
        return np.delete(told.values, offsets[:-1]), told.stale


@dataclass(slots=True)
class _Group:
    limits: dict[float, int] = field(default_factory=dict)  # limit -> when it was last heard, by our clock
    held: dict[int, dict[float, float]] = field(default_factory=dict)  # instant -> limit -> value
    settled: bool = False
    kept: tuple[int, float] | None = None  # how many limits the counters know, and their sum, until they are settled
    rising: bytes = b""  # the limits once they are settled, in order, as they lie in memory
    whole_ns: int = 0  # when all were last heard at once, by our clock
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

    def _begin(self) -> None:
        """
        A new body: what the last one completed is in the counters by now, or was taken back.
        """
        self.rejected, self.noted = Counter(), Counter()
        for group in self._fresh:
            group.newest = -1
        self._fresh = []

    def gather(self, samples: Samples, counters: CounterMemory, *, now_ns: int) -> Points | None:
        """
        The samples of a body: the histograms that are complete now; None where none is.
        """
        self._begin()
        n = len(samples.at_ns)
        if not n:
            return None
        starts = _runs(samples)
        counts = np.diff(samples.values, prepend=0.0)
        counts[starts] = samples.values[starts]
        odd = np.logical_or.reduceat((counts < 0) | (counts != np.floor(counts)), starts).tolist()
        names, limits, at = samples.identities.tobytes(), samples.limits.tobytes(), samples.at_ns[starts].tolist()
        parts: list[Points] = []
        whole: list[int] = []
        for i, (first, last) in enumerate(zip(starts.tolist(), [*starts[1:].tolist(), n], strict=True)):
            group = self._groups.get(names[16 * first : 16 * first + 16])
            rising = limits[8 * first : 8 * last]
            if group is not None and not odd[i] and self._at_once(group, rising, at[i], names, first, counters, now_ns):
                whole.append(i)
                continue
            found = [p for one in _each(samples, first, last) for p in self.take(one, counters, now_ns=now_ns)]
            if found:
                parts += [*_whole(samples, counts, starts, whole), _columns(found, samples.codes.shape[1])]
                whole = []
        parts += _whole(samples, counts, starts, whole)
        return _together(parts)

    def _at_once(
        self, group: _Group, rising: bytes, at: int, names: bytes, first: int, counters: CounterMemory, now_ns: int
    ) -> bool:
        """
        Whether these are all buckets of the next point of a histogram that is known, with nothing else waiting.
        """
        if not group.settled or group.held or group.rising != rising:
            return False
        name = names[16 * first : 16 * first + 16]
        if group.newest < 0:
            group.newest = counters.last(name)
            self._fresh.append(group)
        if at <= group.newest:
            return False
        self._groups[name] = self._groups.pop(name)
        group.newest, group.whole_ns = at, now_ns
        return True

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
        group.rising = np.array(list(group.limits), dtype=np.float64).tobytes()

    def _give_up(self, group: _Group, bucket: Bucket, now_ns: int) -> None:
        """
        Limits that nobody speaks of any more are waited for no longer.
        """
        heard = group.held[bucket.at_ns]
        missing = [limit for limit in group.limits if limit not in heard]
        if all(now_ns - max(group.limits[limit], group.whole_ns) > GIVE_UP_NS for limit in missing):
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


def _runs(samples: Samples) -> NDArray[np.intp]:
    """
    Where samples of another histogram, or of another instant, begin.
    """
    names = samples.identities.view(np.uint64)
    other = (names[1:] != names[:-1]).any(axis=1) | (samples.at_ns[1:] != samples.at_ns[:-1])
    return np.concatenate([[0], np.flatnonzero(other) + 1])


def _each(samples: Samples, first: int, last: int) -> list[Bucket]:
    these = slice(first, last)
    columns = zip(
        samples.at_ns[these].tolist(), samples.values[these].tolist(), samples.limits[these].tolist(),
        samples.metric[these].tolist(), samples.wire[these].tolist(), samples.codes[these].tolist(), strict=True,
    )  # fmt: skip
    return [Bucket(samples.identities[first + i].tobytes(), *one) for i, one in enumerate(columns)]


def _whole(samples: Samples, counts: Floats, starts: NDArray[np.intp], which: list[int]) -> list[Points]:
    """
    Runs of samples that are points as they are.
    """
    if not which:
        return []
    ends = np.append(starts[1:], len(counts))
    first, lengths = starts[which], (ends - starts)[which]
    rows = (
        np.arange(len(counts))
        if len(which) == len(starts)
        else np.concatenate([np.arange(starts[i], ends[i]) for i in which])
    )
    return [
        Points(
            identities=samples.identities[first],
            at_ns=samples.at_ns[first],
            metric=samples.metric[first],
            wire=samples.wire[first],
            codes=samples.codes[first],
            offsets=np.concatenate([[0], np.cumsum(lengths)]),
            limits=samples.limits[rows],
            counts=counts[rows],
        )
    ]


def _columns(points: list[Point], width: int) -> Points:
    last = [point.last for point in points]
    return Points(
        identities=np.frombuffer(b"".join(one.group for one in last), dtype=np.uint8).reshape(-1, 16),
        at_ns=np.array([point.at_ns for point in points], dtype=np.int64),
        metric=np.array([one.metric for one in last], dtype=np.int32),
        wire=np.array([one.wire for one in last], dtype=np.int32),
        codes=np.array([one.codes for one in last], dtype=np.int32).reshape(len(last), width),
        offsets=np.cumsum([0, *(len(point.counts) for point in points)]),
        limits=np.array([limit for point in points for limit in point.limits]),
        counts=np.array([count for point in points for count in point.counts]),
    )


def _together(parts: list[Points]) -> Points | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    lengths = np.concatenate([np.diff(part.offsets) for part in parts])
    return Points(
        identities=np.concatenate([part.identities for part in parts]),
        at_ns=np.concatenate([part.at_ns for part in parts]),
        metric=np.concatenate([part.metric for part in parts]),
        wire=np.concatenate([part.wire for part in parts]),
        codes=np.concatenate([part.codes for part in parts]),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        limits=np.concatenate([part.limits for part in parts]),
        counts=np.concatenate([part.counts for part in parts]),
    )
