"""
Which signatures are known, and what do they count for?

A lane holds the indicators of one signal that accept observations of the same age. It turns attribute values into
numbers of signatures, and works out what new ones count for.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from watchkeeper.manual.predicate.columns import Column, CompiledPredicate
from watchkeeper.measure.alike import Classes
from watchkeeper.measure.candidates import Candidates
from watchkeeper.measure.columns import PerCode
from watchkeeper.measure.compiled import Compiled
from watchkeeper.measure.decode.seconds import Seconds
from watchkeeper.measure.labels import Labels
from watchkeeper.measure.ledger import Ledger
from watchkeeper.measure.plan import IndicatorPlan, Reading
from watchkeeper.measure.sheet import Places
from watchkeeper.measure.values import Batch, Ints

SIGNATURES = 500_000  # remembered per lane, each counted with its hits; then the memory starts afresh
_WIDEST = 2**62

Classed = NDArray[np.int32]


class Lane:
    """
    The signatures of some indicators by number. `forgotten` counts how often the memory overflowed.
    """

    def __init__(
        self,
        lateness_ns: int,
        indicators: Sequence[IndicatorPlan],
        labels: Labels,
        places: Places,
        loops: ModuleType | None,
    ) -> None:
        self.lateness_ns, self.forgotten = lateness_ns, 0
        self.readings: list[Reading] = list(dict.fromkeys(one.reading for one in indicators))
        self.names = sorted(frozenset().union(*(one.attributes for one in indicators)))
        self.ledger = Ledger(self.readings, places)
        self._candidates = Candidates(indicators, labels)
        self._classes = {name: _classes(name, indicators) for name in self.names}
        self._codes = {name: PerCode(self._classes[name].of, dtype=np.int32, absent=0) for name in self.names}
        self._known: dict[tuple[int, ...], int] = {}
        self.compiled = None if loops is None else Compiled(loops, len(self.names), self.readings)

    def classed(self, batch: Batch) -> Classed:
        """
        The class of each value: a line per attribute, a column per row of the batch.
        """
        table = np.empty((len(self.names), batch.n), dtype=np.int32)
        for line, name in zip(table, self.names, strict=True):
            column = batch.columns.get(name)
            if column is not None and isinstance(column.values, Seconds):
                line[:] = self._classes[name].of_numbers(column.values.array)[column.codes]
            else:
                line[:] = self._codes[name].of(column, batch.n)
        return table

    def signatures(self, table: Classed, rows: Ints) -> Ints:
        """
        The number of the signature of each of these rows of a table.
        """
        which, examples = _unique(table[:, rows])
        keys = list(zip(*table[:, rows[examples]].tolist(), strict=True)) if len(table) else [()] * len(examples)
        new = [i for i, key in enumerate(keys) if key not in self._known]
        for i in new:
            self._known[keys[i]] = len(self._known)
        if new:
            self.learn(table[:, rows[examples[new]]])
        return np.array([self._known[key] for key in keys], dtype=np.int64)[which]

    def learn(self, table: Classed) -> None:
        """
        Work out what new signatures count for: a column per signature, in the order of their numbers.
        """
        columns = {
            name: Column(codes=line - 1, values=self._classes[name].examples)  # type: ignore[arg-type]  # scalars all
            for line, name in zip(table, self.names, strict=True)
        }
        self.ledger.learn(self._candidates.hits(columns, table.shape[1]))

    @property
    def full(self) -> bool:
        """
        Whether too much is remembered.
        """
        return self.ledger.size > SIGNATURES or any(len(one) > SIGNATURES for one in self._classes.values())

    def forget(self) -> None:
        """
        Begin anew, knowing nothing.
        """
        self.forgotten += 1
        self.ledger.clear()
        self._known.clear()
        if self.compiled is not None:
            self.compiled.forget()
        for name in self.names:
            self._classes[name].forget()
            self._codes[name].forget()


def lanes_of(
    indicators: Iterable[IndicatorPlan], labels: Labels, places: Places, loops: ModuleType | None
) -> list[Lane]:
    """
    The lanes of a signal, one per lateness; `loops` is the compiled form of counting, if there is one.
    """
    by_lateness: dict[int, list[IndicatorPlan]] = defaultdict(list)
    for indicator in indicators:
        by_lateness[indicator.stream.lateness_ns].append(indicator)
    return [Lane(lateness, found, labels, places, loops) for lateness, found in by_lateness.items()]


def _classes(name: str, indicators: Sequence[IndicatorPlan]) -> Classes:
    streams = {one.stream.name: one.stream for one in indicators}
    predicates: list[CompiledPredicate] = [each for stream in streams.values() for each in stream.selectors]
    for one in indicators:
        wheres = (each.where for each in one.needs.distinct)
        predicates += [each for each in (one.only, one.except_, one.matched, *wheres) if each is not None]
    return Classes(
        name,
        (one for one in predicates if name in one.attributes),
        named=(stream.metric for stream in streams.values() if stream.metric and stream.name_column == name),
        apart=any(name in one.by for one in indicators),
    )


def _unique(table: Classed) -> tuple[Ints, Ints]:
    """
    For each column of a table which of the different ones it is, and where each of these stands first; they are
    numbered as they come.
    """
    n = table.shape[1]
    joint, width = np.zeros(n, dtype=np.int64), 1
    for line in table:
        base = int(line.max(initial=0)) + 1
        if width * base > _WIDEST:
            joint, width = np.unique(joint, return_inverse=True)[1].astype(np.int64), n
        joint, width = joint * base + line, width * base
    _, examples, which = np.unique(joint, return_index=True, return_inverse=True)
    order = np.argsort(examples)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[which], examples[order].astype(np.int64)
