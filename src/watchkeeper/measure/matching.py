"""
Which rows does a batch count for, and by how much?

Rows of a batch that carry the same attribute values (that the manual names) count for the same series; such a set of
values is a *signature*. What a signature counts for is worked out once and remembered, so the cost of a batch hardly
depends on how many indicators there are. Within a batch, rows of one signature and slot are summed by numpy; Python
sees groups, never events.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.deltas import Delta
from watchkeeper.measure.effects import Effect, Hit, effect_of, write
from watchkeeper.measure.grid import MINUTE, Grid
from watchkeeper.measure.groups import group
from watchkeeper.measure.hearing import Hearing
from watchkeeper.measure.labels import Labels, as_label
from watchkeeper.measure.plan import IndicatorPlan, Plan, Reading, StreamPlan
from watchkeeper.measure.readings import Mask
from watchkeeper.measure.rows import Registry, Series
from watchkeeper.measure.sheet import Places, Sheet
from watchkeeper.measure.signatures import keys, signatures, taken
from watchkeeper.measure.values import Batch, Ints

SIGNATURES = 500_000  # remembered per lane, each counted with its hits; then the memory starts afresh
AHEAD_NS = MINUTE  # clocks differ: an event up to this far ahead waits for its slot, later ones are refused

Effects = dict[Reading, Effect]


@dataclass(slots=True)
class Counted:
    """
    What came of a batch: its delta, and how many rows were left out, by reason.
    """

    delta: Delta
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class _Lane:
    """
    The indicators of one signal that accept observations of the same age, and what their signatures count for.
    """

    lateness_ns: int
    indicators: list[IndicatorPlan]
    names: list[str]  # the attributes that tell their observations apart
    bounds: dict[Reading, list[tuple[int, bool]]]
    memo: dict[tuple[object, ...], Effects] = field(default_factory=dict)
    remembered: int = 0


class Matcher:
    """
    Turns batches into deltas for one plan. Not thread-safe: one thread owns it.
    """

    def __init__(self, plan: Plan, registry: Registry, grid: Grid) -> None:
        self.plan = plan
        self.labels = Labels(registry)
        self._grid = grid
        self._places = Places(registry)
        self._hearing = Hearing(plan, self._places, grid.fine)
        self._lanes: dict[str, list[_Lane]] = {}

    def count(self, batch: Batch, now_ns: int) -> Counted:
        """
        The delta of a batch that arrived at `now_ns`. Raises what the registry raises when it cannot keep new rows.
        """
        sheet = Sheet(self._places)
        keep = batch.at_ns <= now_ns + AHEAD_NS
        late = np.zeros(batch.n, dtype=np.bool_)
        for lane in self._lanes_of(batch.signal):
            old = batch.at_ns < now_ns - lane.lateness_ns
            late |= old
            self._count_lane(batch, np.flatnonzero(keep & ~old), lane, sheet)
        self._hearing.hear(batch, keep, now_ns, sheet)
        left_out = {"in the future": int((~keep).sum()), "too old": int((keep & late).sum())}
        return Counted(delta=sheet.delta(), left_out=Counter({reason: n for reason, n in left_out.items() if n}))

    def _lanes_of(self, signal: str) -> list[_Lane]:
        if signal not in self._lanes:
            by_lateness: dict[int, list[IndicatorPlan]] = defaultdict(list)
            for indicator in self.plan.of_signal(signal):
                by_lateness[indicator.stream.lateness_ns].append(indicator)
            self._lanes[signal] = [_lane(lateness, indicators) for lateness, indicators in by_lateness.items()]
        return self._lanes[signal]

    def _count_lane(self, batch: Batch, rows: Ints, lane: _Lane, sheet: Sheet) -> None:
        if not len(rows):
            return
        which, examples = signatures(batch.columns, lane.names, rows)
        effects = self._effects(batch, rows[examples], lane)
        for reading, bounds in lane.bounds.items():
            mine = [of.get(reading) for of in effects]
            counts = np.array([effect is not None for effect in mine], dtype=np.bool_)[which]
            if counts.any():
                groups = group(batch, rows[counts], which[counts], self._grid.fine.slot_ns, reading, bounds)
                write(groups, mine, sheet)

    def _effects(self, batch: Batch, rows: Ints, lane: _Lane) -> list[Effects]:
        """
        What the signature of each of these rows counts for.
        """
        table = {name: taken(batch.columns.get(name), rows) for name in lane.names}
        names = keys(table, len(rows))
        missing = [i for i, key in enumerate(names) if key not in lane.memo]
        if missing and lane.remembered > SIGNATURES:
            lane.memo.clear()
            lane.remembered, missing = 0, list(range(len(names)))
        if missing:
            some = {name: taken(column, np.array(missing)) for name, column in table.items()}
            for i, hits in zip(missing, self._match(some, len(missing), lane.indicators), strict=True):
                lane.memo[names[i]] = self._effects_of(hits, lane)
                lane.remembered += 1 + len(hits)
        return [lane.memo[key] for key in names]

    def _effects_of(self, hits: list[Hit], lane: _Lane) -> Effects:
        by_reading: dict[Reading, list[Hit]] = defaultdict(list)
        for hit in hits:
            by_reading[hit.indicator.reading].append(hit)
        return {reading: effect_of(found, lane.bounds[reading], self._places) for reading, found in by_reading.items()}

    def _match(self, table: Mapping[str, Column], n: int, indicators: list[IndicatorPlan]) -> list[list[Hit]]:
        found: list[list[Hit]] = [[] for _ in range(n)]
        chosen: dict[str, Mask] = {}
        for indicator in indicators:
            stream = indicator.stream
            if stream.name not in chosen:
                chosen[stream.name] = selected(stream, table, n)
            counts = chosen[stream.name].copy()
            if indicator.only is not None:
                counts &= indicator.only.evaluate(table, n)
            if indicator.except_ is not None:
                counts &= ~indicator.except_.evaluate(table, n)
            holds = indicator.matched.evaluate(table, n) if indicator.matched else np.zeros(n, dtype=np.bool_)
            for i in np.flatnonzero(counts).tolist():
                found[i].append(Hit(indicator, bool(holds[i]), self._series(indicator, table, i)))
        return found

    def _series(self, indicator: IndicatorPlan, table: Mapping[str, Column], i: int) -> tuple[str, ...]:
        series = [str(Series(meaning=indicator.meaning))]
        for label in indicator.by:
            column = table[label]
            code = int(column.codes[i])
            if code >= 0:
                value = self.labels.capped(indicator, label, as_label(column.values[code]))
                series.append(str(Series(meaning=indicator.meaning, label=label, value=value)))
        return tuple(series)


def selected(stream: StreamPlan, table: Mapping[str, Column], n: int) -> Mask:
    """
    Which rows belong to the stream.
    """
    rows = np.ones(n, dtype=np.bool_)
    if stream.metric is not None:
        rows &= _equals(table[stream.name_column], stream.metric)
    for predicate in stream.selectors:
        rows &= predicate.evaluate(table, n)
    return rows


def _equals(column: Column, value: str) -> Mask:
    return np.isin(column.codes, [code for code, known in enumerate(column.values) if known == value])


def _lane(lateness_ns: int, indicators: list[IndicatorPlan]) -> _Lane:
    bounds: dict[Reading, dict[int, bool]] = {}
    for indicator in indicators:
        mine = bounds.setdefault(indicator.reading, {})
        for limit, inclusive in indicator.bounds:
            mine[limit] = mine.get(limit, False) or inclusive
    return _Lane(
        lateness_ns=lateness_ns,
        indicators=indicators,
        names=sorted(set().union(*(_attributes(indicator) for indicator in indicators))),
        bounds={reading: sorted(found.items()) for reading, found in bounds.items()},
    )


def _attributes(indicator: IndicatorPlan) -> set[str]:
    stream = indicator.stream
    predicates = (*stream.selectors, indicator.only, indicator.except_, indicator.matched)
    names = set().union(*(predicate.attributes for predicate in predicates if predicate), indicator.by)
    return names | ({stream.name_column} if stream.metric is not None else set())
