"""
What must a channel be able to do, and what can come of it?

>>> Failed(why="it asked us to wait", retryable=True, status=429).receipt(at_ns=7)
{'status': 429, 'at_ns': 7, 'took_ms': 0, 'detail': 'it asked us to wait'}
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from watchkeeper.act.message_values import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """
    The other side took the message.
    """

    status: int | None
    took_ns: int = 0
    detail: str = ""

    def receipt(self, *, at_ns: int) -> dict[str, Any]:
        """
        What is kept of it; `at_ns` is when the answer came.
        """
        return _receipt(self.status, at_ns, self.took_ns, self.detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """
    The message did not arrive, as far as we know. `retry_after` is what the other side asked for.

    `of_recipient`: it is about this recipient alone (their address is missing, their mailbox is full), and says nothing
    about the channel.
    """

    why: str
    retryable: bool
    retry_after: timedelta | None = None
    status: int | None = None
    took_ns: int = 0
    of_recipient: bool = False

    def receipt(self, *, at_ns: int) -> dict[str, Any]:
        """
        What is kept of it; `at_ns` is when it failed.
        """
        return _receipt(self.status, at_ns, self.took_ns, self.why)


class Channel(Protocol):
    """
    A way to people. Any thread may use it, and it never raises for what the other side does.
    """

    @property
    def kind(self) -> str:
        """
        The word for it in the manual: `email`, `slack`, `ntfy` and so on.
        """
        ...

    @property
    def again_after_unknown(self) -> bool:
        """
        Is a message sent once more when a crash hid what became of it (act/outcomes.py has the rule)?
        """
        ...

    @property
    def not_ready(self) -> str | None:
        """
        Why it cannot send, and what to set; None when it can.
        """
        ...

    def send(self, message: Message, *, message_id: str, now: datetime) -> Sent | Failed:
        """
        One attempt. The same `message_id` comes again with every attempt at the same message.
        """
        ...


def lacking(message: Message) -> Failed | None:
    """
    The failure to reach a person whose address is missing; None when there is nothing in the way. It may be set later.
    """
    person = message.recipient
    if person is None or not person.lacks:
        return None
    return Failed(why=person.lacks, retryable=True, of_recipient=True)


def _receipt(status: int | None, at_ns: int, took_ns: int, detail: str) -> dict[str, Any]:
    return {"status": status, "at_ns": at_ns, "took_ms": took_ns // 1_000_000, "detail": detail}
