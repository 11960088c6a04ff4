"""
What do the switches say right now, without asking the state each time?

The flips that stand are kept in memory: read anew when something was flipped here, and every two seconds in case it was
elsewhere. A flip whose switch the manual no longer has, or whose value no longer fits it, says nothing.

>>> from watchkeeper.manual.model.switching import Switch
>>> flip_of(FlipRow(switch="a", value=["yes"], author="", reason="", begin_ns=0, expires_ns=9), Switch(kind="boolean",
...     default="false")).value
True
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from watchkeeper.act.standing import Standing
from watchkeeper.decide.switches import WHOLE, Change, Context, Flip, Found, found, next_change, read_ramp
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.switching import Switch, read_value
from watchkeeper.manual.model.unfit import Unfit
from watchkeeper.outside.clock import Clock
from watchkeeper.store import flips
from watchkeeper.store.flips import FlipRow
from watchkeeper.store.state import State

FRESH_NS: Final = 2 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """
    What a switch says to who asks, and what comes after (None: nothing, as far as is known).
    """

    name: str
    switch: Switch
    found: Found
    next: Change | None


@dataclass(frozen=True, slots=True)
class _Kept:
    """
    The flips of each switch, oldest first, as read at an instant for a manual.
    """

    version: int
    manual: Manual
    at_ns: int
    flips: Mapping[str, tuple[Flip, ...]]


class Switchboard:
    """
    The switches of a running watch. Safe to call from any thread.
    """

    def __init__(self, state: State, clock: Clock, standing: Callable[[], Standing]) -> None:
        self._state, self._clock, self._standing = state, clock, standing
        self._version = 0
        self._kept: _Kept | None = None

    def changed(self) -> None:
        """
        Something was flipped: what is in memory is not true any more.
        """
        self._version += 1

    @property
    def version(self) -> int:
        """
        Counts what was flipped through this process.
        """
        return self._version

    @property
    def fresh(self) -> bool:
        """
        Whether an answer comes from memory alone.
        """
        return self._in_memory() is not None

    def say(self, name: str, context: Context) -> Said:
        """
        What one switch says. KeyError for a name that the manual has not; KeyMissing.
        """
        kept = self._in_memory() or self._read()
        return self._said(name, kept, context, self._clock.now_ns())

    def names(self, *, public: bool = False) -> tuple[str, ...]:
        """
        The switches of the manual; only those that anybody may ask for, if that is wanted.
        """
        return tuple(name for name, one in self._standing().manual.switches.items() if one.public or not public)

    def _said(self, name: str, kept: _Kept, context: Context, now_ns: int) -> Said:
        switch, here = kept.manual.switches[name], kept.flips.get(name, ())
        return Said(
            name=name,
            switch=switch,
            found=found(switch, here, context, at_ns=now_ns),
            next=next_change(switch, here, context, at_ns=now_ns),
        )

    def _in_memory(self) -> _Kept | None:
        kept = self._kept
        if kept is None or kept.version != self._version or kept.manual is not self._standing().manual:
            return None
        return kept if 0 <= self._clock.now_ns() - kept.at_ns < FRESH_NS else None

    def _read(self) -> _Kept:
        version, manual, now_ns = self._version, self._standing().manual, self._clock.now_ns()
        with self._state.reading() as view:
            rows = flips.standing(view)
        by_switch: dict[str, tuple[Flip, ...]] = {}
        for row in rows:
            switch = manual.switches.get(row.switch)
            flip = None if switch is None else flip_of(row, switch)
            if flip is not None:
                by_switch[row.switch] = (*by_switch.get(row.switch, ()), flip)
        kept = self._kept = _Kept(version, manual, now_ns, by_switch)
        return kept


def flip_of(row: FlipRow, switch: Switch) -> Flip | None:
    """
    A row as deciding takes it; None where its value does not fit the switch any more.
    """
    try:
        value = read_value(switch, row.value)
        ramp = read_ramp(row.ramp) if row.ramp else None
    except Unfit:
        return None
    return Flip(
        id=row.id,
        switch=row.switch,
        value=value,
        begin_ns=row.begin_ns,
        expires_ns=row.expires_ns,
        only=tuple((name, tuple(values)) for name, values in sorted(row.only.items())),
        share=min(row.share, float(WHOLE)),
        ramp=ramp,
    )
