"""
Are the points of every grid taken, each once, however late somebody comes for them?
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.measure.pacing import SPREAD_NS, Pace, due_after, spread

SECOND = 1_000_000_000
paces = st.lists(st.integers(1, 3600).map(lambda s: s * SECOND), min_size=1, max_size=8)


@given(now=st.integers(0, 10**18), start=st.integers(0, 10**18), every=st.integers(1, 10**15))
def test_the_next_point_is_the_first_of_the_grid_that_lies_ahead(now: int, start: int, every: int) -> None:
    due = due_after(now, start_ns=start, every_ns=every)

    assert (due - start) % every == 0
    assert due - every <= now < due


@given(paces=paces, start=st.integers(0, 10**18))
def test_first_asks_come_within_the_interval_and_within_a_minute(paces: list[int], start: int) -> None:
    for every, first in zip(paces, spread(paces, start_ns=start), strict=True):
        assert start <= first < start + min(every, SPREAD_NS)


def test_the_regions_of_a_slow_check_are_all_asked_within_the_first_minute() -> None:
    six_hours = 6 * 3600 * SECOND

    assert spread([six_hours] * 3, start_ns=0) == [0, 20 * SECOND, 40 * SECOND]


@settings(max_examples=60, deadline=None)
@given(paces=paces, steps=st.lists(st.integers(0, 5000).map(lambda s: s * SECOND), min_size=1, max_size=40))
def test_every_point_is_either_taken_or_counted_as_missed(paces: list[int], steps: list[int]) -> None:
    pace, now = Pace(paces, start_ns=0), 0
    seen = [0] * len(paces)
    for step in steps:
        now += step
        for due in pace.take(now):
            seen[due.place] += 1 + due.missed
        assert pace.next_ns > now

    firsts = spread(paces, start_ns=0)
    passed = [max(0, (now - first) // every + 1) for first, every in zip(firsts, paces, strict=True)]
    assert seen == passed
