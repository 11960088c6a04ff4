"""
Is the end of a certificate's life what openssl wrote into it, and nothing else ever taken for one?
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.outside.certificates import certificate, der
from watchkeeper.outside.certificates import GENERALIZED_TIME, UTC_TIME, until_ns, utc_ns

SINCE = datetime(1970, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "until",
    [
        datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2024, 2, 29, 12, 0, 1, tzinfo=UTC),
        datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC),  # the last that two digits can say
        datetime(2050, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),  # RFC 5280: no end at all
    ],
)
def test_a_certificate_ends_when_openssl_says(tmp_path: Path, until: datetime) -> None:
    made, _ = certificate(tmp_path / "c", since=SINCE, until=until)

    assert until_ns(der(made)) == int(until.timestamp()) * 10**9


def test_a_certificate_that_is_cut_off_before_its_end_is_written_has_none(tmp_path: Path) -> None:
    whole = der(certificate(tmp_path / "c", since=SINCE, until=datetime(2030, 1, 1, tzinfo=UTC))[0])

    assert {until_ns(whole[:n]) for n in range(len(whole))} == {None}


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda data: b"\x30\x82\x00\x32\x30\x30" + data))
def test_whatever_is_no_certificate_has_no_end_and_raises_nothing(data: bytes) -> None:
    assert until_ns(data) is None


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        (UTC_TIME, b"240229120001"),
        (UTC_TIME, b"240229120001+0100"),
        (UTC_TIME, b"2402291200Z"),
        (UTC_TIME, b"230229120001Z"),  # no leap year
        (UTC_TIME, b"20240229120001Z"),
        (GENERALIZED_TIME, b"20240229120001.5Z"),
        (GENERALIZED_TIME, b"00000229120001Z"),
        (GENERALIZED_TIME, b" 2024229120001Z"),
    ],
)
def test_a_time_that_is_not_written_as_the_standard_says_is_none(tag: int, written: bytes) -> None:
    with pytest.raises(ValueError, match="time|day|year|match"):
        utc_ns(tag, written)
