"""
Which number does each row of a batch carry, in integer steps?

A row has a value of its own, or only two limits that it lies between (a bucket), or neither.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.fixed import fixed
from watchkeeper.measure.plan import OWN_VALUES, Reading
from watchkeeper.measure.values import Batch, Ints

Mask = NDArray[np.bool_]

FARTHEST = 2**62  # steps; an open end of a bucket lies there
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """
    Per row: the value where it has one, the limits (low, high] where it is loose, and the number to show for it.
    """

    value: Ints
    has: Mask
    low: Ints
    high: Ints
    loose: Mask
    shown: Ints

    def taken(self, order: Ints) -> "Read":
        """
        The rows in another order.
        """
        return Read(
            value=self.value[order],
            has=self.has[order],
            low=self.low[order],
            high=self.high[order],
            loose=self.loose[order],
            shown=self.shown[order],
        )


def read(batch: Batch, rows: Ints, reading: Reading) -> Read:
    """
    The numbers of these rows.
    """
    value, has = _values(batch, rows, reading)
    low, high, loose = _limits(batch, rows, reading)
    has = has & ~loose
    shown = np.where(loose, np.where(high < FARTHEST, high, low), np.where(has, value, 0))
    return Read(value=np.where(has, value, 0), has=has, low=low, high=high, loose=loose, shown=shown)


def _values(batch: Batch, rows: Ints, reading: Reading) -> tuple[Ints, Mask]:
    if reading.value not in OWN_VALUES:
        raw = _attribute(batch.columns.get(reading.value), rows)
    elif batch.value is None:
        raw = np.full(len(rows), np.nan)
    elif batch.value.dtype == np.int64:
        return _of_ns(batch.value[rows].astype(np.int64), reading.scale), np.ones(len(rows), dtype=np.bool_)
    else:
        raw = batch.value[rows].astype(np.float64)
    has = np.isfinite(raw)
    times = reading.scale if batch.signal == "metrics" and reading.value in OWN_VALUES else reading.steps
    return fixed(np.where(has, raw, 0.0), times), has


def _of_ns(ns: Ints, scale: int) -> Ints:
    """
    Nanoseconds in steps of `scale` a second, rounded down, without leaving 64 bits on the way.
    """
    steps: Ints = ns // _NS * scale + ns % _NS * scale // _NS
    return steps


def _attribute(column: Column | None, rows: Ints) -> NDArray[np.float64]:
    if column is None or not len(column.values):
        return np.full(len(rows), np.nan)
    known = np.array([_number(value) for value in column.values], dtype=np.float64)
    codes = column.codes[rows]
    return np.where(codes >= 0, known[codes], np.nan)


def _number(value: object) -> float:
    """
    An attribute's value as a number; NaN where it is none (a text that reads like a number is a text).
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return np.nan
    return float(value) if abs(value) < 2**1023 else np.nan


def _limits(batch: Batch, rows: Ints, reading: Reading) -> tuple[Ints, Ints, Mask]:
    if batch.low is None or batch.high is None:
        nothing = np.zeros(len(rows), dtype=np.int64)
        return nothing, nothing, np.zeros(len(rows), dtype=np.bool_)
    loose = ~(np.isnan(batch.low[rows]) | np.isnan(batch.high[rows]))
    low, high = (_limit(limit[rows], loose, reading.scale) for limit in (batch.low, batch.high))
    return low, high, loose


def _limit(limit: NDArray[np.float64], loose: Mask, scale: int) -> Ints:
    steps = fixed(np.where(loose & np.isfinite(limit), limit, 0.0), scale)
    return np.where(np.isposinf(limit), FARTHEST, np.where(np.isneginf(limit), -FARTHEST, steps))
