"""
How many different values were there, whoever counts them and in whatever order?
"""

import random

import numpy as np
import pytest

from watchkeeper.measure.distinct import EXACT, bounds, hash_of, seen, union

KEY = bytes(range(16))


def hashes(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**64, n, dtype=np.uint64)


@pytest.mark.parametrize("case", range(80))
def test_the_union_is_the_same_bytes_in_any_order_and_grouping(case: int) -> None:
    rng = random.Random(case)
    sizes = [rng.choice((1, 3, 100, 255, 256, 257, 300, 900)) for _ in range(rng.randint(1, 6))]
    all_ = [hashes(n, seed) for seed, n in enumerate(sizes)]
    whole = seen(np.concatenate(all_))
    parts = [seen(one) for one in all_] + [seen(rng.choice(all_)) for _ in range(2)]  # some of it again
    rng.shuffle(parts)
    while len(parts) > 1:
        n = rng.randint(1, len(parts))
        parts = [union(parts[:n]), *parts[n:]] if n > 1 else [*parts[1:], parts[0]]
        rng.shuffle(parts)
    assert parts[0] == whole
    assert union([whole, whole, seen(all_[0])]) == whole


@pytest.mark.parametrize("n", [0, 1, 2, 255, 256])
def test_few_are_known_one_by_one(n: int) -> None:
    assert bounds(seen(hashes(n, 1))) == (n, n)


@pytest.mark.parametrize("n", [EXACT + 1, 400, 1_000, 2_000, 5_000, 6_000, 12_000, 50_000, 400_000])
def test_of_many_the_bounds_hold_the_truth(n: int) -> None:
    found = [bounds(seen(hashes(n, seed))) for seed in range(20)]
    assert all(EXACT < low <= n <= high for low, high in found)
    assert all(high - low < 0.16 * n for low, high in found)


def test_values_of_different_kinds_are_different_values_and_the_key_decides() -> None:
    values = (1, 1.0, True, "1", "True", 0.0, -0.0, "int:1", "\ud800")
    assert len({hash_of(one, KEY) for one in values}) == len(values)
    assert hash_of("a", KEY) == hash_of("a", KEY) != hash_of("a", bytes(16))
