import pytest

from watchkeeper.measure.decode.si import UNITS, counts_things, si


@pytest.mark.parametrize(
    ("unit", "number", "wanted"),
    [
        ("ms", 35, 0.035),
        ("ms", 7, 0.007),
        ("us", 1, 1e-6),
        ("ns", 1_500_000_000, 1.5),
        ("s", 2.5, 2.5),
        ("min", 2, 120),
        ("By", 7, 7),
        ("KiBy", 2, 2048),
        ("MBy", 1, 1e6),
        ("bit", 8, 1),
        ("%", 55, 0.55),
        ("1", 0.25, 0.25),
        ("", 3, 3),
        ("{request}", 3, 3),
        ("{request}/min", 60, 1),
        ("kBy/s", 1, 1000),
        ("Cel", 21, 21),
    ],
)
def test_a_number_becomes_si(unit, number, wanted):
    assert si(unit).of(number) == wanted


def test_a_bucket_limit_in_milliseconds_equals_the_threshold_as_people_write_it():
    assert [si("ms").of(limit) for limit in range(2000)] == [float(f"{limit}e-3") for limit in range(2000)]


def test_units_of_things_are_told_from_units_of_amounts():
    assert all(map(counts_things, ["", "1", "{request}", "{}"]))
    assert not any(map(counts_things, ["s", "By", "%", "{request}/s", "ms"]))


def test_both_parts_of_every_scale_are_whole_as_floats():
    scales = [si(f"{above}/{below}") for above in UNITS for below in UNITS]
    assert all((int(float(one.times)), int(float(one.over))) == (one.times, one.over) for one in scales)
