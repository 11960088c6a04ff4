"""
How does a person flip a switch of the live application, let that last longer, and undo it?

A flip has an end, an author and a reason, and ends by itself. Who may flip says the switch. Every flip and every
refusal is on the record, and on the timeline of the incident that it is for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Connection

from watchkeeper.act.accounts.audit import audited
from watchkeeper.act.accounts.visitor import Visitor
from watchkeeper.act.standing import Standing
from watchkeeper.act.switchboard import Switchboard
from watchkeeper.decide.switches import WHOLE, read_ramp
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.switching import SET, Switch, read_value, texts_of
from watchkeeper.manual.model.unfit import Unfit
from watchkeeper.manual.words import words_ns
from watchkeeper.outside.clock import Clock
from watchkeeper.store import flips, incidents
from watchkeeper.store.flips import FlipRow
from watchkeeper.store.incidents import TimelineRow
from watchkeeper.store.state import State

UNDONE: Final = "undone"
EXPIRED: Final = "expired"
WITHDRAWN: Final = "withdrawn"
MOST_STANDING: Final = 10  # flips of one switch at a time
MOST_TARGETS: Final = 100  # values of one attribute
MOST_TEXT: Final = 1000
NEEDS: Final = {"responder": "respond", "manager": "manage", "admin": "admin"}


class CannotFlip(Exception):
    """
    It cannot be flipped so; the text says why.
    """


class NotTheirs(Exception):
    """
    Who asks may not flip this switch.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipWish:
    """
    What a person asks for: a value as texts, for so long (ns), and why. `only`: attribute to values; `share` in percent
    of the targeting keys; `ramp` as `10% every 5m`; `incident` the number of one that it is for.
    """

    switch: str
    value: Sequence[str]
    for_ns: int
    reason: str
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)
    share: float = WHOLE
    ramp: str = ""
    incident: int | None = None


class Switches:
    """
    The switches, for people. Safe to call from any thread.
    """

    def __init__(self, state: State, clock: Clock, standing: Callable[[], Standing]) -> None:
        self._state, self._clock, self._standing = state, clock, standing
        self.board = Switchboard(state, clock, standing)

    def standing(self, name: str | None = None) -> list[FlipRow]:
        """
        The flips that hold now, oldest first, of all switches or of one.
        """
        now_ns = self._clock.now_ns()
        with self._state.reading() as view:
            rows = flips.standing(view)
        return [row for row in rows if now_ns < row.expires_ns and name in (None, row.switch)]

    def recent(self, name: str | None = None, *, most: int = 50) -> list[FlipRow]:
        """
        The newest flips, newest first, those that are over too.
        """
        with self._state.reading() as view:
            return flips.recent(view, switch=name, most=most)

    def flip(self, wish: FlipWish, *, who: Visitor) -> FlipRow:
        """
        Flip a switch. KeyError for one that the manual has not; CannotFlip, NotTheirs.
        """
        switch, now_ns = self._standing().manual.switches[wish.switch], self._clock.now_ns()
        try:
            self._demand(switch, who)
            row = granted(wish, switch, by=who.by, now_ns=now_ns)
            with self._state.transaction() as tx:
                row = self._written(tx, row, who)
        except (CannotFlip, NotTheirs) as why:
            self._refused(wish.switch, who, str(why))
            raise
        self.board.changed()
        return row

    def extend(self, number: int, *, for_ns: int, who: Visitor) -> FlipRow:
        """
        Let a flip end so long from now. KeyError for an unknown number; CannotFlip, NotTheirs.
        """
        now_ns = self._clock.now_ns()
        row = self._asked(number, who)
        try:
            with self._state.transaction() as tx:
                row = _holding(tx, number, now_ns)
                switch = self._standing().manual.switches.get(row.switch)
                if switch is not None:
                    demand_length(switch, for_ns)
                row = replace(row, expires_ns=now_ns + for_ns)
                flips.extend(tx, number, until_ns=row.expires_ns)
                audited(tx, who, "switch.extend", f"flip/{number}", detail=_detail(row), at_ns=now_ns)
                note(tx, row, f"holds {words_ns(for_ns)} from now", by=who.by, at_ns=now_ns)
        except CannotFlip as why:
            self._refused(row.switch, who, str(why))
            raise
        self.board.changed()
        return row

    def undo(self, number: int, *, who: Visitor) -> FlipRow:
        """
        End a flip before its time: what lies below it holds again. KeyError for an unknown one; CannotFlip, NotTheirs.
        """
        now_ns = self._clock.now_ns()
        self._asked(number, who)
        with self._state.transaction() as tx:
            row = _holding(tx, number, now_ns)
            flips.end(tx, number, at_ns=now_ns, by=who.by, because=UNDONE)
            audited(tx, who, "switch.undo", f"flip/{number}", detail=_detail(row), at_ns=now_ns)
            note(tx, row, "undone", by=who.by, at_ns=now_ns)
        self.board.changed()
        return replace(row, ended_ns=now_ns, ended_by=who.by, ended_because=UNDONE)

    def may(self, name: str, who: Visitor) -> bool:
        """
        Whether they may flip this switch.
        """
        switch = self._standing().manual.switches.get(name)
        return switch is not None and who.may(NEEDS[switch.role])

    def _asked(self, number: int, who: Visitor) -> FlipRow:
        with self._state.reading() as view:
            row = flips.by_id(view, number)
        if row is None:
            raise KeyError(number)
        switch = self._standing().manual.switches.get(row.switch)
        try:
            if switch is not None:
                self._demand(switch, who)
        except NotTheirs as why:
            self._refused(row.switch, who, str(why))
            raise
        return row

    def _demand(self, switch: Switch, who: Visitor) -> None:
        if not who.may(NEEDS[switch.role]):
            raise NotTheirs(f"found {who.name} ({who.role or who.through}); wanted at least a {switch.role}")

    def _written(self, tx: Connection, row: FlipRow, who: Visitor) -> FlipRow:
        manual: Manual = self._standing().manual
        here = [one for one in flips.standing(tx) if one.switch == row.switch and row.begin_ns < one.expires_ns]
        if len(here) >= MOST_STANDING:
            raise CannotFlip(f"found {len(here)} flips of {row.switch} already; wanted fewer: undo some")
        if row.incident is not None and incidents.by_number(tx, row.incident) is None:
            raise CannotFlip(f"found no incident {row.incident}; wanted the number of one")
        row = replace(row, id=flips.add(tx, row))
        audited(tx, who, "switch.flip", f"flip/{row.id}", detail=_detail(row), at_ns=row.begin_ns)
        length = words_ns(row.expires_ns - row.begin_ns)
        note(tx, row, f"{in_words(row, manual)} for {length}: {row.reason}", by=who.by, at_ns=row.begin_ns)
        return row

    def _refused(self, name: str, who: Visitor, why: str) -> None:
        with self._state.transaction() as tx:
            at_ns = self._clock.now_ns()
            audited(tx, who, "switch.flip", f"switch/{name}", "refused", {"why": why}, at_ns=at_ns)


def granted(wish: FlipWish, switch: Switch, *, by: str, now_ns: int) -> FlipRow:
    """
    The row that a wish becomes. Raises CannotFlip, with what is wanted instead.
    """
    if not wish.reason.strip():
        raise CannotFlip("found no reason; wanted why it is flipped")
    demand_length(switch, wish.for_ns)
    try:
        value = texts_of(read_value(switch, wish.value))
        if wish.ramp:
            read_ramp(wish.ramp)
    except Unfit as why:
        raise CannotFlip(str(why)) from None
    if not 0 < wish.share <= WHOLE:
        raise CannotFlip(f"found a share of {wish.share:g} %; wanted more than 0 and at most 100")
    return FlipRow(
        switch=wish.switch,
        value=value,
        author=by,
        reason=wish.reason.strip()[:MOST_TEXT],
        begin_ns=now_ns,
        expires_ns=now_ns + wish.for_ns,
        only=_only(wish.only),
        share=float(wish.share),
        ramp=wish.ramp.strip(),
        incident=wish.incident,
    )


def demand_length(switch: Switch, for_ns: int) -> None:
    """
    Raises CannotFlip where a flip would end at once, or later than its switch allows.
    """
    if for_ns <= 0:
        raise CannotFlip("found an end that is not ahead; wanted one after now")
    if for_ns > switch.longest_ns:
        raise CannotFlip(
            f"found {words_ns(for_ns)}; wanted at most {words_ns(switch.longest_ns)}: extend it if need be"
        )


def in_words(row: FlipRow, manual: Manual) -> str:
    """
    What a flip says, for whom: `50%, platform spotify, 20% of those who ask, 10% every 5m`.
    """
    kind = manual.switches[row.switch].kind if row.switch in manual.switches else ""
    said = [value_in_words(row.value, kind)]
    said += [f"{name} {' or '.join(values)}" for name, values in sorted(row.only.items())]
    said += [f"{row.share:g}% of those who ask"] if row.share < WHOLE else []
    said += [f"ramped {row.ramp}"] if row.ramp else []
    return ", ".join(said)


def value_in_words(texts: Sequence[str], kind: str) -> str:
    """
    A value for people.

    >>> value_in_words(["50"], "percentage"), value_in_words([], "set"), value_in_words(["true"], "boolean")
    ('50%', 'nothing', 'on')
    """
    if kind == "boolean":
        return {"true": "on", "false": "off"}.get(texts[0] if texts else "", ", ".join(texts))
    if kind == "percentage":
        return "".join(f"{text.removesuffix('%')}%" for text in texts)
    return ", ".join(texts) or ("nothing" if kind == SET else "")


def note(tx: Connection, row: FlipRow, text: str, *, by: str, at_ns: int) -> None:
    """
    A line on the timeline of the incident that a flip is for.
    """
    incident = None if row.incident is None else incidents.by_number(tx, row.incident)
    if incident is not None:
        said = f"switch {row.switch}: {text}"[:MOST_TEXT]
        data = {"flip": row.id}
        line = TimelineRow(incident_id=incident.id, at_ns=at_ns, kind="switch", text=said, by=by, data=data)
        incidents.add_timeline(tx, [line])


def _holding(tx: Connection, number: int, now_ns: int) -> FlipRow:
    row = flips.by_id(tx, number)
    if row is None:
        raise KeyError(number)
    if row.ended_ns is not None or row.expires_ns <= now_ns:
        how = f"{row.ended_because} by {row.ended_by}" if row.ended_ns is not None else "past its time"
        raise CannotFlip(f"flip {number} is over already: {how}")
    return row


def _only(said: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    only: dict[str, Any] = {}
    for name, values in said.items():
        kept = sorted({value.strip() for value in values} - {""})
        if not name.strip() or not kept:
            raise CannotFlip(f"found {name[:60]!r} without a value; wanted ATTRIBUTE and at least one value")
        if len(kept) > MOST_TARGETS or len(said) > MOST_STANDING or max(map(len, (name, *kept))) > MOST_TEXT:
            raise CannotFlip(f"found too much to aim at; wanted at most {MOST_TARGETS} values of an attribute")
        only[name.strip()] = kept
    return only


def _detail(row: FlipRow) -> dict[str, Any]:
    detail = {"switch": row.switch, "value": ", ".join(row.value), "expires_ns": row.expires_ns, "reason": row.reason}
    return detail | {name: value for name, value in (("only", row.only), ("ramp", row.ramp)) if value}
