"""
How much did each row count between two slots?
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.measure.grid import REAL, Tier
from watchkeeper.measure.rings import Ring

LENGTH = 12
TIER = Tier(name="fine", slot_ns=10, length=LENGTH)


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_a_late_amount_lands_in_its_own_slot_and_in_every_window_that_holds_it():
    ring = Ring(TIER, head=100)
    ring.add(ints(0), ints(97), ints(5))
    assert ring.each(0, 95, 100).tolist() == [0, 0, 5, 0, 0, 0]
    assert ring.between(ints(0), 98, 100).tolist() == [0]


def test_slots_that_passed_unseen_hold_nothing_even_when_the_ring_wrapped_round():
    ring = Ring(TIER, head=100)
    ring.add(ints(0), ints(100), ints(5))
    ring.advance(100 + LENGTH - 2)
    assert ring.between(ints(0), 100, ring.head).tolist() == [5]
    ring.advance(100 + 5 * LENGTH)
    assert ring.between(ints(0), 0, ring.head).tolist() == [0]


def test_time_does_not_run_backwards():
    ring = Ring(TIER, head=100)
    ring.advance(90)
    assert ring.head == 100


def test_what_is_older_than_the_ring_is_left_out():
    ring = Ring(TIER, head=100)
    ring.add(ints(0), ints(100 - LENGTH), ints(5))
    assert ring.between(ints(0), 0, 100).tolist() == [0]


def test_a_row_that_was_never_counted_gives_nothing():
    ring = Ring(TIER, head=100, rows=0)
    assert ring.between(ints(-1, 7), 95, 100).tolist() == [0, 0]
    assert ring.each(-1, 95, 100).tolist() == [0] * 6


def test_a_window_in_the_future_is_empty():
    ring = Ring(TIER, head=100)
    ring.add(ints(0), ints(100), ints(5))
    assert ring.between(ints(0), 101, 105).tolist() == [0]


amounts = st.lists(st.tuples(st.integers(0, 80), st.integers(88, 130), st.integers(-9, 9)), max_size=30)


@given(amounts=amounts, first=st.integers(85, 131), last=st.integers(85, 131))
@settings(max_examples=150, deadline=None)
def test_filling_and_adding_in_any_order_equal_a_sum_by_hand(amounts, first, last):
    late, filled = Ring(TIER, head=100), Ring(TIER, head=130)
    for row, slot, amount in sorted(amounts, key=lambda one: one[2]):
        late.advance(slot)
        late.add(ints(row), ints(slot), ints(amount))
    late.advance(130)
    filled.fill(*(ints(*column) for column in (zip(*amounts, strict=True) if amounts else ((), (), ()))))
    low = max(first, 130 - LENGTH + 2)
    for row in {row for row, _, _ in amounts}:
        kept = sum(amount for r, slot, amount in amounts if r == row and low <= slot <= last)
        assert filled.between(ints(row), low, last).tolist() == [kept]
        assert late.between(ints(row), low, last).tolist() == [kept]


REACH = [(300, "fine"), (7200, "fine"), (7400, "middle"), (86_400, "middle"), (90_000, "coarse")]


@pytest.mark.parametrize(("seconds", "ring"), REACH)
def test_a_window_is_read_from_the_finest_ring_that_reaches_it(seconds, ring):
    assert REAL.tier_for(seconds * 10**9).name == ring
