"""
Who is told, and if not, why not?

Every transition that people should know of becomes a notice per channel, or a refusal with its reason. A channel's rate
limit (`rationing`) may hold it back; what was held arrives as one digest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.rules import Rule
from watchkeeper.decide.values import AlertKey, AlertMemory, Finding, Kind, Notice, State, Transition
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.routing import channels_of, routed

_KINDS = {State.FIRING: Kind.FIRING, State.RESOLVED: Kind.RESOLVED, State.WITHDRAWN: Kind.WITHDRAWN}
_ENDS = (Kind.RESOLVED, Kind.WITHDRAWN)
_QUIET = (Reason.NO_EVENTS, Reason.TOO_FEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """
    Something people should be told about one alert; or are not, because it is `refused` on account of another alert.
    """

    memory: AlertMemory
    kind: Kind
    reason: Reason
    at_ns: int
    since_ns: int
    finding: Finding | None = None
    fine: tuple[str, ...] = ()
    refused: Reason | None = None
    because_of: AlertKey | None = None


def telling_of(transition: Transition, memory: AlertMemory, *, held_by: AlertKey | None = None) -> Telling | None:
    """
    What people are told of a transition; None for what only the record needs. `held_by` says it already.
    """
    told = transition.old is State.FIRING or transition.new is State.FIRING
    kind = _KINDS.get(transition.new) if told else None
    if kind is None:
        return None
    if transition.reason is Reason.EVENT:
        kind = Kind.EVENT
    if kind in _ENDS:
        held_by, refused = None, Reason.NOT_TOLD if memory.cycle == 0 else None
    else:
        refused = Reason.FASTER_FIRES if held_by is not None else None
    return Telling(
        memory=memory,
        kind=kind,
        reason=Reason.FIRST if kind in (Kind.FIRING, Kind.EVENT) else Reason.OVER,
        at_ns=transition.at_ns,
        since_ns=transition.since_ns,
        finding=transition.finding,
        refused=refused,
        because_of=held_by,
    )


def reminder(
    memory: AlertMemory, rule: Rule, finding: Finding | None, *, now_ns: int, held_by: AlertKey | None = None
) -> Telling | None:
    """
    What people are told without a transition: what said it before is over, it has been unknown for too long, or it
    still fires.
    """
    if memory.state is State.FIRING and memory.cycle == 0:
        return None if held_by is not None else _late(memory, finding, now_ns)
    timing, unknown_ns = rule.timing, memory.unknown_since_ns
    asks = timing.unknown_after_ns is not None and not memory.asked_unknown and _worth_asking(memory, rule, finding)
    if asks and unknown_ns is not None and now_ns - unknown_ns >= (timing.unknown_after_ns or 0):
        return Telling(
            memory=memory,
            kind=Kind.UNKNOWN,
            reason=Reason.UNKNOWN_TOO_LONG,
            at_ns=now_ns,
            since_ns=unknown_ns,
            finding=finding,
        )
    fires = memory.state is State.FIRING and memory.told_ns is not None
    if fires and timing.repeat_ns and now_ns - (memory.told_ns or 0) >= timing.repeat_ns:
        return Telling(
            memory=memory,
            kind=Kind.FIRING,
            reason=Reason.REPEAT,
            at_ns=now_ns,
            since_ns=memory.since_ns,
            finding=finding,
            refused=None if held_by is None else Reason.FASTER_FIRES,
            because_of=held_by,
        )
    return None


def _late(memory: AlertMemory, finding: Finding | None, now_ns: int) -> Telling | None:
    """
    The first word of a firing that was held back; none while its condition is clear, for it may be over as well.
    """
    if memory.clear_since_ns is not None and memory.unknown_since_ns is None:
        return None
    return Telling(
        memory=memory,
        kind=Kind.FIRING,
        reason=Reason.FASTER_OVER,
        at_ns=now_ns,
        since_ns=memory.since_ns,
        finding=finding,
    )


def route(rule: Rule, key: AlertKey, manual: Manual) -> tuple[str, ...]:
    """
    The channels of an alert: its rule's own, else those of the first route that fits.
    """
    return channels_of(rule.name, rule.alert, manual, label=key.label, value=key.value)


def route_of_gone(memory: AlertMemory, told: Sequence[str], manual: Manual) -> tuple[str, ...]:
    """
    Who hears that a rule is gone: the channels that heard of it, as far as the manual still has them; else a route's.
    """
    still, key = tuple(name for name in told if name in manual.channels), memory.key
    return still or routed(
        manual, severity=memory.severity, service=None, name=key.rule, label=key.label, value=key.value
    )


def notices_of(telling: Telling, names: Sequence[str], manual: Manual, *, severity: str | None) -> Iterator[Notice]:
    """
    A notice for each of these channels, or why there is none.
    """
    memory = telling.memory
    base = Notice(
        key=memory.key,
        kind=telling.kind,
        channel=None,
        reason=telling.reason,
        at_ns=telling.at_ns,
        cycle=memory.cycle,
        firing_id=memory.firing_id,
        finding=telling.finding,
        severity=severity,
        since_ns=telling.since_ns,
        fine=telling.fine,
    )
    if not names:
        yield _through(base, telling, planned=False) if telling.refused else _refused(base, Reason.NO_ROUTE)
    for name in names:
        yield _through(replace(base, channel=name), telling, planned=manual.channels[name].planned)


def unpaged(telling: Telling, reason: Reason) -> Notice:
    """
    That people are told, but nobody is paged, and why.
    """
    notice = Notice(
        key=telling.memory.key, kind=Kind.PAGE, channel=None, reason=reason, at_ns=telling.at_ns, send=False
    )
    return replace(notice, cycle=telling.memory.cycle, firing_id=telling.memory.firing_id)


def pages(telling: Telling) -> bool:
    """
    Whether people are paged for it, not only told: the first word of a firing or an event, however late.
    """
    return telling.kind in (Kind.FIRING, Kind.EVENT) and telling.reason is not Reason.REPEAT


def _through(notice: Notice, telling: Telling, *, planned: bool) -> Notice:
    if planned:
        return _refused(notice, Reason.PLANNED_CHANNEL)
    if telling.refused is None:
        return notice
    return _refused(notice, telling.refused, None if telling.because_of is None else str(telling.because_of))


def _refused(notice: Notice, reason: Reason, because_of: str | None = None) -> Notice:
    return replace(notice, send=False, reason=reason, because_of=because_of)


def _worth_asking(memory: AlertMemory, rule: Rule, finding: Finding | None) -> bool:
    """
    Silence is; a quiet time only while it keeps an alert firing, or where the manual says after how long.
    """
    quiet = finding is not None and finding.reason in _QUIET
    return not quiet or memory.state is State.FIRING or rule.timing.asks_when_quiet
