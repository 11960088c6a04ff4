"""
Which stage comes next in an incident, and what is owed by when?

The manual's process as stages, and its deadlines as clocks: to respond (met by an acknowledgement), to go further, to
recover, to say how it goes, one per stage that has a time, and the report. A deadline of a stage counts from the
opening. What must be done `immediate` counts as missed after a minute, for nobody presses a button in no time.

>>> shop = Manual(
...     watchkeeper=1,
...     manual="Shop",
...     severities={"P0": {"respond": "5m", "recover": "15m"}},
...     incidents={"stages": [{"name": "Acknowledge", "within": "2m"}, {"name": "Assess", "deadlines": {"P0": "5m"}}]},
... )
>>> [(one.name, one.due_ns // 60_000_000_000) for one in owed(shop, "P0", opened_ns=0)]
[('respond', 5), ('recover', 15), ('stage Acknowledge', 2), ('stage Assess', 5)]
>>> first_stage(shop), after_acknowledgement(shop, "Acknowledge"), after_acknowledgement(shop, "Assess")
('Acknowledge', 'Assess', None)
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from watchkeeper.decide.business import due_ns
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.promising import Severity
from watchkeeper.manual.model.responding import Stage
from watchkeeper.manual.units import Duration, NextBusinessDay

RESPOND: Final = "respond"
ESCALATE: Final = "escalate"
RECOVER: Final = "recover"
UPDATE: Final = "update"
REPORT: Final = "report"
STAGE: Final = "stage "  # and the stage's name

#: How long `immediate` may take before it counts as missed.
AT_ONCE_NS: Final = 60 * 10**9

_DETECTION = re.compile("detect", re.IGNORECASE)
_ACKNOWLEDGEMENT = re.compile("acknowledg", re.IGNORECASE)
_AFTERWARDS = re.compile(r"post.?mortem|retrospective|\breview\b|\breport\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """
    What is owed by when; `met_ns` is when it was done, `missed_ns` when it was found to be missed.
    """

    name: str
    started_ns: int
    due_ns: int
    met_ns: int | None = None
    missed_ns: int | None = None

    @property
    def runs(self) -> bool:
        """
        It is neither met nor missed.
        """
        return self.met_ns is None and self.missed_ns is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """
    What becomes of the clocks when the severity changes: some are written, some go.
    """

    put: tuple[Clock, ...]
    drop: tuple[str, ...]


# The stages.


def stages(manual: Manual) -> tuple[Stage, ...]:
    """
    The stages of the process, in order; none where the manual has no process.
    """
    return manual.incidents.stages if manual.incidents is not None else ()


def stage_named(manual: Manual, name: str) -> Stage | None:
    """
    A stage by its name.
    """
    return next((one for one in stages(manual) if one.name == name), None)


def first_stage(manual: Manual) -> str:
    """
    The stage that a new incident is in: the first that is not its detection; empty without a process.
    """
    found = stages(manual)
    later = (one.name for one in found[1:]) if found and _DETECTION.match(found[0].name) else iter(())
    return next(later, found[0].name if found else "")


def next_stage(manual: Manual, name: str) -> str:
    """
    The stage after this one; empty after the last.
    """
    names = [one.name for one in stages(manual)]
    place = names.index(name) + 1 if name in names else len(names)
    return names[place] if place < len(names) else ""


def after_acknowledgement(manual: Manual, name: str) -> str | None:
    """
    The stage to go on with once somebody acknowledged; None where the present one has nothing to do with it.
    """
    return next_stage(manual, name) if name and _ACKNOWLEDGEMENT.match(name) else None


def after_closing(manual: Manual) -> str:
    """
    The stage that is left to do when an incident is closed: a post-mortem, a review; empty where there is none.
    """
    found = stages(manual)
    return found[-1].name if found and is_afterwards(found[-1].name) else ""


def is_acknowledgement(clock: str) -> bool:
    """
    Is this clock met by an acknowledgement?

    >>> [is_acknowledgement(name) for name in ("respond", "stage Acknowledge", "stage Assess", "recover")]
    [True, True, False, False]
    """
    return clock == RESPOND or bool(clock.startswith(STAGE) and _ACKNOWLEDGEMENT.match(clock.removeprefix(STAGE)))


def is_afterwards(name: str) -> bool:
    """
    Does a stage (or its clock) belong to the time after the incident is closed?

    >>> [is_afterwards(name) for name in ("Post-mortem", "stage Post-Mortem", "report", "stage Resolve")]
    [True, True, True, False]
    """
    return bool(_AFTERWARDS.search(name.removeprefix(STAGE)))


def done_by(manual: Manual, name: str) -> tuple[str, ...]:
    """
    The clocks of the stages that are over once this one is entered; of all stages when it is empty (the process is
    over).
    """
    names = [one.name for one in stages(manual)]
    return tuple(f"{STAGE}{one}" for one in (names[: names.index(name)] if name in names else names))


# The clocks.


def owed(manual: Manual, severity: str, *, opened_ns: int, rules: Iterable[str] = ()) -> tuple[Clock, ...]:
    """
    Every clock of an incident of this severity that opened then; `rules` are the alert rules that belong to it, whose
    own times take the place of the severity's.
    """
    return tuple(_owed(manual, severity, opened_ns, tuple(rules)))


def respond_by(manual: Manual, severity: str, *, rules: Iterable[str] = (), since_ns: int) -> int | None:
    """
    By when somebody has to answer to alerts that began then; None where neither they nor their severity say.
    """
    times = _times(RESPOND, manual.severities.get(severity), severity, manual, tuple(rules))
    return min((_end_ns(one, RESPOND, manual, severity, since_ns) for one in times), default=None)


def report_owed(manual: Manual, *, closed_ns: int) -> Clock | None:
    """
    By when the report is due; None where the manual asks for none.
    """
    within = manual.incidents.report_within if manual.incidents is not None else None
    return None if within is None else Clock(name=REPORT, started_ns=closed_ns, due_ns=closed_ns + within.ns)


def again(clock: Clock, *, at_ns: int) -> Clock:
    """
    A clock that begins anew: it was met, and the same is owed again (the next update).
    """
    return Clock(name=clock.name, started_ns=at_ns, due_ns=at_ns + clock.due_ns - clock.started_ns)


def moved(clocks: Sequence[Clock], owes: Sequence[Clock], *, now_ns: int) -> Moved:
    """
    The clocks under another severity. What is met stays; what would be over already runs from now, for nobody could
    have met it; what is owed no more goes.
    """
    known, names = {one.name: one for one in clocks}, {one.name for one in owes}
    put = [_moved(known.get(one.name), one, now_ns) for one in owes]
    drop = [one.name for one in clocks if one.met_ns is None and one.name not in names and one.name != REPORT]
    return Moved(put=tuple(put), drop=tuple(drop))


def _moved(old: Clock | None, new: Clock, now_ns: int) -> Clock:
    if old is not None and old.met_ns is not None:
        return old
    length_ns = new.due_ns - new.started_ns
    started_ns = new.started_ns if old is None else old.started_ns
    if started_ns + length_ns <= now_ns:
        started_ns = now_ns
    return replace(new, started_ns=started_ns, due_ns=started_ns + length_ns)


def _owed(manual: Manual, severity: str, opened_ns: int, rules: tuple[str, ...]) -> Iterator[Clock]:
    said = manual.severities.get(severity)
    for name in (RESPOND, ESCALATE, RECOVER, UPDATE):
        times = tuple(_times(name, said, severity, manual, rules))
        ends = [_end_ns(one, name, manual, severity, opened_ns) for one in times]
        if ends:
            yield Clock(name=name, started_ns=opened_ns, due_ns=min(ends))
    for stage in stages(manual):
        within = stage.deadlines.get(severity, stage.within)
        if isinstance(within, Duration):
            end_ns = opened_ns + (within.ns or AT_ONCE_NS)
            yield Clock(name=f"{STAGE}{stage.name}", started_ns=opened_ns, due_ns=end_ns)


def _times(
    name: str, said: Severity | None, severity: str, manual: Manual, rules: tuple[str, ...]
) -> Iterator[Duration | NextBusinessDay]:
    """
    The times of which the soonest counts: of each alert its own, else the severity's.
    """
    usual = getattr(said, name) if said is not None else None
    own = name in (RESPOND, ESCALATE)
    alerts = [manual.alerts[rule] for rule in rules if rule in manual.alerts] if own else []
    written = [getattr(alert, name) or usual for alert in alerts if alert.severity == severity]
    yield from (one for one in (written or [usual]) if one is not None)


def _end_ns(time: Duration | NextBusinessDay, name: str, manual: Manual, severity: str, opened_ns: int) -> int:
    end_ns = due_ns(time, start_ns=opened_ns, severity=severity, manual=manual)
    return opened_ns + AT_ONCE_NS if end_ns == opened_ns and name != ESCALATE else end_ns
