"""
What are the nouns of deciding?

All frozen: facts go in, plans come out. Times are ns since 1970 UTC. The nouns that `act` carries out live here too.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from watchkeeper.decide.reasons import Reason
from watchkeeper.manual.units import Dimension

if TYPE_CHECKING:
    from watchkeeper.decide.paging.values import EndPage, OpenPage


class State(StrEnum):
    """
    Where an alert stands.
    """

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    UNKNOWN = "unknown"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


class Truth(StrEnum):
    """
    Whether a condition holds: yes, no, or nobody can say.
    """

    HOLDS = "holds"
    CLEAR = "clear"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """
    The arithmetic behind a verdict. `value` and `limit` are in SI units or shares; None where nothing can be said.

    `events` of the window, of which `hits` are what the indicator speaks of (good or bad), or lie under the threshold.
    """

    value: Fraction | None = None
    limit: Fraction | None = None
    dimension: Dimension = Dimension.NUMBER
    events: int = 0
    hits: int | None = None
    hits_are: str = ""  # `good`, `bad`, `under`: what `hits` counts
    window_ns: int = 0
    start_ns: int = 0
    at_least: int | None = None
    known: int = 0
    slots: int = 0
    excluded: int = 0  # events of the window that people took out
    excluded_ns: int = 0  # and how much of the window that is


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    What a condition came to, why, and its arithmetic.
    """

    truth: Truth
    reason: Reason
    numbers: Numbers
    others: tuple[str, ...] = ()  # for `in N of M label`: the values in which it holds


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertKey:
    """
    One alert: a rule, for one value of its `each` label.
    """

    rule: str
    label: str = ""
    value: str = ""

    def __str__(self) -> str:
        return f"{self.rule}[{self.label}={self.value}]" if self.label else self.rule


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMemory:
    """
    What is remembered of an alert between two turns; the rows are the truth, nothing else is kept.
    """

    key: AlertKey
    state: State = State.INACTIVE
    since_ns: int = 0  # since when it is in this state
    pending_since_ns: int | None = None
    clear_since_ns: int | None = None  # firing, but the condition no longer holds
    unknown_since_ns: int | None = None
    asked_unknown: bool = False  # a person was asked to look
    told_ns: int | None = None  # the last message about it, of whichever firing
    cycle: int = 0  # how often this firing was told
    firing_id: int = 0  # counts firings; a message belongs to one of them
    event_ns: int = 0  # the newest event seen by an event rule
    severity: str | None = None  # of its newest firing, for when its rule is gone
    hushed: Reason | None = None  # what keeps it from being told (`hushing`)

    def evolve(self, **changes: object) -> "AlertMemory":
        """
        The same with some fields changed.
        """
        return replace(self, **changes)  # type: ignore[arg-type]  # field names are checked by `replace` itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """
    An alert changed.
    """

    key: AlertKey
    old: State
    new: State
    at_ns: int
    reason: Reason
    finding: Finding | None = None
    firing_id: int = 0
    since_ns: int = 0  # when what now ends, or now fires, began


class Kind(StrEnum):
    """
    What a message is about.
    """

    FIRING = "firing"
    RESOLVED = "resolved"
    UNKNOWN = "unknown"
    EVENT = "event"
    WITHDRAWN = "withdrawn"
    DIGEST = "digest"
    PAGE = "page"
    PAGE_OVER = "page-over"
    BUNDLE = "bundle"
    INCIDENT = "incident"
    HAND_OFF = "hand-off"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """
    A message to one channel, or the refusal to send it: `held` rows wait for a digest, refused ones say why.
    """

    key: AlertKey
    kind: Kind
    channel: str | None
    reason: Reason
    at_ns: int
    cycle: int = 0
    firing_id: int = 0
    send: bool = True
    held_until_ns: int | None = None
    because_of: str | None = None
    finding: Finding | None = None
    severity: str | None = None
    since_ns: int = 0
    fine: tuple[str, ...] = ()  # the other values of the label, in which nothing is wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """
    What people work on together: opened by alerts, closed by a person or by rule.
    """

    id: int
    number: int
    title: str
    severity: str
    opened_ns: int
    service: str | None = None
    closed_ns: int | None = None
    closed_by: str | None = None
    close_reason: str | None = None
    alerts: tuple[str, ...] = ()
    opened_by: str = "watchkeeper"
    stage: str = ""
    acknowledged_ns: int | None = None  # the first time
    acknowledged_by: str | None = None  # None also when it lapsed: nobody has it now
    merged_into: int | None = None  # its id
    summary: str = ""
    services: tuple[str, ...] = ()  # all that are affected, beside `service`


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """
    Open an incident for these alerts, or join the open one they belong to (`joins`).
    """

    title: str
    severity: str
    service: str | None
    alerts: tuple[AlertKey, ...]
    at_ns: int
    reason: Reason
    joins: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseIncident:
    """
    Close an incident by rule.
    """

    id: int
    at_ns: int
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Matchers:
    """
    Which alerts are meant: any of these rules, services, severities, and for each label any of its values. What is
    empty means all.
    """

    alert: frozenset[str] = frozenset()
    service: frozenset[str] = frozenset()
    severity: frozenset[str] = frozenset()
    label: tuple[tuple[str, frozenset[str]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """
    Nobody is told of these alerts from `begin_ns` to before `end_ns`.
    """

    id: int
    begin_ns: int
    end_ns: int
    matchers: Matchers = Matchers()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFacts:
    """
    What a channel did lately: when it sent messages (newest last), and when its held messages go out as a digest.
    """

    name: str
    sent_ns: tuple[int, ...] = ()
    digest_due_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnPlan:
    """
    What one turn decided: all of it becomes rows in one transaction.
    """

    at_ns: int
    memories: tuple[AlertMemory, ...] = ()
    transitions: tuple[Transition, ...] = ()
    notices: tuple[Notice, ...] = ()
    opens: tuple[OpenIncident, ...] = ()
    closes: tuple[CloseIncident, ...] = ()
    findings: dict[AlertKey, Finding] = field(default_factory=dict)
    pages: tuple["OpenPage", ...] = ()
    page_ends: tuple["EndPage", ...] = ()
    moved: bool = False  # beside the plan, something else was due and became rows
