"""
How much did each row count between two slots?
"""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.measure.grid import REAL, Tier
from watchkeeper.measure.native.backend import native
from watchkeeper.measure.rings import Ring

LENGTH = 12
TIER = Tier(name="fine", slot_ns=10, length=LENGTH)
LONG = Tier(name="fine", slot_ns=10, length=50)


@pytest.fixture(params=["native", "python"])
def new(request: pytest.FixtureRequest) -> Any:
    if request.param == "native" and native("rings") is None:
        pytest.skip("the extension is not built")
    return lambda tier=TIER, head=100: Ring(tier, head=head, native=request.param == "native")


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_a_late_amount_lands_in_its_own_slot_and_in_every_window_that_holds_it(new):
    ring = new()
    ring.add(ints(0), ints(97), ints(5))
    assert ring.each(0, 95, 100).tolist() == [0, 0, 5, 0, 0, 0]
    assert ring.between(ints(0), 98, 100).tolist() == [0]


def test_slots_that_passed_unseen_hold_nothing_even_when_the_ring_wrapped_round(new):
    ring = new()
    ring.add(ints(0), ints(100), ints(5))
    ring.advance(100 + LENGTH - 1)
    assert ring.between(ints(0), 100, ring.head).tolist() == [5]
    ring.advance(100 + LENGTH)
    assert ring.between(ints(0), 100, ring.head).tolist() == [0]
    ring.advance(100 + 5 * LENGTH)
    assert ring.between(ints(0), 0, ring.head).tolist() == [0]


def test_time_does_not_run_backwards(new):
    ring = new()
    ring.advance(90)
    assert ring.head == 100


def test_what_is_older_than_the_ring_is_left_out_and_what_lies_ahead_of_it(new):
    ring = new()
    ring.add(ints(0, 0), ints(100 - LENGTH, 101), ints(5, 5))
    assert ring.between(ints(0), 0, 200).tolist() == [0]
    assert ring.rows == 0


def test_a_row_that_was_never_counted_gives_nothing_and_takes_no_room(new):
    ring = new()
    ring.add(ints(9, 3), ints(100, 100), ints(0, 1))
    assert ring.between(ints(-1, 7, 9, 10**6), 95, 100).tolist() == [0, 0, 0, 0]
    assert ring.each(-1, 95, 100).tolist() == [0] * 6
    assert ring.rows == 1


def test_a_row_that_counted_nothing_for_a_whole_round_gives_its_room_back(new):
    ring = new()
    ring.add(ints(1, 2, 2), ints(100, 100, 99), ints(5, -7, 7))
    ring.advance(100 + 2 * LENGTH)
    assert ring.rows == 0
    ring.add(ints(2, 1), ints(124, 124), ints(3, 4))
    assert ring.between(ints(1, 2), 100, 124).tolist() == [4, 3]


def test_amounts_that_cancel_keep_their_row(new):
    ring = new(LONG)
    ring.add(ints(1, 1), ints(99, 100), ints(-7, 7))
    ring.advance(100 + 20)
    assert ring.each(1, 99, 100).tolist() == [-7, 7]


def test_a_window_in_the_future_is_empty(new):
    ring = new()
    ring.add(ints(0), ints(100), ints(5))
    assert ring.between(ints(0), 101, 105).tolist() == [0]


EDGES = (1, 65_534, 65_535, 65_536, 2**32 - 1, 2**32, 2**55, -1, -65_536, -(2**32), -(2**55))


@pytest.mark.parametrize("first", EDGES)
@pytest.mark.parametrize("then", [1, -1, 65_535, -65_535, 2**32])
def test_a_number_is_kept_wherever_it_crosses_what_a_slot_holds(new, first, then):
    ring = new()
    ring.add(ints(0, 1, 0), ints(99, 99, 100), ints(7, 8, first))
    ring.add(ints(0, 1), ints(100, 99), ints(then, 1))
    assert ring.each(0, 99, 100).tolist() == [7, first + then]
    assert ring.between(ints(0, 1), 99, 100).tolist() == [7 + first + then, 9]


def test_many_rows_that_outgrow_their_slots_at_once_keep_their_numbers(new):
    ring, rows = new(), np.arange(300)
    ring.add(rows, np.full(300, 100), rows + 1)
    more = np.where(rows % 3 == 0, 0, np.where(rows % 3 == 1, 70_000, 2**40))
    ring.add(rows, np.full(300, 100), more)
    assert ring.between(rows, 90, 100).tolist() == (rows + 1 + more).tolist()


class Model:
    """
    The same by hand.
    """

    def __init__(self, tier: Tier, head: int) -> None:
        self.tier, self.head = tier, head
        self.counted: Counter[Any] = Counter()

    def advance(self, slot: int) -> None:
        self.head = max(self.head, slot)

    def add(self, row: int, slot: int, amount: int) -> None:
        if self.head - self.tier.length < slot <= self.head:
            self.counted[row, slot] += amount

    def sum(self, row: int, first: int, last: int) -> int:
        oldest = self.head - self.tier.length + 1
        return sum(n for (r, slot), n in self.counted.items() if r == row and max(first, oldest) <= slot <= last)

    def known(self, row: int, first: int, last: int, reach: int) -> int:
        spoke = [slot for (r, slot), n in self.counted.items() if r == row and n > 0 and self.sum(r, slot, slot)]
        return sum(any(slot - reach < one <= slot for one in spoke) for slot in range(first, last + 1))


amount = st.one_of(st.integers(-9, 300), st.sampled_from(EDGES), st.integers(-(2**40), 2**40))
entries = st.lists(st.tuples(st.integers(0, 6), st.integers(-60, 1), amount), max_size=12)
steps = st.lists(st.tuples(st.integers(0, 70), entries), min_size=1, max_size=8)
asked = st.lists(st.tuples(st.integers(-1, 8), st.integers(-60, 5), st.integers(-60, 5)), max_size=10)


@pytest.mark.parametrize("of", ["native", "python"])
@pytest.mark.parametrize("tier", [TIER, LONG])
@given(steps=steps, asked=asked)
@settings(max_examples=60, deadline=None)
def test_any_life_of_a_ring_equals_a_sum_by_hand(of, tier, steps, asked):
    if of == "native" and native("rings") is None:
        return
    ring, model = Ring(tier, head=100, native=of == "native"), Model(tier, 100)
    for by, found in steps:
        ring.advance(ring.head + by)
        model.advance(model.head + by)
        columns = [(row, ring.head + slot, n) for row, slot, n in found]
        ring.add(*(ints(*column) for column in (zip(*columns, strict=True) if columns else ((), (), ()))))
        for one in columns:
            model.add(*one)
        at = [(row, ring.head + a, ring.head + b) for row, a, b in asked]
        rows, firsts, lasts = (ints(*column) for column in (zip(*at, strict=True) if at else ((), (), ())))
        assert ring.sums(rows, firsts, lasts).tolist() == [model.sum(*one) for one in at]
        for row in range(7):
            assert ring.each(row, ring.head - 60, ring.head).tolist() == [
                model.sum(row, slot, slot) for slot in range(ring.head - 60, ring.head + 1)
            ]


@pytest.mark.parametrize("of", ["native", "python"])
@given(words=st.sets(st.integers(60, 110)), asked=asked, reach=st.integers(1, 20))
@settings(max_examples=150, deadline=None)
def test_a_slot_is_known_for_as_long_as_a_word_counts(of, words, asked, reach):
    if of == "native" and native("rings") is None:
        return
    ring, model = Ring(LONG, head=100, native=of == "native"), Model(LONG, 100)
    for word in words:
        ring.add(ints(0), ints(word), ints(1))
        model.add(0, word, 1)
    at = [(min(row, 1), 100 + min(a, b), 100 + max(a, b), reach) for row, a, b in asked]
    columns = [ints(*column) for column in (zip(*at, strict=True) if at else ((), (), (), ()))]
    assert ring.known(*columns).tolist() == [model.known(*one) for one in at]


def test_a_busy_indicator_takes_few_bytes():
    """
    Thirty events a second for 30 days in all rings: n and g, and n, u and o, under 24 KiB each.
    """
    for rows in (2, 3):
        n = 40 * rows
        taken = 0
        for tier in (REAL.fine, REAL.middle, REAL.coarse):
            ring = Ring(tier, head=1_000_000)
            per_slot = 30 * tier.slot_ns // 10**9
            for slot in range(1_000_000 - tier.length + 1, 1_000_001):
                ring.add(np.arange(n), np.full(n, slot), np.full(n, per_slot))
            assert ring.between(ints(0), 0, 1_000_000).tolist() == [per_slot * tier.length]
            taken += ring.nbytes
        assert taken / 40 <= 24 * 1024


REACH = [(300, "fine"), (7200, "fine"), (7400, "middle"), (86_400, "middle"), (90_000, "coarse")]


@pytest.mark.parametrize(("seconds", "ring"), REACH)
def test_a_window_is_read_from_the_finest_ring_that_reaches_it(seconds, ring):
    assert REAL.tier_for(seconds * 10**9).name == ring
