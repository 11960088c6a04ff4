"""
What does the measuring side stand on?

A `Ground` is one log and the slots it was folded into, wherever it lives: a file (`store/log.py`) or PostgreSQL
(`store/postgres_log.py`). The bodies are bytes whose meaning is not known here. Numbers are nanoseconds since 1970
where the name ends in `_ns`.

Every write is one transaction, and the writes wait for each other: any two threads may append and fold. Everything that
touches the disk or the network may raise LogError; after it nothing of that call is kept, and `last` and `watermark`
say what is there. Any thread may read, and each read sees one moment, never half a commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

DIGESTS_KEPT_NS: Final = 10 * 60 * 10**9  # DESIGN.md section 5: at least 10 minutes ...
DIGESTS_KEPT: Final = 10_000  # ... and at least the last 10,000 batches


class Ground(Protocol):
    """
    The log, the slots, the names, what was seen, and the state of the counters.
    """

    @property
    def last(self) -> int:
        """
        The newest sequence; 0 when nothing was ever appended.
        """

    @property
    def watermark(self) -> int:
        """
        The sequence up to which everything is folded into slots.
        """

    @property
    def patched(self) -> int:
        """
        Bytes of counter patches since the last snapshot of the counters: how much a restart would have to read.
        """

    def append(
        self, bodies: Sequence[bytes], *, digests: Sequence[tuple[str, bytes]], counters: bytes, now_ns: int
    ) -> int:
        """
        Keep a group of batches in one commit and return the last sequence; on LogError nothing of it is kept.

        Args:
            digests: `(client, digest)`; one already known is remembered anew from `now_ns`.
            counters: a packed patch of the counters' states; b"" when none changed. A patch without bodies takes a
                sequence of its own, of which `tail` says nothing.
        """

    def fold(
        self,
        *,
        upto: int,
        slots: Iterable[tuple[str, int, bytes]],
        drop: Iterable[tuple[str, int]],
        now_ns: int,
        counters: bytes | None = None,
    ) -> None:
        """
        Put the slot bodies in the place of the older ones and forget the log up to and including `upto`: one commit.

        What is iterated is worked out before the transaction begins, so that nobody waits for it.

        Args:
            slots: `(tier, slot, body)`; the body replaces the older one.
            drop: `(tier, before_slot)`; older slots of that tier are deleted.
            now_ns: digests older than 10 minutes and not among the last 10,000 are forgotten.
            counters: a snapshot of all counters, taken when `upto` was appended or later: it takes the place of the
                older snapshot and of the patches up to `upto`. None keeps those as they are.

        Raises ValueError when `upto` lies outside of what the log holds.
        """

    def tail(self) -> Iterator[tuple[int, bytes]]:
        """
        `(sequence, body)` of everything after the watermark, in order.
        """

    def counters(self) -> Iterator[bytes]:
        """
        The newest snapshot of the counters, when there is one, then the patches appended after it, in order.
        """

    def intern(self, names: Sequence[str]) -> list[int]:
        """
        The lasting number of each name, in order: 1, 2, 3 ... without gaps. New names are kept before this returns.
        """

    def forget_names(self, rows: Iterable[int]) -> None:
        """
        Forget the names with these numbers; the numbers are not given again.
        """

    def names(self) -> dict[int, str]:
        """
        Every interned name by its number.
        """

    def seen(self) -> dict[tuple[str, bytes], int]:
        """
        When (ns) each remembered `(client, digest)` was kept, oldest first.
        """

    def keep(self, name: str, value: bytes) -> bytes:
        """
        What this log keeps under the name, for ever: the value given first, whatever is given later.
        """

    def read_slot(self, tier: str, slot: int) -> bytes | None:
        """
        The body of one slot; None when there is none.
        """

    def read_slots(self, tier: str, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """
        `(slot, body)` from `first` to `last`, both included, in order.
        """

    def check(self) -> list[str]:
        """
        What is wrong, in sentences; empty when it is sound. Reads all of it.
        """

    def shrink(self) -> int:
        """
        Give a little free space back, in a step short enough that no append is held up; how many pages are left to
        give.
        """

    def close(self) -> None:
        """
        Close every connection.
        """
