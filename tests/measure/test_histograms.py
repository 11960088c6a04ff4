"""
How are the values of a series spread, slot by slot?
"""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.measure import histograms
from watchkeeper.measure.grid import Tier
from watchkeeper.measure.histograms import HistogramSlots

TIER = Tier(name="fine", slot_ns=10, length=100)
SLOT = 178_000_000


def columns(entries):
    return [np.array(column, dtype=np.int64) for column in (zip(*entries, strict=True) if entries else ((),) * 4)]


entry = st.tuples(
    st.integers(0, 5),
    st.integers(SLOT, SLOT + 90),
    st.integers(-1, 503),
    st.one_of(st.integers(-3, 9), st.sampled_from((255, 256, 65_536, 2**32, -(2**40)))),
)
lives = st.lists(st.lists(entry, max_size=12), max_size=8)
asked = st.tuples(st.integers(-1, 6), st.integers(SLOT - 5, SLOT + 95), st.integers(SLOT - 5, SLOT + 95))


@pytest.mark.parametrize("heap", [0, 10, 4096])
@given(life=lives, asked=st.lists(asked, max_size=6), cut=st.integers(SLOT, SLOT + 95))
@settings(max_examples=80, deadline=None)
def test_any_life_equals_a_count_by_hand(heap, life, asked, cut):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histograms, "HEAP", heap)
        slots = HistogramSlots(TIER)
        counted: Counter[Any] = Counter()
        for entries in life:
            slots.take(*columns(entries))
            for row, slot, bucket, n in entries:
                counted[row, slot, bucket] += n
            check(slots, counted, asked)
        slots.forget(lambda numbers: numbers < cut)
        kept = {key: n for key, n in counted.items() if key[1] >= cut}
        check(slots, kept, [(row, max(first, cut), last) for row, first, last in asked])


def check(slots, counted, asked):
    for row, first, last in asked:
        wanted: Counter[int] = Counter()
        for (one, slot, bucket), n in counted.items():
            if one == row and first <= slot <= last:
                wanted[bucket] += n
        assert slots.over(row, first, last) == {bucket: n for bucket, n in wanted.items() if n}


def test_slots_forgotten_give_their_room_back():
    slots = HistogramSlots(TIER)
    for slot in range(SLOT, SLOT + 320):
        slots.take(*columns([(row, slot, bucket, 5) for row in range(10) for bucket in range(20)]))
    full = slots.nbytes
    slots.forget(lambda numbers: numbers < SLOT + 288)
    assert slots.nbytes < full / 5
    slots.forget(lambda numbers: numbers < SLOT + 999)
    assert not slots
    assert slots.nbytes == 0


def test_an_entry_takes_few_bytes():
    slots = HistogramSlots(TIER)
    for slot in range(SLOT, SLOT + 96):
        slots.take(*columns([(row, slot, bucket, 12) for row in range(50) for bucket in range(20)]))
    assert slots.nbytes / (96 * 50 * 20) < 3.2
