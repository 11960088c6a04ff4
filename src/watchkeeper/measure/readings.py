"""
Which number does each row of a batch carry, in integer steps?

A row has a value of its own, or only two limits that it lies between (a bucket), or neither.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.columns import PerCode
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


def raw_of(batch: Batch, reading: Reading) -> tuple[Ints | NDArray[np.float64] | None, float]:
    """
    The numbers of all rows as they are: whole nanoseconds, or floats (NaN where there is none) and how many steps one
    of their units is; None where no row has any.
    """
    if reading.value not in OWN_VALUES:
        column = batch.columns.get(reading.value)
        return (None if column is None else _NUMBERS.of(column, batch.n)), reading.steps
    times = float(reading.scale if batch.signal == "metrics" else reading.steps)
    if batch.value is None:
        return None, times
    if batch.value.dtype == np.int64:
        return np.ascontiguousarray(batch.value, dtype=np.int64), times
    return np.ascontiguousarray(batch.value, dtype=np.float64), times


def _values(batch: Batch, rows: Ints, reading: Reading) -> tuple[Ints, Mask]:
    raw, times = raw_of(batch, reading)
    if raw is None:
        return np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.bool_)
    mine = raw[rows]
    if mine.dtype == np.int64:
        return _of_ns(mine.astype(np.int64), reading.scale), np.ones(len(rows), dtype=np.bool_)
    has = np.isfinite(mine)
    return fixed(np.where(has, mine, 0.0), times), has


def _of_ns(ns: Ints, scale: int) -> Ints:
    """
    Nanoseconds in steps of `scale` a second, rounded down, without leaving 64 bits on the way.
    """
    steps: Ints = ns // _NS * scale + ns % _NS * scale // _NS
    return steps


def _number(value: object) -> float:
    """
    An attribute's value as a number; NaN where it is none (a text that reads like a number is a text).
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return np.nan
    return float(value) if abs(value) < 2**1023 else np.nan


#: The attributes of values as numbers; what is known of a lexicon is known to all.
_NUMBERS = PerCode(lambda values: [_number(value) for value in values], dtype=np.float64, absent=np.nan)


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
