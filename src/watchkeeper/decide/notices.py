"""
Who is told, and if not, why not?

Every transition that people should know of becomes a notice per channel, or a refusal with its reason. A channel's rate
limit (`rationing`) may hold it back; what was held arrives as one digest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.rules import Rule
from watchkeeper.decide.values import AlertMemory, Finding, Kind, Notice, State, Transition
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.routing import channels_of, routed

_KINDS = {State.FIRING: Kind.FIRING, State.RESOLVED: Kind.RESOLVED, State.WITHDRAWN: Kind.WITHDRAWN}
_QUIET = (Reason.NO_EVENTS, Reason.TOO_FEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """
    Something people should be told about one alert.
    """

    memory: AlertMemory
    kind: Kind
    reason: Reason
    at_ns: int
    since_ns: int
    finding: Finding | None = None
    fine: tuple[str, ...] = ()


def telling_of(transition: Transition, memory: AlertMemory) -> Telling | None:
    """
    What people are told of a transition; None for what only the record needs.
    """
    told = transition.old is State.FIRING or transition.new is State.FIRING
    kind = _KINDS.get(transition.new) if told else None
    if kind is None:
        return None
    if transition.reason is Reason.EVENT:
        kind = Kind.EVENT
    return Telling(
        memory=memory,
        kind=kind,
        reason=Reason.FIRST if kind in (Kind.FIRING, Kind.EVENT) else Reason.OVER,
        at_ns=transition.at_ns,
        since_ns=transition.since_ns,
        finding=transition.finding,
    )


def reminder(memory: AlertMemory, rule: Rule, finding: Finding | None, *, now_ns: int) -> Telling | None:
    """
    What people are told without a transition: it has been unknown for too long, or it still fires.
    """
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
        )
    return None


def route(rule: Rule, manual: Manual) -> tuple[str, ...]:
    """
    The channels of a rule: its own, else those of the first route that fits.
    """
    return channels_of(rule.name, rule.alert, manual)


def route_of_gone(memory: AlertMemory, told: Sequence[str], manual: Manual) -> tuple[str, ...]:
    """
    Who hears that a rule is gone: the channels that heard of it, as far as the manual still has them; else a route's.
    """
    still = tuple(name for name in told if name in manual.channels)
    return still or routed(manual, severity=memory.severity, service=None, name=memory.key.rule)


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
        yield replace(base, send=False, reason=Reason.NO_ROUTE)
    for name in names:
        planned = manual.channels[name].planned
        notice = replace(base, channel=name)
        yield replace(notice, send=False, reason=Reason.PLANNED_CHANNEL) if planned else notice


def _worth_asking(memory: AlertMemory, rule: Rule, finding: Finding | None) -> bool:
    """
    Silence is; a quiet time only while it keeps an alert firing, or where the manual says after how long.
    """
    quiet = finding is not None and finding.reason in _QUIET
    return not quiet or memory.state is State.FIRING or rule.timing.asks_when_quiet
