"""
How is one slot kept on disk?

>>> import numpy as np
>>> rollup = Rollup.read(None).with_(np.array([3]), np.array([5]), [])
>>> Rollup.read(rollup.body()).with_(np.array([1, 3]), np.array([1, 2]), []).amounts.tolist()
[1, 7]
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
import numpy as np

from watchkeeper.measure.held import Held, PackedHeld, merged, pack_held, unpack_held
from watchkeeper.measure.values import Ints


def _none() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Rollup:
    """
    One slot of one tier: amounts by row (rows rising), merges by series.
    """

    rows: Ints = field(default_factory=_none)
    amounts: Ints = field(default_factory=_none)
    merges: dict[str, Held] = field(default_factory=dict)

    @classmethod
    def read(cls, body: bytes | None) -> "Rollup":
        """
        The rollup that `body` wrote; an empty one for None. `msgspec.DecodeError` where the bytes are none.
        """
        if body is None:
            return cls()
        packed = _decoder.decode(body)
        rows, amounts = (np.frombuffer(column, "<i8").astype(np.int64) for column in (packed.rows, packed.amounts))
        return cls(rows, amounts, {one.merge.series: unpack_held(one) for one in packed.merges})

    def with_(self, rows: Ints, amounts: Ints, merges: Iterable[tuple[str, Held]]) -> "Rollup":
        """
        The same with more added and merged.
        """
        known, which = np.unique(np.concatenate([self.rows, rows]), return_inverse=True)
        sums = np.zeros(len(known), dtype=np.int64)
        np.add.at(sums, which, np.concatenate([self.amounts, amounts]))
        more = {series: merged([merge]) for series, merge in self.merges.items()}
        for series, merge in merges:
            more.setdefault(series, Held()).take(merge)
        return Rollup(known, sums, more)

    def body(self) -> bytes:
        """
        The rollup as bytes.
        """
        merges = [pack_held(series, merge) for series, merge in sorted(self.merges.items())]
        return _encoder.encode(_Body(self.rows.astype("<i8").tobytes(), self.amounts.astype("<i8").tobytes(), merges))


class _Body(msgspec.Struct, array_like=True):
    rows: bytes
    amounts: bytes
    merges: list[PackedHeld]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Body)
