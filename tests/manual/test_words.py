"""
Do people read the numbers that we mean?
"""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.manual.units import Dimension, Duration, Quantity, Range, parse_duration, parse_quantity, parse_range
from watchkeeper.manual.words import count, measured, percent, quantity, rate, size, words, words_ns


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0s", "0 s"),
        ("200ms", "200 ms"),
        ("1.5ms", "1.5 ms"),
        ("1.5s", "1.5 s"),
        ("30s", "30 s"),
        ("15m", "15 min"),
        ("90s", "1 min 30 s"),
        ("125m", "2 h 05"),
        ("4h", "4 h"),
        ("1d", "1 d"),
        ("76h", "3 d 4 h"),
        ("30d", "30 d"),
    ],
)
def test_a_span_of_time_in_words(text: str, said: str) -> None:
    duration = parse_duration(text)

    assert isinstance(duration, Duration)
    assert words(duration) == said


def test_a_negative_span_has_a_minus_sign() -> None:
    assert words_ns(-190 * 60 * 10**9) == "−3 h 10"


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (Fraction(14, 212), "6.6 %"),
        (Fraction(97, 100), "97 %"),
        (Fraction(0), "0 %"),
        (Fraction(1), "100 %"),
        (Fraction(99_999, 100_000), "99.999 %"),
        (Fraction(1, 30_000), "0.003 %"),
        (Fraction(9995, 10_000), "99.95 %"),
        (Fraction(3, 2), "150 %"),
    ],
)
def test_a_ratio_in_words_is_never_rounded_to_nothing_or_to_all(ratio: Fraction, said: str) -> None:
    assert percent(ratio) == said


def test_a_ratio_just_below_its_limit_is_not_rounded_to_it() -> None:
    assert percent(Fraction(9_987, 10_000), against=Fraction(999, 1000)) == "99.87 %"
    assert percent(Fraction(999, 1000), against=Fraction(999, 1000)) == "99.9 %"


@given(st.fractions(0, 1, max_denominator=10**6), st.integers(0, 1000).map(lambda n: Fraction(n, 1000)))
def test_said_against_a_limit_a_ratio_stays_on_its_side(ratio: Fraction, limit: Fraction) -> None:
    said = Fraction(percent(ratio, against=limit).removesuffix(" %")) / 100

    assert (said > limit) - (said < limit) == (ratio > limit) - (ratio < limit)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("97%", "97 %"),
        ("1.5s", "1.5 s"),
        ("15m", "15 min"),
        ("20/s", "20/s"),
        ("0.1", "0.1"),
        ("20 events", "20 events"),
        ("5MB", "5 MB"),
        ("1h30m", "1h30m"),
    ],
)
def test_a_written_quantity_gets_a_space_before_its_unit(text: str, said: str) -> None:
    found = parse_quantity(text)

    assert isinstance(found, Quantity)
    assert quantity(found) == said


def test_a_range_in_words() -> None:
    found = parse_range("5..15m")

    assert isinstance(found, Range)
    assert quantity(found) == "5 min to 15 min"


def test_counts_sizes_and_rates_in_words() -> None:
    assert (count(1197), count(-3)) == ("1,197", "−3")
    assert (size(5_000_000), size(999), size(1_234_000)) == ("5 MB", "999 B", "1.23 MB")
    assert [rate(Fraction(r)) for r in ("20", "500/3600", "1/86400", "0")] == ["20/s", "8.33/min", "1/d", "0/s"]


def test_a_measured_number_is_said_in_the_words_of_its_kind() -> None:
    half = Fraction(1, 2)

    assert [measured(half, d) for d in Dimension] == ["50 %", "500 ms", "0.5 B", "30/min", "0.5"]
