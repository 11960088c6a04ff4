from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.measure.decode.instants import instant


@pytest.mark.parametrize(
    ("value", "at_ns"),
    [
        ("1970-01-01T00:00:01Z", 10**9),
        ("1970-01-01t01:00:01z", 3601 * 10**9),
        ("1970-01-01T01:00:01+01:00", 10**9),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T00:00:00.1234567899Z", 123_456_789),
        (1, 10**9),
        (1700000000.123, 1_700_000_000_123_000_000),
        (0.000000001, 1),
    ],
)
def test_an_instant_is_read_to_the_nanosecond(value, at_ns):
    assert instant(value) == at_ns


@pytest.mark.parametrize(
    "value",
    ["", "now", "2026-11-20", "2026-11-20T10:00:00",
     "2026-13-01T00:00:00Z", "2026-11-20T10:00:60Z", "1969-12-31T23:59:59Z",
     "2300-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-11-20T10:00:00+99:99",
     "٢026-11-20T10:00:00Z", 0, -1, 1.7e12, 10**30, True, float("inf"), [], {}],
)  # fmt: skip
def test_what_is_no_instant_is_answered_with_a_sentence(value):
    answer = instant(value)
    assert isinstance(answer, str)
    assert answer.startswith("found ")


@given(st.integers(86_400_000_000, 9_000_000_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_any_zone_means_the_same_instant(microseconds, minutes):
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    local = at.astimezone(timezone(timedelta(minutes=minutes)))
    assert instant(local.isoformat()) == microseconds * 1000
