"""
What does a channel do that lacks what it needs?

It fails each message and says what to set. It may be set later, so the message is tried again as long as any other.
"""

from dataclasses import dataclass
from datetime import datetime

from watchkeeper.act.channels.sending import Failed
from watchkeeper.act.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadyChannel:
    """
    A channel that cannot send, and why.
    """

    kind: str
    not_ready: str
    again_after_unknown: bool = False

    def send(self, message: Message, *, message_id: str, now: datetime) -> Failed:  # noqa: ARG002 nothing is sent
        """
        Fails.
        """
        return Failed(why=self.not_ready, retryable=True)
