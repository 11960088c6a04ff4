"""
What does a signature count for?

A *signature* is a combination of attribute values, as far as the manual tells them apart. What it counts for is worked
out once and kept as integers in long columns, so that counting sees no names: the *parts* of a signature (one for each
number that its observations are read by), and of each part the rows that it adds to and which of a group's numbers it
adds there, its thresholds, its histograms, its examples.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from watchkeeper.measure.plan import DistinctPlan, IndicatorPlan, Reading
from watchkeeper.measure.rows import (
    bucketed_row,
    count_row,
    high_sum_row,
    histogram_row,
    matched_row,
    over_row,
    sum_row,
    under_row,
    valued_row,
    worst_row,
)
from watchkeeper.measure.sheet import Places
from watchkeeper.measure.values import Ints

#: The numbers of a group, in this order; then under and over for each threshold in turn.
COUNT, VALUED, LOW_SUM, HIGH_SUM, BUCKETED, BOUNDS = range(6)


class Hit(NamedTuple):
    """
    A signature counts for this indicator: whether its predicate holds, in which series, and into which sets.
    """

    indicator: IndicatorPlan
    matched: bool
    series: tuple[str, ...]
    sets: tuple[DistinctPlan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    What is merged of a part's groups into these series.
    """

    series: tuple[str, ...]
    extremes: bool
    newest: bool
    result: int | None
    sets: tuple[DistinctPlan, ...]


class Grown:
    """
    A column of integers that grows at its end.
    """

    def __init__(self, dtype: DTypeLike, first: Sequence[int] = ()) -> None:
        self._room = np.zeros(64, dtype=dtype)
        self.n = 0
        self.extend(first)

    def __len__(self) -> int:
        return self.n

    def extend(self, more: Sequence[int] | NDArray[Any]) -> None:
        """
        Add at the end.
        """
        n = self.n + len(more)
        if n > len(self._room):
            room = np.zeros(max(n, 2 * len(self._room)), dtype=self._room.dtype)
            room[: self.n] = self._room[: self.n]
            self._room = room
        self._room[self.n : n] = more
        self.n = n

    @property
    def all(self) -> NDArray[Any]:
        """
        The whole column; it shares its memory.
        """
        return self._room[: self.n]


@dataclass(frozen=True, slots=True)
class _Rows:
    """
    What one hit adds to its part.
    """

    reading: int
    places: list[int]
    kinds: list[int]  # from BOUNDS on: that of the hit's own thresholds, first one 0
    limits: tuple[tuple[int, int], ...]  # (end, limit)
    histograms: list[int]
    worst: list[int]
    look: Look | None


class _Columns:
    """
    What is new in the columns of a ledger: gathered as lists, and added at once.
    """

    NAMES = (
        *("parts_at", "reading", "entries_at", "bounds_at", "histograms_at", "worst_at"),
        *("place", "kind", "end", "limit", "histogram", "worst", "looked"),
    )

    def __init__(self, ledger: "Ledger") -> None:
        self._before = len(ledger.place), len(ledger.end), len(ledger.histogram), len(ledger.worst)
        self.parts = len(ledger.reading)
        self.parts_at: list[int] = []
        self.reading: list[int] = []
        self.entries_at: list[int] = []
        self.bounds_at: list[int] = []
        self.histograms_at: list[int] = []
        self.worst_at: list[int] = []
        self.place: list[int] = []
        self.kind: list[int] = []
        self.end: list[int] = []
        self.limit: list[int] = []
        self.histogram: list[int] = []
        self.worst: list[int] = []
        self.looked: list[int] = []
        self.looks: list[tuple[Look, ...]] = []

    def add_part(self, reading: int, rows: list[_Rows]) -> None:
        """
        One more part, of one reading.
        """
        bounds = sorted({bound for one in rows for bound in one.limits})
        column = {bound: i for i, bound in enumerate(bounds)}
        for one in rows:
            self.place += one.places
            self.kind += [_kind(kind, one.limits, column) for kind in one.kinds] if one.limits else one.kinds
            self.histogram += one.histograms
            self.worst += one.worst
        self.end += [end for end, _ in bounds]
        self.limit += [limit for _, limit in bounds]
        looks = tuple([one.look for one in rows if one.look is not None])
        self.looks.append(looks)
        self.looked.append(bool(looks))
        self.reading.append(reading)
        self.parts += 1
        places, ends, histograms, worst = self._before
        self.entries_at.append(places + len(self.place))
        self.bounds_at.append(ends + len(self.end))
        self.histograms_at.append(histograms + len(self.histogram))
        self.worst_at.append(worst + len(self.worst))


class Ledger:
    """
    The signatures of one lane by number, and their parts.
    """

    def __init__(self, readings: Sequence[Reading], places: Places) -> None:
        self._readings = {reading: i for i, reading in enumerate(readings)}
        self._places = places
        self.clear()

    def clear(self) -> None:
        """
        Forget every signature.
        """
        self.parts_at = Grown(np.int32, [0])  # by signature: its first part; one more than there are
        self.reading = Grown(np.int32)  # by part
        self.entries_at, self.bounds_at = Grown(np.int32, [0]), Grown(np.int32, [0])
        self.histograms_at, self.worst_at = Grown(np.int32, [0]), Grown(np.int32, [0])
        self.place, self.kind = Grown(np.int32), Grown(np.int32)
        self.end, self.limit = Grown(np.int64), Grown(np.int64)
        self.histogram, self.worst = Grown(np.int32), Grown(np.int32)
        self.looked = Grown(np.uint8)  # by part: whether `looks` has something
        self.looks: list[tuple[Look, ...]] = []
        self._rows: dict[object, _Rows] = {}

    @property
    def size(self) -> int:
        """
        How much is remembered: signatures and what they count for.
        """
        return len(self.parts_at) + len(self.place)

    @property
    def columns(self) -> tuple[NDArray[Any], ...]:
        """
        All of it but the looks, in the order in which compiled code takes it.
        """
        columns = (
            *(self.parts_at, self.reading, self.entries_at, self.place, self.kind),
            *(self.bounds_at, self.end, self.limit, self.histograms_at, self.histogram),
            *(self.worst_at, self.worst, self.looked),
        )
        return tuple(one.all for one in columns)

    def learn(self, hits: Iterable[Sequence[Hit]]) -> None:
        """
        The hits of the signatures that come next, in order.
        """
        new = _Columns(self)
        for found in hits:
            by_reading: dict[int, list[_Rows]] = {}
            for hit in found:
                rows = self._rows_of(hit)
                by_reading.setdefault(rows.reading, []).append(rows)
            for reading, some in by_reading.items():
                new.add_part(reading, some)
            new.parts_at.append(new.parts)
        self.looks += new.looks
        for name in _Columns.NAMES:
            getattr(self, name).extend(getattr(new, name))

    def _rows_of(self, hit: Hit) -> _Rows:
        key = (hit.indicator.meaning, hit.matched, hit.series, tuple([one.name for one in hit.sets]))
        found = self._rows.get(key)
        if found is None:
            found = self._rows[key] = self._work_out(hit)
        return found

    def _work_out(self, hit: Hit) -> _Rows:
        indicator, needs = hit.indicator, hit.indicator.needs
        names: list[tuple[str, int]] = []
        for one in hit.series:
            names.append((count_row(one), COUNT))
            if hit.matched:
                names.append((matched_row(one), COUNT))
            if indicator.stream.signal == "metrics":
                names.append((bucketed_row(one), BUCKETED))
            if needs.sums:
                names += [(valued_row(one), VALUED), (sum_row(one), LOW_SUM), (high_sum_row(one), HIGH_SUM)]
            for i, (limit, _) in enumerate(indicator.bounds):
                names += [(under_row(one, limit), BOUNDS + 2 * i), (over_row(one, limit), BOUNDS + 2 * i + 1)]
        of = self._places.of
        bad = indicator.good is None or hit.matched is not indicator.good
        return _Rows(
            reading=self._readings[indicator.reading],
            places=of(name for name, _ in names),
            kinds=[kind for _, kind in names],
            limits=tuple((limit - inclusive, limit) for limit, inclusive in indicator.bounds),
            histograms=of(map(histogram_row, hit.series)) if needs.quantiles else [],
            worst=of(map(worst_row, hit.series)) if needs.worst and bad else [],
            look=_look(hit) if needs.merged else None,
        )


def _kind(kind: int, limits: tuple[tuple[int, int], ...], column: dict[tuple[int, int], int]) -> int:
    if kind < BOUNDS:
        return kind
    own, side = divmod(kind - BOUNDS, 2)
    return BOUNDS + 2 * column[limits[own]] + side


def _look(hit: Hit) -> Look:
    needs = hit.indicator.needs
    return Look(
        series=hit.series,
        extremes=needs.extremes,
        newest=needs.newest or needs.results,
        result=int(hit.matched) if needs.results else None,
        sets=hit.sets,
    )


def ragged(starts: Ints, counts: Ints) -> Ints:
    """
    The numbers start, start + 1, ... of each stretch, one after another.

    >>> ragged(np.array([7, 0]), np.array([2, 3])).tolist()
    [7, 8, 0, 1, 2]
    """
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(int(counts.sum()), dtype=np.int64)
