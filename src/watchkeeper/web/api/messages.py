"""
Which messages went out, or did not, in JSON?

An address is never shown: it may be a secret.
"""

from typing import Annotated

from fastapi import Query
from pydantic import Field

from watchkeeper.manual.model.manual import Manual
from watchkeeper.store.notices import NoticeRow, NoticeState
from watchkeeper.web.api.asking import TheWatch, router
from watchkeeper.web.api.errors import answers
from watchkeeper.web.api.values import Instant, Model, at, at_or_none
from watchkeeper.web.views import words
from watchkeeper.web.views.lists import BECAME, reason_words

routes = router("messages")


class Receipt(Model):
    """
    What the other side said to the last attempt.
    """

    status: int | None = Field(description="The HTTP status; null where there was no answer.")
    at: Instant | None
    took_ms: int | None
    detail: str | None


class Message(Model):
    """
    One message to one channel, and what became of it.
    """

    id: int
    subject: str = Field(description="The key of the alert that it is about.")
    kind: str = Field(description="firing, resolved, unknown, event, withdrawn or digest.")
    channel: str
    channel_title: str
    state: NoticeState
    state_says: str = Field(description="The same in words.")
    reason: str | None
    reason_says: str | None = Field(description="Why it was written, or why it was not sent, in words.")
    created: Instant
    due: Instant = Field(description="When it may be sent at the earliest.")
    settled: Instant | None = Field(description="When it ended.")
    attempts: int
    receipt: Receipt | None


class MessageList(Model):
    """
    The newest messages, newest first.
    """

    messages: list[Message]


@routes.get("/messages", responses=answers(422))
def messages(
    watch: TheWatch, most: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 20
) -> MessageList:
    """
    The newest messages, whatever became of them.
    """
    manual = watch.standing.manual
    return MessageList(messages=[message_of(row, manual) for row in watch.recent_notices(most=most)])


def message_of(row: NoticeRow, manual: Manual) -> Message:
    """
    One message for JSON, without its address.
    """
    return Message(
        id=row.id,
        subject=row.subject,
        kind=row.kind,
        channel=row.channel,
        channel_title=words.title(row.channel, manual.channels.get(row.channel)),
        state=row.state,
        state_says=BECAME[row.state],
        reason=row.reason,
        reason_says=reason_words(row.reason) or None,
        created=at(row.created_ns),
        due=at(row.due_ns),
        settled=at_or_none(row.settled_ns),
        attempts=row.attempts,
        receipt=None if row.receipt is None else _receipt(row),
    )


def _receipt(row: NoticeRow) -> Receipt:
    said = row.receipt or {}
    return Receipt(
        status=said.get("status"),
        at=at_or_none(said.get("at_ns")),
        took_ms=said.get("took_ms"),
        detail=said.get("detail"),
    )
