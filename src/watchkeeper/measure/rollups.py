"""
How is one slot kept on disk?

>>> import numpy as np
>>> rollup = Rollup.read(None).with_(np.array([3]), np.array([5]))
>>> Rollup.read(rollup.body()).with_(np.array([1, 3]), np.array([1, 2])).amounts.tolist()
[1, 7]

Columns are as narrow as their numbers; histograms and merges are read only when somebody looks at them.
"""

from collections.abc import Iterable

import msgspec
import numpy as np

from watchkeeper.measure.deltas import PackedMerge, Worst, pack_merge, unpack_merge, worst_of
from watchkeeper.measure.examples import joined
from watchkeeper.measure.merges import Merge
from watchkeeper.measure.packing import PackedInts, pack_ints, unpack_ints
from watchkeeper.measure.values import Ints

#: Rows, buckets and amounts.
Spread = tuple[Ints, Ints, Ints]
#: A rising column: its first number (-1: there is none), and how far it is from each to the next.
Stepped = tuple[int, PackedInts]


def _none() -> Ints:
    return np.zeros(0, dtype=np.int64)


class Rollup:
    """
    One slot of one tier: amounts by row (rows rising), histograms by row, merges by series.
    """

    __slots__ = ("_merges", "_spread", "amounts", "rows")

    def __init__(self, rows: Ints, amounts: Ints, spread: bytes = b"", merges: bytes = b"") -> None:
        self.rows, self.amounts = rows, amounts
        self._spread, self._merges = spread, merges

    @classmethod
    def read(cls, body: bytes | None) -> "Rollup":
        """
        The rollup that `body` wrote; an empty one for None. `msgspec.DecodeError` or `ValueError` where it is none.
        """
        if body is None:
            return cls(_none(), _none())
        packed = _decoder.decode(body)
        return cls(_unpacked(packed.rows), unpack_ints(packed.amounts), packed.spread, packed.merges)

    @property
    def spread(self) -> Spread | None:
        """
        The entries of histograms, by row and bucket; None where there are none.
        """
        if not self._spread:
            return None
        rows, buckets, amounts = _spread_decoder.decode(self._spread)
        return _unpacked(rows), unpack_ints(buckets), unpack_ints(amounts)

    @property
    def merges(self) -> dict[str, Merge]:
        """
        The merges by series.
        """
        if not self._merges:
            return {}
        return {one.series: unpack_merge(one) for one in _merges_decoder.decode(self._merges)}

    def with_(
        self, rows: Ints, amounts: Ints, spread: Spread | None = None, merges: Iterable[tuple[str, Merge]] = ()
    ) -> "Rollup":
        """
        The same with more added and merged. A row once counted stays, even where its amounts cancel.
        """
        known, which = np.unique(np.concatenate([self.rows, rows]), return_inverse=True)
        sums = np.zeros(len(known), dtype=np.int64)
        np.add.at(sums, which, np.concatenate([self.amounts, amounts]))
        return Rollup(known, sums, self._spread_with(spread), self._merges_with(merges))

    def only(self, rows: Iterable[int]) -> "Rollup":
        """
        The same without all rows but these. Histograms are dropped with their rows, merges stay.
        """
        named = np.fromiter(rows, dtype=np.int64)
        kept = np.isin(self.rows, named)
        spread = self.spread
        if spread is not None:
            mine = np.isin(spread[0], named)
            spread = (spread[0][mine], spread[1][mine], spread[2][mine])
        return Rollup(self.rows[kept], self.amounts[kept], _packed(spread), self._merges)

    def body(self) -> bytes:
        """
        The rollup as bytes.
        """
        return _encoder.encode(_Body(_stepped(self.rows), pack_ints(self.amounts), self._spread, self._merges))

    def _spread_with(self, more: Spread | None) -> bytes:
        if more is None or not len(more[0]):
            return self._spread
        mine = self.spread or (_none(), _none(), _none())
        rows, buckets, amounts = (np.concatenate(pair) for pair in zip(mine, more, strict=True))
        keys, which = np.unique(rows << 16 | (buckets + 1), return_inverse=True)
        sums = np.zeros(len(keys), dtype=np.int64)
        np.add.at(sums, which, amounts)
        return _packed((keys >> 16, (keys & 0xFFFF) - 1, sums))

    def _merges_with(self, more: Iterable[tuple[str, Merge]]) -> bytes:
        added = list(more)
        if not added:
            return self._merges
        known = self.merges
        for series, merge in added:
            known.setdefault(series, Merge()).take(merge)
        return _encoder.encode([pack_merge(series, 0, merge) for series, merge in sorted(known.items())])


def pack_worst(worst: Worst) -> bytes:
    """
    The examples of one slot as bytes.
    """
    columns = tuple(pack_ints(one) for one in (worst.rows, worst.slots, worst.at_ns, worst.values))
    return _encoder.encode((*columns, np.ascontiguousarray(worst.traces, dtype="<u8").tobytes()))


def unpack_worst(body: bytes) -> Worst:
    """
    The examples again.
    """
    *columns, traces = _worst_decoder.decode(body)
    rows, slots, at_ns, values = map(unpack_ints, columns)
    halves = np.frombuffer(traces, dtype="<u8").astype(np.uint64).reshape(-1, 2)
    return Worst(rows=rows, slots=slots, at_ns=at_ns, values=values, traces=halves)


def worst_with(body: bytes | None, more: Worst) -> bytes:
    """
    The examples of a slot with more of them, the three worst of each row.
    """
    return pack_worst(worst_of(joined([unpack_worst(body), more]) if body else more))


class _Body(msgspec.Struct, array_like=True):
    rows: Stepped
    amounts: PackedInts
    spread: bytes
    merges: bytes


def _packed(spread: Spread | None) -> bytes:
    if spread is None or not len(spread[0]):
        return b""
    rows, buckets, amounts = spread
    return _encoder.encode((_stepped(rows), pack_ints(buckets), pack_ints(amounts)))


def _stepped(rows: Ints) -> Stepped:
    return (int(rows[0]), pack_ints(np.diff(rows))) if len(rows) else (-1, pack_ints(rows))


def _unpacked(stepped: Stepped) -> Ints:
    first, steps = stepped
    rows: Ints = np.cumsum(np.r_[first, unpack_ints(steps)]) if first >= 0 else _none()
    return rows


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Body)
_spread_decoder = msgspec.msgpack.Decoder(tuple[Stepped, PackedInts, PackedInts])
_merges_decoder = msgspec.msgpack.Decoder(list[PackedMerge])
_worst_decoder = msgspec.msgpack.Decoder(tuple[PackedInts, PackedInts, PackedInts, PackedInts, bytes])
