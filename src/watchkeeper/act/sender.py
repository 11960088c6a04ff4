"""
How does what is due go out?

Each channel has threads of its own, so that a dead one holds up nobody: a thread claims a row, writes the message,
sends it, and settles the row, one after the other. One more thread looks for rows that a crash left half-sent and for
channels that are gone. The rows are all that is remembered: a new sender goes on where a killed one stopped.
"""

import threading
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal

import structlog
from sqlalchemy import Connection

from watchkeeper.act import fallback as standing_in
from watchkeeper.act import outcomes
from watchkeeper.act.channels.sending import Channel, Failed, Sent
from watchkeeper.act.fallback import Carriers, Failures, nobody_carries
from watchkeeper.act.message import Message
from watchkeeper.act.outcomes import SendingReason
from watchkeeper.act.paging import wanted
from watchkeeper.act.repeating import Repeating
from watchkeeper.outside.clock import Clock
from watchkeeper.store import notices, outbox
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.state import State

#: How many attempts of a kind of channel run at once; the others take one message after the other.
AT_ONCE: Final[Mapping[str, int]] = {"email": 4, "ntfy": 4, "pagerduty": 4}
LEASE_NS: Final = 30 * 10**9  # longer than any attempt may take
WORKER: Final = "sender"
_AUDIT: Final = ""  # the name of the loop that belongs to no channel

log = structlog.get_logger("sender")

Render = Callable[[NoticeRow], Message]
#: The channels that hear a message in the place of one that is gone.
Fallback = Callable[[NoticeRow], Iterable[str]]


def nobody(_: NoticeRow) -> Iterable[str]:
    """
    No channel stands in for another.
    """
    return ()


class Sender:
    """
    Sends due messages through the channels, in threads of its own. Any thread may call it.
    """

    def __init__(
        self,
        *,
        state: State,
        channels: Mapping[str, Channel],
        clock: Clock,
        render: Render,
        fallback: Fallback = nobody,
        carriers: Carriers = nobody_carries,
    ) -> None:
        self._state, self._clock = state, clock
        self._channels, self._render, self._fallback = dict(channels), render, fallback
        self._carriers, self._failures = carriers, Failures()
        self._loops: dict[tuple[str, int], Repeating] = {}
        self._changing = threading.Lock()
        self._started = False

    @property
    def channels(self) -> Mapping[str, Channel]:
        """
        The channels as they now are, by name.
        """
        return self._channels

    @property
    def dead(self) -> Mapping[str, str]:
        """
        The channels that carry nothing just now, and why.
        """
        return self._failures.dead(self._channels)

    @property
    def alive(self) -> bool:
        """
        Whether every channel has a thread that runs, and the audit too.
        """
        loops = dict(self._loops)
        return self._wanted() <= loops.keys() and all(loop.alive for loop in loops.values())

    def start(self) -> None:
        """
        Begin to send.
        """
        with self._changing:
            self._started = True
            self._fit()

    def stop(self) -> None:
        """
        Begin no further attempt, and wait for those that run (each ends at its deadline).
        """
        with self._changing:
            self._started = False
            self._fit()

    def wake(self) -> None:
        """
        Something was written: look at once.
        """
        for loop in list(self._loops.values()):
            loop.wake()

    def renew(
        self,
        channels: Mapping[str, Channel],
        render: Render,
        fallback: Fallback = nobody,
        carriers: Carriers = nobody_carries,
    ) -> None:
        """
        Go on with other channels and words, after a reload. What is due for a channel that is gone goes to those that
        `fallback` names, and fails, visibly, where it names none.
        """
        with self._changing:
            self._channels, self._render, self._fallback = dict(channels), render, fallback
            self._carriers = carriers
            self._failures.forget()
            self._fit()
        self.wake()

    def send_due(self) -> int:
        """
        Send all that is due now, in the calling thread; how many attempts that took. For hand-moved clocks.
        """
        self._audit()
        return sum(self._send(name, lambda: False) for name in self._channels)

    # --- loops

    def _fit(self) -> None:
        """
        The loops of each channel and one to audit; none when stopped.
        """
        wanted = self._wanted() if self._started else set()
        leaving = [self._loops.pop(key) for key in set(self._loops) - wanted]
        for loop in leaving:
            loop.end()
        for loop in leaving:
            loop.join()
        for key in wanted - set(self._loops):
            name, number = key
            called = f"send {name or 'audit'}{f' {number + 1}' if number else ''}"
            self._loops[key] = Repeating(self._step_of(name), name=called, clock=self._clock)
            self._loops[key].start()

    def _wanted(self) -> set[tuple[str, int]]:
        several = {(name, i) for name, one in self._channels.items() for i in range(AT_ONCE.get(one.kind, 1))}
        return {(_AUDIT, 0), *several}

    def _step_of(self, name: str) -> Callable[[Callable[[], bool]], int | None]:
        if name == _AUDIT:
            return lambda _: self._audit()
        return lambda ending: self._next_after(name, ending)

    def _next_after(self, name: str, ending: Callable[[], bool]) -> int | None:
        self._send(name, ending)
        with self._state.reading() as view:
            return outbox.next_due_ns(view, name)

    # --- sending

    def _send(self, name: str, ending: Callable[[], bool]) -> int:
        attempts, row = 0, None if ending() else self._claim(name)
        while row is not None:
            attempts += 1
            row = self._deliver(row, ending)
        return attempts

    def _claim(self, name: str) -> NoticeRow | None:
        with self._state.transaction() as tx:
            return self._next(tx, name)

    def _next(self, tx: Connection, name: str) -> NoticeRow | None:
        """
        Claim the next row of a channel. One that nobody wants any more (somebody has the page) ends here.
        """
        while True:
            now_ns = self._clock.now_ns()
            rows = outbox.claim_due(tx, now_ns=now_ns, lease_ns=LEASE_NS, worker=WORKER, limit=1, channel=name)
            why = wanted.why_unwanted(tx, rows[0]) if rows else None
            if why is None:
                return rows[0] if rows else None
            _cancel(tx, rows[0], why, now_ns)

    def _deliver(self, row: NoticeRow, ending: Callable[[], bool]) -> NoticeRow | None:
        """
        One attempt, and the row to go on with: claimed in the transaction that settles this one.
        """
        channel = self._channels.get(row.channel)
        if channel is None:
            self._stand_in(row)
            return None if ending() else self._claim(row.channel)
        try:
            result = self._resting(row) or self._attempt(row, channel)
        except Exception as error:  # the top of the loop: a bug costs this message, not the ones behind it
            log.error("a bug kept a message", notice=row.id, channel=row.channel, at=_place(error))
            failed = Failed(why=_place(error), retryable=False)
            return self._settle(row, failed, ending, final=SendingReason.BUG)
        if result is None:
            return None if ending() else self._claim(row.channel)
        return self._settle(row, result, ending)

    def _attempt(self, row: NoticeRow, channel: Channel) -> Sent | Failed | None:
        """
        One attempt; None when the row was taken away meanwhile, or somebody has what it is about.
        """
        message = self._render(row)
        with self._state.reading() as view:
            mine = outbox.is_mine(view, row.id, claim=row.claimed_by or "")
            why = wanted.why_unwanted(view, row)
        if mine and why is not None:
            with self._state.transaction() as tx:
                _cancel(tx, row, why, self._clock.now_ns())
        if not mine or why is not None:
            return None
        result = channel.send(message, message_id=outcomes.message_id(row), now=self._clock.now())
        self._failures.note(row.channel, result, now_ns=self._clock.now_ns())
        return result

    def _resting(self, row: NoticeRow) -> Failed | None:
        """
        The failure of a channel that is dead, without waiting for it once more, where others carry the message.
        """
        why = self._failures.resting(row.channel, now_ns=self._clock.now_ns())
        return Failed(why=why, retryable=True) if why is not None and self._carriers(row, self.dead) else None

    def _settle(
        self,
        row: NoticeRow,
        result: Sent | Failed,
        ending: Callable[[], bool],
        *,
        final: SendingReason | None = None,
    ) -> NoticeRow | None:
        now_ns = self._clock.now_ns()
        others = self._others(row, result, final, now_ns)
        with self._state.transaction() as tx:
            kept = _settled(tx, row, result, final=final, now_ns=now_ns, others=others)
            following = None if ending() else self._next(tx, row.channel)
        if others:
            log.warning("another channel carries it", notice=row.id, instead=[one.channel for one in others])
            self.wake()
        if isinstance(result, Failed):
            log.warning("not delivered", notice=row.id, channel=row.channel, attempt=row.attempts, why=result.why)
        if not kept:
            log.warning("an answer came after the lease had ended", notice=row.id, channel=row.channel)
        return following

    def _others(
        self, row: NoticeRow, result: Sent | Failed, final: SendingReason | None, now_ns: int
    ) -> list[NoticeRow]:
        """
        The message on its other ways: when it failed for good, its address is missing, or its channel is dead.
        """
        if not isinstance(result, Failed) or final is SendingReason.BUG:
            return []
        dead = self.dead
        nowhere = result.of_recipient and result.status is None  # it has no address, so nobody was asked
        over = nowhere or not result.retryable or row.attempts >= outcomes.ATTEMPTS or row.channel in dead
        found = self._carriers(row, dead) if over else ()
        return [standing_in.moved(row, one, now_ns=now_ns) for one in found if one.channel in self._channels]

    def _stand_in(self, row: NoticeRow) -> None:
        """
        The channel of a message is gone: others hear it, in the transaction in which it fails.
        """
        now_ns, why = self._clock.now_ns(), outcomes.SAYS[SendingReason.NO_CHANNEL]
        others = [name for name in self._fallback(row) if name in self._channels]
        with self._state.transaction() as tx:
            failed = Failed(why=why, retryable=False)
            if _settled(tx, row, failed, final=SendingReason.NO_CHANNEL, now_ns=now_ns):
                outbox.add(tx, [outcomes.moved(row, name, now_ns=now_ns) for name in others])
        log.warning("the channel is gone", notice=row.id, channel=row.channel, instead=others)
        self.wake()

    # --- auditing

    def _audit(self) -> None:
        """
        Make outcomes that a crash hid visible, and fail what is due for channels that are gone.
        """
        now_ns = self._clock.now_ns()
        with self._state.transaction() as tx:
            expired = outbox.expired_sending(tx, now_ns=now_ns, reason=SendingReason.UNKNOWN_OUTCOME)
            for row in expired:
                self._perhaps_again(tx, row, now_ns)
        for row in expired:
            log.warning("unknown outcome", notice=row.id, channel=row.channel)
        if expired:
            self.wake()
        with self._state.reading() as view:
            gone = {row.channel for row in notices.in_state(view, "due")} - set(self._channels)
        for name in gone:
            self._send(name, lambda: False)

    def _perhaps_again(self, tx: Connection, row: NoticeRow, now_ns: int) -> None:
        """
        Send again what a crash cut off, where the channel pages and nothing newer about the alert waits.
        """
        channel, again = self._channels.get(row.channel), outcomes.again(row, now_ns=now_ns)
        if channel is None or not channel.again_after_unknown or again is None or wanted.why_unwanted(tx, row):
            return
        newer = outbox.unsent(tx, subject=row.subject, channel=row.channel, person=row.person, address=row.address)
        if not newer:
            outbox.add(tx, [again])


def _settled(
    tx: Connection,
    row: NoticeRow,
    result: Sent | Failed,
    *,
    final: SendingReason | None,
    now_ns: int,
    others: Sequence[NoticeRow] = (),
) -> bool:
    """
    Write what came of an attempt, by the rule of `outcomes`; False when the row was no longer ours. `others` are the
    same message on other ways, which take it over.
    """
    receipt, claim = result.receipt(at_ns=now_ns), row.claimed_by or ""
    unwanted = wanted.why_unwanted(tx, row) if isinstance(result, Failed) else None
    if unwanted is not None:  # it is not tried again: somebody has the page
        return outbox.settle(
            tx, row.id, state="cancelled", receipt=receipt, now_ns=now_ns, expecting_claim=claim, reason=unwanted
        )
    if isinstance(result, Failed) and result.retryable and row.attempts < outcomes.ATTEMPTS and not others:
        due_ns = now_ns + outcomes.wait_ns(row.attempts, asked=result.retry_after)
        reason = SendingReason.TRIED_AGAIN.value
        return outbox.retry_at(tx, row.id, due_ns=due_ns, receipt=receipt, expecting_claim=claim, reason=reason)
    state: Literal["sent", "failed"] = "sent"
    why = row.reason
    if isinstance(result, Failed):
        state = "failed"
        why = final or (SendingReason.GAVE_UP if result.retryable else SendingReason.REFUSED_FOR_GOOD)
        why = SendingReason.CARRIED if others and result.retryable else why
    kept = outbox.settle(tx, row.id, state=state, receipt=receipt, now_ns=now_ns, expecting_claim=claim, reason=why)
    if kept and others:
        outbox.add(tx, others)
    if kept and state == "failed":
        wanted.failed(tx, row, now_ns=now_ns)
    return kept


def _cancel(tx: Connection, row: NoticeRow, why: str, now_ns: int) -> None:
    claim = row.claimed_by or ""
    outbox.settle(tx, row.id, state="cancelled", receipt=None, now_ns=now_ns, expecting_claim=claim, reason=why)


def _place(error: Exception) -> str:
    """
    What broke and where; not the error's own words, for they may hold an address.
    """
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
