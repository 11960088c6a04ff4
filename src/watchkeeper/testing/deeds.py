"""
What do people and the outside do in a story, and what follows at once?

Who does it is named as the manual names people; times are local, of today (`13:00`) or of a day (`2026-03-02T13:00`).
"""

from abc import ABC, abstractmethod
from datetime import datetime

from watchkeeper.act.channels.sending import Failed
from watchkeeper.act.oncall import OnCall
from watchkeeper.act.watch import Watch
from watchkeeper.decide.oncall.values import Hole
from watchkeeper.outside.clock import nanoseconds
from watchkeeper.store.state import State
from watchkeeper.testing.clock import HandClock
from watchkeeper.testing.pager import Pager


class Deeds(ABC):
    """
    The half of a `Story` that says what people do. Incidents have a desk of their own: `watch.desk`.
    """

    clock: HandClock
    state: State
    watch: Watch
    pagers: dict[str, Pager]

    @abstractmethod
    def instant_of(self, when: str) -> datetime:
        """
        A local time of today, or an instant.
        """

    @abstractmethod
    def _turn(self) -> None: ...

    # --- whose turn it is

    def on_call(self, schedule: str, when: str | None = None) -> str | None:
        """
        Who has this schedule now, or then.
        """
        return self._on_call.one(schedule, None if when is None else self._ns(when)).duty.person

    def holes(self, *, days: int = 30) -> list[Hole]:
        """
        When, from now on, a page would reach nobody.
        """
        return self._on_call.holes(days)

    def override(self, schedule: str, person: str, begin: str, end: str, *, by: str, reason: str = "a story") -> int:
        """
        Put somebody (`''`: nobody) on call instead of whoever it is; the number of the override.
        """
        row = self._on_call.override(
            schedule, person, begin_ns=self._ns(begin), end_ns=self._ns(end), reason=reason, by=by
        )
        self._turn()
        return row.id

    def swap(self, schedule: str, mine: str, theirs: str, *, by: str, reason: str = "a story") -> int:
        """
        Whoever is on call at the one time and whoever is at the other take each other's shifts.
        """
        row, _ = self._on_call.swap(schedule, first_ns=self._ns(mine), second_ns=self._ns(theirs), reason=reason, by=by)
        self._turn()
        return row.id

    def undo_override(self, number: int, *, by: str) -> None:
        """
        Let the rotation hold again.
        """
        self._on_call.undo(number, by=by)
        self._turn()

    # --- what happens to channels

    def breaks(self, channel: str, why: str = "it answers 503", *, retryable: bool = True) -> None:
        """
        From now on every attempt through this channel fails.
        """
        self.pagers[channel].failing = Failed(why=why, retryable=retryable)

    def lacks(self, channel: str, what: str = "its address is not set") -> None:
        """
        From now on the channel cannot send at all, and it is known.
        """
        self.pagers[channel].not_ready = what

    def mends(self, channel: str) -> None:
        """
        The channel carries messages again.
        """
        self.pagers[channel].failing = self.pagers[channel].not_ready = None

    # --- how

    @property
    def _on_call(self) -> OnCall:
        return OnCall(self.state, self.clock, lambda: self.watch.standing)

    def _ns(self, when: str) -> int:
        return nanoseconds(self.instant_of(when))
