"""
What is a message, before any channel has given it its form?

Plain values: what it says to people and to programs, whom it goes to, and what they can do about it at once.

>>> since = Fact(name="Since", text="14:02 UTC")
>>> Message(kind=Kind.FIRING, subject="disk", at_ns=0, title="Disk is 96 %, above 95 %", facts=(since,)).text
'Disk is 96 %, above 95 %\\nSince: 14:02 UTC'
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from watchkeeper.act.links import Action
from watchkeeper.decide.values import Kind
from watchkeeper.outside.secrets import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """
    One line: its name, its text, and perhaps where it leads.
    """

    name: str
    text: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """
    What somebody can do about the pages that a message speaks of. `url` is theirs alone (act/links.py); where others
    read along there is none, and only a channel that knows who pressed (Slack) can offer it.
    """

    action: Action
    label: str
    pages: tuple[int, ...]
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """
    Who a message is for: their name in the manual and for people, and their address in the channel, taken from manual
    and environment when it is sent and stored nowhere. Without an address the channel's own is used.

    `lacks` says why they cannot be reached this way just now; then nothing is sent.
    """

    person: str
    name: str
    address: Secret | None = None
    lacks: str = ""


class Urgency(StrEnum):
    """
    How loudly a channel that has several voices should speak.
    """

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """
    A message, ready to be given its form. `subject` is what it is about: the alert's key, a page, an incident; `data`
    says the same to programs. Messages with the same `thread` belong together.
    """

    kind: Kind
    subject: str
    title: str
    at_ns: int
    facts: tuple[Fact, ...] = ()
    severity: str | None = None
    urgency: Urgency = Urgency.NORMAL
    data: Mapping[str, Any] = field(default_factory=dict)
    recipient: Recipient | None = None
    buttons: tuple[Button, ...] = ()
    thread: str = ""

    @property
    def text(self) -> str:
        """
        All of it as plain text, the title first.
        """
        return "\n".join(
            [self.title, *(f"{fact.name}: {fact.text}{f' {fact.url}' if fact.url else ''}" for fact in self.facts)]
        )
