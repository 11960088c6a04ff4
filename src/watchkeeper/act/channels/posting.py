"""
How is a message posted, and what does the answer's status say?

>>> asked_to_wait({"retry-after": "120"}, now=datetime(2026, 3, 1, tzinfo=UTC))
datetime.timedelta(seconds=120)
>>> asked_to_wait({"retry-after": "Sun, 01 Mar 2026 00:00:30 GMT"}, now=datetime(2026, 3, 1, tzinfo=UTC))
datetime.timedelta(seconds=30)
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from watchkeeper.act.channels.sending import Failed, lacking
from watchkeeper.act.message_values import Message
from watchkeeper.outside.errors import OutsideError, Refused
from watchkeeper.outside.http import Answer, HttpClient, shown
from watchkeeper.outside.secrets import Secret

TIMEOUT: Final = timedelta(seconds=10)
CAP: Final = 16 * 1024  # bytes of an answer that are read
BAD_MOMENT: Final = (408, 425, 429)  # with 5xx: the same message may be taken later


def place_for(message: Message, own: Secret) -> Secret | Failed:
    """
    Where to post a message: the address of whom it is for, where they have one on the web; else the channel's own.
    """
    if lack := lacking(message):
        return lack
    person = message.recipient
    if person is None or person.address is None:
        return own
    try:
        shown(person.address.reveal())
    except Refused:  # its words may hold the beginning of what was set by mistake
        return Failed(why="their address in this channel is none; it must begin with https://", retryable=False)
    return person.address


def post(
    http: HttpClient,
    address: Secret,
    body: bytes,
    *,
    headers: Mapping[str, str] | None = None,
    allow_private: bool | None = None,
) -> Answer | Failed:
    """
    Post JSON and return the answer of whatever status, or why none came. The address is in neither.
    """
    try:
        return http.request(
            "POST",
            address,
            headers={"content-type": "application/json", **(headers or {})},
            body=body,
            timeout=TIMEOUT,
            cap=CAP,
            allow_private=allow_private,
        )
    except OutsideError as error:
        return Failed(why=error.why, retryable=error.retryable)


def refused(answer: Answer, *, why: str, retryable: bool, now: datetime, wait: timedelta | None = None) -> Failed:
    """
    A failure by status, with the time to wait that the answer names (or `wait`).
    """
    return Failed(
        why=why,
        retryable=retryable,
        retry_after=wait or asked_to_wait(answer.headers, now=now),
        status=answer.status,
        took_ns=answer.elapsed_ns,
    )


def may_be_taken_later(status: int) -> bool:
    """
    Is it a bad moment (busy, broken), and not a message that will never be taken?
    """
    return status in BAD_MOMENT or status >= 500


def asked_to_wait(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """
    The header Retry-After, in seconds or as a date (RFC 9110, 10.2.3); None when there is none that can be read.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return timedelta(seconds=int(text))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(until - now, timedelta())
