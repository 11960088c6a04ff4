"""
What would people have heard, and when?

A `Pager` stands for a channel and writes down what it would have sent, one line for each message.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.message import Message
from watchkeeper.decide.oncall.reach import CONTACT
from watchkeeper.decide.values import Kind

#: What people are paged with.
PAGES = frozenset({Kind.PAGE, Kind.PAGE_OVER, Kind.BUNDLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """
    One message as it was sent: through which channel, and the line that stands for it.
    """

    channel: str
    line: str
    message: Message

    @property
    def person(self) -> str:
        """
        Whom it went to, by their name in the manual; '' for the channel's own audience.
        """
        return self.message.recipient.person if self.message.recipient else ""


class Died(BaseException):
    """
    The process ended in the middle of sending. No handler of ours may catch it, as none catches SIGKILL.
    """


class Pager:
    """
    A channel that writes down what it would have sent: when, to whom, how severe, what, about what.

    `not_ready` says why it cannot send (`a variable is not set`); `failing` what the other side answers. Both are None
    while all is well, and a story sets them.
    """

    kind = "pager"
    again_after_unknown = True

    def __init__(self, name: str, zone: ZoneInfo, sent: Callable[[Letter], None]) -> None:
        self._name, self._zone, self._sent = name, zone, sent
        self.lines: list[str] = []
        self.not_ready: str | None = None
        self.failing: Failed | None = None
        self.refused = 0  # attempts that failed
        self.dies = False  # the process ends at the next attempt, when the other side may have got the message

    def send(self, message: Message, *, message_id: str, now: datetime) -> Sent | Failed:
        if message.recipient is not None and message.recipient.lacks:
            return Failed(why=message.recipient.lacks, retryable=False)
        if self.dies:
            self.dies = False
            raise Died
        if self.failing is not None:
            self.refused += 1
            return self.failing
        line = line_of(message, now.astimezone(self._zone))
        self.lines.append(line)
        self._sent(Letter(channel=self._name, line=line, message=message))
        return Sent(status=None, detail=message_id)


def line_of(message: Message, at: datetime) -> str:
    """
    A message in a line: `12:03 P2 firing orders[country=de]`, and to a person `12:03 ada P1 page Disk is full`.

    >>> from datetime import UTC
    >>> from watchkeeper.act.message_values import Recipient
    >>> disk = {"title": "Disk is full", "count": 1}
    >>> paged = Message(kind=Kind.PAGE, subject="page/7", title="", at_ns=0, severity="P1", data=disk,
    ...                 recipient=Recipient(person="ada", name="Ada"))
    >>> line_of(paged, datetime(2026, 3, 2, 12, 3, tzinfo=UTC))
    '12:03 ada P1 page Disk is full'
    """
    person = message.recipient.person.removeprefix(CONTACT) if message.recipient else ""
    words = (f"{at:%H:%M}", person, message.severity or "", _what(message))
    return " ".join(word for word in words if word)


def _what(message: Message) -> str:
    kind, data = message.kind, message.data
    match kind:
        case Kind.DIGEST:
            return message.subject
        case Kind.BUNDLE:
            return f"bundle of {data.get('count')}: {data.get('title', '')}"
        case Kind.PAGE | Kind.PAGE_OVER:
            return f"{kind.value} {data.get('title', '')}"
        case Kind.INCIDENT:
            return f"incident #{data.get('incident')} {data.get('event')}: {data.get('title', '')}"
        case Kind.HAND_OFF:
            return f"hand-off {message.subject.removeprefix('schedule/')}: {data.get('coming') or 'nobody'}"
        case Kind.TEST:
            return kind.value
    still = "still " if data.get("reason") == "repeat" else ""
    return f"{still}{kind.value} {message.subject}"
