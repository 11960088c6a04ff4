"""
What was each cumulative series last heard to say?

The reference of `native/series.pyx`, which does the same on a table of its own: the same growths, the same slots, the
same bytes. What the rules are says `counters.py`.

>>> import numpy as np
>>> series = Series(limit=100, fresh_ns=0)
>>> series.begin()
>>> point = np.zeros((1, 16), dtype=np.uint8), np.array([0]), np.array([7]), np.array([0, 1]), np.array([5.0])
>>> [column.tolist() for column in series.grown(*point)]
[[0.0], [True], [False]]
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.counter_parts import MOST_VALUES, Part, pack, parts
from watchkeeper.measure.values import Floats, Ints

#: What `exchange` found.
BASE: Final = 0  # first sight: nothing to compare with
STALE: Final = 1  # not newer than the last: nothing was kept
ANEW: Final = 2  # began anew: all values are growth
GOES_ON: Final = 3

#: When the memory is full it drops one in so many more than it must, so that it is not full again at once.
SPARE: Final = 16
_MASK: Final = 2**64 - 1


class _Point(NamedTuple):
    identity: bytes
    start_ns: int
    at_ns: int
    heard: int  # a running number: the least was heard longest ago
    values: tuple[float, ...]


class Series:
    """
    The last point of each series, in slots that keep their numbers.
    """

    def __init__(self, *, limit: int, fresh_ns: int) -> None:
        self._limit, self._fresh_ns = limit, fresh_ns
        self._slots: list[_Point | None] = []
        self._free: list[int] = []
        self._index: dict[bytes, int] = {}
        self._before: dict[int, _Point | None] | None = None  # by slot, what was there at `begin`
        self._heard = self._heard_before = self._overlapping_before = 0
        self.size = 0  # values that are remembered; a series without values counts as one
        self.dropped = self.overlapping = 0

    def __len__(self) -> int:
        return len(self._index)

    # --- reading points

    def grown(
        self,
        identities: NDArray[np.uint8],
        start_ns: Ints,
        at_ns: Ints,
        offsets: Ints,
        values: Floats,
        marked: bool = False,
    ) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
        """
        Growth of each value; which points were only a base; which were not newer. Marked: the first value of a point
        is no number but a mark, and where it is another than before, the point is a base.
        """
        growth = np.zeros(len(values), dtype=np.float64)
        base, stale = np.zeros(len(at_ns), dtype=np.bool_), np.zeros(len(at_ns), dtype=np.bool_)
        told, limits = values.tolist(), offsets.tolist()
        for i, (start, at) in enumerate(zip(start_ns.tolist(), at_ns.tolist(), strict=True)):
            first, last = limits[i], limits[i + 1]
            now = told[first:last]
            found, before = self._exchange(identities[i].tobytes(), start, at, now, anything=False)
            if marked and found == GOES_ON and before is not None and before[0] != now[0]:
                found = BASE
            base[i], stale[i] = found == BASE, found == STALE
            if found in (ANEW, GOES_ON):
                growth[first:last] = _growth(now, before)
            if marked:
                growth[first] = 0.0
        return growth, base, stale

    def exchange(
        self, identity: bytes, start_ns: int, at_ns: int, values: Sequence[float]
    ) -> tuple[int, Floats | None]:
        """
        Keep values that are compared elsewhere: what was found, and where the series goes on, what was there before.
        """
        found, before = self._exchange(identity, start_ns, at_ns, values, anything=True)
        return found, None if before is None else np.array(before, dtype=np.float64)

    def last(self, identity: bytes) -> int:
        """
        The instant of the last point, in ns; 0 where none is known.
        """
        slot = self._index.get(identity)
        point = None if slot is None else self._slots[slot]
        return 0 if point is None else point.at_ns

    def values(self, identity: bytes) -> Floats | None:
        """
        The values of the last point; None where none is known.
        """
        slot = self._index.get(identity)
        point = None if slot is None else self._slots[slot]
        return None if point is None else np.array(point.values, dtype=np.float64)

    def _exchange(
        self, identity: bytes, start: int, at: int, values: Sequence[float], *, anything: bool
    ) -> tuple[int, tuple[float, ...] | None]:
        if self._before is None:
            raise RuntimeError("begin() comes before a counter is read")
        if len(values) > MOST_VALUES:
            raise ValueError(f"a series has at most {MOST_VALUES} values, not {len(values)}")
        while True:
            slot = self._index.get(identity)
            last = None if slot is None else self._slots[slot]
            if last is None or (len(last.values) != len(values) and not anything):
                self._keep(identity, slot, start, at, values)
                return (ANEW if start > 0 and at - start <= self._fresh_ns else BASE), None
            known = start != 0 and last.start_ns != 0
            if known and start < last.start_ns and at <= last.start_ns:
                return STALE, None
            if not (known and start != last.start_ns and start < last.at_ns):
                break
            self.overlapping += 1
            identity = apart(identity, start)
        if at <= last.at_ns:
            return STALE, None
        self._keep(identity, slot, start or last.start_ns, at, values)
        return (ANEW, None) if known and start != last.start_ns else (GOES_ON, last.values)

    def _keep(self, identity: bytes, slot: int | None, start: int, at: int, values: Sequence[float]) -> None:
        assert self._before is not None
        if slot is None:
            slot = self._room()
            self._index[identity] = slot
        before = self._slots[slot]
        self._before.setdefault(slot, before)
        self._put(slot, _Point(identity, start, at, self._tick(), tuple(values)))

    def _tick(self) -> int:
        self._heard += 1
        return self._heard

    def _room(self) -> int:
        if not self._free:
            self._slots.append(None)
            return len(self._slots) - 1
        return self._free.pop()

    def _put(self, slot: int, point: _Point | None) -> None:
        before = self._slots[slot]
        self.size += _cost(point) - _cost(before)
        self._slots[slot] = point

    def _drop(self, slot: int) -> None:
        point = self._slots[slot]
        assert point is not None
        del self._index[point.identity]
        self._put(slot, None)
        self._free.append(slot)

    # --- one change

    def begin(self) -> None:
        if self._before is not None:
            self.rollback()
        self._before = {}
        self._heard_before, self._overlapping_before = self._heard, self.overlapping

    def commit(self) -> None:
        self._before = None
        self._bound()

    def rollback(self) -> None:
        if self._before is None:
            return
        for slot, before in reversed(self._before.items()):
            if before is None:
                self._drop(slot)
            else:
                self._put(slot, before)
        self._before = None
        self._heard, self.overlapping = self._heard_before, self._overlapping_before

    def patch(self) -> bytes:
        if not self._before:
            return b""
        full: list[tuple[int, _Point]] = []
        brief: list[tuple[int, _Point]] = []
        for slot, before in self._before.items():
            now = self._slots[slot]
            assert now is not None
            goes_on = before is not None and before.start_ns == now.start_ns
            (brief if goes_on and before is not None and len(before.values) == len(now.values) else full).append(
                (slot, now)
            )
        return _packed(full, brief, replaces=False)

    # --- all series

    def snapshot(self) -> bytes:
        before = self._before or {}
        known = [(slot, before.get(slot, point)) for slot, point in enumerate(self._slots)]
        there = [(slot, point) for slot, point in known if point is not None]
        return _packed(sorted(there, key=lambda one: one[1].heard), [], replaces=True)

    def load(self, packed: Iterable[bytes]) -> None:
        if self._before is not None:
            raise RuntimeError("counters are loaded before the first body is read")
        for part in parts(packed):
            if part.replaces:
                self._slots, self._free, self._index, self.size = [], [], {}, 0
            self._take(part)
        self._free = [slot for slot in range(len(self._slots) - 1, -1, -1) if self._slots[slot] is None]
        self._bound()

    def _take(self, part: Part) -> None:
        ends = np.cumsum(part.lengths).tolist()
        values, full = part.values.tolist(), len(part.identities)
        columns = zip(part.slots.tolist(), part.at.tolist(), [0, *ends], ends, strict=False)
        for i, (slot, at, first, last) in enumerate(columns):
            told = tuple(values[first:last])
            if i < full:
                identity = part.identities[i].tobytes()
                self._clear(self._index.get(identity))
                self._reach(slot)
                self._clear(slot)
                self._index[identity] = slot
                self._put(slot, _Point(identity, int(part.starts[i]), at, self._tick(), told))
            elif slot < len(self._slots) and (point := self._slots[slot]) and len(point.values) == len(told):
                self._put(slot, point._replace(at_ns=at, heard=self._tick(), values=told))

    def _reach(self, slot: int) -> None:
        self._slots.extend([None] * (slot + 1 - len(self._slots)))

    def _clear(self, slot: int | None) -> None:
        if slot is not None and self._slots[slot] is not None:
            self._drop(slot)

    def forget(self, before_ns: int) -> None:
        touched = self._before or {}
        for slot, point in enumerate(self._slots):
            if point is not None and point.at_ns < before_ns and slot not in touched:
                self._drop(slot)
                self.dropped += 1

    def _bound(self) -> None:
        if self.size <= self._limit:
            return
        there = [(point.heard, slot) for slot, point in enumerate(self._slots) if point is not None]
        for _, slot in sorted(there):
            self._drop(slot)
            self.dropped += 1
            if self.size <= self._limit - self._limit // SPARE:
                return


def apart(identity: bytes, start_ns: int) -> bytes:
    """
    The identity of a second process under the identity of a first: of the series that began at this instant.

    >>> apart(bytes(16), 1) != apart(bytes(16), 2) != bytes(16)
    True
    """
    salt = _mixed(start_ns)
    low, high = int.from_bytes(identity[:8], "little"), int.from_bytes(identity[8:], "little")
    return (_mixed(low ^ salt)).to_bytes(8, "little") + _mixed((high + salt) & _MASK).to_bytes(8, "little")


def _mixed(x: int) -> int:
    """
    splitmix64: one to one, and every bit of x moves half of the bits.
    """
    x = (x + 0x9E3779B97F4A7C15) & _MASK
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & _MASK
    return x ^ x >> 31


def _growth(now: Sequence[float], before: Sequence[float] | None) -> Sequence[float]:
    if before is None or any(value < was for value, was in zip(now, before, strict=True)):
        return now
    return [value - was for value, was in zip(now, before, strict=True)]


def _cost(point: _Point | None) -> int:
    return 0 if point is None else max(1, len(point.values))


def _packed(full: list[tuple[int, _Point]], brief: list[tuple[int, _Point]], *, replaces: bool) -> bytes:
    points = [point for _, point in full + brief]
    return pack(
        slots=[slot for slot, _ in full + brief],
        identities=b"".join(point.identity for _, point in full),
        starts=[point.start_ns for _, point in full],
        lengths=[len(point.values) for point in points],
        at=[point.at_ns for point in points],
        values=[value for point in points for value in point.values],
        replaces=replaces,
    )
