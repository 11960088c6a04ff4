"""
Which indicators count an observation with these attribute values, and in which series?

Most indicators ask that some attribute equals something (`name == "checkout"`). They are looked up by it, so that what
a new combination of values costs depends on how many indicators it may concern, not on how many there are.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from watchkeeper.manual.predicate.ast import And, Attribute, Compare, Expression, Literal
from watchkeeper.manual.predicate.columns import Bits, Column, CompiledPredicate
from watchkeeper.manual.predicate.rows import Evaluator, evaluator
from watchkeeper.measure.labels import Labels, as_label
from watchkeeper.measure.ledger import Hit
from watchkeeper.measure.plan import IndicatorPlan
from watchkeeper.measure.rows import Series
from watchkeeper.measure.values import Ints

_FEW = 4  # so many rows are read one by one; more at once

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tests:
    """
    The predicates of an indicator, for one row: all of `needed` hold, `except_` does not.
    """

    needed: tuple[Evaluator, ...]
    except_: Evaluator | None
    matched: Evaluator | None


class Candidates:
    """
    The indicators of one lane, and what a table of new signatures counts for.
    """

    def __init__(self, indicators: Sequence[IndicatorPlan], labels: Labels) -> None:
        self._indicators, self._labels = indicators, labels
        self._always: list[int] = []
        self._by_value: dict[str, dict[object, list[int]]] = {}
        self._tests: dict[int, _Tests] = {}
        self._evaluators: dict[int, Evaluator] = {}
        equal = [dict(_equalities(indicator)) for indicator in indicators]
        values: dict[str, set[object]] = defaultdict(set)
        for one in equal:
            for name, value in one.items():
                values[name].add(value)
        for i, one in enumerate(equal):
            if one:
                name = max(one, key=lambda name: (len(values[name]), name))
                self._by_value.setdefault(name, {}).setdefault(one[name], []).append(i)
            else:
                self._always.append(i)

    def hits(self, table: Mapping[str, Column], n: int) -> list[list[Hit]]:
        """
        For each of n rows of values what it counts for.
        """
        rows: list[Row] = [_row(table, i) for i in range(n)]
        found: list[list[Hit]] = [[] for _ in range(n)]
        chosen = self._chosen(rows)
        for which in sorted(chosen):
            indicator, some = self._indicators[which], chosen[which]
            counted = self._few(which, rows, some) if len(some) <= _FEW else _many(indicator, table, some)
            for i, matched in counted:
                sets = tuple(
                    one
                    for one in indicator.needs.distinct
                    if one.where is None or self._test(one.where)(rows[i]) is True
                )
                found[i].append(
                    Hit(indicator=indicator, matched=matched, series=self._series(indicator, rows[i]), sets=sets)
                )
        return found

    def _chosen(self, rows: Sequence[Row]) -> dict[int, list[int]]:
        """
        By indicator the rows that it may count.
        """
        chosen = {which: list(range(len(rows))) for which in self._always}
        for name, by_value in self._by_value.items():
            for i, row in enumerate(rows):
                for which in by_value.get(row.get(name), ()):
                    chosen.setdefault(which, []).append(i)
        return chosen

    def _few(self, which: int, rows: Sequence[Row], some: Sequence[int]) -> Iterator[tuple[int, bool]]:
        tests = self._tests.get(which)
        if tests is None:
            tests = self._tests[which] = self._tests_of(self._indicators[which])
        for i in some:
            row = rows[i]
            if all(test(row) is True for test in tests.needed) and not (tests.except_ and tests.except_(row) is True):
                yield i, tests.matched is not None and tests.matched(row) is True

    def _tests_of(self, indicator: IndicatorPlan) -> _Tests:
        stream = indicator.stream
        needed = [self._test(one) for one in (*stream.selectors, indicator.only) if one is not None]
        if stream.metric is not None:
            name, metric = stream.name_column, stream.metric
            needed.append(lambda row: row.get(name) == metric)
        return _Tests(
            needed=tuple(needed),
            except_=self._test(indicator.except_) if indicator.except_ else None,
            matched=self._test(indicator.matched) if indicator.matched else None,
        )

    def _test(self, predicate: CompiledPredicate) -> Evaluator:
        """
        The predicate for one row; those of a stream are made once, not for each of its indicators.
        """
        if id(predicate) not in self._evaluators:  # the indicators keep it alive, so its number stays its own
            self._evaluators[id(predicate)] = evaluator(predicate.expression)
        return self._evaluators[id(predicate)]

    def _series(self, indicator: IndicatorPlan, row: Row) -> tuple[str, ...]:
        series = [str(Series(meaning=indicator.meaning))]
        for label in indicator.by:
            if label in row:
                value = self._labels.capped(indicator, label, as_label(row[label]))
                series.append(str(Series(meaning=indicator.meaning, label=label, value=value)))
        return tuple(series)


def _many(indicator: IndicatorPlan, table: Mapping[str, Column], some: Sequence[int]) -> Iterator[tuple[int, bool]]:
    rows, n = np.array(some, dtype=np.int64), len(some)
    part = {name: Column(codes=column.codes[rows], values=column.values) for name, column in table.items()}
    counts = _selected(indicator, part, n)
    holds = indicator.matched.evaluate(part, n) if indicator.matched else np.zeros(n, dtype=np.bool_)
    found: Ints = np.flatnonzero(counts)
    yield from zip(rows[found].tolist(), holds[found].tolist(), strict=True)


def _selected(indicator: IndicatorPlan, table: Mapping[str, Column], n: int) -> Bits:
    stream = indicator.stream
    rows = np.ones(n, dtype=np.bool_)
    if stream.metric is not None:
        rows &= _equals(table[stream.name_column], stream.metric)
    for predicate in (*stream.selectors, indicator.only):
        if predicate is not None:
            rows &= predicate.evaluate(table, n)
    if indicator.except_ is not None:
        rows &= ~indicator.except_.evaluate(table, n)
    return rows


def _equals(column: Column, value: str) -> Bits:
    return np.isin(column.codes, [code for code, known in enumerate(column.values) if known == value])


def _row(table: Mapping[str, Column], i: int) -> Row:
    return {name: column.values[column.codes[i]] for name, column in table.items() if column.codes[i] >= 0}


def _equalities(indicator: IndicatorPlan) -> Iterator[tuple[str, object]]:
    """
    What must be equal, at least, for the indicator to count.
    """
    stream = indicator.stream
    if stream.metric is not None:
        yield stream.name_column, stream.metric
    for predicate in (*stream.selectors, indicator.only):
        if predicate is not None:
            yield from _equal(predicate.expression)


def _equal(expr: Expression) -> Iterator[tuple[str, object]]:
    match expr:
        case And(parts=parts):
            for part in parts:
                yield from _equal(part)
        case Compare(op="==", left=Attribute(name=name), right=Literal(value=value)):
            yield name, value
        case Compare(op="==", left=Literal(value=value), right=Attribute(name=name)):
            yield name, value
