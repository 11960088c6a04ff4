"""
Who was sent away, and why?

On the record like every change, but a stranger who keeps knocking must not fill the disk: of one visitor and one reason
the first is written, and the others of that minute are counted into the next. Strangers share one visitor.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Final

import structlog

from watchkeeper.act.accounts.audit import audited
from watchkeeper.act.accounts.visitor import Visitor
from watchkeeper.outside.clock import Clock
from watchkeeper.store.errors import StateError
from watchkeeper.store.state import State

EVERY_NS: Final = 60 * 10**9
MOST: Final = 20  # rows a minute, whoever is sent away

log = structlog.get_logger("refused")


@dataclass(slots=True)
class _Minute:
    since_ns: int
    written: int
    more: dict[tuple[str, str, str], int]


class Refused:
    """
    Writes refusals down. Safe to use from any thread.
    """

    def __init__(self, state: State, clock: Clock) -> None:
        self._state, self._clock = state, clock
        self._lock = threading.Lock()
        self._minute = _Minute(0, 0, {})

    def told(self, visitor: Visitor, action: str, target: str, why: str, *, address: str = "") -> None:
        """
        Somebody was refused `action` on `target`. Where it cannot be written, it is logged.
        """
        key = (visitor.name, visitor.through, action)
        with self._lock:
            left = self._counted(key)
        if left is None:
            return
        detail: dict[str, Any] = {"why": why} | ({"address": address} if address else {})
        if left:
            detail["not_written_of_the_minute_before"] = left
        try:
            with self._state.transaction() as tx:
                audited(tx, visitor, action, target, "refused", detail, at_ns=self._clock.now_ns())
        except StateError as error:
            log.warning("a refusal could not be written", action=action, why=str(error))

    def _counted(self, key: tuple[str, str, str]) -> int | None:
        """
        How many are to be told beside this one; None where this one is only counted.
        """
        now_ns, left = self._clock.monotonic_ns(), 0
        if now_ns - self._minute.since_ns >= EVERY_NS or not self._minute.since_ns:
            left = sum(self._minute.more.values())
            self._minute = _Minute(now_ns or 1, 0, {})
        minute = self._minute
        if key in minute.more or minute.written >= MOST:
            known = key if key in minute.more or len(minute.more) < MOST else ("", "", "")
            minute.more[known] = minute.more.get(known, 0) + 1
            return None
        minute.more[key] = 0
        minute.written += 1
        return left
