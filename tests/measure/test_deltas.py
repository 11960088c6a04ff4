"""
Does a delta say the same after it was packed, split, put together and brought in order?
"""

import random

import numpy as np
import pytest

from watchkeeper.measure.deltas import Buckets, Delta, Worst, added, normalised, pack, split, together, unpack
from watchkeeper.measure.merges import Merge
from watchkeeper.measure.packing import pack_ints, unpack_ints


def ints(rng: random.Random, n: int, *of: int) -> np.ndarray:
    return np.array([rng.choice(of) for _ in range(n)], dtype=np.int64)


def delta(rng: random.Random) -> Delta:
    n, b, w = (rng.choice((0, 1, 5, 40)) for _ in range(3))
    traces = np.array([[rng.randrange(3), 2**64 - 1 - rng.randrange(3)] for _ in range(w)], dtype=np.uint64)
    merge = Merge(low=1, high=2**62, last=(7, -3), seen_ns=9, results=[(7, 1)], distinct={"user": b"\x00" + bytes(8)})
    return Delta(
        rows=ints(rng, n, 1, 2, 300),
        slots=ints(rng, n, 10, 11, 12),
        amounts=ints(rng, n, 1, 5, -5, 2**62),
        buckets=Buckets(
            rows=ints(rng, b, 7, 8),
            slots=ints(rng, b, 10, 12),
            buckets=ints(rng, b, -1, 0, 496),
            amounts=ints(rng, b, 1),
        ),
        worst=Worst(
            rows=ints(rng, w, 20, 21),
            slots=ints(rng, w, 10, 11),
            at_ns=ints(rng, w, 5, 6),
            values=ints(rng, w, -1, 2**62),
            traces=traces.reshape(-1, 2),
        ),
        merges={("a|", 10): merge, ("b|x=y", 12): Merge.of(value=3, at_ns=10)} if rng.random() < 0.5 else {},
    )


def same(one: Delta, other: Delta) -> bool:
    """
    Whether two deltas hold the same in the same order.
    """
    pairs = [(one.rows, other.rows), (one.slots, other.slots), (one.amounts, other.amounts)]
    for mine, theirs in ((one.buckets, other.buckets), (one.worst, other.worst)):
        pairs += [(getattr(mine, name), getattr(theirs, name)) for name in type(mine).__slots__]
    return all(np.array_equal(a, b) for a, b in pairs) and one.merges == other.merges


@pytest.mark.parametrize("seed", range(30))
def test_what_was_packed_is_the_same_again(seed: int) -> None:
    one = delta(random.Random(seed))
    assert same(unpack(pack(one)), one)


@pytest.mark.parametrize("seed", range(30))
def test_the_parts_of_a_delta_are_the_whole_in_any_order(seed: int) -> None:
    rng = random.Random(seed)
    all_ = [delta(rng) for _ in range(3)]
    whole = normalised(together(all_))
    parts = [part for one in all_ for part in split(one, rng.choice((9, 10, 11, 12)))]
    rng.shuffle(parts)
    assert same(normalised(together([added(one) for one in parts])), whole)
    assert same(normalised(whole), whole)


@pytest.mark.parametrize(
    "column",
    [[], [0], [5] * 9, [-(2**63), 2**63 - 1], [2**62, -(2**62)], [0, 255], [0, 256], [7, 7 + 65_536], [-1, 2**32]],
)
def test_a_column_is_the_same_after_it_was_packed(column: list[int]) -> None:
    assert unpack_ints(pack_ints(np.array(column, dtype=np.int64))).tolist() == column


def test_a_narrow_column_takes_one_byte_a_number() -> None:
    assert len(pack_ints(np.arange(178_000_000, 178_000_256))[2]) == 256
