"""
Are quantities read exactly, printed as written, and wrong ones explained?
"""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.manual.unit_table import BYTE_UNITS, COUNTED, TIME_UNITS
from watchkeeper.manual.units import (
    Dimension,
    Duration,
    NextBusinessDay,
    Quantity,
    Range,
    UnitMistake,
    parse_duration,
    parse_quantity,
    parse_range,
    parse_response,
)


@pytest.mark.parametrize(
    ("text", "value", "dimension"),
    [
        ("97%", "0.97", Dimension.RATIO),
        ("99.95%", "0.9995", Dimension.RATIO),
        ("0.3 %", "0.003", Dimension.RATIO),
        ("-5%", "-0.05", Dimension.RATIO),
        ("1.5s", "1.5", Dimension.TIME),
        ("2.0s", "2", Dimension.TIME),
        ("700ms", "0.7", Dimension.TIME),
        ("43m", "2580", Dimension.TIME),
        ("26h", "93600", Dimension.TIME),
        ("30d", "2592000", Dimension.TIME),
        ("1w", "604800", Dimension.TIME),
        ("1mo", "2592000", Dimension.TIME),
        ("1y", "31536000", Dimension.TIME),
        ("1h30m", "5400", Dimension.TIME),
        ("5MB", "5000000", Dimension.BYTES),
        ("5MiB", "5242880", Dimension.BYTES),
        ("1kB", "1000", Dimension.BYTES),
        ("20/s", "20", Dimension.RATE),
        ("120/min", "2", Dimension.RATE),
        ("120/m", "2", Dimension.RATE),
        ("3600 /h", "1", Dimension.RATE),
        ("1/5m", "1/300", Dimension.RATE),
        ("50/w", "50/604800", Dimension.RATE),
        ("0.1", "0.1", Dimension.NUMBER),
        ("14.4", "14.4", Dimension.NUMBER),
        ("20 events", "20", Dimension.NUMBER),
        ("1 diff", "1", Dimension.NUMBER),
        ("  0  ", "0", Dimension.NUMBER),
    ],
)
def test_a_quantity_has_its_exact_value_in_base_units(text: str, value: str, dimension: Dimension) -> None:
    found = parse_quantity(text)

    assert isinstance(found, Quantity)
    assert (found.value, found.dimension) == (Fraction(value), dimension)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("1.5 s", "1.5s"),
        ("2.0s", "2.0s"),
        ("24 h", "24h"),
        ("97 %", "97%"),
        ("20 events", "20 events"),
        ("9 / min", "9/min"),
    ],
)
def test_a_quantity_prints_as_it_was_written_without_the_space_before_a_symbol(text: str, printed: str) -> None:
    assert str(parse_quantity(text)) == printed


def test_two_quantities_are_equal_when_they_mean_the_same() -> None:
    assert parse_quantity("60s") == parse_quantity("1m")
    assert parse_duration("1h30m") == parse_duration("90m")
    assert parse_quantity("60s") != parse_quantity("60")


@pytest.mark.parametrize(
    ("text", "column", "sentence"),
    [
        ("15 mins", 1, "`15 mins`: unit `mins` is not known; write `15m`"),
        ("15min", 1, "`15min`: unit `min` is not known; write `15m`"),
        ("2 seconds", 1, "`2 seconds`: unit `seconds` is not known; write `2s`"),
        ("3 months", 1, "`3 months`: unit `months` is not known; write `3mo`"),
        ("5mb", 1, "`5mb`: unit `mb` is not known; write `5MB`"),
        ("15M", 1, "`15M`: unit `M` is not known; write `15m`"),
        ("20rps", 1, "`20rps`: unit `rps` is not known; write `20/s`"),
        ("20/sec", 1, "`20/sec`: unit `/sec` is not known; write `20/s`"),
        ("20/hour", 1, "`20/hour`: unit `/hour` is not known; write `20/h`"),
        ("20 evnts", 1, "`20 evnts`: unit `evnts` is not known; write `20 events`"),
        ("1,000", 2, "`1,000`: write the digits without separators: `1000`"),
        ("97% of all", 4, "`97% of all`: `of all` after `97%` is not understood"),
        ("", 1, "``: a number is wanted here, such as `97%` or `15m`"),
        ("soon", 1, "`soon`: a number is wanted here, such as `97%` or `15m`"),
        ("5..15m", 1, "`5..15m`: one value is wanted here, not a range"),
        ("30m1h", 1, "`30m1h`: write times from large to small: `1h30m`"),
        ("7/0s", 1, "`7/0s`: unit `/0s` is not known; write `7/s`"),
        (
            "7 zlorks",
            1,
            "`7 zlorks`: unit `zlorks` is not known; known are % ms s m h d w mo y, B kB MB GB, /s /min /h /d /w",
        ),
    ],
)
def test_a_wrong_quantity_says_what_to_write(text: str, column: int, sentence: str) -> None:
    found = parse_quantity(text)

    assert isinstance(found, UnitMistake)
    assert (found.column, str(found)) == (column, sentence)


@pytest.mark.parametrize(
    ("text", "low", "high", "printed"),
    [
        ("5..15m", 300, 900, "5..15m"),
        ("5m..15m", 300, 900, "5..15m"),
        ("400..700ms", "0.4", "0.7", "400..700ms"),
        ("400ms..2s", "0.4", 2, "400ms..2s"),
        ("1..5%", "0.01", "0.05", "1..5%"),
        ("100..300", 100, 300, "100..300"),
        ("100..300 users", 100, 300, "100..300 users"),
        ("1h..1h30m", 3600, 5400, "1h..1h30m"),
    ],
)
def test_a_range_shares_its_unit(text: str, low: str | int, high: str | int, printed: str) -> None:
    found = parse_range(text)

    assert isinstance(found, Range)
    assert (found.low.value, found.high.value, str(found)) == (Fraction(low), Fraction(high), printed)
    assert parse_range(str(found)) == found


@pytest.mark.parametrize("text", ["15..5m", "5..5m", "5%..3s", "5..", "5m", "5..x"])
def test_a_range_that_is_none_is_a_mistake(text: str) -> None:
    assert isinstance(parse_range(text), UnitMistake)


@pytest.mark.parametrize(
    ("text", "ns"),
    [("15m", 900 * 10**9), ("1.5ms", 1_500_000), ("0s", 0), ("1mo", 30 * 86_400 * 10**9), ("24 h", 86_400 * 10**9)],
)
def test_a_duration_is_a_whole_number_of_nanoseconds(text: str, ns: int) -> None:
    found = parse_duration(text)

    assert isinstance(found, Duration)
    assert found.ns == ns


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("15", "a span of time is wanted, such as `15m`; write `15m` for minutes"),
        ("15%", "a span of time is wanted, such as `15m`"),
        ("-5m", "a span of time lies between 0 and 290 years"),
        ("1000y", "a span of time lies between 0 and 290 years"),
        ("0.0000001ms", "times are whole nanoseconds; this is finer"),
    ],
)
def test_a_duration_that_is_none_says_why(text: str, wanted: str) -> None:
    found = parse_duration(text)

    assert isinstance(found, UnitMistake)
    assert found.wanted == wanted


def test_a_response_is_immediate_a_time_or_the_next_business_day() -> None:
    immediate, half_hour, next_day = (parse_response(t) for t in ("immediate", "30m", "next  business day"))

    assert isinstance(immediate, Duration)
    assert (immediate.ns, str(immediate)) == (0, "immediate")
    assert half_hour == parse_duration("30m")
    assert isinstance(next_day, NextBusinessDay)
    assert str(next_day) == "next business day"
    assert isinstance(parse_response("real-time"), Duration)


def test_a_response_that_is_none_names_the_three_forms() -> None:
    found = parse_response("tomorrow")

    assert isinstance(found, UnitMistake)
    assert found.wanted == "write `immediate`, a time such as `30m`, or `next business day`"


units = st.sampled_from(
    ["", "%", *TIME_UNITS, *BYTE_UNITS, "/s", "/min", "/h", "/d", "/w", "/5m", *(f" {u}s" for u in COUNTED)]
)
numbers = st.decimals(min_value=-(10**9), max_value=10**9, places=3, allow_nan=False).map(
    lambda d: format(d.normalize(), "f")
)


@given(numbers, units)
def test_what_was_read_prints_so_that_it_reads_the_same(number: str, unit: str) -> None:
    found = parse_quantity(number + unit)

    assert isinstance(found, Quantity)
    assert str(found) == number + unit
    assert parse_quantity(str(found)) == found


@given(st.one_of(st.text(max_size=40), st.text(alphabet="0123456789.,-~%/ smhdwoyBkMGi²٣", max_size=20)))
def test_no_text_makes_the_readers_raise(text: str) -> None:
    for read in (parse_quantity, parse_range, parse_duration, parse_response):
        found = read(text)
        if isinstance(found, UnitMistake):
            assert found.wanted
            assert 1 <= found.column <= len(text) + 1


@pytest.mark.parametrize(
    "text", ["9" * 5000, "1." + "9" * 5000, "9" * 5000 + "%", "1/" + "9" * 5000 + "s", "1h" + "2m" * 5000]
)
def test_a_number_of_any_length_is_answered(text: str) -> None:
    assert isinstance(parse_quantity(text), UnitMistake)
