"""
What does a channel's rate limit hold back, and when does that arrive?

It holds repeats, the end of an alert that was told, and flapping (an alert that was told within the limit's own time).
It never holds the first message of an alert, nor the severities it excepts. What it held arrives as one digest. A
channel that has a `digest` carries everything so, but for the severities that go `at_once`.

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
from watchkeeper.manual.model.promising import Channel, RateLimit


def ration(
    notices: Iterable[tuple[Notice, int | None]], manual: Manual, channels: Mapping[str, ChannelFacts], *, now_ns: int
) -> Iterator[Notice]:
    """
    The notices of a turn, in order, each with when its alert was last told; then the digests that are due.
    """
    facts = dict(channels)
    for notice, told_ns in notices:
        channel = manual.channels[notice.channel] if notice.channel and notice.send else None
        if channel is None or notice.channel is None or (channel.rate_limit is None and channel.digest is None):
            yield notice
            continue
        before = facts.get(notice.channel, ChannelFacts(name=notice.channel))
        decided = gathered(notice, channel, before)
        if decided.send and channel.rate_limit is not None:
            own = before if channel.digest is None else replace(before, digest_due_ns=None)  # the digest is not for it
            decided = limited(notice, channel.rate_limit, own, told_ns=told_ns)
        facts[notice.channel] = _after(before, decided)
        yield decided
    for one in facts.values():
        if one.digest_due_ns is not None and one.digest_due_ns <= now_ns:
            yield _digest(one, now_ns)


def gathered(notice: Notice, channel: Channel, facts: ChannelFacts) -> Notice:
    """
    The notice as it goes out now, or as it waits for the digest of its channel: one so long after the first that waits.

    >>> mail = Channel(kind="email", digest="1d", at_once="P1")
    >>> mild = Notice(key=AlertKey(rule="disk"), kind=Kind.FIRING, channel="mail", reason=Reason.FIRST, at_ns=7)
    >>> gathered(mild, mail, ChannelFacts(name="mail")).held_until_ns, gathered(
    ...     replace(mild, severity="P1"), mail, ChannelFacts(name="mail")
    ... ).send
    (86400000000007, True)
    """
    if channel.digest is None or notice.severity in channel.at_once:
        return notice
    until = notice.at_ns + channel.digest.ns if facts.digest_due_ns is None else facts.digest_due_ns
    said = f"a digest every {channel.digest}"
    return replace(notice, send=False, reason=Reason.WAITS_FOR_DIGEST, held_until_ns=until, because_of=said)


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
    dues = [due for due in (facts.digest_due_ns, notice.held_until_ns) if due is not None]
    return replace(facts, digest_due_ns=min(dues))


def _digest(channel: ChannelFacts, now_ns: int) -> Notice:
    return Notice(
        key=AlertKey(rule=f"digest of {channel.name}"),
        kind=Kind.DIGEST,
        channel=channel.name,
        reason=Reason.DIGEST,
        at_ns=now_ns,
        firing_id=now_ns,
    )
