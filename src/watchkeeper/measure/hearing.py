"""
Which streams does a batch say something about, and when?

A source speaks by any batch of its signal; where the stream reads one metric or check, by a row of that name. It is
heard at the times that it speaks of, and now.
"""

import numpy as np

from watchkeeper.measure.grid import Tier
from watchkeeper.measure.plan import Plan, StreamPlan
from watchkeeper.measure.readings import Mask
from watchkeeper.measure.rows import heard_row
from watchkeeper.measure.sheet import Places, Sheet
from watchkeeper.measure.values import Batch, Ints


class Hearing:
    """
    The streams of a plan, by what a batch must hold for them to be heard.
    """

    def __init__(self, plan: Plan, places: Places, fine: Tier) -> None:
        self._fine = fine
        self._streams: dict[str, list[tuple[StreamPlan, Ints]]] = {}
        for stream in plan.streams.values():
            row = places.of([heard_row(stream.meaning)])
            self._streams.setdefault(stream.signal, []).append((stream, row))

    def hear(self, batch: Batch, keep: Mask, now_ns: int, sheet: Sheet) -> None:
        """
        Mark on the sheet when each stream was heard; `keep` are the rows that are not in the future.
        """
        named: dict[str, Mask] | None = None
        marked: dict[tuple[str, int], list[int]] = {}
        for stream, row in self._streams.get(batch.signal, []):
            spoke = keep
            if stream.metric is not None:
                named = _by_name(batch, stream.name_column) if named is None else named
                spoke = keep & named.get(stream.metric, np.zeros(batch.n, dtype=np.bool_))
                if not spoke.any():
                    continue
            key = (stream.metric or "", stream.lateness_ns)
            if key not in marked:
                marked[key] = self._slots(batch, spoke & (batch.at_ns >= now_ns - stream.lateness_ns), now_ns)
            for slot in marked[key]:
                sheet.add(row, slot, 1)

    def _slots(self, batch: Batch, spoke: Mask, now_ns: int) -> list[int]:
        return sorted({*(batch.at_ns[spoke] // self._fine.slot_ns).tolist(), self._fine.slot(now_ns)})


def _by_name(batch: Batch, column: str) -> dict[str, Mask]:
    """
    The rows of each name in the batch.
    """
    names = batch.columns.get(column)
    return {} if names is None else {str(name): names.codes == code for code, name in enumerate(names.values)}
