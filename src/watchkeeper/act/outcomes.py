"""
What follows when a message was not delivered, or nobody knows?

1. *It failed and may succeed later*: it is tried again after 5 s, 30 s, 2 min, 10 min, 30 min, 1 h and 2 h, later when
   the other side asks for it; after the 8th attempt it has failed.
2. *It failed for good* (the address is gone, the form is refused): it has failed at once.
3. *No answer came in time*: as 1. Whoever did not answer has mostly not taken it, and the next attempt has the same id.
4. *A crash hid the answer*: the outcome is unknown and stays visible as such. A channel that pages a person sends it
   again, once, unless a newer message about the same alert waits already; so does a webhook, under the same id. A chat
   does not. A page that is lost is worse than two; in a chat the next message tells how it stands.

>>> [span.total_seconds() for span in (wait(1), wait(2), wait(2, asked=timedelta(minutes=5)))]
[5.0, 30.0, 300.0]
"""

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Final

from watchkeeper.store.notices import NoticeRow

_WAITS: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 7200))
ATTEMPTS: Final = len(_WAITS) + 1
LONGEST_ASKED: Final = timedelta(hours=6)  # a longer wait that the other side asks for is cut to this


class SendingReason(StrEnum):
    """
    Why a message is where it is, once a sender had it.
    """

    TRIED_AGAIN = "tried-again"
    GAVE_UP = "gave-up"
    REFUSED_FOR_GOOD = "refused-for-good"
    NO_CHANNEL = "no-channel"
    MOVED = "moved"
    CARRIED = "carried"
    UNKNOWN_OUTCOME = "unknown-outcome"
    BUG = "bug"


#: Each reason as people read it.
SAYS: Final[dict[SendingReason, str]] = {
    SendingReason.TRIED_AGAIN: "it did not arrive, and is tried again",
    SendingReason.GAVE_UP: f"it did not arrive in {ATTEMPTS} attempts",
    SendingReason.REFUSED_FOR_GOOD: "the other side will not take it",
    SendingReason.NO_CHANNEL: "the manual no longer has the channel",
    SendingReason.MOVED: "the channel it was meant for is gone, or dead",
    SendingReason.CARRIED: "it does not arrive this way just now; another carries it",
    SendingReason.UNKNOWN_OUTCOME: "a crash hid whether it arrived",
    SendingReason.BUG: "a fault of Watchkeeper's own; its log has the details",
}


def wait(attempts: int, *, asked: timedelta | None = None) -> timedelta:
    """
    How long to wait after so many attempts (from 1); what the other side asked for when that is longer.
    """
    own = _WAITS[min(attempts, len(_WAITS)) - 1]
    return max(own, min(asked or own, LONGEST_ASKED))


def wait_ns(attempts: int, *, asked: timedelta | None = None) -> int:
    """
    The same in nanoseconds.
    """
    return wait(attempts, asked=asked) // timedelta(microseconds=1) * 1000


def message_id(row: NoticeRow) -> str:
    """
    The id of a message: the same for every attempt at it, and not used again by a watch that begins anew.
    """
    return str(row.body.get("again_for") or f"msg_{row.created_ns:x}_{row.id}")


def again(row: NoticeRow, *, now_ns: int) -> NoticeRow | None:
    """
    The notice that repeats one whose outcome is unknown; None when it was a repetition itself.
    """
    if "again_for" in row.body:
        return None
    return replace(
        row,
        id=0,
        state="due",
        body={**row.body, "again_for": message_id(row)},
        cycle=-1 - row.cycle,  # apart from every cycle of the alert, which begin at 0
        due_ns=now_ns,
        attempts=0,
        sending_until_ns=None,
        claimed_by=None,
        settled_ns=None,
        receipt=None,
        reason=SendingReason.UNKNOWN_OUTCOME.value,
    )


def moved(row: NoticeRow, channel: str, *, now_ns: int) -> NoticeRow:
    """
    The same message for another channel, because its own is gone from the manual.
    """
    return replace(
        row,
        id=0,
        channel=channel,
        state="due",
        due_ns=now_ns,
        attempts=0,
        sending_until_ns=None,
        claimed_by=None,
        settled_ns=None,
        receipt=None,
        reason=SendingReason.MOVED.value,
    )
