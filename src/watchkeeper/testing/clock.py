"""
How does time pass in a test, with nobody waiting?

>>> clock = HandClock("2026-03-01T12:00:00Z")
>>> clock.move(minutes=90)
>>> clock.now().isoformat()
'2026-03-01T13:30:00+00:00'
"""

import threading
from datetime import UTC, datetime, timedelta

from watchkeeper.outside.clock import instant, nanoseconds


class HandClock:
    """
    A clock that stands still until it is moved. Sleeping moves it. Safe to share between threads.
    """

    def __init__(self, start: str | datetime = "2026-01-01T00:00:00Z") -> None:
        at = datetime.fromisoformat(start) if isinstance(start, str) else start
        self._lock = threading.Lock()
        self._now_ns = nanoseconds(at.replace(tzinfo=UTC) if at.tzinfo is None else at)
        self._monotonic_ns = 0

    def now(self) -> datetime:
        return instant(self._now_ns)

    def now_ns(self) -> int:
        return self._now_ns

    def monotonic_ns(self) -> int:
        return self._monotonic_ns

    def sleep(self, seconds: float, stop: threading.Event) -> bool:
        if not stop.is_set():
            self._pass(round(seconds * 1e9))
        return stop.is_set()

    def move(self, span: timedelta | None = None, **units: float) -> None:
        """
        Let a span of time pass: `move(timedelta(hours=1))` or `move(hours=1)`.
        """
        whole = (span or timedelta()) + timedelta(**units)
        self._pass(whole // timedelta(microseconds=1) * 1000)

    def set_wall(self, at: datetime) -> None:
        """
        Step the wall clock, as an administrator or a time server does; the monotonic clock does not notice.
        """
        with self._lock:
            self._now_ns = nanoseconds(at)

    def _pass(self, span_ns: int) -> None:
        if span_ns < 0:
            raise ValueError("time only passes forwards; set_wall steps the wall clock back")
        with self._lock:
            self._now_ns += span_ns
            self._monotonic_ns += span_ns
