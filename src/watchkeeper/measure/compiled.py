"""
How is a batch counted in compiled code?

The arrays that `native/counting.pyx` works on, and what comes back, in the shape of `groups.py`.
"""

from types import ModuleType

import numpy as np

from watchkeeper.measure.deltas import Buckets, Worst, begins
from watchkeeper.measure.groups import Counts
from watchkeeper.measure.ledger import Ledger
from watchkeeper.measure.merges import LIMITS
from watchkeeper.measure.merging import Looked
from watchkeeper.measure.plan import Reading
from watchkeeper.measure.readings import Read, raw_of
from watchkeeper.measure.values import Batch, Ints

_NO_LIMITS = np.zeros((0, 0), dtype=np.int64)


class Compiled:
    """
    The compiled signatures and sums of one lane.
    """

    def __init__(self, loops: ModuleType, width: int, readings: list[Reading]) -> None:
        self._loops, self._readings = loops, readings
        self._signatures = loops.Signatures(width)
        self._sheet = loops.Sheet(LIMITS)
        self._knows = -1  # how many signatures the sheet knows of

    def forget(self) -> None:
        """
        Begin anew, knowing nothing.
        """
        self._signatures.clear()
        self._knows = -1

    def number(self, table: np.ndarray, at_ns: Ints, oldest: int, newest: int) -> tuple[np.ndarray, list[int]]:
        """
        The number of each row's signature (-1 outside of oldest..newest), and the rows that showed new ones.
        """
        which = np.empty(len(at_ns), dtype=np.int32)
        return which, self._signatures.number(table, at_ns, oldest, newest, which)

    def count(self, batch: Batch, which: np.ndarray, ledger: Ledger, slot_ns: int, places: int) -> Counts:
        """
        What the rows of a batch add, given their signatures.
        """
        if self._knows != len(ledger.parts_at):
            self._sheet.take(*ledger.columns)
            self._knows = len(ledger.parts_at)
        line, used = self._lines(which)
        value = np.empty((len(used), batch.n), dtype=np.int64)
        state = np.empty((len(used), batch.n), dtype=np.uint8)
        low, high = self._read(batch, used, value, state)
        weight = np.ascontiguousarray(batch.weight, dtype=np.int64)
        found = self._sheet.count(
            *(which, _ints(batch.at_ns), weight, line, value, state, low, high, batch.traces, slot_ns, places)
        )
        return Counts(
            places=found[0],
            slots=found[1],
            amounts=found[2],
            worst=Worst(rows=found[3], slots=found[4], at_ns=found[5], values=found[6], traces=found[7]),
            buckets=Buckets(rows=found[8], slots=found[9], buckets=found[10], amounts=found[11]),
            looked=_looked(batch, found[12:], value, state, line, ledger.reading.all),
        )

    def _lines(self, which: np.ndarray) -> tuple[np.ndarray, list[Reading]]:
        """
        In which line of the values each reading lies, and the readings in use.
        """
        if len(self._readings) == 1:
            return np.zeros(1, dtype=np.int32), self._readings
        used = np.zeros(len(self._readings), dtype=np.uint8)
        self._sheet.readings(which, used)
        line = np.cumsum(used, dtype=np.int32) - 1
        return line.astype(np.int32), [reading for reading, mine in zip(self._readings, used, strict=True) if mine]

    def _read(
        self, batch: Batch, readings: list[Reading], value: Ints, state: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        low = high = _NO_LIMITS
        if batch.low is not None and batch.high is not None:
            low, high = np.zeros_like(value), np.zeros_like(value)
        for i, reading in enumerate(readings):
            raw, times = raw_of(batch, reading)
            if raw is None:
                value[i], state[i] = 0, 0
            elif raw.dtype == np.int64:
                self._loops.values_of_ns(raw, reading.scale, value[i], state[i])
            else:
                self._loops.values_of_floats(raw, times, value[i], state[i])
            if batch.low is not None and batch.high is not None:
                limits = (np.ascontiguousarray(one, dtype=np.float64) for one in (batch.low, batch.high))
                self._loops.limits_of(*limits, float(reading.scale), value[i], state[i], low[i], high[i])
        return low, high


def _ints(column: Ints) -> Ints:
    return np.ascontiguousarray(column, dtype=np.int64)


def _looked(
    batch: Batch,
    found: tuple[Ints | None, ...],
    value: Ints,
    state: np.ndarray,
    line: np.ndarray,
    reading: np.ndarray,
) -> Looked | None:
    """
    The groups that are looked at more closely; `reading` is that of each part, `line` where it lies.
    """
    rows, groups, parts, slots = found
    if rows is None or groups is None or parts is None or slots is None:
        return None
    order = np.argsort(groups, kind="stable")
    rows, groups, parts, slots = rows[order], groups[order], parts[order], slots[order]
    starts = np.flatnonzero(begins((groups,)))
    lines = line[reading[parts]]
    has = state[lines, rows] == 1
    values = np.where(has, value[lines, rows], 0)
    nothing = np.zeros_like(values)
    return Looked(
        starts=starts,
        parts=parts[starts],
        slots=slots[starts],
        at_ns=batch.at_ns[rows],
        weight=batch.weight[rows],
        values=Read(value=values, has=has, low=nothing, high=nothing, loose=nothing > 0, shown=values),
        rows=rows,
    )
