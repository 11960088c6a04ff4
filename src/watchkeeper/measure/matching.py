"""
Which rows does a batch count for, and by how much?

Rows of a batch that carry the same attribute values (that the manual names) count for the same series; such a set of values
is a *signature*. What a signature counts for is worked out once and remembered, so the cost of a batch hardly depends on how
many indicators there are. Within a batch, rows of one signature and slot are summed by numpy; Python sees groups, never events.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.deltas import Delta
from watchkeeper.measure.grid import MINUTE, Grid
from watchkeeper.measure.groups import Groups, group
from watchkeeper.measure.merges import Merge
from watchkeeper.measure.plan import IndicatorPlan, Plan, StreamPlan
from watchkeeper.measure.rows import (
    OTHER,
    Registry,
    Series,
    bucketed_row,
    count_row,
    heard_row,
    matched_row,
    series_of,
    sum_row,
    under_row,
    unsure_row,
    valued_row,
)
from watchkeeper.measure.values import Batch, Ints

LABEL_VALUES = 100  # per label of an indicator; what comes after is counted as `(other)`
SIGNATURES = 65_536  # remembered per signal; then the memory starts afresh
AHEAD_NS = MINUTE  # clocks differ: an event up to this far ahead waits for its slot, later ones are refused

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Hit:
    """
    A signature counts for this indicator: whether its predicate holds, and in which series.
    """

    indicator: IndicatorPlan
    matched: bool
    series: tuple[Series, ...]

    @property
    def bad(self) -> bool:
        """
        Whether these observations are the ones worth keeping as examples.
        """
        return self.indicator.good is None or self.matched is not self.indicator.good


@dataclass(slots=True)
class Counted:
    """
    What came of a batch: its delta, and how many rows were left out, by reason.
    """

    delta: Delta
    left_out: Counter[str] = field(default_factory=Counter)


class Matcher:
    """
    Turns batches into deltas for one plan. Not thread-safe: one thread owns it.
    """

    def __init__(self, plan: Plan, registry: Registry, grid: Grid) -> None:
        self.plan = plan
        self.overflow: Counter[str] = Counter()  # observations whose label value was over the cap, by indicator
        self._registry = registry
        self._grid = grid
        self._memo: dict[str, dict[tuple[object, ...], tuple[Hit, ...]]] = {}
        self._labels: dict[tuple[str, str], set[str]] = {}
        for name in registry.names.values():
            series = series_of(name)
            if series is not None and series.label:
                self._labels.setdefault((series.meaning, series.label), set()).add(series.value)

    def count(self, batch: Batch, now_ns: int) -> Counted:
        """
        The delta of a batch that arrived at `now_ns`.
        """
        counted = Counted(delta=Delta())
        keep = batch.at_ns <= now_ns + AHEAD_NS
        self._leave_out(counted, "in the future", ~keep)
        sheet = _Sheet()
        for lateness, indicators in self._by_lateness(batch.signal).items():
            late = batch.at_ns < now_ns - lateness
            self._leave_out(counted, "too old", keep & late)
            self._count_group(batch, np.flatnonzero(keep & ~late), indicators, sheet)
        self._hear(batch, keep, now_ns, sheet)
        counted.delta = sheet.delta(self._registry)
        return counted

    def _leave_out(self, counted: Counted, reason: str, rows: Mask) -> None:
        n = int(rows.sum())
        if n:
            counted.left_out[reason] += n

    def _by_lateness(self, signal: str) -> dict[int, list[IndicatorPlan]]:
        found: dict[int, list[IndicatorPlan]] = {}
        for indicator in self.plan.of_signal(signal):
            found.setdefault(indicator.stream.lateness_ns, []).append(indicator)
        return found

    def _count_group(self, batch: Batch, rows: Ints, indicators: list[IndicatorPlan], sheet: "_Sheet") -> None:
        if not len(rows) or not indicators:
            return
        names = _attributes(indicators)
        which, examples = _signatures(batch.columns, names, rows)
        hits = self._hits(batch, names, rows[examples], indicators)
        for value, scale in {(one.value, one.scale) for one in indicators}:
            mine = [[hit for hit in of if (hit.indicator.value, hit.indicator.scale) == (value, scale)] for of in hits]
            if any(mine):
                bounds = sorted({bound for of in mine for hit in of for bound in hit.indicator.bounds})
                strikes = any(hit.indicator.strikes for of in mine for hit in of)
                groups = group(batch, rows, which, self._grid.fine.slot_ns, value, scale, bounds, results=strikes)
                _write(groups, mine, bounds, sheet)

    def _hits(
        self, batch: Batch, names: list[str], rows: Ints, indicators: list[IndicatorPlan]
    ) -> list[tuple[Hit, ...]]:
        memo = self._memo.setdefault(f"{batch.signal} {indicators[0].stream.lateness_ns}", {})
        table = {name: _taken(batch.columns.get(name), rows) for name in names}
        keys = _keys(table, len(rows))
        missing = [i for i, key in enumerate(keys) if key not in memo]
        if missing:
            if len(memo) + len(missing) > SIGNATURES:
                memo.clear()
                missing = list(range(len(keys)))
            some = {name: _taken(column, np.array(missing)) for name, column in table.items()}
            for i, hits in zip(missing, self._match(some, len(missing), indicators), strict=True):
                memo[keys[i]] = hits
        return [memo[key] for key in keys]

    def _match(self, table: Mapping[str, Column], n: int, indicators: list[IndicatorPlan]) -> list[tuple[Hit, ...]]:
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
            for i in np.flatnonzero(counts):
                found[i].append(Hit(indicator, bool(holds[i]), self._series(indicator, table, int(i))))
        return [tuple(hits) for hits in found]

    def _series(self, indicator: IndicatorPlan, table: Mapping[str, Column], i: int) -> tuple[Series, ...]:
        series = [Series(meaning=indicator.meaning)]
        for label in indicator.by:
            column = table[label]
            code = int(column.codes[i])
            if code >= 0:
                value = self._capped(indicator, label, as_label(column.values[code]))
                series.append(Series(meaning=indicator.meaning, label=label, value=value))
        return tuple(series)

    def _capped(self, indicator: IndicatorPlan, label: str, value: str) -> str:
        known = self._labels.setdefault((indicator.meaning, label), set())
        if value not in known and len(known - {OTHER}) >= LABEL_VALUES:
            self.overflow[indicator.name] += 1
            value = OTHER
        known.add(value)
        return value

    def _hear(self, batch: Batch, keep: Mask, now_ns: int, sheet: "_Sheet") -> None:
        """
        Mark when each stream's source spoke: at the times it spoke of, and now.
        """
        fine = self._grid.fine
        for stream in self.plan.streams.values():
            if stream.signal != batch.signal:
                continue
            rows = np.flatnonzero(keep & (batch.at_ns >= now_ns - stream.lateness_ns))
            if stream.metric is not None:
                rows = rows[_named(stream, batch, rows)]
                if not len(rows):
                    continue
            slots = set(np.unique(batch.at_ns[rows] // fine.slot_ns).tolist()) | {fine.slot(now_ns)}
            for slot in slots:
                sheet.add(heard_row(stream.meaning), int(slot), 1)


def selected(stream: StreamPlan, table: Mapping[str, Column], n: int) -> Mask:
    """
    Which rows belong to the stream.
    """
    rows = np.ones(n, dtype=np.bool_)
    if stream.metric is not None:
        rows &= _equals(table.get(_name_column(stream)), stream.metric, n)
    for predicate in stream.selectors:
        rows &= predicate.evaluate(table, n)
    return rows


def as_label(value: object) -> str:
    """
    How an attribute's value reads as a label.
    """
    return str(value).lower() if isinstance(value, bool) else str(value)


def _name_column(stream: StreamPlan) -> str:
    return "check" if stream.signal == "checks" else "name"


def _named(stream: StreamPlan, batch: Batch, rows: Ints) -> Mask:
    column = batch.columns.get(_name_column(stream))
    return _equals(_taken(column, rows), stream.metric or "", len(rows))


def _equals(column: Column | None, value: str, n: int) -> Mask:
    if column is None:
        return np.zeros(n, dtype=np.bool_)
    codes = [code for code, known in enumerate(column.values) if known == value]
    return np.isin(column.codes, codes)


def _attributes(indicators: list[IndicatorPlan]) -> list[str]:
    names: set[str] = set()
    for one in indicators:
        predicates = (*one.stream.selectors, one.only, one.except_, one.matched)
        names |= {name for predicate in predicates if predicate for name in predicate.attributes} | set(one.by)
        if one.stream.metric is not None:
            names.add(_name_column(one.stream))
    return sorted(names)


def _taken(column: Column | None, rows: Ints) -> Column:
    if column is None:
        return Column(codes=np.full(len(rows), -1, dtype=np.int32), values=())
    return Column(codes=column.codes[rows], values=column.values)


def _signatures(columns: Mapping[str, Column], names: list[str], rows: Ints) -> tuple[Ints, Ints]:
    """
    For each row the number of its signature, and for each signature one row (by position in `rows`) that has it.
    """
    which: Ints = np.zeros(len(rows), dtype=np.int64)
    for name in names:
        column = columns.get(name)
        if column is not None and len(column.values):
            joint = which * (len(column.values) + 1) + column.codes[rows] + 1
            which = np.unique(joint, return_inverse=True)[1].astype(np.int64)
    _, examples = np.unique(which, return_index=True)
    return which, examples.astype(np.int64)


def _keys(table: Mapping[str, Column], n: int) -> list[tuple[object, ...]]:
    # A value's class belongs to the key: 1, 1.0 and true are equal in Python and not in a predicate.
    parts = [
        [(None if code < 0 else (type(c.values[code]), c.values[code])) for code in c.codes.tolist()]
        for c in table.values()
    ]
    return list(zip(*parts, strict=True)) if parts else [()] * n


class _Sheet:
    """
    Amounts by row name and slot, and merges by series and slot, while a batch is being counted.
    """

    def __init__(self) -> None:
        self._amounts: dict[tuple[str, int], int] = {}
        self._merges: dict[tuple[str, int], Merge] = {}

    def add(self, row: str, slot: int, amount: int) -> None:
        if amount:
            key = (row, slot)
            self._amounts[key] = self._amounts.get(key, 0) + amount

    def merge(self, series: Series, slot: int, merge: Merge) -> None:
        self._merges.setdefault((str(series), slot), Merge()).take(merge)

    def delta(self, registry: Registry) -> Delta:
        rows = registry.ids([name for name, _ in self._amounts])
        return Delta(
            rows=np.array(rows, dtype=np.int64),
            slots=np.array([slot for _, slot in self._amounts], dtype=np.int64),
            amounts=np.array(list(self._amounts.values()), dtype=np.int64),
            merges=self._merges,
        )


def _write(groups: Groups, hits: list[list[Hit]], bounds: list[tuple[int, bool]], sheet: _Sheet) -> None:
    for g in range(groups.n):
        slot = int(groups.slots[g])
        for hit in hits[int(groups.signatures[g])]:
            merge = groups.merge(g, worst=hit.bad, result=hit.matched if hit.indicator.strikes else None)
            for series in hit.series:
                _write_series(groups, g, slot, hit, series, bounds, sheet)
                sheet.merge(series, slot, merge)


def _write_series(
    groups: Groups, g: int, slot: int, hit: Hit, series: Series, bounds: list[tuple[int, bool]], sheet: _Sheet
) -> None:
    sheet.add(count_row(series), slot, int(groups.count[g]))
    if hit.matched:
        sheet.add(matched_row(series), slot, int(groups.count[g]))
    sheet.add(valued_row(series), slot, int(groups.valued[g]))
    sheet.add(sum_row(series), slot, int(groups.total[g]))
    sheet.add(bucketed_row(series), slot, int(groups.bucketed[g]))
    for limit in hit.indicator.bounds:
        k = bounds.index(limit)
        sheet.add(under_row(series, limit[0]), slot, int(groups.under[g, k]))
        sheet.add(unsure_row(series, limit[0]), slot, int(groups.unsure[g, k]))
