"""
How much did a counter grow since it was last heard?

Cumulative series say how much there was in all; the memory keeps the last point of each and answers with the growth.

>>> memory = CounterMemory()
>>> memory.begin()
>>> memory.increment(b"requests", start_ns=0, at_ns=10, value=100.0)  # the first sight is only a base
>>> memory.increment(b"requests", start_ns=0, at_ns=20, value=103.0)
3.0
>>> memory.increment(b"requests", start_ns=0, at_ns=30, value=2.0)  # lower: it began anew
2.0

What changed since `begin` is handed to the log as a patch and belongs to the memory once it is committed; until then
it can be taken back.

>>> memory.patch()
[(b'requests', 0, 30, 2.0, None)]
>>> memory.rollback()
>>> len(memory)
0
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from watchkeeper.measure.values import Counters

#: A cumulative series that began this recently is new, and all that it says happened just now.
FRESH_NS: Final = 5 * 60 * 10**9
LIMIT: Final = 200_000

#: Rows as the store keeps them: identity, start_ns, at_ns, value, and nothing more to say.
Patch = list[tuple[bytes, int, int, float, None]]


class _Point(NamedTuple):
    start_ns: int
    at_ns: int
    value: float


class CounterMemory(Counters):
    """
    The last point of each cumulative series: at most `limit`, those longest unheard dropped and counted in `dropped`.

    It is owned by one thread. Values are floats: counts above 2^53 lose their last digits.
    """

    def __init__(self, *, limit: int = LIMIT, fresh_ns: int = FRESH_NS) -> None:
        self._limit = limit
        self._fresh_ns = fresh_ns
        self._points: dict[bytes, _Point] = {}  # the newest state, longest unheard first
        self._before: dict[bytes, _Point | None] | None = None  # what each series was at `begin`; None: nothing is open
        self.dropped = 0
        self.overlapping = 0  # points of a second process under the identity of a first

    def __len__(self) -> int:
        return len(self._points)

    def load(self, rows: Iterable[Sequence[Any]]) -> None:
        """
        Take over what was kept: rows that begin with (identity, start_ns, at_ns, value), in any order.
        """
        for identity, start_ns, at_ns, value, *_ in sorted(rows, key=lambda row: int(row[2])):
            self._points[identity] = _Point(start_ns, at_ns, value)
        self._bound()

    def forget(self, *, before_ns: int) -> None:
        """
        Drop the series last heard before this instant; what an open body touched stays.
        """
        touched = self._before or {}
        self._drop([key for key, point in self._points.items() if point.at_ns < before_ns and key not in touched])

    def begin(self) -> None:
        """
        What follows is one change. A change that was neither committed nor rolled back is taken back first.
        """
        if self._before is not None:
            self.rollback()
        self._before = {}

    def patch(self) -> Patch:
        """
        The new state of each series that changed since `begin`.
        """
        return [(identity, *self._points[identity], None) for identity in self._before or ()]

    def commit(self) -> None:
        """
        The change is durable.
        """
        self._before = None
        self._bound()

    def rollback(self) -> None:
        """
        The change never was.
        """
        for identity, before in (self._before or {}).items():
            if before is None:
                del self._points[identity]
            else:
                self._points[identity] = before
        self._before = None

    def increment(self, identity: bytes, *, start_ns: int, at_ns: int, value: float) -> float | None:
        """
        How much the counter grew; None where this point only sets the base. See `increments`.
        """
        grown = self._grown(identity, [identity], start_ns, at_ns, [value])
        return None if grown is None else grown[0]

    def increments(
        self, identity: bytes, *, start_ns: int, at_ns: int, values: Sequence[float]
    ) -> Sequence[float] | None:
        """
        The growth of each bucket of a histogram; None where this point only sets the base.

        First sight is a base, unless the series began less than `fresh_ns` before the point: then everything is
        growth. A start after the last point, or any value below its last, is a reset: the values are the growth. A
        point not newer than the last, or from before the present start, grows nothing. A start of 0 is not known and
        decides nothing. Two processes under one identity (their starts differ, their times overlap) are counted
        apart.
        """
        return self._grown(identity, _buckets(identity, len(values)), start_ns, at_ns, values)

    def _grown(
        self, identity: bytes, keys: Sequence[bytes], start_ns: int, at_ns: int, values: Sequence[float]
    ) -> Sequence[float] | None:
        last = self._last(keys)
        if last is None:
            self._set(keys, start_ns, at_ns, values)
            return values if start_ns > 0 and at_ns - start_ns <= self._fresh_ns else None
        began, heard = last[0].start_ns, last[0].at_ns
        known = bool(start_ns and began)
        if known and start_ns < began and at_ns <= began:
            return [0.0] * len(values)
        if known and start_ns != began and start_ns < heard:
            self.overlapping += 1
            other = identity + start_ns.to_bytes(8, "big")
            return self._grown(other, [other + key[len(identity) :] for key in keys], start_ns, at_ns, values)
        if at_ns <= heard:
            return [0.0] * len(values)
        self._set(keys, start_ns or began, at_ns, values)
        anew = known and start_ns != began
        if anew or any(value < before.value for value, before in zip(values, last, strict=True)):
            return values
        return [value - before.value for value, before in zip(values, last, strict=True)]

    def _last(self, keys: Sequence[bytes]) -> list[_Point] | None:
        found = [self._points.get(key) for key in keys]
        points = [point for point in found if point is not None]
        return points if len(points) == len(keys) else None

    def _set(self, keys: Sequence[bytes], start_ns: int, at_ns: int, values: Sequence[float]) -> None:
        before = self._before
        if before is None:
            raise RuntimeError("begin() comes before a counter is read")
        for key, value in zip(keys, values, strict=True):
            was = self._points.pop(key, None)  # out and in again: the order of the dict is the order of hearing
            before.setdefault(key, was)
            self._points[key] = _Point(start_ns, at_ns, value)

    def _bound(self) -> None:
        excess = len(self._points) - self._limit
        if excess > 0:
            self._drop(list(islice(self._points, excess)))

    def _drop(self, keys: Sequence[bytes]) -> None:
        for key in keys:
            del self._points[key]
        self.dropped += len(keys)


def _buckets(identity: bytes, count: int) -> list[bytes]:
    return [identity + index.to_bytes(2, "big") for index in range(count)]
