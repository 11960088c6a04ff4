"""
How does a body become a number that survives a crash?

One thread owns the way in. It takes whatever has arrived, recognises what it has seen before, decodes and matches the
rest, appends everything in one commit, and only then applies it and answers. What was acknowledged is on disk; what
failed to get there was neither counted nor acknowledged, and may be sent again.

Two locks: `lock` guards the engine and is held for moments, by whoever reads and for applying; another one keeps the
way in (decoding, matching, writing the log) to one thread at a time. Whoever needs both takes the second first:
`paused`.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

import numpy as np
import structlog

from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.deliveries import Delivery, Receipt, Tally
from watchkeeper.measure.deltas import Delta, pack, together
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.values import Batch, Decoded, Name, Rejection
from watchkeeper.measure.waiting import Full, Waiting
from watchkeeper.outside.clock import Clock
from watchkeeper.store.errors import LogError

GATHER_SECONDS = (
    0.01  # how long a group waits for company while there is much to do; whoever comes alone waits for nobody
)
WAITING_BYTES = 64 * 2**20  # bodies in the queue; beyond this a sender is asked to come back
GROUP_BYTES = 8 * 2**20  # of bodies taken in one commit, so that whoever waits is not behind a mountain
DIGESTS = 10_000
DIGESTS_NS = 10 * 60 * 1_000_000_000
MOST_NAMES = 1_000_000  # remembered at once, some 250 bytes each; whoever names more parts is asked to come back
COUNTERS_NS = 24 * 3600 * 1_000_000_000  # a counter not heard for this long is forgotten

log = structlog.get_logger("intake")


class Appends(Protocol):
    """
    The rows of the ground that the way in needs.
    """

    def append(
        self,
        bodies: Sequence[bytes],
        *,
        digests: Sequence[Name],
        counters: bytes,
        now_ns: int,
    ) -> int: ...


@dataclass(slots=True, kw_only=True)
class _Read:
    """
    A delivery and what is to be said of it; `delta` is None where nothing is to be written.
    """

    delivery: Delivery
    receipt: Receipt
    outcome: str
    delta: Delta | None = None
    names: tuple[Name, ...] = ()
    noted: dict[str, int] = field(default_factory=dict)


def without_parts(decoded: Decoded, parts: set[int]) -> Decoded:
    """
    What was decoded, less the rows of some of its parts.
    """
    assert decoded.parts is not None, "a body whose parts have names says which part each of its rows is"
    kept = ~np.isin(decoded.parts, sorted(parts))
    batches = [batch.taken(kept) for batch in decoded.batches]
    return Decoded(
        batches=[batch for batch in batches if batch.n],
        items=decoded.items - len(parts),
        rejected=decoded.rejected,
        noted={**decoded.noted, "seen-before": len(parts)},
        names=tuple(name for part, name in enumerate(decoded.names) if part not in parts),
    )


class Intake:
    """
    The way in: `submit` from any thread, one thread inside. `lock` guards the engine; hold it to read.
    """

    def __init__(
        self,
        *,
        ground: Appends,
        engine: Engine,
        matcher: Matcher,
        counters: CounterMemory,
        clock: Clock,
        seen: dict[Name, int] | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.tally = Tally()
        self.engine, self.matcher = engine, matcher
        self._way = threading.RLock()
        self._ground, self._clock = ground, clock
        self.counters = counters  # owned by the way in
        self._seen = dict(seen or {})
        self._waiting: Waiting[Delivery] = Waiting(most=WAITING_BYTES)
        self.news = threading.Event()  # set when something was applied; whoever waits for it clears it
        self._crowded = False  # whether the last group had company
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    # --- any thread

    @property
    def alive(self) -> bool:
        """
        Whether the thread inside runs.
        """
        return self._thread.is_alive()

    def start(self) -> None:
        """
        Begin to take deliveries.
        """
        self._thread.start()

    def stop(self) -> None:
        """
        Take what has arrived, and end.
        """
        self._waiting.close()
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def submit(self, delivery: Delivery) -> "Future[Receipt]":
        """
        Hand in a body; the future ends when it is durable, refused, or cannot be taken just now.
        """
        why = self._waiting.put(delivery, delivery.client, len(delivery.body))
        if why is not None:
            self.tally.bodies[delivery.kind, "not taken"] += 1
            delivery.done.set_result(Receipt(busy=str(why), by_share=why is Full.SHARE))
        return delivery.done

    def submit_batch(self, kind: str, batch: Batch) -> "Future[Receipt]":
        """
        Hand in observations that we made ourselves.
        """
        decoded = Decoded(batches=[batch], items=batch.n)
        return self.submit(Delivery(kind=kind, client="watchkeeper", body=b"", decode=lambda *_: decoded))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """
        Nothing is taken, written or asked meanwhile; for going on under another plan.
        """
        with self._way, self.lock:
            yield

    @contextmanager
    def still(self) -> Iterator[None]:
        """
        Nothing is taken or written meanwhile; who only asks is not held up.
        """
        with self._way:
            yield

    def forget(self, now_ns: int) -> None:
        """
        Forget counters not heard for a day, and what was recognised long ago.
        """
        with self._way:
            self.counters.forget(before_ns=now_ns - COUNTERS_NS)
            self._forget_names(now_ns)

    def renew(self, engine: Engine, matcher: Matcher) -> None:
        """
        Go on under another plan.
        """
        with self.paused():
            self.engine, self.matcher = engine, matcher

    def take(self, group: Sequence[Delivery]) -> None:
        """
        Take a group of deliveries: one commit, then apply, then answer. Whoever stopped waiting for an answer is left
        out.
        """
        waiting = [delivery for delivery in group if delivery.done.set_running_or_notify_cancel()]
        with self._way:
            now_ns = self._clock.now_ns()
            try:
                read = self._read(waiting, now_ns)
                self._write(read, now_ns)
            except LogError as error:
                self.counters.rollback()
                self._not_written([one for one in waiting if not one.done.done()], error)
                return
            with self.lock:
                self.engine.advance(now_ns)
                for one in read:
                    if one.delta:
                        self.engine.apply(one.delta)
            self.news.set()
        for one in read:
            self._answer(one)

    # --- the thread inside

    def _run(self) -> None:
        while not self._stop.is_set() or self._waiting.bytes or self._waiting.wait(0):
            group = self._gather()
            try:
                self.take(group)
            except Exception as bug:  # the top of the loop: whatever went wrong must not end the way in
                log.exception("intake failed", deliveries=len(group))
                for delivery in group:
                    if not delivery.done.done():
                        delivery.done.set_exception(bug)

    def _gather(self) -> list[Delivery]:
        if not self._waiting.wait(1.0):
            return []
        if self._crowded:
            self._clock.sleep(GATHER_SECONDS, self._stop)
        group = self._waiting.take(most=GROUP_BYTES)
        self._crowded = len(group) > 1
        return group

    def _read(self, group: Sequence[Delivery], now_ns: int) -> list[_Read]:
        """
        Decode and count every delivery. One that stops on a bug of ours is answered so, and the others are read again.
        """
        self.counters.begin()
        fresh: set[Name] = set()
        read: list[_Read] = []
        for delivery in group:
            try:
                read.append(self._read_one(delivery, fresh, now_ns))
            except LogError:
                raise
            except Exception as bug:  # the top of one delivery: it must not take the others with it
                log.exception("not taken", kind=delivery.kind, bytes=len(delivery.body))
                self.tally.bodies[delivery.kind, "failed"] += 1
                delivery.done.set_exception(bug)
                return self._read([other for other in group if other is not delivery], now_ns)
        return read

    def _read_one(self, delivery: Delivery, fresh: set[Name], now_ns: int) -> _Read:
        if delivery.name is not None and self._known([delivery.name], fresh):
            return _Read(delivery=delivery, receipt=Receipt(seen_before=True), outcome="seen before")
        decoded = delivery.decode(delivery.body, self.counters, now_ns)
        if isinstance(decoded, Rejection):
            return _Read(delivery=delivery, receipt=Receipt(refused=decoded), outcome="refused")
        known = self._known(decoded.names, fresh)
        if known and len(known) == len(decoded.names):
            return _Read(delivery=delivery, receipt=Receipt(seen_before=True), outcome="seen before")
        if decoded.names and self._crammed(len(fresh), now_ns):
            why = "too many events were named in the last minutes"
            return _Read(delivery=delivery, receipt=Receipt(busy=why), outcome="not taken")
        decoded = without_parts(decoded, known) if known else decoded
        names = (*([delivery.name] if delivery.name else []), *decoded.names)
        fresh.update(names)
        counted = [self.matcher.count(batch, now_ns) for batch in decoded.batches]
        left_out, noted = Counter(decoded.rejected), Counter(decoded.noted)
        for one in counted:
            left_out.update(one.left_out)
            noted.update(one.noted)
        delta = together(one.delta for one in counted)
        receipt = Receipt(items=decoded.items, left_out=dict(left_out))
        return _Read(delivery=delivery, receipt=receipt, outcome="taken", delta=delta, names=names, noted=dict(noted))

    def _known(self, names: Sequence[Name], fresh: set[Name]) -> set[int]:
        """
        Which of these names were kept before, or came earlier in this group or among themselves.
        """
        known: set[int] = set()
        mine: set[Name] = set()
        for part, name in enumerate(names):
            if name in self._seen or name in fresh or name in mine:
                known.add(part)
            mine.add(name)
        return known

    def _crammed(self, fresh: int, now_ns: int) -> bool:
        """
        Whether as many names are remembered as may be, and none of them is old enough to be forgotten.
        """
        if len(self._seen) + fresh >= MOST_NAMES:
            self._forget_names(now_ns)
        return len(self._seen) + fresh >= MOST_NAMES

    def _forget_names(self, now_ns: int) -> None:
        """
        Forget names of long ago, but for the last `DIGESTS`: from the oldest to the first that is young.
        """
        old: list[Name] = []
        for name, at_ns in islice(self._seen.items(), max(0, len(self._seen) - DIGESTS)):  # in the order of arrival
            if at_ns >= now_ns - DIGESTS_NS:
                break
            old.append(name)
        for name in old:
            del self._seen[name]

    def _write(self, read: list[_Read], now_ns: int) -> None:
        """
        Make everything durable in one commit: deltas, what bodies are recognised by, counters.
        """
        taken = [one for one in read if one.delta is not None]
        if not taken:
            self.counters.commit()
            return
        names = [name for one in taken for name in one.names]
        self._ground.append(
            [pack(one.delta) for one in taken if one.delta],
            digests=names,
            counters=self.counters.patch(),
            now_ns=now_ns,
        )
        self.counters.commit()
        self._seen.update(dict.fromkeys(names, now_ns))
        self.tally.commits += 1
        self.tally.writes = True

    def _not_written(self, group: Sequence[Delivery], error: LogError) -> None:
        self.tally.failed_commits += 1
        self.tally.writes = False
        log.error("not written", why=str(error), deliveries=len(group))
        for delivery in group:
            self._answer(_Read(delivery=delivery, receipt=Receipt(busy=str(error)), outcome="not written"))

    def _answer(self, read: _Read) -> None:
        kind = read.delivery.kind
        self.tally.bodies[kind, read.outcome] += 1
        if read.delta is not None:
            self.tally.items[kind] += read.receipt.items
            self.tally.left_out.update(read.receipt.left_out)
            self.tally.noted.update(read.noted)
        read.delivery.done.set_result(read.receipt)
