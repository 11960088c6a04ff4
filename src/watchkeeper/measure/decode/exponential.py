"""
Between which limits lies a bucket of an exponential histogram, and how much did such a histogram grow?

At scale s the base is 2^(2^-s); bucket i of the positive range holds (base^i, base^(i+1)], of the negative range the
mirror image, and the zero bucket what is not further from zero than a threshold (OpenTelemetry, "Metrics Data Model").

>>> limit(0, 3), limit(1, 1), limit(-1, 2), limit(-10, 1)
(8.0, 1.4142135623730951, 16.0, inf)

A limit is worked out in whole numbers (128 bits), so it is the same double on every machine: the nearest one.

A cumulative histogram may come at another scale, with other buckets, or with another threshold than before: that is no
reset. Both are brought to the coarser scale and the wider zero bucket of the two, and compared there.

>>> before = Spread(scale=1, threshold=0.0, zero=0.0, low=0, negative=(), high=0, positive=(3.0, 1.0))
>>> after = Spread(scale=0, threshold=0.0, zero=2.0, low=0, negative=(), high=0, positive=(5.0, 7.0))
>>> growth_of(before, after)
Spread(scale=0, threshold=0.0, zero=2.0, low=0, negative=(), high=0, positive=(1.0, 7.0))
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, isqrt, ldexp, nextafter
from typing import Final

from watchkeeper.measure.decode.si import Scale

#: The scales that the data model allows.
LEAST_SCALE: Final = -10
MOST_SCALE: Final = 20
#: Numbers at the head of what is remembered of a histogram: scale, threshold, low, how many negative, high, how many.
HEAD: Final = 6

_BITS: Final = 124  # of a root of two, behind the point
_FAR: Final = 2000  # doubles end long before 2^2000 and begin long after 2^-2000

_Counts = dict[int, float]


@lru_cache(maxsize=1 << 16)
def limit(scale: int, index: int) -> float:
    """
    base^index for this scale: 2^(index / 2^scale), the nearest double; infinite or 0 where doubles end.
    """
    if scale <= 0:
        return _power(max(-_FAR, min(index << -scale, _FAR)), 1 << _BITS)
    whole, part = index >> scale, index & ((1 << scale) - 1)
    root = 1 << _BITS
    for bit, step in enumerate(_ROOTS[:scale]):
        if part >> (scale - 1 - bit) & 1:
            root = root * step >> _BITS
    return _power(max(-_FAR, min(whole, _FAR)), root)


def limits_of(scale: int, index: int, unit: Scale, *, mirrored: bool = False) -> tuple[float, float]:
    """
    What bucket `index` holds, as (low, high], in SI units. Where the two are one and the same double, the one before
    it goes first. The mirror image of a bucket holds its lower limit, not its upper one: both are the doubles before.
    """
    low, high = unit.of(limit(scale, index)), unit.of(limit(scale, index + 1))
    if not low < high:
        high = high or nextafter(0.0, inf)
        low = nextafter(high, -inf)
    return (nextafter(-high, -inf), nextafter(-low, -inf)) if mirrored else (low, high)


def around_zero(threshold: float, unit: Scale) -> tuple[float, float]:
    """
    What the zero bucket holds, as (low, high], in SI units.
    """
    wide = unit.of(threshold)
    return nextafter(-wide, -inf), wide


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """
    The counts of an exponential histogram: those of the negative range from bucket `low` on, outwards, and those of the
    positive range from bucket `high` on.
    """

    scale: int
    threshold: float
    zero: float
    low: int
    negative: Sequence[float]
    high: int
    positive: Sequence[float]

    def packed(self) -> list[float]:
        """
        As the memory of counters keeps it: the head, then the counts, the most negative bucket first.
        """
        head = (self.scale, self.threshold, self.low, len(self.negative), self.high, len(self.positive))
        return [*map(float, head), *reversed(self.negative), self.zero, *self.positive]

    @classmethod
    def unpacked(cls, numbers: Sequence[float]) -> "Spread":
        """
        What `packed` made.
        """
        scale, threshold, low, below, high, above = numbers[:HEAD]
        zero = HEAD + int(below)
        return cls(
            scale=int(scale), threshold=threshold, zero=numbers[zero],
            low=int(low), negative=tuple(reversed(numbers[HEAD:zero])),
            high=int(high), positive=tuple(numbers[zero + 1 : zero + 1 + int(above)]),
        )  # fmt: skip

    def limits(self, unit: Scale) -> Iterator[tuple[float, float]]:
        """
        The limits of each bucket, in the order of `packed`.
        """
        for index in range(self.low + len(self.negative) - 1, self.low - 1, -1):
            yield limits_of(self.scale, index, unit, mirrored=True)
        yield around_zero(self.threshold, unit)
        for index in range(self.high, self.high + len(self.positive)):
            yield limits_of(self.scale, index, unit)


def growth_of(last: Spread, now: Spread) -> Spread:
    """
    What happened between two cumulative states; all of `now` where a bucket has fewer than before: a reset.
    """
    scale = min(last.scale, now.scale)
    before, after = (_Common.of(one, scale) for one in (last, now))
    threshold = max(last.threshold, now.threshold)
    if last.threshold != now.threshold:
        parts = (before.negative, before.positive, after.negative, after.positive)
        threshold = max([threshold, *(_reach(scale, part, threshold) for part in parts)])
        before.widen(threshold)
        after.widen(threshold)
    negative, positive = _less(after.negative, before.negative), _less(after.positive, before.positive)
    zero = after.zero - before.zero
    if zero < 0 or negative is None or positive is None:
        return now
    low, below = _dense(negative)
    high, above = _dense(positive)
    return Spread(scale=scale, threshold=threshold, zero=zero, low=low, negative=below, high=high, positive=above)


@dataclass(slots=True, kw_only=True)
class _Common:
    """
    Counts by bucket, at a scale that another histogram has too.
    """

    scale: int
    zero: float
    negative: _Counts
    positive: _Counts

    @classmethod
    def of(cls, one: Spread, scale: int) -> "_Common":
        by = one.scale - scale
        negative, positive = _coarse(one.low, one.negative, by), _coarse(one.high, one.positive, by)
        return cls(scale=scale, zero=one.zero, negative=negative, positive=positive)

    def widen(self, threshold: float) -> None:
        """
        The zero bucket takes in what lies under this threshold.
        """
        for part in (self.negative, self.positive):
            for index in [one for one in part if limit(self.scale, one) < threshold]:
                self.zero += part.pop(index)


def _coarse(first: int, counts: Sequence[float], by: int) -> _Counts:
    found: _Counts = {}
    for index, count in enumerate(counts, first):
        if count:
            found[index >> by] = found.get(index >> by, 0.0) + count
    return found


def _reach(scale: int, part: Iterable[int], threshold: float) -> float:
    """
    How far the buckets reach that begin under the threshold: what lies on both sides of it cannot be told apart.
    """
    return max((limit(scale, index + 1) for index in part if limit(scale, index) < threshold), default=threshold)


def _less(after: Mapping[int, float], before: Mapping[int, float]) -> _Counts | None:
    if any(after.get(index, 0.0) < count for index, count in before.items()):
        return None
    grown = {index: count - before.get(index, 0.0) for index, count in after.items()}
    return {index: count for index, count in grown.items() if count}


def _dense(counts: _Counts) -> tuple[int, tuple[float, ...]]:
    """
    As a first bucket and the counts from there on. Only what grew is kept, so this is never wider than what came.
    """
    if not counts:
        return 0, ()
    first = min(counts)
    return first, tuple(counts.get(index, 0.0) for index in range(first, max(counts) + 1))


def _power(exponent: int, root: int) -> float:
    """
    root * 2^exponent, where `root` has 124 bits behind the point and lies between 1 and 2.
    """
    try:
        return ldexp(_rounded(root, exponent), exponent)
    except OverflowError:
        return inf


def _rounded(root: int, exponent: int) -> float:
    """
    The root as a double with no more digits than a double of that exponent has, so that `ldexp` need not round again.
    """
    digits = min(53, 53 + exponent + 1022)
    drop = _BITS + 1 - max(digits, 1)
    return ldexp(((root >> (drop - 1)) + 1) >> 1, drop - _BITS)


def _roots() -> list[int]:
    """
    2^(1/2), 2^(1/4), ... with 124 bits behind the point, each the whole root of the one before.
    """
    found, last = [], 2 << _BITS
    for _ in range(MOST_SCALE):
        last = isqrt(last << _BITS)
        found.append(last)
    return found


_ROOTS: Final = _roots()
