"""
What cannot be added up, but merged: the smallest, the largest, the last value, the newest results, what is distinct.

>>> a, b = Merge.of(value=3, at_ns=10), Merge.of(value=9, at_ns=4)
>>> a.take(b)
>>> a.low, a.high, a.last
(3, 9, (10, 3))

Merging is commutative and associative, so order and batching cannot change the outcome. The histogram has eight
buckets per doubling (a bucket is 9 % wide), for showing a quantile; verdicts never use it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, isqrt

import numpy as np

from watchkeeper.measure.distinct import union
from watchkeeper.measure.values import Ints

BUCKETS_PER_DOUBLING = 8
KEEP_WORST = 3
KEEP_RESULTS = 32

#: (at_ns, value, trace id in hex): how bad is by value, then by time.
Exemplar = tuple[int, int, str]
#: (at_ns, 1 where the indicator's `good` or `bad` holds)
Result = tuple[int, int]


@dataclass(slots=True, kw_only=True)
class Merge:
    """
    The mergeable numbers of one series in one slot, as far as a condition needs them; values in the stream's integer
    steps, None where nothing was valued.
    """

    low: int | None = None
    high: int | None = None
    last: tuple[int, int] | None = None  # (at_ns, value) of the newest valued observation
    seen_ns: int = 0  # the newest observation, valued or not
    results: list[Result] = field(default_factory=list)  # the newest, where a condition counts strikes
    distinct: dict[str, bytes] = field(default_factory=dict)  # sketches by the name of the set (`distinct.py`)

    @classmethod
    def of(cls, *, value: int, at_ns: int) -> "Merge":
        """
        One value at one time.
        """
        return cls(low=value, high=value, last=(at_ns, value), seen_ns=at_ns)

    def __bool__(self) -> bool:
        return bool(self.seen_ns or self.low is not None or self.results or self.distinct)

    def take(self, other: "Merge") -> None:
        """
        Merge another into this one; the other stays as it is.
        """
        self._take_ordered(other)
        for name, sketch in other.distinct.items():
            self.distinct[name] = union([self.distinct[name], sketch]) if name in self.distinct else sketch

    def take_all(self, others: Iterable["Merge"]) -> None:
        """
        Merge many into this one: what is distinct is united once.
        """
        sketches = {name: [sketch] for name, sketch in self.distinct.items()}
        for other in others:
            self._take_ordered(other)
            for name, sketch in other.distinct.items():
                sketches.setdefault(name, []).append(sketch)
        self.distinct = {name: union(found) for name, found in sketches.items()}

    def _take_ordered(self, other: "Merge") -> None:
        if other.low is not None:
            self.low = other.low if self.low is None else min(self.low, other.low)
        if other.high is not None:
            self.high = other.high if self.high is None else max(self.high, other.high)
        if other.last is not None:
            self.last = other.last if self.last is None else max(self.last, other.last)
        self.seen_ns = max(self.seen_ns, other.seen_ns)
        if other.results:
            self.results = sorted(self.results + other.results)[-KEEP_RESULTS:]


def merged(merges: Iterable[Merge]) -> Merge:
    """
    Several merges as one new one.
    """
    whole = Merge()
    whole.take_all(merges)
    return whole


def keep_worst(found: Iterable[Exemplar]) -> list[Exemplar]:
    """
    The few worst: the largest values, the newest first among equals.
    """
    return sorted(set(found), key=lambda one: (one[1], one[0], one[2]), reverse=True)[:KEEP_WORST]


def _root(n: int, of: int) -> int:
    """
    The smallest whole number whose power of 8 is at least n; `of` is that power.
    """
    root = n
    for _ in range(of.bit_length() - 1):  # rounded up each time: the smallest x with x*x >= n
        root = isqrt(root - 1) + 1 if root > 1 else root
    return root


#: The smallest value of each bucket from 0 on: ceil(2^(b/8)), in whole numbers.
LIMITS: Ints = np.array([_root(2**b, BUCKETS_PER_DOUBLING) for b in range(63 * BUCKETS_PER_DOUBLING)], dtype=np.int64)


def bucket_of(values: Ints) -> Ints:
    """
    The histogram bucket of each value: the b with 2^(b/8) <= v < 2^((b+1)/8), exactly; 0 and below in bucket -1.

    >>> bucket_of(np.array([-5, 0, 1, 2, 255, 256, 2**62])).tolist()
    [-1, -1, 0, 8, 63, 64, 496]
    """
    return np.searchsorted(LIMITS, values, side="right") - 1


def quantile_bucket(buckets: dict[int, int], share: Fraction) -> int | None:
    """
    The bucket that holds the quantile (nearest rank); None for an empty histogram.
    """
    rank, seen = ceil(share * sum(buckets.values())), 0
    for bucket in sorted(buckets):
        seen += buckets[bucket]
        if seen >= rank:
            return bucket
    return None


def quantile(buckets: dict[int, int], share: float) -> int | None:
    """
    About where the quantile lies, in steps (the bucket's geometric middle); None for an empty histogram.

    >>> quantile({80: 95, 96: 5}, 0.95), quantile({80: 95, 96: 5}, 0.99)
    (1069, 4277)
    """
    bucket = quantile_bucket(buckets, Fraction(share).limit_denominator(10**6))
    if bucket is None:
        return None
    return 0 if bucket < 0 else round(2 ** ((bucket + 0.5) / BUCKETS_PER_DOUBLING))
