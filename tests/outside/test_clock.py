"""
Are instants exact on their way between people and the hot path, and does the hand-moved clock behave as the real one?
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.outside.clock import Clock, RealClock, instant, nanoseconds
from watchkeeper.testing import HandClock


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 hypothesis adds the zone
def test_an_instant_survives_the_way_to_nanoseconds_and_back(at: datetime) -> None:
    assert instant(nanoseconds(at)) == at


def test_an_instant_in_another_zone_is_the_same_instant() -> None:
    there = datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2)))

    assert nanoseconds(there) == nanoseconds(datetime(2026, 3, 1, 12, tzinfo=UTC))


def test_a_time_without_a_zone_is_no_instant() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        nanoseconds(datetime(2026, 3, 1))  # noqa: DTZ001 that is the point


def test_the_real_clock_agrees_with_itself() -> None:
    clock: Clock = RealClock()
    before = clock.now_ns()
    assert before // 1000 * 1000 <= nanoseconds(clock.now()) <= clock.now_ns()
    assert clock.monotonic_ns() <= clock.monotonic_ns()


@pytest.mark.parametrize("clock", [RealClock(), HandClock()], ids=["real", "hand"])
def test_sleeping_ends_at_once_when_it_is_to_stop(clock: Clock) -> None:
    stop = threading.Event()
    assert clock.sleep(0, stop) is False
    stop.set()
    assert clock.sleep(3600, stop) is True


def test_the_hand_moved_clock_passes_time_only_when_told() -> None:
    clock: HandClock = HandClock("2026-03-01T12:00:00+02:00")
    clock.move(hours=1)
    clock.sleep(0.5, threading.Event())
    assert clock.now() == datetime(2026, 3, 1, 11, 0, 0, 500_000, tzinfo=UTC)
    assert clock.monotonic_ns() == 3600_500_000_000

    clock.set_wall(datetime(2026, 3, 1, 3, tzinfo=UTC))
    assert (clock.now().hour, clock.monotonic_ns()) == (3, 3600_500_000_000)
    with pytest.raises(ValueError, match="only passes forwards"):
        clock.move(minutes=-1)
