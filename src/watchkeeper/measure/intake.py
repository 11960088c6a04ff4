"""
How does a body become a number that survives a crash?

One thread owns the way in. It takes whatever has arrived, recognises what it has seen before, decodes and matches the rest,
appends everything in one commit, and only then applies it and answers. What was acknowledged is on disk; what failed to get
there was neither counted nor acknowledged, and may be sent again.
"""

import queue
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Protocol

import structlog

from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.deltas import Delta, pack, together
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.folding import Slots, fold
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.values import Batch, Decoded, Rejection
from watchkeeper.outside.clock import Clock
from watchkeeper.store.errors import LogError

GATHER_SECONDS = 0.02  # how long the first of a group waits for company
WAITING_BYTES = 64 * 2**20  # bodies in the queue; beyond this a sender is asked to come back
FOLD_EVERY_NS = 60 * 1_000_000_000
DIGESTS = 10_000
DIGESTS_NS = 10 * 60 * 1_000_000_000

log = structlog.get_logger("intake")

#: Decodes one body; told the counters' memory and the present instant.
Decode = Callable[[bytes, CounterMemory, int], Decoded | Rejection]


@dataclass(slots=True, kw_only=True)
class Delivery:
    """
    One body on its way in, already unpacked. `key` recognises it when it is sent again; None promises nothing.
    """

    kind: str
    client: str
    body: bytes
    decode: Decode
    key: bytes | None
    done: "Future[Receipt]" = field(default_factory=Future)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """
    What became of a body: taken (with what was left out, by reason), seen before, refused, or not possible just now.
    """

    items: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    seen_before: bool = False
    refused: Rejection | None = None
    busy: str | None = None


class Appends(Slots, Protocol):
    """
    The rows of the ground that the way in needs.
    """

    def append(
        self,
        bodies: Sequence[bytes],
        *,
        digests: Sequence[tuple[str, bytes]],
        counters: Sequence[tuple[bytes, int, int, float, float | bytes | None]],
        now_ns: int,
    ) -> int: ...


def digest(kind: str, body: bytes) -> bytes:
    """
    What a body is recognised by when it is sent again.
    """
    return blake2b(body, digest_size=16, person=kind.encode()[:16]).digest()


@dataclass(slots=True)
class Tally:
    """
    What came in since the start, for `/metrics`.
    """

    bodies: Counter[tuple[str, str]] = field(default_factory=Counter)  # by kind and outcome
    items: Counter[str] = field(default_factory=Counter)  # by kind
    left_out: Counter[str] = field(default_factory=Counter)  # by reason
    commits: int = 0
    failed_commits: int = 0
    writes: bool = True  # whether the last commit went through


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
        seen: dict[tuple[str, bytes], int] | None = None,
        fold_every_ns: int = FOLD_EVERY_NS,
    ) -> None:
        self.lock = threading.RLock()
        self.tally = Tally()
        self.engine, self.matcher = engine, matcher
        self._ground, self._counters, self._clock = ground, counters, clock
        self._seen = dict(seen or {})
        self._queue: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._waiting_bytes = 0
        self._stop = threading.Event()
        self._fold_every_ns, self._folded_ns = fold_every_ns, clock.now_ns()
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    # --- any thread

    @property
    def alive(self) -> bool:
        """
        Whether deliveries are being taken.
        """
        return self._thread.is_alive()

    def start(self) -> None:
        """
        Begin to take deliveries.
        """
        self._thread.start()

    def stop(self) -> None:
        """
        Take what has arrived, fold, and end.
        """
        self._stop.set()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def submit(self, delivery: Delivery) -> "Future[Receipt]":
        """
        Hand in a body; the future ends when it is durable, refused, or cannot be taken just now.
        """
        if self._waiting_bytes > WAITING_BYTES:
            delivery.done.set_result(Receipt(busy="too much is waiting to be written"))
        else:
            self._waiting_bytes += len(delivery.body)
            self._queue.put(delivery)
        return delivery.done

    def submit_batch(self, kind: str, batch: Batch) -> "Future[Receipt]":
        """
        Hand in observations that we made ourselves.
        """
        decoded = Decoded(batches=[batch], items=batch.n)
        return self.submit(Delivery(kind=kind, client="watchkeeper", body=b"", decode=lambda *_: decoded, key=None))

    def fold_now(self) -> None:
        """
        Fold what the log holds, now; the lock must be held.
        """
        self._fold(self._clock.now_ns())

    def renew(self, engine: Engine, matcher: Matcher, marks: Delta) -> None:
        """
        Go on under another plan. `marks` (thresholds named now) are made durable first.
        """
        with self.lock:
            if marks:
                self._ground.append([pack(marks)], digests=[], counters=[], now_ns=self._clock.now_ns())
                engine.apply(marks)
            self.engine, self.matcher = engine, matcher

    # --- the thread inside

    def _run(self) -> None:
        while not self._stop.is_set() or not self._queue.empty():
            group = self._gather()
            try:
                with self.lock:
                    self.take(group)
                    self._fold_when_due()
            except Exception as bug:  # the top of the loop: one bad delivery must not end the way in
                log.exception("intake failed", deliveries=len(group))
                for delivery in group:
                    if not delivery.done.done():
                        delivery.done.set_exception(bug)
        with self.lock:
            self._fold(self._clock.now_ns())

    def _gather(self) -> list[Delivery]:
        try:
            first = self._queue.get(timeout=1.0)
        except queue.Empty:
            return []
        group = [first]
        self._clock.sleep(GATHER_SECONDS, self._stop)
        while not self._queue.empty():
            group.append(self._queue.get())
        taken = [delivery for delivery in group if delivery is not None]
        self._waiting_bytes -= sum(len(delivery.body) for delivery in taken)
        return taken

    def take(self, group: Sequence[Delivery]) -> None:
        """
        Take a group of deliveries: one commit, then apply, then answer.
        """
        now_ns = self._clock.now_ns()
        self._counters.begin()
        fresh: set[tuple[str, bytes]] = set()
        taken: list[tuple[Delivery, Delta, Receipt]] = []
        for delivery in group:
            known = delivery.key is not None and (
                (delivery.client, delivery.key) in self._seen or (delivery.client, delivery.key) in fresh
            )
            if known:
                self._answer(delivery, Receipt(seen_before=True), "seen before")
                continue
            decoded = delivery.decode(delivery.body, self._counters, now_ns)
            if isinstance(decoded, Rejection):
                self._answer(delivery, Receipt(refused=decoded), "refused")
                continue
            if delivery.key is not None:
                fresh.add((delivery.client, delivery.key))
            delta, left_out = self._count(decoded, now_ns)
            taken.append((delivery, delta, Receipt(items=decoded.items, left_out=left_out)))
        if taken:
            self._commit(taken, fresh, now_ns)

    def _count(self, decoded: Decoded, now_ns: int) -> tuple[Delta, dict[str, int]]:
        counted = [self.matcher.count(batch, now_ns) for batch in decoded.batches]
        left_out = Counter(decoded.rejected)
        for one in counted:
            left_out.update(one.left_out)
        return together(one.delta for one in counted), dict(left_out)

    def _commit(self, taken: list[tuple[Delivery, Delta, Receipt]], fresh: set[tuple[str, bytes]], now_ns: int) -> None:
        try:
            self._ground.append(
                [pack(delta) for _, delta, _ in taken if delta],
                digests=sorted(fresh),
                counters=self._counters.patch(),
                now_ns=now_ns,
            )
        except LogError as error:
            self._counters.rollback()
            self.tally.failed_commits += 1
            self.tally.writes = False
            log.error("not written", why=str(error), deliveries=len(taken))
            for delivery, _, _ in taken:
                self._answer(delivery, Receipt(busy=str(error)), "not written")
            return
        self._counters.commit()
        self.tally.commits += 1
        self.tally.writes = True
        self._seen.update(dict.fromkeys(fresh, now_ns))
        self.engine.advance(now_ns)
        for delivery, delta, receipt in taken:
            self.engine.apply(delta)
            self.tally.items[delivery.kind] += receipt.items
            self.tally.left_out.update(receipt.left_out)
            self._answer(delivery, receipt, "taken")

    def _answer(self, delivery: Delivery, receipt: Receipt, outcome: str) -> None:
        self.tally.bodies[delivery.kind, outcome] += 1
        delivery.done.set_result(receipt)

    def _fold_when_due(self) -> None:
        now_ns = self._clock.now_ns()
        if now_ns - self._folded_ns >= self._fold_every_ns:
            self._fold(now_ns)

    def _fold(self, now_ns: int) -> None:
        self._folded_ns = now_ns
        try:
            fold(self._ground, self.engine, now_ns=now_ns)
        except LogError as error:
            log.error("not folded", why=str(error))
        old = sorted(self._seen.items(), key=lambda one: one[1])[:-DIGESTS]
        for key, at_ns in old:
            if at_ns < now_ns - DIGESTS_NS:
                del self._seen[key]
