import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.measure.counters import FRESH_NS, CounterMemory

S = 10**9
OLD = 1 * S  # a start long before the points below
T = 1000 * S


@pytest.fixture
def memory():
    opened = CounterMemory()
    opened.begin()
    return opened


def told(memory, *points, identity=b"a"):
    return [memory.increment(identity, start_ns=start, at_ns=at, value=float(value)) for start, at, value in points]


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
    return memory.increments(b"h", start_ns=start, at_ns=at, values=values)


def test_a_histogram_grows_bucket_by_bucket_and_resets_as_one(memory):
    assert buckets(memory, OLD, T, 5, 0, 2) is None
    assert list(buckets(memory, OLD, T + S, 6, 0, 4)) == [1, 0, 2]
    assert list(buckets(memory, OLD, T + S, 6, 0, 4)) == [0, 0, 0]
    assert list(buckets(memory, 0, T + 2 * S, 7, 1, 0)) == [7, 1, 0]  # the last bucket fell: all began anew


def test_a_patch_holds_what_the_body_changed_and_loads_again(memory):
    told(memory, (OLD, T, 100), (OLD, T + S, 103))
    buckets(memory, OLD, T, 1, 2)
    patch = memory.patch()
    assert (b"a", OLD, T + S, 103.0, None) in patch
    assert len(patch) == 3
    again = CounterMemory()
    again.load(reversed(patch))
    again.begin()
    assert told(again, (OLD, T + 2 * S, 110)) == [7]
    assert list(buckets(again, OLD, T + S, 2, 2)) == [1, 0]


def test_a_body_taken_back_never_was():
    memory = CounterMemory()
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


def test_a_change_left_open_is_taken_back_by_the_next():
    memory = CounterMemory()
    for _ in range(2):
        memory.begin()
        assert told(memory, (OLD, T, 100)) == [None]
    memory.commit()
    memory.begin()
    assert (len(memory), memory.patch()) == (1, [])


def test_the_longest_unheard_series_are_dropped_and_counted():
    memory = CounterMemory(limit=2)
    for at, identity in enumerate([b"a", b"b", b"a", b"c"]):
        memory.begin()
        told(memory, (0, T + at, 1), identity=identity)
        memory.commit()
    assert (len(memory), memory.dropped) == (2, 1)
    memory.begin()
    assert told(memory, (0, T + 9, 2), identity=b"a") == [1]
    assert told(memory, (0, T + 9, 2), identity=b"b") == [None]


def test_loading_keeps_the_latest_heard():
    memory = CounterMemory(limit=1)
    memory.load([(b"new", 0, 9, 1.0), (b"old", 0, 3, 1.0)])
    memory.begin()
    assert told(memory, (0, 10, 5), identity=b"new") == [4]


def test_series_not_heard_for_long_are_forgotten():
    memory = CounterMemory()
    memory.load([(b"new", 0, 9, 1.0), (b"old", 0, 3, 1.0)])
    memory.forget(before_ns=9)
    assert (len(memory), memory.dropped) == (1, 1)


def test_reading_a_counter_outside_a_body_is_a_bug():
    with pytest.raises(RuntimeError, match="begin"):
        told(CounterMemory(), (0, T, 1))


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
            assert sorted(only.patch()) == sorted(memory.patch())
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
        grown = memory.increment(b"a", start_ns=start, at_ns=T + (index + 1) * S, value=float(total))
        assert grown is not None
        heard += grown
    assert heard == sum(steps)
