"""
How much did a counter grow since it was last heard?

Cumulative series say how much there was in all; the memory keeps the last point of each and answers with the growth.

>>> memory = CounterMemory()
>>> memory.begin()
>>> one = np.zeros((4, 16), dtype=np.uint8)  # four points of the same series, of one value each
>>> start, at = np.zeros(4, dtype=np.int64), np.array([10, 20, 30, 30])
>>> told = memory.grown(one, start, at, np.arange(5), np.array([100.0, 103.0, 2.0, 2.0]))
>>> told.values.tolist()  # the first sight is only a base; the third is lower: it began anew; the last is not newer
[0.0, 3.0, 2.0, 0.0]
>>> told.base.tolist(), told.stale.tolist()
([True, False, False, False], [False, False, False, True])

What changed since `begin` is handed to the log as a patch and belongs to the memory once it is committed; until then
it can be taken back. A snapshot and the patches after it bring the memory back.

>>> patch = memory.patch()
>>> memory.rollback()
>>> len(memory)
0
>>> memory.load([patch])
>>> len(memory), memory.last(bytes(16))
(1, 30)

What the rules are says `grown`. They are carried out by `native/series.pyx` where it was built, and by
`counter_series.py` where not; the bytes are those of `counter_parts.py`.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure import counter_series
from watchkeeper.measure.counter_series import ANEW, BASE, GOES_ON, STALE
from watchkeeper.measure.native.backend import native as compiled
from watchkeeper.measure.values import Floats, Ints

__all__ = ["ANEW", "BASE", "FRESH_NS", "GOES_ON", "LIMIT", "STALE", "CounterMemory", "Grown"]

#: A cumulative series that began this recently is new, and all that it says happened just now.
FRESH_NS: Final = 5 * 60 * 10**9
#: Values that are remembered (each bucket of a histogram is one): some 40 MB of them.
LIMIT: Final = 500_000


class Grown(NamedTuple):
    """
    What points had to say: the growth of each value, which points only set the base, which were not newer.
    """

    values: Floats  # like the values that were given; 0 where a point is a base or stale
    base: NDArray[np.bool_]
    stale: NDArray[np.bool_]


class CounterMemory:
    """
    The last point of each cumulative series: at most `limit` values, those longest unheard dropped and counted in
    `dropped` (one in sixteen more than must be, so that a full memory is not full again at once).

    It is owned by one thread. Values are floats: counts above 2^53 lose their last digits.
    """

    def __init__(self, *, limit: int = LIMIT, fresh_ns: int = FRESH_NS, native: bool = True) -> None:
        part = compiled("series") if native else None
        make: type[counter_series.Series] = counter_series.Series if part is None else part.Series
        self._series = make(limit=limit, fresh_ns=fresh_ns)

    def __len__(self) -> int:
        return len(self._series)

    @property
    def dropped(self) -> int:
        """
        Series dropped because the memory was full, or because they were not heard for long.
        """
        return self._series.dropped

    @property
    def overlapping(self) -> int:
        """
        Points of a second process under the identity of a first.
        """
        return self._series.overlapping

    @property
    def size(self) -> int:
        """
        Values that are remembered; a series without values counts as one.
        """
        return self._series.size

    def grown(
        self,
        identities: NDArray[np.uint8],
        start_ns: Ints,
        at_ns: Ints,
        offsets: Ints,
        values: Floats,
        *,
        marked: bool = False,
    ) -> Grown:
        """
        How much each point grew, in the order given. Point i has the values offsets[i]:offsets[i + 1]: one for a sum
        or a sample, those of its buckets for a histogram, which begin anew together; none for a series of which only
        the newest instant is kept, to know what is not newer.

        First sight is a base, unless the series began less than `fresh_ns` before the point: then everything is
        growth. A start after the last point, or any value below its last, is a reset: the values are the growth. A
        point not newer than the last, or from before the present start, is stale and grows nothing. A start of 0 is
        not known and decides nothing. Two processes under one identity (their starts differ, their times overlap) are
        counted apart. A series that comes with another number of values is seen for the first time.

        Args:
            identities: (n, 16), the digest that names the series of each point.
            values: cumulative, finite.
            marked: the first value of each point is no number but a mark (of the limits of its buckets, say): it grows
                nothing, and where it is another than before, the point is a base. No point is without values then.

        Raises RuntimeError before `begin`.
        """
        return Grown(*self._series.grown(identities, start_ns, at_ns, offsets, values, marked))

    def exchange(
        self, identity: bytes, *, start_ns: int, at_ns: int, values: Sequence[float] | Floats
    ) -> tuple[int, Floats | None]:
        """
        Keep values of any number and meaning, by the rules of time of `grown`; the caller compares them. What was
        found: BASE (first sight), STALE (not newer: nothing was kept), ANEW (first sight of a fresh series, or another
        start: all is growth), each with None, or GOES_ON with the values that were kept before.
        """
        told = values.tolist() if isinstance(values, np.ndarray) else values
        return self._series.exchange(identity, start_ns, at_ns, told)

    def last(self, identity: bytes) -> int:
        """
        The instant of the last point of a series, in ns; 0 where it is not known.
        """
        return self._series.last(identity)

    def values(self, identity: bytes) -> Floats | None:
        """
        The values of the last point of a series; None where it is not known.
        """
        return self._series.values(identity)

    def begin(self) -> None:
        """
        What follows is one change. A change that was neither committed nor rolled back is taken back first.
        """
        self._series.begin()

    def patch(self) -> bytes:
        """
        The new state of each series that changed since `begin`, packed; b"" where none did.
        """
        return self._series.patch()

    def commit(self) -> None:
        """
        The change is durable.
        """
        self._series.commit()

    def rollback(self) -> None:
        """
        The change never was.
        """
        self._series.rollback()

    def snapshot(self) -> bytes:
        """
        All series as they were at the last commit, packed.
        """
        return self._series.snapshot()

    def load(self, packed: Iterable[bytes]) -> None:
        """
        Take over what was kept: a snapshot, then the patches after it, in order. Patches from before the snapshot may
        be among them. Raises ValueError for bytes that are neither.
        """
        self._series.load(packed)

    def forget(self, *, before_ns: int) -> None:
        """
        Drop the series last heard before this instant; what an open body touched stays.
        """
        self._series.forget(before_ns)
