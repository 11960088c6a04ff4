"""
What time is it?

The only module that asks the machine. Everything else takes `now` as an argument, or a Clock.

>>> clock = RealClock()
>>> clock.now().tzinfo is UTC, clock.now_ns() > 1_700_000_000 * 10**9
(True, True)
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """
    The present instant, two ways, and a way to let time pass.
    """

    def now(self) -> datetime:
        """
        The wall clock as an aware instant in UTC.
        """
        ...

    def now_ns(self) -> int:
        """
        The wall clock in nanoseconds since 1970-01-01 UTC.
        """
        ...

    def monotonic_ns(self) -> int:
        """
        Nanoseconds since some fixed point; never goes back, so durations and rhythms are taken from it.
        """
        ...

    def sleep(self, seconds: float, stop: threading.Event) -> bool:
        """
        Wait, but no longer than until `stop` is set; True when it was set.
        """
        ...


class RealClock:
    """
    The machine's own clocks.
    """

    def now(self) -> datetime:
        return datetime.now(UTC)

    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def sleep(self, seconds: float, stop: threading.Event) -> bool:
        return stop.wait(max(seconds, 0))


def instant(at_ns: int) -> datetime:
    """
    Nanoseconds since 1970 as an aware instant; what is finer than a microsecond is cut off.

    >>> instant(1_500_000_000_999)
    datetime.datetime(1970, 1, 1, 0, 25, tzinfo=datetime.timezone.utc)
    """
    return EPOCH + timedelta(microseconds=at_ns // 1000)


def nanoseconds(at: datetime) -> int:
    """
    An aware instant as nanoseconds since 1970, exactly (a float cannot hold them); naive ones are refused.

    >>> nanoseconds(datetime(2026, 3, 1, 0, 0, 0, 1, tzinfo=UTC))
    1772323200000001000
    """
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone, so it is no instant")
    return (at - EPOCH) // timedelta(microseconds=1) * 1000
