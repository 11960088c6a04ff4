"""
How much did a counter grow? The rules, on the reference and on the compiled memory.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.measure.counter_parts import pack, parts
from watchkeeper.measure.counters import ANEW, BASE, FRESH_NS, GOES_ON, STALE, CounterMemory
from watchkeeper.measure.native.backend import native

S = 10**9
OLD = 1 * S  # a start long before the points below
T = 1000 * S


@pytest.fixture(params=["reference", "compiled"])
def make(request):
    if request.param == "compiled" and native("series") is None:
        pytest.skip("the extension is not built")
    return lambda **more: CounterMemory(native=request.param == "compiled", **more)


@pytest.fixture
def memory(make):
    opened = make()
    opened.begin()
    return opened


def named(identity):
    return identity.ljust(16, b"\0")


def loaded(memory, *points):
    """
    Series of one value each, by name and instant, as if they had been kept.
    """
    names = b"".join(named(name) for name, _ in points)
    n, at = len(points), [at for _, at in points]
    memory.load([pack(slots=range(n), identities=names, starts=[0] * n, lengths=[1] * n, at=at, values=[1.0] * n)])
    return memory


def heard(packed):
    """
    What is in a patch: (name, or slot where it goes on; start; instant; values).
    """
    found = []
    for part in parts([packed]):
        ends, full = np.cumsum(part.lengths).tolist(), len(part.identities)
        for i, (first, last) in enumerate(zip([0, *ends], ends, strict=False)):
            name = part.identities[i].tobytes().rstrip(b"\0") if i < full else int(part.slots[i])
            start = int(part.starts[i]) if i < full else None
            found.append((name, start, int(part.at[i]), part.values[first:last].tolist()))
    return found


def grown(memory, identity, start, at, values):
    """
    The growth of one point; None where it is a base.
    """
    found = memory.grown(
        np.frombuffer(named(identity), dtype=np.uint8).reshape(1, 16),
        np.array([start]), np.array([at]), np.array([0, len(values)]), np.array(values, dtype=np.float64),
    )  # fmt: skip
    return None if found.base[0] else found.values.tolist()


def told(memory, *points, identity=b"a"):
    found = [grown(memory, identity, start, at, [value]) for start, at, value in points]
    return [None if one is None else one[0] for one in found]


@pytest.mark.parametrize(
    ("points", "growths"),
    [
        ([(OLD, T, 100), (OLD, T + S, 103)], [None, 3]),
        ([(0, T, 100), (0, T + S, 103), (0, T + 2 * S, 103)], [None, 3, 0]),
        ([(T - FRESH_NS, T, 100)], [100]),
        ([(T - FRESH_NS - 1, T, 100)], [None]),
        ([(T, T, 0)], [0]),
        ([(OLD, T, 100), (OLD, T, 105), (OLD, T - S, 90)], [None, 0, 0]),
        ([(OLD, T, 100), (OLD, T + S, 4)], [None, 4]),
        ([(OLD, T, 100), (T + S, T + 2 * S, 150)], [None, 150]),
        ([(OLD, T, 100), (T, T + 2 * FRESH_NS, 150), (T, T + 3 * FRESH_NS, 153)], [None, 150, 3]),
        ([(0, T, 100), (OLD, T + S, 103), (0, T + 2 * S, 104)], [None, 3, 1]),
        ([(OLD, T, 100), (0, T + S, 101), (T + 2 * S, T + 3 * S, 150)], [None, 1, 150]),
    ],
    ids=[
        "the second point is the growth", "without a start too", "a series that has just begun counts whole",
        "a little older and it is a base", "nothing yet", "a resend or an older point grows nothing",
        "lower is a reset",
        "a new start is a reset", "a start at the last point is a reset, once",
        "a start that comes and goes decides nothing", "and the one that was known is remembered",
    ],
)  # fmt: skip
def test_growth(memory, points, growths):
    assert told(memory, *points) == growths


def test_a_late_point_from_before_the_restart_grows_nothing(memory):
    assert told(memory, (OLD, T, 100), (T + S, T + 3 * S, 5), (OLD, T + S, 104), (T + S, T + 4 * S, 6)) == [
        None,
        5,
        0,
        1,
    ]


def test_two_processes_under_one_identity_are_counted_apart(memory):
    first, second = T - 60 * S, T - 30 * S
    points = [
        (first, T, 10),
        (second, T + S, 100),
        (first, T + 2 * S, 11),
        (second, T + 3 * S, 102),
        (first, T + 4 * S, 13),
    ]
    assert told(memory, *points) == [10, 100, 1, 2, 2]
    assert memory.overlapping == 2


def test_series_do_not_touch_each_other(memory):
    told(memory, (OLD, T, 100))
    assert told(memory, (OLD, T, 5), (OLD, T + S, 6), identity=b"b") == [None, 1]


def buckets(memory, start, at, *values):
    return grown(memory, b"h", start, at, values)


def test_a_histogram_grows_bucket_by_bucket_and_resets_as_one(memory):
    assert buckets(memory, OLD, T, 5, 0, 2) is None
    assert list(buckets(memory, OLD, T + S, 6, 0, 4)) == [1, 0, 2]
    assert list(buckets(memory, OLD, T + S, 6, 0, 4)) == [0, 0, 0]
    assert list(buckets(memory, 0, T + 2 * S, 7, 1, 0)) == [7, 1, 0]  # the last bucket fell: all began anew


def test_a_patch_holds_what_the_body_changed_and_loads_again(memory, make):
    told(memory, (OLD, T, 100), (OLD, T + S, 103))
    buckets(memory, OLD, T, 1, 2)
    first = memory.patch()
    assert heard(first) == [(b"a", OLD, T + S, [103]), (b"h", OLD, T, [1, 2])]
    memory.commit()
    memory.begin()
    told(memory, (OLD, T + 2 * S, 110))
    assert heard(memory.patch()) == [(0, None, T + 2 * S, [110])]
    again = make()
    again.load([first, memory.patch()])
    again.begin()
    assert told(again, (OLD, T + 3 * S, 117)) == [7]
    assert list(buckets(again, OLD, T + S, 2, 2)) == [1, 0]


def test_a_new_start_is_told_in_full(memory):
    told(memory, (OLD, T, 100))
    memory.commit()
    memory.begin()
    told(memory, (T + S, T + 2 * S, 1))
    assert heard(memory.patch()) == [(b"a", T + S, T + 2 * S, [1])]


def test_nothing_changed_is_no_patch(memory):
    assert memory.patch() == b""
    told(memory, (0, T, 1))
    memory.commit()
    memory.begin()
    told(memory, (0, T, 1))
    assert memory.patch() == b""


def test_a_body_taken_back_never_was(make):
    memory = make()
    memory.begin()
    told(memory, (OLD, T, 100))
    memory.commit()
    memory.begin()
    told(memory, (OLD, T + S, 150))
    told(memory, (OLD, T, 1), identity=b"b")
    memory.rollback()
    assert len(memory) == 1
    memory.begin()
    assert told(memory, (OLD, T + S, 150)) == [50]


def test_a_change_left_open_is_taken_back_by_the_next(make):
    memory = make()
    for _ in range(2):
        memory.begin()
        assert told(memory, (OLD, T, 100)) == [None]
    memory.commit()
    memory.begin()
    assert (len(memory), memory.patch()) == (1, b"")


def test_the_longest_unheard_series_are_dropped_and_counted(make):
    memory = make(limit=2)
    for at, identity in enumerate([b"a", b"b", b"a", b"c"]):
        memory.begin()
        told(memory, (0, T + at, 1), identity=identity)
        memory.commit()
    assert (len(memory), memory.dropped, memory.size) == (2, 1, 2)
    memory.begin()
    assert told(memory, (0, T + 9, 2), identity=b"a") == [1]
    assert told(memory, (0, T + 9, 2), identity=b"b") == [None]


def test_the_slot_of_a_dropped_series_is_used_again_and_a_replay_knows_whose_it_is(make):
    memory, kept = make(limit=1), []
    for at, identity in enumerate([b"a", b"b", b"a"]):
        memory.begin()
        told(memory, (0, T + at, 10 * at), identity=identity)
        kept.append(memory.patch())
        memory.commit()
    assert [heard(one)[0][0] for one in kept] == [b"a", b"b", b"a"]
    again = make()
    again.load(kept)
    again.begin()
    assert told(again, (0, T + 9, 25), identity=b"a") == [5]


def test_patches_from_before_a_snapshot_change_nothing(make):
    memory, kept = make(limit=2), []
    for at, identity in enumerate([b"a", b"b", b"c", b"b", b"a"]):
        memory.begin()
        told(memory, (0, T + at, 10 * at), identity=identity)
        kept.append(memory.patch())
        memory.commit()
    for since in range(len(kept)):
        again = make()
        again.load([memory.snapshot(), *kept[since:]])
        again.begin()
        assert [told(again, (0, T + 9, 45), identity=name)[0] for name in (b"a", b"b")] == [5, 15]


def test_a_snapshot_is_what_was_committed(make):
    memory = make()
    memory.begin()
    told(memory, (OLD, T, 100))
    buckets(memory, OLD, T, 1, 2, 3)
    memory.commit()
    before = memory.snapshot()
    memory.begin()
    told(memory, (OLD, T + S, 105))
    told(memory, (OLD, T + S, 105), identity=b"new")
    buckets(memory, OLD, T + S, 2, 2, 3)
    assert memory.snapshot() == before
    assert heard(before) == [(b"a", OLD, T, [100]), (b"h", OLD, T, [1, 2, 3])]


@pytest.mark.parametrize("apart", [1, S // 1000, (2**32 - 1) * 10**6, 2**32 * 10**6, 2**62])
def test_instants_any_time_apart_are_kept(make, apart):
    memory = make()
    memory.begin()
    told(memory, (0, T, 1))
    told(memory, (0, T + apart, 1), identity=b"b")
    again = make()
    again.load([memory.patch()])
    assert [again.last(named(name)) for name in (b"a", b"b")] == [T, T + apart]


def test_loading_keeps_the_latest_heard(make):
    memory = loaded(make(limit=1), (b"old", 3), (b"new", 9))
    memory.begin()
    assert told(memory, (0, 10, 5), identity=b"new") == [4]


def test_series_not_heard_for_long_are_forgotten(make):
    memory = loaded(make(), (b"new", 9), (b"old", 3))
    memory.forget(before_ns=9)
    assert (len(memory), memory.dropped, memory.last(named(b"new")), memory.last(named(b"old"))) == (1, 1, 9, 0)


def test_what_an_open_body_touched_is_not_forgotten(make):
    memory = loaded(make(), (b"a", 3), (b"b", 3))
    memory.begin()
    told(memory, (0, 4, 5))
    memory.forget(before_ns=9)
    assert (len(memory), memory.dropped) == (1, 1)
    memory.rollback()
    assert memory.last(named(b"a")) == 3


def test_reading_a_counter_outside_a_body_is_a_bug(make):
    with pytest.raises(RuntimeError, match="begin"):
        told(make(), (0, T, 1))


def test_loading_into_an_open_body_is_a_bug(memory):
    with pytest.raises(RuntimeError, match="before the first body"):
        memory.load([])


@pytest.mark.parametrize("size", [1, 23, 30, 51])
def test_bytes_that_are_no_counters_are_refused(make, size):
    memory = make()
    memory.begin()
    told(memory, (0, T, 1))
    with pytest.raises(ValueError, match="counters"):
        make().load([memory.patch()[:size]])
    with pytest.raises(ValueError, match="version 7"):
        make().load([b"\7" + memory.patch()[1:]])


def test_series_without_values_know_what_is_not_newer(make):
    memory = make()
    memory.begin()
    one, none = np.zeros((1, 16), dtype=np.uint8), np.zeros(2, dtype=np.int64)
    found = [memory.grown(one, none[:1], np.array([at]), none, np.zeros(0)) for at in (T, T, T + 1, T - 1)]
    assert [told.base.tolist() + told.stale.tolist() for told in found] == [
        [True, False], [False, True], [False, False], [False, True],
    ]  # fmt: skip
    assert memory.size == 1


def test_another_number_of_buckets_is_another_series(memory):
    assert buckets(memory, OLD, T, 1, 2) is None
    assert buckets(memory, OLD, T + S, 1, 2, 3) is None
    assert list(buckets(memory, OLD, T + 2 * S, 1, 3, 3)) == [0, 1, 0]


def exchanged(memory, start, at, *values):
    found, before = memory.exchange(named(b"x"), start_ns=start, at_ns=at, values=np.array(values, dtype=np.float64))
    return found, None if before is None else before.tolist()


def test_values_compared_elsewhere_follow_the_same_rules_of_time(memory):
    assert exchanged(memory, OLD, T, 1, -2.5) == (BASE, None)
    assert exchanged(memory, OLD, T, 9) == (STALE, None)
    assert exchanged(memory, OLD, T + S, 1, 2, 3) == (GOES_ON, [1, -2.5])
    assert exchanged(memory, 0, T + 2 * S) == (GOES_ON, [1, 2, 3])
    assert exchanged(memory, OLD, T + 3 * S, *range(1100)) == (GOES_ON, [])
    assert exchanged(memory, T + 4 * S, T + 5 * S, 4) == (ANEW, None)
    assert exchanged(memory, T + 4 * S, T + 6 * S, 5) == (GOES_ON, [4])
    assert exchanged(memory, T + 5 * S, T + 7 * S, 1) == (ANEW, None)  # they overlap: a second process, that is fresh
    assert memory.overlapping == 1


def test_too_many_values_are_refused(memory):
    with pytest.raises(ValueError, match="at most 65535 values"):
        exchanged(memory, 0, T, *range(65_536))


@given(
    st.lists(
        st.tuples(
            st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.integers(0, 9)), max_size=4), st.booleans()
        )
    )
)
def test_taking_back_equals_never_having_read(bodies):
    memory, only = CounterMemory(), CounterMemory()
    for number, (points, stays) in enumerate(bodies):
        memory.begin()
        growths = [told(memory, (0, T + number, value), identity=identity) for identity, value in points]
        before = len(only)
        if stays:
            only.begin()
            assert [told(only, (0, T + number, value), identity=identity) for identity, value in points] == growths
            assert only.patch() == memory.patch()
            only.commit()
            memory.commit()
        else:
            memory.rollback()
            assert len(memory) == before


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30), st.sets(st.integers(0, 29)))
def test_growth_adds_up_to_what_happened_over_restarts(steps, restarts):
    memory = CounterMemory()
    memory.begin()
    start, total, heard = T, 0, 0.0
    for index, step in enumerate(steps):
        if index in restarts:
            start, total = T + index * S, 0
        total += step
        (growth,) = told(memory, (start, T + (index + 1) * S, total))
        heard += growth
    assert heard == sum(steps)
