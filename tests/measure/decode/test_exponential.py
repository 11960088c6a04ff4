import math
import random
from decimal import Decimal, localcontext
from math import inf, nextafter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.measure.decode.exponential import Spread, around_zero, growth_of, limit, limits_of
from watchkeeper.measure.decode.si import Scale, si


def exactly(scale, index):
    """
    The nearest double to base^index, by another way.
    """
    with localcontext() as context:
        context.prec, context.Emin = 60, -9999
        told = Decimal(2) ** (Decimal(index) / Decimal(2) ** scale)
        return inf if told > Decimal(2) ** 1024 else float(told)


def test_a_limit_is_the_double_nearest_to_it():
    chance = random.Random(5)
    for _ in range(2_000):
        scale = chance.randint(-10, 20)
        index = math.floor(chance.uniform(-1080, 1030) * 2.0**scale)
        assert limit(scale, index) == exactly(scale, index), (scale, index)


@pytest.mark.parametrize("index", [-(2**31) - 2048, 2**31 + 2048])
def test_limits_end_where_doubles_end(index):
    for scale in range(-10, 9):
        assert limit(scale, index) == (inf if index > 0 else 0.0)
    assert limit(-10, 1) == inf
    assert limit(0, -1074) == 5e-324
    assert limit(0, -1075) == limit(0, -1076) == 0.0


def test_a_bucket_always_holds_something():
    assert limits_of(0, 2, Scale()) == (4.0, 8.0)
    assert limits_of(0, 1024, Scale()) == (nextafter(inf, 0.0), inf)
    assert limits_of(0, -1080, Scale()) == (0.0, 5e-324)
    assert limits_of(20, 0, si("ms")) == (0.001, limit(20, 1) / 1000)
    assert around_zero(0.5, si("ms")) == (nextafter(-0.0005, -inf), 0.0005)


def test_the_mirror_image_of_a_bucket_holds_its_lower_limit_and_not_its_upper_one():
    low, high = limits_of(0, 1, Scale(), mirrored=True)
    assert low < -4.0 <= high
    assert low < nextafter(-2.0, -inf) <= high
    assert not low < -2.0 <= high
    assert not low < nextafter(-4.0, -inf) <= high


def told(values, scale, threshold=0.0, wide=0):
    """
    What an exponential histogram says of these values.
    """
    low: dict[int, int] = {}
    high: dict[int, int] = {}
    zero = 0
    for value in values:
        size = abs(value)
        if size <= threshold:
            zero += 1
            continue
        index = math.ceil(math.log2(size) * 2.0**scale) - 1
        while limit(scale, index) >= size:
            index -= 1
        while limit(scale, index + 1) < size:
            index += 1
        side = high if value > 0 else low
        side[index] = side.get(index, 0) + 1
    first, below = dense(low, wide)
    second, above = dense(high, wide)
    return Spread(
        scale=scale, threshold=threshold, zero=float(zero), low=first, negative=below, high=second, positive=above
    )


def dense(counts, wide):
    if not counts:
        return 0, ()
    first = min(counts) - wide
    return first, tuple(float(counts.get(index, 0)) for index in range(first, max(counts) + wide + 1))


def buckets(spread, unit=Scale()):  # noqa: B008 - a value
    counts = [*reversed(spread.negative), spread.zero, *spread.positive]
    return {limits: count for limits, count in zip(spread.limits(unit), counts, strict=True) if count}


values = st.lists(
    st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda one: one == 0 or abs(one) > 1e-6), max_size=8
)
scales = st.integers(-2, 5)
thresholds = st.sampled_from([0.0, 0.0, 1e-3, 1.0, 3.3])


@given(values, values, scales, scales, thresholds, thresholds, st.integers(0, 2))
@settings(max_examples=300)
def test_growth_is_what_happened_in_between_at_the_coarser_of_both(first, then, before, after, narrow, wide, room):
    last, now = told(first, before, narrow, room), told([*first, *then], after, wide)
    growth = growth_of(last, now)
    assert growth.scale in (after, min(before, after))
    assert growth.threshold >= max(narrow, wide)
    grown = buckets(growth)
    assert sum(grown.values()) == len(then)
    left = dict(grown)
    for value in then:  # each lies in one of the buckets that grew
        home = next(limits for limits in left if limits[0] < value <= limits[1] and left[limits])
        left[home] -= 1
    assert not any(left.values())


@given(values, values, scales, thresholds)
@settings(max_examples=100)
def test_fewer_in_any_bucket_is_a_reset(first, then, scale, threshold):
    last, now = told([*first, 7.0], scale, threshold), told(then, scale, threshold)
    lost = {one: count for one, count in buckets(last).items() if buckets(now).get(one, 0) < count}
    assert (growth_of(last, now) == now) or not lost


@given(values, scales, thresholds)
def test_what_is_packed_comes_back(numbers, scale, threshold):
    spread = told(numbers, scale, threshold)
    assert Spread.unpacked(spread.packed()) == spread
