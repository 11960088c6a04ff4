"""
Where do the windows lie at one instant?
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.answers import Span
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.layout import Window
from watchkeeper.measure.values import Ints
from watchkeeper.measure.windows import Stretch


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """
    By window: its first and last slot (of its ring; the finest for a calendar window), when it begins and ends (ns),
    and whether it is there at all.
    """

    now_ns: int
    first: Ints
    last: Ints
    start_ns: Ints
    end_ns: Ints
    there: NDArray[np.bool_]
    periods: Mapping[int, Stretch]  # the calendar windows that are there


class Moments:
    """
    The windows of a sweep, at any instant.
    """

    def __init__(self, engine: Engine, windows: tuple[Window, ...]) -> None:
        self._engine, self._windows = engine, windows
        self._slot_ns = np.array([one.slot_ns for one in windows], dtype=np.int64)
        lengths = [one.window.ns if isinstance(one.window, Span) else 0 for one in windows]
        self._length_ns = np.array(lengths, dtype=np.int64)
        self._delay_ns = np.array([one.delay_ns for one in windows], dtype=np.int64)
        self._rolls = np.array([isinstance(one.window, Span) for one in windows], dtype=np.bool_)
        self._calendars = np.flatnonzero(~self._rolls).tolist()

    def at(self, now_ns: int) -> Moment:
        """
        This instant.
        """
        end = now_ns - self._delay_ns
        last = end // self._slot_ns
        first = (end - self._length_ns) // self._slot_ns
        start, there = first * self._slot_ns, self._rolls
        periods: dict[int, Stretch] = {}
        if self._calendars:
            there = there.copy()
        for i in self._calendars:
            stretch = self._engine.stretch(self._windows[i].window, int(end[i]), now_ns)
            start[i] = end[i] if stretch is None else stretch.start_ns
            first[i] = start[i] // self._slot_ns[i]
            if stretch is not None:
                there[i], periods[i] = True, stretch
            else:
                last[i] = first[i] - 1  # nothing lies in it
        return Moment(now_ns=now_ns, first=first, last=last, start_ns=start, end_ns=end, there=there, periods=periods)
