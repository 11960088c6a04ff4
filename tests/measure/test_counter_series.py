"""
Does the compiled memory of counters do what its reference does, to the last byte?
"""

import random
from typing import Any

import numpy as np
import pytest

from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.native.backend import native

S = 10**9
BEGAN = (0, 0, 1, 500 * S, 990 * S, 1001 * S, 1003 * S)

pytestmark = pytest.mark.skipif(native("series") is None, reason="the extension is not built")


def both(**more):
    return CounterMemory(native=False, **more), CounterMemory(native=True, **more)


class Told:
    """
    Points made up: few series, so that they meet; sums, histograms, and series without values.
    """

    def __init__(self, seed, series):
        self.chance = random.Random(seed)
        self.names = [self.chance.randbytes(16) for _ in range(series)]
        self.lengths = [self.chance.choice([1, 1, 1, 0, 2, 3, 5, 17]) for _ in range(series)]

    def points(self, most):
        chance, names, starts, at, offsets, values = self.chance, [], [], [], [0], []
        for _ in range(chance.randint(0, most)):
            which = chance.randrange(len(self.names))
            length = chance.randint(0, 4) if chance.random() < 0.05 else self.lengths[which]
            names.append(self.names[which])
            starts.append(chance.choice(BEGAN) if chance.random() < 0.3 else 0)
            at.append(1000 * S + chance.randint(0, 5000) * 1_000_000 + (chance.random() < 0.1))
            values += [chance.choice([0, 1, 2, 5, 5.5, 2.0**40, 1e300]) for _ in range(length)]
            offsets.append(len(values))
        columns = [np.array(column, dtype=np.int64) for column in (starts, at, offsets)]
        identities = np.frombuffer(b"".join(names), dtype=np.uint8).reshape(-1, 16)
        return identities, *columns, np.array(values, dtype=np.float64)


def same(ours, reference):
    assert ours.snapshot() == reference.snapshot()
    told = [(len(one), one.size, one.dropped, one.overlapping) for one in (ours, reference)]
    assert told[0] == told[1]


def lived(seed, *, steps):
    """
    One life of both memories: points, patches, changes kept and taken back, series forgotten, a restart from what
    was kept.
    """
    told = Told(seed, series=random.Random(seed).choice([2, 8, 60, 400]))
    chance = told.chance
    more = {"limit": chance.choice([3, 20, 100, 10**6]), "fresh_ns": chance.choice([0, 5 * S, 300 * S])}
    reference, ours = both(**more)
    kept = []
    for _ in range(steps):
        reference.begin()
        ours.begin()
        for _ in range(chance.randint(0, 3)):
            points = told.points(chance.choice([3, 40]))
            marked = bool(chance.random() < 0.2 and np.diff(points[3]).all())
            for a, b in zip(reference.grown(*points, marked=marked), ours.grown(*points, marked=marked), strict=True):
                assert a.tolist() == b.tolist()
            changed(told, reference, ours)
        assert ours.patch() == reference.patch()
        if chance.random() < 0.15:
            same(ours, reference)
        if chance.random() < 0.7:
            kept.append(ours.patch())
            ours.commit()
            reference.commit()
        else:
            ours.rollback()
            reference.rollback()
        if chance.random() < 0.1:
            before_ns = 1000 * S + chance.randint(0, 5000) * 1_000_000
            ours.forget(before_ns=before_ns)
            reference.forget(before_ns=before_ns)
        if chance.random() < 0.1:
            kept = [ours.snapshot(), *kept[chance.randint(0, len(kept)) :]]
        if chance.random() < 0.1:
            reference, ours = both(**more)
            reference.load(kept)
            ours.load(kept)
        same(ours, reference)


def changed(told, reference, ours):
    chance = told.chance
    if chance.random() < 0.5:
        name, start, at = (
            chance.choice(told.names),
            chance.choice(BEGAN),
            1000 * S + chance.randint(0, 5000) * 1_000_000,
        )
        values = [chance.choice([-1.0, 0.0, 7.5]) for _ in range(chance.choice([0, 1, 2, 40]))]
        (found, a), (too, b) = (
            one.exchange(name, start_ns=start, at_ns=at, values=values) for one in (reference, ours)
        )
        assert found == too
        assert (None if a is None else a.tolist()) == (None if b is None else b.tolist())
        assert reference.last(name) == ours.last(name)
        assert repr(reference.values(name)) == repr(ours.values(name))


@pytest.mark.parametrize("seed", range(60))
def test_both_memories_live_the_same_life(seed):
    lived(seed, steps=25)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(1000, 11_000))
def test_both_memories_live_the_same_long_life(seed):
    lived(seed, steps=100)


def test_a_body_of_many_new_series_leaves_room_for_the_next():
    reference, ours = both(limit=3000)
    told = Told(1, series=1)
    for round_ in range(4):
        names = np.frombuffer(told.chance.randbytes(16 * 5000), dtype=np.uint8).reshape(-1, 16)
        at, offsets = np.full(5000, (round_ + 1) * S), np.arange(5001)
        for memory in (reference, ours):
            memory.begin()
            assert memory.grown(names, np.zeros(5000, dtype=np.int64), at, offsets, np.ones(5000)).base.all()
            memory.commit()
        same(ours, reference)
        assert len(ours) == 3000 - 3000 // 16


def test_a_series_takes_less_than_100_bytes():
    ours = CounterMemory()
    ours.begin()
    for n in (64_000, 150_000, 400_000):
        names = np.random.default_rng(1).bytes(16 * n)
        identities = np.frombuffer(names, dtype=np.uint8).reshape(-1, 16)
        ours.grown(identities, np.zeros(n, dtype=np.int64), np.ones(n, dtype=np.int64), np.arange(n + 1), np.ones(n))
        series: Any = ours._series
        assert series.nbytes < 100 * n
