"""
Which channel carries a message while its own is dead?

A channel is dead when it cannot send at all (an address is not set), or when its last attempts failed one after the
other. What it should carry then goes to its `fallback`; a message to a person by one of their ways in that channel,
else by another of their ways; one to a channel by the others of its route. What nobody can carry stays, and is tried
again.

>>> channels = {"push": {"kind": "ntfy", "fallback": "mail"}, "mail": {"kind": "email"}}
>>> ways = {"phone": {"channel": "push", "to": "ada"}, "post": {"channel": "mail", "to": "ada@shop.example"}}
>>> shop = Manual(watchkeeper=1, manual="Shop", channels=channels, people={"ada": {"contacts": ways}})
>>> row = NoticeRow(subject="page/7", kind="page", channel="push", person="ada", address="phone", body={}, created_ns=0,
...                 due_ns=0)
>>> stand_ins(row, shop, {"push": "no answer"})
(StandIn(channel='mail', address='post'),)
>>> stand_ins(row, shop, {"push": "no answer", "mail": "no answer"})
()
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from watchkeeper.act import outcomes
from watchkeeper.act.channels.sending import Channel, Failed, Sent
from watchkeeper.decide.oncall.reach import Method, methods_for, why_dead
from watchkeeper.decide.values import Kind
from watchkeeper.manual.liveness import why_not
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.routing import channels_of, routed
from watchkeeper.store.notices import NoticeRow

#: So many attempts of a channel failed one after the other: it is dead until one arrives.
DEAD_AFTER: Final = 3
#: While it is dead and others can carry its messages, one of them is tried on it every so often.
TRIED_EVERY_NS: Final = 30 * 10**9


@dataclass(frozen=True, slots=True)
class StandIn:
    """
    Another way for a message: a channel, and the name of the person's contact method in it ('' the channel's own).
    """

    channel: str
    address: str = ""


#: The other ways of a message, given the channels that are dead and why.
Carriers = Callable[[NoticeRow, Mapping[str, str]], tuple[StandIn, ...]]


def nobody_carries(_row: NoticeRow, _dead: Mapping[str, str]) -> tuple[StandIn, ...]:
    """
    No channel stands in for another.
    """
    return ()


class Failures:
    """
    Which channels failed lately, by their last attempts. Any thread may call it; a restart begins with all alive.
    """

    def __init__(self) -> None:
        self._failed: dict[str, tuple[int, str, int]] = {}  # how often, why, when last
        self._lock = threading.Lock()

    def note(self, channel: str, result: Sent | Failed, *, now_ns: int) -> None:
        """
        An attempt ended. What is refused for good is the message's fault, and what is about its
        recipient alone theirs; neither is the channel's.
        """
        with self._lock:
            if isinstance(result, Sent):
                self._failed.pop(channel, None)
            elif result.retryable and not result.of_recipient:
                before, _, _ = self._failed.get(channel, (0, "", 0))
                self._failed[channel] = (before + 1, result.why, now_ns)

    def forget(self) -> None:
        """
        Begin anew, because addresses may have changed.
        """
        with self._lock:
            self._failed.clear()

    def resting(self, channel: str, *, now_ns: int) -> str | None:
        """
        Why a channel need not be tried just now: it is dead, and was tried a moment ago.
        """
        with self._lock:
            n, why, last_ns = self._failed.get(channel, (0, "", 0))
        return why if n >= DEAD_AFTER and now_ns - last_ns < TRIED_EVERY_NS else None

    def dead(self, channels: Mapping[str, Channel]) -> dict[str, str]:
        """
        The channels that carry nothing just now, and why.
        """
        with self._lock:
            failing = {name: why for name, (n, why, _) in self._failed.items() if n >= DEAD_AFTER and name in channels}
        return failing | {name: one.not_ready for name, one in channels.items() if one.not_ready}


def stand_ins(
    row: NoticeRow, manual: Manual, dead: Mapping[str, str], others: Iterable[str] = ()
) -> tuple[StandIn, ...]:
    """
    Who carries a message that its channel does not: the first of these that works. None of them carried it before.

    `others` are the channels of its route.
    """
    if row.kind == Kind.TEST:
        return ()  # it tries this way, and no other
    carried = {row.channel, *row.body.get("instead_of", ())}
    for channel in _fallbacks(row.channel, manual):
        if channel not in carried and not _silent(channel, manual, dead):
            return (StandIn(channel, _method_in(channel, row, manual, dead)),)
    if row.person:
        found = (one for one in _ways(row, manual, dead) if one.channel not in carried)
        return tuple(StandIn(one.channel, one.name) for one in found)
    if row.kind == Kind.DIGEST:
        return ()  # the others have told what it counts
    living = (name for name in others if name not in carried and not _silent(name, manual, dead))
    return tuple(StandIn(name) for name in dict.fromkeys(living))


def carriers_of(manual: Manual) -> Carriers:
    """
    The other ways of messages under a manual.
    """
    return lambda row, dead: stand_ins(row, manual, dead, () if row.person else hearers(manual, row))


def hearers(manual: Manual, row: NoticeRow) -> tuple[str, ...]:
    """
    The channels that hear of a message's rule under this manual; of a rule that is gone, those of the routes.
    """
    name = str(row.body.get("rule", ""))
    label, value = (str(row.body.get(part, "")) for part in ("label", "value"))
    alert = manual.alerts.get(name)
    if alert is not None:
        return channels_of(name, alert, manual, label=label, value=value)
    severity = row.body.get("severity")
    return routed(manual, severity=severity, service=None, name=name, label=label, value=value)


def moved(row: NoticeRow, to: StandIn, *, now_ns: int) -> NoticeRow:
    """
    The same message on its other way. It says whom it stands in for.
    """
    carried = [*row.body.get("instead_of", ()), row.channel]
    other = outcomes.moved(row, to.channel, now_ns=now_ns)
    return replace(other, address=to.address, body={**row.body, "instead_of": carried})


def _fallbacks(channel: str, manual: Manual) -> Iterator[str]:
    """
    The fallback of a channel, that one's, and so on; a circle ends.
    """
    seen = {channel}
    entry = manual.channels.get(channel)
    while entry is not None and entry.fallback is not None and entry.fallback not in seen:
        seen.add(entry.fallback)
        yield entry.fallback
        entry = manual.channels.get(entry.fallback)


def _silent(channel: str, manual: Manual, dead: Mapping[str, str]) -> bool:
    return channel not in manual.channels or channel in dead or bool(why_not("channels", channel, manual))


def _method_in(channel: str, row: NoticeRow, manual: Manual, dead: Mapping[str, str]) -> str:
    return next((one.name for one in _ways(row, manual, dead) if one.channel == channel), "")


def _ways(row: NoticeRow, manual: Manual, dead: Mapping[str, str]) -> list[Method]:
    """
    The contact methods of the person that work just now.
    """
    if not row.person:
        return []
    ways = methods_for(row.person, manual, row.body.get("severity"))
    return [one for one in ways if why_dead(one, row.person, manual, dead) is None]
