"""
How does a thread do the same thing again whenever it is time, or it is woken?

A step says when the next one is due. One that raises is logged, and tried again a little later: the loop goes on.
"""

import threading
from collections.abc import Callable
from typing import Final

import structlog

from watchkeeper.outside.clock import Clock

LONGEST_SECONDS: Final = 5.0  # looks at least this often: a clock may be set, a wake-up may be for another process

log = structlog.get_logger("repeating")


class Repeating:
    """
    Calls `step(ending)` over and over in a thread; it returns when it is due again (ns), or None.
    """

    def __init__(self, step: Callable[[Callable[[], bool]], int | None], *, name: str, clock: Clock) -> None:
        self._step, self._clock = step, clock
        self._woken, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def alive(self) -> bool:
        """
        Whether the thread runs.
        """
        return self._thread.is_alive()

    def start(self) -> None:
        """
        Begin.
        """
        self._thread.start()

    def wake(self) -> None:
        """
        Take the next step now; after the present one, if one is being taken.
        """
        self._woken.set()

    def end(self) -> None:
        """
        Take no further step.
        """
        self._ended.set()
        self._woken.set()

    def join(self) -> None:
        """
        Wait until the last step is over.
        """
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._woken.clear()
            self._clock.sleep(self._take(), self._woken)

    def _take(self) -> float:
        """
        One step, and the seconds until the next.
        """
        if self._ended.is_set():  # `end` may have come between the two lines of the loop
            return 0
        try:
            due_ns = self._step(self._ended.is_set)
        except Exception:  # the top of the loop: what went wrong may be over at the next step
            log.exception("a step failed", thread=threading.current_thread().name)
            return LONGEST_SECONDS
        if due_ns is None:
            return LONGEST_SECONDS
        return min(max(0.0, (due_ns - self._clock.now_ns()) / 1e9), LONGEST_SECONDS)
