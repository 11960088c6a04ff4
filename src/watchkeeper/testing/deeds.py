"""
What do people and the outside do in a story, and what follows at once?

Who does it is named as the manual names people; times are local, of today (`13:00`) or of a day (`2026-03-02T13:00`).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime

from watchkeeper.act.channels.sending import Failed
from watchkeeper.act.oncall import OnCall
from watchkeeper.act.paging.desk import PageDesk
from watchkeeper.act.silencing import Silences, SilenceWish
from watchkeeper.act.watch import Watch
from watchkeeper.decide.oncall.values import Hole
from watchkeeper.decide.paging.values import PageState
from watchkeeper.decide.values import Matchers
from watchkeeper.outside.clock import nanoseconds
from watchkeeper.store.state import State
from watchkeeper.testing.clock import HandClock
from watchkeeper.testing.pager import Pager

_MINUTE_NS = 60 * 10**9


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

    # --- answering pages

    def acknowledge(self, by: str, *numbers: int) -> list[int]:
        """
        Somebody has these pages, or all that stand where none is named; those that are theirs now.
        """
        rows = self._pages.acknowledge(self._meant(numbers), by=by)
        self._turn()
        return [row.id for row in rows if row.state == PageState.ACKNOWLEDGED]

    def unacknowledge(self, by: str, *numbers: int) -> None:
        """
        Somebody does not have them after all.
        """
        for number in self._meant(numbers):
            self._pages.unacknowledge(number, by=by)
        self._turn()

    def snooze(self, by: str, *numbers: int, minutes: float = 60) -> None:
        """
        Somebody puts them off for so long.
        """
        for number in self._meant(numbers):
            self._pages.snooze(number, for_ns=round(minutes * _MINUTE_NS), by=by)
        self._turn()

    def escalate(self, by: str, *numbers: int) -> None:
        """
        Somebody passes them on: whoever is next is paged at once.
        """
        for number in self._meant(numbers):
            self._pages.escalate(number, by=by)
        self._turn()

    def resolve(self, by: str, *numbers: int, reason: str = "") -> None:
        """
        Somebody ends them, whatever their alerts do.
        """
        for number in self._meant(numbers):
            self._pages.resolve(number, by=by, reason=reason)
        self._turn()

    def test_page(self, person: str, *, by: str) -> None:
        """
        Send this person a page that is marked as a test.
        """
        self._pages.test(person, by=by)
        self._turn()

    # --- holding back

    def silence(
        self,
        by: str,
        *,
        minutes: float,
        reason: str = "a story",
        alert: str | Sequence[str] = (),
        service: str | Sequence[str] = (),
        severity: str | Sequence[str] = (),
        label: Mapping[str, str | Sequence[str]] | None = None,
    ) -> int:
        """
        Somebody silences what fits all of these, for so long; the number of the silence.
        """
        matchers = Matchers(
            alert=_several(alert),
            service=_several(service),
            severity=_several(severity),
            label=tuple((name, _several(values)) for name, values in (label or {}).items()),
        )
        end_ns = self.clock.now_ns() + round(minutes * _MINUTE_NS)
        row = self._silences.create(SilenceWish(end_ns=end_ns, reason=reason, matchers=matchers), by=by)
        self._turn()
        return row.id

    def undo_silence(self, number: int, *, by: str) -> None:
        """
        End it before its time.
        """
        self._silences.undo(number, by=by)
        self._turn()

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

    def dies_while_sending(self, channel: str) -> None:
        """
        The process ends, as by `kill -9`, at the next attempt through this channel; `restart` starts it again.
        """
        self.pagers[channel].dies = True

    def mends(self, channel: str) -> None:
        """
        The channel carries messages again.
        """
        self.pagers[channel].failing = self.pagers[channel].not_ready = None

    # --- how

    @property
    def _pages(self) -> PageDesk:
        return PageDesk(self.state, self.clock, lambda: self.watch.standing)

    def _meant(self, numbers: Sequence[int]) -> list[int]:
        return list(numbers) or [row.id for row in self._pages.standing()]

    @property
    def _silences(self) -> Silences:
        return Silences(self.state, self.clock, lambda: self.watch.standing)

    @property
    def _on_call(self) -> OnCall:
        return OnCall(self.state, self.clock, lambda: self.watch.standing)

    def _ns(self, when: str) -> int:
        return nanoseconds(self.instant_of(when))


def _several(names: str | Sequence[str]) -> frozenset[str]:
    return frozenset((names,) if isinstance(names, str) else names)
