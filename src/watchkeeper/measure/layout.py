"""
Where does a sweep find what it compares?

Lays conditions out as arrays: each row of each window that anything reads is one cell, added up once however many
conditions read it; each stream is heard once per window.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from watchkeeper.manual.condition import ast
from watchkeeper.measure.answers import Since, Span
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.plan import IndicatorPlan, StreamPlan
from watchkeeper.measure.posed import Kind, Leaf, Posed, leaf_of
from watchkeeper.measure.rows import Registry, Series, heard_row
from watchkeeper.measure.values import Ints
from watchkeeper.measure.verdicts import OPS, ROWS, WHERES, Alerts, Leaves, columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """
    A window behind a delay, in its ring; a calendar window is no ring's.
    """

    window: Span | Since
    delay_ns: int
    tier: str | None
    slot_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    Cells that are added up at once: of one ring, or of one calendar window.
    """

    cells: slice
    tier: str | None
    window: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """
    A comparison of something that is not counted in rows: of which series, in which window.
    """

    plan: IndicatorPlan
    posed: Posed
    label: str
    value: str
    series: str
    window: int
    heard: int  # the stream in its window of late, where single results are looked at


@dataclass(slots=True, kw_only=True)
class Heard:
    """
    A stream in a window, as columns.
    """

    window: Ints
    speaks_ns: Ints


@dataclass(slots=True, kw_only=True)
class Layout:
    """
    All of it. `numbers` are the registry's numbers by cell, -1 for what was never counted; `grow` looks for new ones.
    """

    leaves: Leaves
    alerts: Alerts
    windows: tuple[Window, ...]
    parts: tuple[Part, ...]
    cell_row: Ints
    cell_window: Ints
    numbers: Ints
    heard: Heard
    heard_numbers: Ints
    singles: tuple[Single, ...]
    row_numbers: Ints
    heard_row: Ints
    _missing: dict[str, int]
    _seen: int = 0

    def grow(self, registry: Registry) -> bool:
        """
        Take note of rows that were counted for the first time; whether there were any.
        """
        if len(registry) == self._seen:
            return False
        new, self._seen = registry.since(self._seen), len(registry)
        found = [(self._missing.pop(name), row) for row, name in new if name in self._missing]
        for index, row in found:
            self.row_numbers[index] = row
        if found:
            self.numbers = self.row_numbers[self.cell_row]
            self.heard_numbers = self.row_numbers[self.heard_row]
        return bool(found)


def laid_out(engine: Engine, posed: Sequence[Posed]) -> Layout:
    """
    The layout of these conditions, in their order. Their indicators must be in the plan (`KeyError` otherwise).
    """
    desk = _Desk(engine)
    for one in posed:
        desk.place(one)
    return desk.layout()


@dataclass(slots=True)
class _Desk:
    """
    Where a layout is made.
    """

    engine: Engine
    windows: dict[tuple[Span | Since, int], int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=lambda: {"": 0})  # the first is of what was never counted
    cells: dict[tuple[int, int], int] = field(default_factory=dict)
    heard: dict[tuple[str, int], tuple[int, int, int, int]] = field(default_factory=dict)
    leaves: list[tuple[Leaf, tuple[int, ...], int, int, int]] = field(default_factory=list)
    nodes: list[tuple[int, int]] = field(default_factory=list)
    alerts: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    singles: list[Single] = field(default_factory=list)
    _known: dict[tuple[int, str], Leaf] = field(default_factory=dict)
    _kept: list[Posed] = field(default_factory=list)

    def place(self, posed: Posed) -> None:
        """
        One alert: a node, or one for each value of the label of `in N of M`.
        """
        plan = self.engine.plan.indicators[posed.indicator]
        leaf, where, begin = self._leaf(posed, plan), posed.condition.where, len(self.nodes)
        if where is None:
            self._node(posed, plan, leaf, posed.label, posed.value)
            self.alerts.append((begin, 1, 0, 0, 0))
            return
        for value in posed.where_values:
            self._node(posed, plan, leaf, where.label, value)
        self.alerts.append((begin, len(posed.where_values), WHERES[where.kind], where.n or 1, where.of or 1))

    def layout(self) -> Layout:
        """
        All as arrays, the cells of one ring beside each other.
        """
        windows = tuple(self._window(window, delay) for window, delay in self.windows)
        tiers = [tier.name for tier in self.engine.grid.tiers]
        keys = list(self.cells)

        def part_of(cell: int) -> tuple[int, int]:
            tier = windows[keys[cell][1]].tier
            return (tiers.index(tier), 0) if tier is not None else (len(tiers), keys[cell][1])

        order = sorted(range(len(keys)), key=lambda cell: (part_of(cell), keys[cell][1]))
        place = np.zeros(len(keys), dtype=np.int64)
        place[order] = np.arange(len(keys))
        cell_row = np.array([keys[cell][0] for cell in order], dtype=np.int64)
        cell_window = np.array([keys[cell][1] for cell in order], dtype=np.int64)
        heard = columns(list(self.heard.values()), 4)
        find = self.engine.registry.find
        row_numbers = np.array([find(name) if name else -1 for name in self.rows], dtype=np.int64)
        layout = Layout(
            leaves=self._leaves(place),
            alerts=self._alerts(),
            windows=windows,
            parts=tuple(_parts([part_of(cell) for cell in order], cell_window, tiers)),
            cell_row=cell_row,
            cell_window=cell_window,
            numbers=row_numbers[cell_row],
            heard=Heard(window=heard[:, 2], speaks_ns=heard[:, 3]),
            heard_numbers=row_numbers[heard[:, 1]],
            singles=tuple(self.singles),
            row_numbers=row_numbers,
            heard_row=heard[:, 1],
            _missing={name: i for i, name in enumerate(self.rows) if row_numbers[i] < 0 and name},
        )
        layout._seen = len(self.engine.registry)
        return layout

    # --- how

    def _leaf(self, posed: Posed, plan: IndicatorPlan) -> Leaf:
        key = (id(posed.condition), posed.indicator)
        if key not in self._known:
            leaf = leaf_of(posed, scale=plan.scale, bounds=frozenset(limit for limit, _ in plan.bounds))
            rolls = all(isinstance(window, Span) for window in posed.windows)
            if leaf.kind is Kind.NEWEST and (plan.stream.delay_ns or not rolls):
                leaf = Leaf(kind=Kind.ASK)
            tiers = {self._window(window, plan.stream.delay_ns).tier for window in posed.windows}
            if self.engine.grid.long.name in tiers and not self.engine.far.asks(plan):
                leaf = Leaf(kind=Kind.ASK)
            self._known[key] = leaf
            self._kept.append(posed)  # so that no other condition gets its id meanwhile
        return self._known[key]

    def _node(self, posed: Posed, plan: IndicatorPlan, leaf: Leaf, label: str, value: str) -> None:
        series = str(Series(meaning=plan.meaning, label=label, value=value))
        first = len(self.leaves)
        for window in posed.windows:
            number = self._number_of(window, plan.stream.delay_ns)
            cells = tuple(self._cell(f"{series}|{end}" if end else "", number) for end in leaf.rows)
            given = -1
            if leaf.kind in (Kind.NEWEST, Kind.GIVEN):
                given = len(self.singles)
                self.singles.append(self._single(posed, plan, label, value, series, number))
            self.leaves.append((leaf, cells, number, self._hear(plan.stream, number), given))
        self.nodes.append((first, first + 1 if len(posed.windows) > 1 else -1))

    def _single(self, posed: Posed, plan: IndicatorPlan, label: str, value: str, series: str, window: int) -> Single:
        lately = isinstance(posed.condition.measure, ast.Last | ast.Bad)
        heard = -1
        if lately:
            late = self._number_of(Span(ns=2 * plan.stream.speaks_ns), plan.stream.delay_ns)
            heard = self._hear(plan.stream, late)
        return Single(plan=plan, posed=posed, label=label, value=value, series=series, window=window, heard=heard)

    def _number_of(self, window: Span | Since, delay_ns: int) -> int:
        return self.windows.setdefault((window, delay_ns), len(self.windows))

    def _cell(self, name: str, window: int) -> int:
        row = self.rows.setdefault(name, len(self.rows))
        return self.cells.setdefault((row, window), len(self.cells))

    def _hear(self, stream: StreamPlan, window: int) -> int:
        key = (stream.meaning, window)
        if key not in self.heard:
            row = self.rows.setdefault(heard_row(stream.meaning), len(self.rows))
            self.heard[key] = (len(self.heard), row, window, stream.speaks_ns)
        return self.heard[key][0]

    def _window(self, window: Span | Since, delay_ns: int) -> Window:
        if isinstance(window, Span):
            tier = self.engine.grid.tier_for(delay_ns + window.ns)
            return Window(window=window, delay_ns=delay_ns, tier=tier.name, slot_ns=tier.slot_ns)
        return Window(window=window, delay_ns=delay_ns, tier=None, slot_ns=self.engine.grid.fine.slot_ns)

    def _leaves(self, place: Ints) -> Leaves:
        def small(values: Iterator[int]) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
            return np.fromiter(values, dtype=np.int8, count=len(self.leaves))

        def large(values: Iterator[int]) -> Ints:
            return np.fromiter(values, dtype=np.int64, count=len(self.leaves))

        cells = columns([(*one, *[one[0] if one else 0] * (ROWS - len(one))) for _, one, *_ in self.leaves], ROWS)
        of = [leaf for leaf, *_ in self.leaves]
        return Leaves(
            kind=small(int(one.kind) for one in of),
            op=small(OPS[one.op] for one in of),
            p=large(one.p for one in of),
            q=large(one.q for one in of),
            at_least=large(one.at_least for one in of),
            good=small(one.good for one in of),
            settles=small(one.settles for one in of),
            spoilt=small(one.spoilt for one in of),
            cells=place[cells] if len(place) else cells,
            window=large(window for _, _, window, _, _ in self.leaves),
            heard=large(heard for _, _, _, heard, _ in self.leaves),
            given=large(given for *_, given in self.leaves),
        )

    def _alerts(self) -> Alerts:
        nodes, alerts = columns(self.nodes, 2), columns(self.alerts, 5)
        begin, count, where, n, of = (np.ascontiguousarray(alerts[:, i]) for i in range(5))
        return Alerts(
            first=np.ascontiguousarray(nodes[:, 0]),
            second=np.ascontiguousarray(nodes[:, 1]),
            begin=begin,
            count=count,
            where=where.astype(np.int8),
            n=n,
            of=of,
        )


def _parts(of: Sequence[tuple[int, int]], cell_window: Ints, tiers: Sequence[str]) -> Iterator[Part]:
    begin = 0
    for end in range(1, len(of) + 1):
        if end == len(of) or of[end] != of[begin]:
            number = of[begin][0]
            tier = tiers[number] if number < len(tiers) else None
            yield Part(cells=slice(begin, end), tier=tier, window=int(cell_window[begin]))
            begin = end
