"""
What did each row count in each window, now?

Followed as deltas are applied: an amount is added to the windows that its slot lies in, and a window is added up anew
when it moves on by a slot. Between two slots nothing is read again, whatever its length.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.deltas import Delta
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.layout import Layout
from watchkeeper.measure.moments import Moment
from watchkeeper.measure.values import Ints

MOST = 1_000_000  # amounts that wait for a sweep; beyond that everything is added up anew
_NOWHERE = -1


class Sums:
    """
    The sums of all cells of a layout, and which streams spoke where they had not spoken before.
    """

    def __init__(self, engine: Engine, layout: Layout, loops: Any | None) -> None:
        self.values = np.zeros(len(layout.cell_row), dtype=np.int64)
        self._engine, self._layout, self._loops = engine, layout, loops
        self._order = np.argsort(layout.cell_row, kind="stable").astype(np.int64)
        self._begins = np.searchsorted(layout.cell_row[self._order], np.arange(len(layout.row_numbers) + 1))
        self._begins = self._begins.astype(np.int64)
        self._slot_ns = np.array([one.slot_ns for one in layout.windows], dtype=np.int64)
        self._heard_rows = {int(row): i for i, row in enumerate(np.unique(layout.heard_row).tolist())}
        self._waiting: list[Delta] = []
        self._held = 0
        self._anew, self._changed = True, engine.changed
        self._first = self._last = np.full(len(layout.windows), _NOWHERE, dtype=np.int64)
        self._spoken: set[tuple[int, int]] = set()
        self.index()

    def index(self) -> None:
        """
        Take note of where rows are, after the layout found new ones.
        """
        numbers = self._layout.row_numbers
        self._local = np.full(int(numbers.max(initial=-1)) + 1, _NOWHERE, dtype=np.int64)
        known = np.flatnonzero(numbers >= 0)
        self._local[numbers[known]] = known
        self._hears = np.zeros(len(self._local), dtype=np.bool_)
        heard = numbers[self._layout.heard_row]
        self._hears[heard[heard >= 0]] = True

    def follow(self, delta: Delta) -> None:
        """
        A delta was applied.
        """
        self._held += len(delta.rows)
        if self._held > MOST:
            self._waiting, self._anew = [], True
        else:
            self._waiting.append(delta)

    def at(self, moment: Moment) -> bool:
        """
        Bring the sums to this moment; whether a stream spoke where it had not before.
        """
        spoke = self._drain()
        anew = self._anew or self._engine.changed != self._changed or bool(self._engine.exclusions)
        self._anew, self._changed = False, self._engine.changed
        moved = (moment.first != self._first) | (moment.last != self._last) | anew
        if moved.any():
            self._add_up(moment, moved)
        self._first, self._last = moment.first, moment.last
        return spoke or anew

    # --- how

    def _drain(self) -> bool:
        waiting, self._waiting, self._held = self._waiting, [], 0
        if not waiting or self._anew:
            return bool(waiting)
        rows, slots, amounts = (
            np.concatenate(columns) if len(waiting) > 1 else columns[0]
            for columns in zip(*((one.rows, one.slots, one.amounts) for one in waiting), strict=True)
        )
        known = rows < len(self._local)
        if not known.all():
            rows, slots, amounts = rows[known], slots[known], amounts[known]
        self._add(rows, slots * self._engine.grid.fine.slot_ns, amounts)
        mine = self._hears[rows]
        return self._speak(rows[mine], slots[mine])

    def _add(self, rows: Ints, at_ns: Ints, amounts: Ints) -> None:
        windows = self._layout.cell_window
        if self._loops is not None:
            self._loops.add(
                self._local,
                self._begins,
                self._order,
                windows,
                self._slot_ns,
                self._first,
                self._last,
                rows,
                at_ns,
                amounts,
                self.values,
            )
            return
        local = self._local[rows]
        here = local >= 0
        local, at_ns, amounts = local[here], at_ns[here], amounts[here]
        many = self._begins[local + 1] - self._begins[local]
        which = np.repeat(np.arange(len(local)), many)
        within = np.arange(len(which)) - np.repeat(np.cumsum(many) - many, many)
        cells = self._order[self._begins[local[which]] + within]
        slot = at_ns[which] // self._slot_ns[windows[cells]]
        inside = (slot >= self._first[windows[cells]]) & (slot <= self._last[windows[cells]])
        np.add.at(self.values, cells[inside], amounts[which][inside])

    def _speak(self, rows: Ints, slots: Ints) -> bool:
        if len(self._spoken) > MOST // 10:
            self._spoken.clear()
        before = len(self._spoken)
        self._spoken.update(zip(rows.tolist(), slots.tolist(), strict=True))
        return len(self._spoken) > before

    def _add_up(self, moment: Moment, moved: NDArray[np.bool_]) -> None:
        for part in self._layout.parts:
            which = moved[self._layout.cell_window[part.cells]]
            if not which.any():
                continue
            cells = np.arange(part.cells.start, part.cells.stop)[which]
            rows, windows = self._layout.numbers[cells], self._layout.cell_window[cells]
            if part.tier is not None:
                found = self._engine.sums(part.tier, rows, moment.first[windows], moment.last[windows])
            else:
                stretch, window = moment.periods.get(part.window), self._layout.windows[part.window].window
                found = np.zeros(1, dtype=np.int64)
                if stretch is not None:
                    found = self._engine.totals(rows, window, stretch)
            self.values[cells] = found
