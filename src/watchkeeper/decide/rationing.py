"""
What does a channel's rate limit hold back, and when does that arrive?

It holds repeats, the end of an alert that was told, and flapping (an alert that was told within the limit's own time).
It never holds the first message of an alert, nor the severities it excepts. What it held arrives as one digest.

>>> from watchkeeper.manual.units import Duration
>>> once = RateLimit(per=Duration(ns=300, written="5m"))
>>> first = Notice(key=AlertKey(rule="disk"), kind=Kind.FIRING, channel="chat", reason=Reason.FIRST, at_ns=1000)
>>> chat = ChannelFacts(name="chat", sent_ns=(900,))
>>> limited(first, once, chat, told_ns=None).send, limited(first, once, chat, told_ns=900).held_until_ns
(True, 1200)
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import AlertKey, ChannelFacts, Kind, Notice
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.promising import RateLimit


def ration(
    notices: Iterable[tuple[Notice, int | None]], manual: Manual, channels: Mapping[str, ChannelFacts], *, now_ns: int
) -> Iterator[Notice]:
    """
    The notices of a turn, in order, each with when its alert was last told; then the digests that are due.
    """
    facts = dict(channels)
    for notice, told_ns in notices:
        limit = manual.channels[notice.channel].rate_limit if notice.channel and notice.send else None
        if limit is None or notice.channel is None:
            yield notice
            continue
        before = facts.get(notice.channel, ChannelFacts(name=notice.channel))
        decided = limited(notice, limit, before, told_ns=told_ns)
        facts[notice.channel] = _after(before, decided)
        yield decided
    for channel in facts.values():
        if channel.digest_due_ns is not None and channel.digest_due_ns <= now_ns:
            yield _digest(channel, now_ns)


def limited(notice: Notice, limit: RateLimit, facts: ChannelFacts, *, told_ns: int | None) -> Notice:
    """
    The notice as it goes out now, or as it is held until the channel may carry a message again.
    """
    if notice.severity in limit.never_hold or not _may_be_held(notice, limit, told_ns):
        return notice
    recent = sorted(at for at in facts.sent_ns if at > notice.at_ns - limit.per.ns)
    if len(recent) < limit.count and facts.digest_due_ns is None:
        return notice
    until = facts.digest_due_ns
    if until is None:
        until = (recent[-limit.count] if limit.count else notice.at_ns) + limit.per.ns
    said = f"{limit.count} per {limit.per}"
    return replace(notice, send=False, reason=Reason.RATE_LIMITED, held_until_ns=until, because_of=said)


def _may_be_held(notice: Notice, limit: RateLimit, told_ns: int | None) -> bool:
    told_lately = told_ns is not None and notice.at_ns - told_ns < limit.per.ns
    return notice.cycle > 0 or told_lately


def _after(facts: ChannelFacts, notice: Notice) -> ChannelFacts:
    if notice.send:
        return replace(facts, sent_ns=(*facts.sent_ns, notice.at_ns))
    return replace(facts, digest_due_ns=notice.held_until_ns)


def _digest(channel: ChannelFacts, now_ns: int) -> Notice:
    return Notice(
        key=AlertKey(rule=f"digest of {channel.name}"),
        kind=Kind.DIGEST,
        channel=channel.name,
        reason=Reason.DIGEST,
        at_ns=now_ns,
        firing_id=now_ns,
    )
