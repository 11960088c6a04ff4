"""
What are the nouns of paging?

A page asks people, one after the other, until somebody acknowledges: one escalation, of one or more alerts. All frozen;
times are ns since 1970 UTC.

>>> Page(key="disk", title="Disk is full", policy="standard", opened_ns=7).state.value
'open'
"""

from dataclasses import dataclass
from enum import StrEnum

from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import AlertKey


class PageState(StrEnum):
    """
    Where a page stands.
    """

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """
    A page as it is remembered; `id` is 0 until it is written.

    `step` is the next step of the policy to take in this `round`; `cycle` counts the steps that were taken, so that
    nobody is sent the same one twice. `due_ns` is when something happens by itself: the next step, or the end of a
    snooze or of an acknowledgement; None: never.
    """

    key: str
    title: str
    policy: str  # '' pages everyone
    opened_ns: int
    severity: str | None = None
    service: str | None = None
    state: PageState = PageState.OPEN
    step: int = 0
    round: int = 0
    cycle: int = 0
    due_ns: int | None = None
    by: str | None = None
    acknowledged_ns: int | None = None
    ended_ns: int | None = None
    reason: Reason = Reason.FIRST
    incident_id: int | None = None
    revision: int = 0
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPage:
    """
    Open a page for these alerts, or let them join the standing one with the same key.

    One that stood under a severity which this one `outranks` begins again; so does one that somebody has acknowledged,
    when something `happens` anew.
    """

    key: str
    title: str
    policy: str
    severity: str | None
    service: str | None
    alerts: tuple[AlertKey, ...]
    at_ns: int
    outranks: frozenset[str] = frozenset()
    happens: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPage:
    """
    End a page: all of its alerts are over, or its rule is gone. `alerts` are those that ended just now.
    """

    id: int
    at_ns: int
    reason: Reason
    alerts: tuple[AlertKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """
    One message of a step to one contact method, or the refusal to send it (`send` False) with its reason.

    `person` is '' for a channel's own audience; a contact outside of the rotation is `contact:NAME`. `method` names the
    contact method, '' where the channel's own address is used. `cycle` is that of the page; the second message of one
    step by the same method has the next one. One that is held (`held_until_ns`) goes then, or in a bundle.
    """

    person: str
    channel: str
    method: str
    due_ns: int
    reason: Reason
    send: bool = True
    held_until_ns: int | None = None
    because_of: str | None = None
    step: int = 0
    round: int = 0
    cycle: int = 0
