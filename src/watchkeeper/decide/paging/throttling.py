"""
When does a contact method carry one more page, and what waits for a bundle?

So many pages per time go by themselves. Beyond that the first word of a page is not held back: it goes at once, with
all others of this moment in one bundle ("12 alerts, acknowledge all"); only right after a bundle it waits for the next,
`GATHER_NS` later. Repetitions wait until the method is free again, or go with an earlier bundle.

>>> from watchkeeper.manual.units import Duration
>>> two = Throttle(count=2, per=Duration(ns=600 * SECOND_NS, written="10m"))
>>> page = Send(person="ada", channel="push", method="push", due_ns=100 * SECOND_NS, reason=Reason.PAGED)
>>> busy = Carried(sent_ns=(20 * SECOND_NS, 40 * SECOND_NS))
>>> throttled(page, two, Carried(), first=True).held_until_ns is None
True
>>> throttled(page, two, busy, first=True).held_until_ns // SECOND_NS
100
>>> throttled(page, two, busy, first=False).held_until_ns // SECOND_NS
620
>>> throttled(page, two, Carried(sent_ns=busy.sent_ns, over_ns=90 * SECOND_NS), first=True).held_until_ns // SECOND_NS
150
"""

from dataclasses import dataclass, replace
from typing import Final

from watchkeeper.decide.paging.values import Send
from watchkeeper.decide.reasons import Reason
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.reaching import Throttle
from watchkeeper.manual.units import Duration

SECOND_NS: Final = 10**9
GATHER_NS: Final = 60 * SECOND_NS  # from one bundle to the next
#: Where the manual names no throttle: only a storm comes so far, and then one message says more than a hundred.
STORM: Final = Throttle(count=20, per=Duration(ns=600 * SECOND_NS, written="10m"))


@dataclass(frozen=True, slots=True)
class Carried:
    """
    What one contact method carried lately, or is about to: when pages went by themselves, when the last one or bundle
    beyond the throttle went, and when what is held goes.
    """

    sent_ns: tuple[int, ...] = ()
    over_ns: int | None = None
    waiting_ns: int | None = None


def throttle_of(person: str, manual: Manual) -> Throttle:
    """
    How many pages one contact method of this person carries.
    """
    found = manual.people.get(person)
    return (found.throttle if found else None) or manual.defaults.throttle or STORM


def throttled(send: Send, throttle: Throttle, carried: Carried, *, first: bool) -> Send:
    """
    The message as it goes, or as it is held for a bundle. `first`: this method has not carried this page before.
    """
    per_ns = throttle.per.ns
    recent = sorted(at for at in carried.sent_ns if at > send.due_ns - per_ns)
    if len(recent) < throttle.count and carried.waiting_ns is None:
        return send
    if first:
        until_ns = send.due_ns if carried.over_ns is None else max(send.due_ns, carried.over_ns + GATHER_NS)
    elif carried.waiting_ns is not None:
        until_ns = max(send.due_ns, carried.waiting_ns)
    else:
        until_ns = (recent[-throttle.count] if throttle.count else send.due_ns) + per_ns
    said = f"{throttle.count} per {throttle.per}"
    return replace(send, held_until_ns=until_ns, reason=Reason.THROTTLED, because_of=said)


def after(carried: Carried, send: Send) -> Carried:
    """
    What the method carried once this message is written.
    """
    if send.reason is Reason.THROTTLED and send.held_until_ns is not None:
        waiting = carried.waiting_ns
        return replace(carried, waiting_ns=min(send.held_until_ns, waiting or send.held_until_ns))
    return replace(carried, sent_ns=(*carried.sent_ns, send.due_ns))
