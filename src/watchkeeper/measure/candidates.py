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
from watchkeeper.measure.plan import DistinctPlan, IndicatorPlan
from watchkeeper.measure.rows import Series
from watchkeeper.measure.values import Ints

_FEW = 32  # so many rows are read one by one; more at once

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
        # By the attributes that must equal something: what they must equal -> the indicators.
        self._by_values: dict[tuple[str, ...], dict[tuple[object, ...], list[int]]] = {}
        self._settled: set[int] = set()  # indicators that ask for nothing else
        self._wholes = [str(Series(meaning=one.meaning)) for one in indicators]
        self._tests: dict[int, _Tests] = {}
        self._evaluators: dict[Expression, Evaluator] = {}
        for i, indicator in enumerate(indicators):
            equal = dict(_equalities(indicator))
            names = tuple(sorted(equal))
            values = tuple(equal[name] for name in names)
            self._by_values.setdefault(names, {}).setdefault(values, []).append(i)
            if _is_settled(indicator, values):
                self._settled.add(i)

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
                series = self._series(which, indicator, rows[i])
                sets = self._sets(indicator, rows[i]) if indicator.needs.distinct else ()
                found[i].append(Hit(indicator, matched, series, sets))
        return found

    def _chosen(self, rows: Sequence[Row]) -> dict[int, list[int]]:
        """
        By indicator the rows that it may count.
        """
        chosen: dict[int, list[int]] = defaultdict(list)
        for names, by_values in self._by_values.items():
            for i, row in enumerate(rows):
                for which in by_values.get(tuple([row.get(name) for name in names]), ()):
                    chosen[which].append(i)
        return chosen

    def _few(self, which: int, rows: Sequence[Row], some: Sequence[int]) -> Iterator[tuple[int, bool]]:
        tests = self._tests.get(which)
        if tests is None:
            tests = self._tests[which] = self._tests_of(which)
        for i in some:
            row = rows[i]
            if all(test(row) is True for test in tests.needed) and not (tests.except_ and tests.except_(row) is True):
                yield i, tests.matched is not None and tests.matched(row) is True

    def _tests_of(self, which: int) -> _Tests:
        indicator = self._indicators[which]
        stream = indicator.stream
        said = () if which in self._settled else (*stream.selectors, indicator.only)
        needed = [self._test(one) for one in said if one is not None]
        if stream.metric is not None and which not in self._settled:
            name, metric = stream.name_column, stream.metric
            needed.append(lambda row: row.get(name) == metric)
        return _Tests(
            needed=tuple(needed),
            except_=self._test(indicator.except_) if indicator.except_ else None,
            matched=self._test(indicator.matched) if indicator.matched else None,
        )

    def _test(self, predicate: CompiledPredicate) -> Evaluator:
        """
        The predicate for one row; what many indicators say is made once.
        """
        found = self._evaluators.get(predicate.expression)
        if found is None:
            found = self._evaluators[predicate.expression] = evaluator(predicate.expression)
        return found

    def _sets(self, indicator: IndicatorPlan, row: Row) -> tuple[DistinctPlan, ...]:
        wheres = ((one, one.where) for one in indicator.needs.distinct)
        return tuple(one for one, where in wheres if where is None or self._test(where)(row) is True)

    def _series(self, which: int, indicator: IndicatorPlan, row: Row) -> tuple[str, ...]:
        series = [self._wholes[which]]
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


def _is_settled(indicator: IndicatorPlan, values: tuple[object, ...]) -> bool:
    """
    Whether an indicator asks for nothing but these values, all of them texts: a text equals only itself.
    """
    said = [one.expression for one in (*indicator.stream.selectors, indicator.only) if one is not None]
    parts = [part for expr in said for part in (expr.parts if isinstance(expr, And) else (expr,))]
    equal = sum(1 for part in parts for _ in _equal(part))
    names = {name for part in parts for name, _ in _equal(part)}
    own = indicator.stream.metric is not None
    return equal == len(parts) == len(names) == len(values) - own and all(isinstance(one, str) for one in values)


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
