"""
Which were the worst, just now?
"""

import random

import numpy as np

from watchkeeper.measure.deltas import Worst
from watchkeeper.measure.examples import ExampleSlots
from watchkeeper.measure.grid import REAL, SECOND
from watchkeeper.measure.rollups import pack_worst, unpack_worst, worst_with
from watchkeeper.measure.values import trace_of

SLOT_NS = REAL.middle.slot_ns
SLOT = 14_800_000


def some(found):
    rows, at_ns, values, traces = zip(*found, strict=True)
    at = np.array(at_ns, dtype=np.int64)
    return Worst(
        rows=np.array(rows, dtype=np.int64),
        slots=at // SLOT_NS,
        at_ns=at,
        values=np.array(values, dtype=np.int64),
        traces=np.array([(0, trace) for trace in traces], dtype=np.uint64),
    )


def test_the_three_worst_of_each_row_and_two_minutes_are_kept_whatever_the_order_and_the_repetition():
    pick = random.Random(5)
    found = [
        (row, (SLOT + slot) * SLOT_NS + pick.randrange(SLOT_NS), pick.randrange(9), pick.randrange(1, 9))
        for row in (3, 4, 9)
        for slot in range(4)
        for _ in range(40)
    ]
    found += pick.sample(found, 50)
    pick.shuffle(found)
    slots = ExampleSlots(REAL.middle)
    for i in range(0, len(found), 7):
        slots.take(some(found[i : i + 7]), 0)
    for row in (3, 4, 5, 9):
        wanted = []
        for slot in range(4):
            mine = {one[1:] for one in found if one[0] == row and one[1] // SLOT_NS == SLOT + slot}
            wanted += sorted(mine, key=lambda one: (one[1], one[0], one[2]), reverse=True)[:3]
        kept = slots.between(row, SLOT * SLOT_NS, (SLOT + 4) * SLOT_NS)
        assert sorted(kept) == sorted((at, value, trace_of(0, trace)) for at, value, trace in wanted)


def test_only_those_whose_own_time_lies_in_the_window_are_given_and_old_slots_go():
    slots, begin = ExampleSlots(REAL.middle), SLOT * SLOT_NS
    slots.take(some([(1, begin + 5 * SECOND, 8, 1), (1, begin + 50 * SECOND, 9, 2)]), 0)
    assert [value for _, value, _ in slots.between(1, begin + 10 * SECOND, begin + SLOT_NS)] == [9]
    assert [value for _, value, _ in slots.between(1, begin, begin + 50 * SECOND)] == [8]
    slots.take(some([(1, begin + 5 * SECOND, 99, 1)]), SLOT + 1)
    slots.forget(SLOT + 1)
    assert slots.between(1, begin, begin + SLOT_NS) == []


def test_examples_on_disk_are_merged_as_in_memory():
    many = some([(row, SLOT * SLOT_NS + i, value, i + 1) for row in (1, 2) for i, value in enumerate((4, 8, 6, 7))])
    body = worst_with(worst_with(None, some([(1, SLOT * SLOT_NS, 5, 9)])), many)
    found = unpack_worst(body)
    assert found.values.tolist() == [6, 7, 8, 6, 7, 8]
    assert unpack_worst(pack_worst(found)).traces.tolist() == found.traces.tolist()
