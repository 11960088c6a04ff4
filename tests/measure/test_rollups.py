"""
How is one slot kept on disk?
"""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.measure.merges import Merge
from watchkeeper.measure.rollups import Rollup

amounts = st.dictionaries(st.integers(0, 2**31), st.one_of(st.integers(-9, 300), st.integers(-(2**62), 2**62)))
entries = st.dictionaries(st.tuples(st.integers(0, 2**31), st.integers(-1, 503)), st.integers(-(2**40), 2**40))


def ints(values):
    return np.array(list(values), dtype=np.int64)


def spread(found):
    return ints(row for row, _ in found), ints(bucket for _, bucket in found), ints(found.values())


@given(parts=st.lists(st.tuples(amounts, entries), max_size=4))
@settings(max_examples=100, deadline=None)
def test_what_was_added_is_read_again(parts):
    body: bytes | None = None
    counted: dict[int, int] = {}
    buckets: dict[Any, int] = {}
    for rows, found in parts:
        kept = {row: n for row, n in rows.items() if abs(counted.get(row, 0) + n) < 2**63}
        body = Rollup.read(body).with_(ints(kept), ints(kept.values()), spread(found)).body()
        for row, n in kept.items():
            counted[row] = counted.get(row, 0) + n
        for key, n in found.items():
            buckets[key] = buckets.get(key, 0) + n
    read = Rollup.read(body)
    assert dict(zip(read.rows.tolist(), read.amounts.tolist(), strict=True)) == counted
    assert read.rows.tolist() == sorted(counted)
    rows, which, n = read.spread or (ints(()), ints(()), ints(()))
    assert dict(zip(zip(rows.tolist(), which.tolist(), strict=True), n.tolist(), strict=True)) == buckets


def test_merges_are_merged_and_only_read_when_looked_at():
    first = Rollup.read(None).with_(ints(()), ints(()), merges=[("a|", Merge.of(value=3, at_ns=10))])
    body = (
        first.with_(ints([1]), ints([2])).with_(ints(()), ints(()), merges=[("a|", Merge.of(value=9, at_ns=4))]).body()
    )
    assert Rollup.read(body).merges == {"a|": Merge(low=3, high=9, last=(10, 3), seen_ns=10)}


def test_a_busy_slot_takes_one_to_three_bytes_a_row():
    rows = np.arange(5, 2005)
    body = Rollup.read(None).with_(rows, 1_800 + rows % 50).body()
    assert len(body) < 2000 * 1.1
    assert len(Rollup.read(None).with_(rows * 3 + rows % 2, rows * 20).body()) < 2000 * 3.1


def test_rows_that_nobody_names_are_taken_out_with_their_histograms():
    whole = Rollup.read(None).with_(ints([1, 2, 3]), ints([4, 5, 6]), (ints([2, 3]), ints([7, 8]), ints([1, 1])))
    left = Rollup.read(whole.only([1, 3, 9]).body())
    assert (left.rows.tolist(), left.amounts.tolist()) == ([1, 3], [4, 6])
    assert left.spread is not None
    assert [column.tolist() for column in left.spread] == [[3], [8], [1]]
