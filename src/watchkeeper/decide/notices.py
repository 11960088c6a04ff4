"""
Who is told, and if not, why not?

Every transition that people should know of becomes a notice per channel, or a refusal with its reason. A rate limit holds
repeats and flapping, never the first message of an alert and never the severities it excepts; what it held arrives as one
digest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.rules import Rule
from watchkeeper.decide.values import AlertKey, AlertMemory, ChannelFacts, Finding, Kind, Notice, State, Transition
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.promising import Channel, Route

_KINDS = {State.FIRING: Kind.FIRING, State.RESOLVED: Kind.RESOLVED, State.WITHDRAWN: Kind.WITHDRAWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """
    Something people should be told about one alert.
    """

    memory: AlertMemory
    kind: Kind
    reason: Reason
    at_ns: int
    transition: Transition | None = None
    finding: Finding | None = None
    fine: tuple[str, ...] = ()


def telling_of(transition: Transition, memory: AlertMemory, *, fine: tuple[str, ...]) -> Telling | None:
    """
    What people are told of a transition; None for what only the record needs.
    """
    told = transition.old is State.FIRING or transition.new is State.FIRING
    kind = _KINDS.get(transition.new) if told else None
    if kind is None:
        return None
    if transition.reason is Reason.EVENT:
        kind = Kind.EVENT
    reason = Reason.FIRST if kind in (Kind.FIRING, Kind.EVENT) else Reason.OVER
    return Telling(memory=memory, kind=kind, reason=reason, at_ns=transition.at_ns, transition=transition, fine=fine)


def reminder(memory: AlertMemory, rule: Rule, *, now_ns: int) -> Telling | None:
    """
    What people are told without a transition: it still fires, or it has been unknown for too long.
    """
    timing = rule.timing
    if memory.unknown_since_ns is not None and not memory.asked_unknown and timing.unknown_after_ns is not None:
        if now_ns - memory.unknown_since_ns >= timing.unknown_after_ns:
            return Telling(memory=memory, kind=Kind.UNKNOWN, reason=Reason.UNKNOWN_TOO_LONG, at_ns=now_ns)
    elif memory.state is State.FIRING and timing.repeat_ns and memory.told_ns is not None:
        if now_ns - memory.told_ns >= timing.repeat_ns:
            return Telling(memory=memory, kind=Kind.FIRING, reason=Reason.REPEAT, at_ns=now_ns)
    return None


def route(rule: Rule, manual: Manual) -> tuple[str, ...]:
    """
    The channels of a rule: its own, else those of the first route that fits.
    """
    if rule.alert.tell:
        return rule.alert.tell
    return next((one.tell for one in manual.routes if _fits(one, rule)), ())


def _fits(route_: Route, rule: Rule) -> bool:
    return all(
        not wanted or found in wanted
        for wanted, found in (
            (route_.severity, rule.alert.severity),
            (route_.service, rule.service),
            (route_.alert, rule.name),
        )
    )


def notices_of(telling: Telling, rule: Rule, manual: Manual, channels: Mapping[str, ChannelFacts]) -> Iterator[Notice]:
    """
    A notice for each channel that should hear of it.
    """
    base = _notice(telling, rule)
    names = route(rule, manual)
    if not names:
        yield replace(base, send=False, reason=Reason.NO_ROUTE)
    for name in names:
        channel = manual.channels[name]
        notice = replace(base, channel=name)
        if channel.planned:
            yield replace(notice, send=False, reason=Reason.PLANNED_CHANNEL)
        else:
            yield _limited(notice, channel, channels.get(name, ChannelFacts(name=name)))


def digests(channels: Sequence[ChannelFacts], *, now_ns: int) -> Iterator[Notice]:
    """
    The digests that are due: one message for all that was held in a channel.
    """
    for channel in channels:
        if channel.digest_due_ns is not None and channel.digest_due_ns <= now_ns:
            yield Notice(
                key=AlertKey(rule=f"digest of {channel.name}"),
                kind=Kind.DIGEST,
                channel=channel.name,
                reason=Reason.DIGEST,
                at_ns=now_ns,
                firing_id=now_ns,
            )


def _notice(telling: Telling, rule: Rule) -> Notice:
    memory, transition = telling.memory, telling.transition
    return Notice(
        key=memory.key,
        kind=telling.kind,
        channel=None,
        reason=telling.reason,
        at_ns=telling.at_ns,
        cycle=memory.cycle,
        firing_id=memory.firing_id,
        finding=transition.finding if transition else telling.finding,
        severity=rule.alert.severity,
        since_ns=_since_ns(telling),
        fine=telling.fine,
    )


def _since_ns(telling: Telling) -> int:
    memory = telling.memory
    if telling.transition is not None:
        return telling.transition.since_ns
    if telling.kind is Kind.UNKNOWN and memory.unknown_since_ns is not None:
        return memory.unknown_since_ns
    return memory.since_ns


def _limited(notice: Notice, channel: Channel, facts: ChannelFacts) -> Notice:
    limit = channel.rate_limit
    if limit is None or notice.severity in limit.never_hold or not _may_be_held(notice):
        return notice
    recent = [at for at in facts.sent_ns if at > notice.at_ns - limit.per.ns]
    if len(recent) < limit.count and facts.digest_due_ns is None:
        return notice
    until = facts.digest_due_ns or (min(recent) + limit.per.ns if recent else notice.at_ns + limit.per.ns)
    return replace(notice, send=False, reason=Reason.RATE_LIMITED, held_until_ns=until, because_of=channel.title)


def _may_be_held(notice: Notice) -> bool:
    """
    Repeats, and an alert that fires (or resolves) again: never its first message.
    """
    return notice.cycle > 0 or notice.firing_id > 1
