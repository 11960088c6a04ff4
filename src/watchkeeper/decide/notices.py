"""
Who is told, and if not, why not?

Every transition that people should know of becomes a notice per channel, or a refusal with its reason. A channel's rate
limit (`rationing`) may hold it back; what was held arrives as one digest.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from watchkeeper.decide.hushing import AFTERWARDS, Hush, settled
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
    Something people should be told about one alert; or are not, because it is `refused`. `memory` is the alert's, with
    what hushes it from now on.
    """

    memory: AlertMemory
    kind: Kind
    reason: Reason
    at_ns: int
    since_ns: int
    finding: Finding | None = None
    fine: tuple[str, ...] = ()
    refused: Reason | None = None
    because_of: str | None = None


def _nothing() -> Hush | None:
    return None


def telling_of(
    transition: Transition, memory: AlertMemory, *, hush: Hush | None = None, flaps: bool = False
) -> Telling | None:
    """
    What people are told of a transition; None for what only the record needs. What is hushed, or flaps, is refused.
    """
    told = transition.old is State.FIRING or transition.new is State.FIRING
    kind = _KINDS.get(transition.new) if told else None
    if kind is None:
        return None
    if transition.reason is Reason.EVENT:
        kind = Kind.EVENT
    telling = Telling(
        memory=memory,
        kind=kind,
        reason=Reason.OVER if kind in _ENDS else Reason.FIRST,
        at_ns=transition.at_ns,
        since_ns=transition.since_ns,
        finding=transition.finding,
    )
    if kind in _ENDS:
        return _ended(telling, flaps=flaps)
    return _began(telling, hush, flaps=flaps and kind is Kind.FIRING)


def _ended(telling: Telling, *, flaps: bool) -> Telling:
    """
    Nobody hears of the end of what nobody was told, nor of each end of what flaps.
    """
    memory = telling.memory
    if flaps and memory.hushed is Reason.FLAPPING and telling.kind is Kind.RESOLVED:
        return replace(telling, refused=Reason.FLAPPING)
    memory = memory if memory.hushed is None else memory.evolve(hushed=None)
    return replace(telling, memory=memory, refused=Reason.NOT_TOLD if memory.cycle == 0 else None)


def _began(telling: Telling, hush: Hush | None, *, flaps: bool) -> Telling:
    memory = telling.memory
    if hush is not None:
        later = None if telling.kind is Kind.EVENT else hush.reason  # an event is told when it happens, or never
        return replace(telling, memory=memory.evolve(hushed=later), refused=hush.reason, because_of=hush.because_of)
    if not flaps:
        return telling if memory.hushed is None else replace(telling, memory=memory.evolve(hushed=None))
    if memory.hushed is Reason.FLAPPING:
        return replace(telling, refused=Reason.FLAPPING)
    return replace(telling, memory=memory.evolve(hushed=Reason.FLAPPING), reason=Reason.FLAPPING)


def reminder(
    memory: AlertMemory, rule: Rule, finding: Finding | None, *, now_ns: int, hush: Callable[[], Hush | None] = _nothing
) -> Telling | None:
    """
    What people are told without a transition: what hushed it is over, it has settled, it has been unknown for too long,
    or it still fires.
    """
    firing, mark = memory.state is State.FIRING, memory.hushed
    telling = Telling(
        memory=memory, kind=Kind.FIRING, reason=Reason.FIRST, at_ns=now_ns, since_ns=memory.since_ns, finding=finding
    )
    if firing and (memory.cycle == 0 or mark is Reason.SILENCED):
        return _held_back(telling, rule, hush, now_ns)
    if settled(memory, rule.timing, now_ns=now_ns) and memory.state in (State.RESOLVED, State.INACTIVE):
        since_ns = memory.since_ns if memory.told_ns is None else memory.told_ns
        over = memory.evolve(hushed=None)
        return replace(telling, memory=over, kind=Kind.RESOLVED, reason=Reason.OVER, since_ns=since_ns)
    if not memory.asked_unknown and _unknown_too_long(memory, rule, finding, now_ns):
        since_ns = memory.unknown_since_ns or now_ns
        return _asked(replace(telling, kind=Kind.UNKNOWN, reason=Reason.UNKNOWN_TOO_LONG, since_ns=since_ns), hush)
    repeat_ns = rule.timing.repeat_ns
    if firing and memory.told_ns is not None and repeat_ns and now_ns - memory.told_ns >= repeat_ns:
        return _refused_by(replace(telling, reason=Reason.REPEAT), hush())
    return None


def _held_back(telling: Telling, rule: Rule, hush: Callable[[], Hush | None], now_ns: int) -> Telling | None:
    """
    The first word of a firing, or the next one after a silence, when nothing holds it back any more; or that something
    else holds it back now. None while its condition is clear, for it may be over as well.
    """
    memory = telling.memory
    if memory.hushed is Reason.FLAPPING and not settled(memory, rule.timing, now_ns=now_ns):
        return None
    by = hush()
    if by is not None:
        if memory.cycle > 0 or memory.hushed is by.reason:
            return None
        return _refused_by(replace(telling, memory=memory.evolve(hushed=by.reason)), by)
    if memory.clear_since_ns is not None and memory.unknown_since_ns is None:
        return None
    asked = memory.asked_unknown or _unknown_too_long(memory, rule, telling.finding, now_ns)  # one message says both
    memory = memory.evolve(hushed=None, asked_unknown=asked)
    return replace(telling, memory=memory, reason=AFTERWARDS[telling.memory.hushed])


def _asked(telling: Telling, hush: Callable[[], Hush | None]) -> Telling | None:
    """
    A person is asked to look; not where somebody silenced it, nor where what it depends on fires.
    """
    memory, by = telling.memory, hush()
    if by is None or by.reason is Reason.FASTER_FIRES or memory.state is State.FIRING:
        return telling
    if memory.hushed is by.reason:
        return None
    return _refused_by(replace(telling, memory=memory.evolve(hushed=by.reason)), by)


def _refused_by(telling: Telling, hush: Hush | None) -> Telling:
    return telling if hush is None else replace(telling, refused=hush.reason, because_of=hush.because_of)


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
    That nobody is paged, and why.
    """
    notice = Notice(
        key=telling.memory.key, kind=Kind.PAGE, channel=None, reason=reason, at_ns=telling.at_ns, send=False
    )
    notice = replace(notice, cycle=telling.memory.cycle, firing_id=telling.memory.firing_id)
    return replace(notice, because_of=telling.because_of, severity=telling.memory.severity)


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
    return _refused(notice, telling.refused, telling.because_of)


def _refused(notice: Notice, reason: Reason, because_of: str | None = None) -> Notice:
    return replace(notice, send=False, reason=reason, because_of=because_of)


def _unknown_too_long(memory: AlertMemory, rule: Rule, finding: Finding | None, now_ns: int) -> bool:
    since_ns, after_ns = memory.unknown_since_ns, rule.timing.unknown_after_ns
    if since_ns is None or after_ns is None or now_ns - since_ns < after_ns:
        return False
    return _worth_asking(memory, rule, finding)


def _worth_asking(memory: AlertMemory, rule: Rule, finding: Finding | None) -> bool:
    """
    Silence is; a quiet time only while it keeps an alert firing, or where the manual says after how long.
    """
    quiet = finding is not None and finding.reason in _QUIET
    return not quiet or memory.state is State.FIRING or rule.timing.asks_when_quiet
