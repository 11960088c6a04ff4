"""
How long must somebody wait who keeps giving wrong passwords?

After some free tries for one name each further one waits twice as long as the one before, up to a minute: at most 1,500
guesses a day for a name, and its owner is never locked out for longer than that. From one address many names can be
tried; that is bounded too. It is remembered in memory only, and for a bounded number of names.

>>> throttle = Throttle()
>>> [throttle.begun("ann", "192.0.2.1", now_ns=0) for _ in range(6)]
[0, 0, 0, 0, 0, 0]
>>> throttle.wait_ns("ann", "192.0.2.1", now_ns=0) // 10**9, throttle.wait_ns("bob", "192.0.2.1", now_ns=0)
(2, 0)
>>> throttle.succeeded("ann", "192.0.2.1"); throttle.wait_ns("ann", "192.0.2.1", now_ns=0)
0

A try counts as a wrong one from its beginning: however many are made at the same time, no more of them are looked at.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

FREE: Final = 5  # wrong ones for a name
FREE_FROM: Final = 50  # wrong ones from an address, whatever the names
MOST_WAIT_NS: Final = 60 * 10**9
FORGOTTEN_NS: Final = 15 * 60 * 10**9
MOST: Final = 10_000  # names, and addresses

_Failures = OrderedDict[str, tuple[int, int]]  # how many, and when the last one was


class Throttle:
    """
    The wrong tries of late. Safe to use from any thread. Its instants are those of a monotonic clock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: _Failures = OrderedDict()
        self._addresses: _Failures = OrderedDict()

    def wait_ns(self, name: str, address: str, *, now_ns: int) -> int:
        """
        How long until this name may be tried from this address; 0 for now.
        """
        with self._lock:
            return self._wait_ns(name, address, now_ns)

    def begun(self, name: str, address: str, *, now_ns: int) -> int:
        """
        A try begins, and counts as a wrong one unless it succeeds; else how long until one may.
        """
        with self._lock:
            wait_ns = self._wait_ns(name, address, now_ns)
            if not wait_ns:
                self._count(name, address, now_ns)
            return wait_ns

    def failed(self, name: str, address: str, *, now_ns: int) -> None:
        """
        It was a wrong one.
        """
        with self._lock:
            self._count(name, address, now_ns)

    def succeeded(self, name: str, address: str) -> None:
        """
        It was the right one.
        """
        with self._lock:
            self._names.pop(name, None)
            count, at_ns = self._addresses.get(address, (0, 0))
            if count:
                self._addresses[address] = (count - 1, at_ns)

    def _wait_ns(self, name: str, address: str, now_ns: int) -> int:
        return max(
            _left_ns(self._names.get(name), FREE, now_ns),
            _left_ns(self._addresses.get(address), FREE_FROM, now_ns),
        )

    def _count(self, name: str, address: str, now_ns: int) -> None:
        for failures, key in ((self._names, name), (self._addresses, address)):
            if not key:
                continue
            count, at_ns = failures.pop(key, (0, now_ns))
            failures[key] = (1 if now_ns - at_ns > FORGOTTEN_NS else count + 1, now_ns)
            if len(failures) > MOST:
                failures.popitem(last=False)


def _left_ns(failures: tuple[int, int] | None, free: int, now_ns: int) -> int:
    if failures is None or failures[0] <= free or now_ns - failures[1] > FORGOTTEN_NS:
        return 0
    wait_ns = min(MOST_WAIT_NS, (1 << min(failures[0] - free, 20)) * 10**9)
    return max(0, failures[1] + wait_ns - now_ns)
