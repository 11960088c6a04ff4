"""
Where do merges lie, slot by slot?
"""

import random

import numpy as np

from watchkeeper.measure.distinct import seen
from watchkeeper.measure.grid import Tier
from watchkeeper.measure.merges import Merge, merged
from watchkeeper.measure.slots import MergeSlots

TIER = Tier(name="fine", slot_ns=10, length=100)


def test_any_window_of_any_life_equals_all_its_merges_one_by_one():
    pick = random.Random(4)
    slots, known = MergeSlots(TIER), []
    for _ in range(400):
        slot = pick.randrange(1000, 1120)
        one = Merge.of(value=pick.randrange(-50, 50), at_ns=slot * 10 + pick.randrange(10))
        one.results = [(one.seen_ns, pick.randrange(2))]
        one.distinct = {"user": seen(np.array([pick.randrange(60)], dtype=np.uint64))}
        known.append((slot, one))
        slots.take("a|", slot, one)
        if pick.random() < 0.05:
            oldest = pick.randrange(990, 1040)
            slots.forget(oldest.__gt__)
            known = [(number, merge) for number, merge in known if number >= oldest]
        first = pick.randrange(990, 1120)
        last = pick.randrange(first - 2, 1125)
        wanted = merged(merge for number, merge in known if first <= number <= last)
        assert slots.over("a|", first, last) == wanted
    assert slots.over("b|", 0, 2000) == Merge()
