"""
What was measured, and since when is it certain? In PostgreSQL.

The same promises as the file (`store/log.py`), kept over a connection that may break at any moment. One connection
writes and holds a lock (`store/postgres.py`). A commit whose answer is lost is looked for on the next connection; where
that cannot be had either, the caller hears that nothing was kept, and if it was kept after all, it is taken out again
before anything else is written.

What each method promises stands in `store/ground.py`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from typing import Any, Final

import psycopg

from watchkeeper.store import soundness
from watchkeeper.store.errors import LogError, StoreError
from watchkeeper.store.ground import DIGESTS_KEPT, DIGESTS_KEPT_NS
from watchkeeper.store.postgres import Where, why_postgres_failed

LOG_LOCK: Final = 1  # the number of our lock on a schema for writing the log; the state's is 2
AT_ONCE: Final = 256  # rows fetched at once
IDLE: Final = 4  # reading connections that are kept open

_NEWEST: Final = (
    "SELECT greatest((SELECT coalesce(max(seq), 0) FROM log_bodies),"
    " (SELECT coalesce(max(seq), 0) FROM log_counters WHERE NOT whole),"
    " (SELECT value FROM log_meta WHERE key = 'watermark'))"
)
_KEEP_BODIES: Final = "INSERT INTO log_bodies SELECT * FROM unnest(%b::int8[], %b::bytea[])"
_KEEP_DIGESTS: Final = """
INSERT INTO log_digests (hash, n, client, digest, at_ns, seq)
SELECT hash, n, client, digest, %b, %b
FROM unnest(%b::bytea[], %b::int8[], %b::bytea[], %b::bytea[]) AS d (hash, n, client, digest)
ON CONFLICT (hash) DO UPDATE SET n = excluded.n, at_ns = excluded.at_ns, seq = excluded.seq
"""
_KEEP_SLOTS: Final = """
INSERT INTO log_slots (tier, slot, body) SELECT * FROM unnest(%b::text[], %b::int8[], %b::bytea[])
ON CONFLICT (tier, slot) DO UPDATE SET body = excluded.body
"""
_FORGET_DIGESTS: Final = """
DELETE FROM log_digests
WHERE at_ns < %b AND n < (SELECT n FROM log_digests ORDER BY n DESC LIMIT 1 OFFSET %b)
"""

Write = Callable[[Any], None]
There = Callable[[Any], bool]


class PostgresLog:
    """
    A `Ground` in a schema whose tables are there (`store/opening.py`). Raises LogError from every method that writes
    or reads.
    """

    def __init__(self, where: Where) -> None:
        self._where = where
        self._idle: deque[Any] = deque()
        self._writing = threading.Lock()
        self._closed = False
        self._writer: Any = None
        self._doubt: There = _nowhere  # whether an append is there of which nobody knows yet how it ended
        self._last = self._watermark = self._patched = self._given = self._digests = -1
        with self._told(f"open {where}"):
            self._writer = self._connect()

    @property
    def last(self) -> int:
        """
        The newest sequence; 0 when nothing was ever appended.
        """
        return self._last

    @property
    def watermark(self) -> int:
        """
        The sequence up to which everything is folded into slots.
        """
        return self._watermark

    @property
    def patched(self) -> int:
        """
        Bytes of counter patches since the last snapshot of the counters.
        """
        return self._patched

    # Writing.

    def append(
        self, bodies: Sequence[bytes], *, digests: Sequence[tuple[str, bytes]], counters: bytes, now_ns: int
    ) -> int:
        """
        Keep a group of batches in one commit and return the last sequence; on LogError nothing of it is kept.
        """
        with self._writing:
            last = self._last + max(len(bodies), 1 if counters else 0)
            kept = {hash_of(client.encode(), digest): (client.encode(), digest) for client, digest in digests}
            numbers = list(range(self._digests + 1, self._digests + 1 + len(kept)))

            def write(tx: Any) -> None:
                if bodies:
                    tx.execute(_KEEP_BODIES, (list(range(self._last + 1, last + 1)), list(bodies)))
                if kept:
                    clients, told = [list(one) for one in zip(*kept.values(), strict=True)]
                    tx.execute(_KEEP_DIGESTS, (now_ns, last, list(kept), numbers, clients, told))
                if counters:
                    tx.execute("INSERT INTO log_counters VALUES (false, %b, %b)", (last, counters))

            there = partial(_ends_with, last=last, body=bodies[-1] if bodies else None, counters=counters)
            self._commit(
                f"append {len(bodies)} {'body' if len(bodies) == 1 else 'bodies'}",
                write,
                there if last > self._last else _nowhere,
            )
            self._last = last
            self._patched += len(counters)
            self._digests += len(kept)
            return last

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
        """
        bodies = {(tier, slot): body for tier, slot, body in slots}
        drop = list(drop)
        with self._writing:
            self._still_connected(f"fold up to {upto}")
            if not self._watermark <= upto <= self._last:
                raise ValueError(f"fold up to {upto}, but the log holds {self._watermark + 1} to {self._last}")

            def write(tx: Any) -> None:
                if bodies:
                    tiers, numbers = [list(one) for one in zip(*bodies, strict=True)]
                    tx.execute(_KEEP_SLOTS, (tiers, numbers, list(bodies.values())))
                for tier, before in drop:
                    tx.execute("DELETE FROM log_slots WHERE tier = %b AND slot < %b", (tier, before))
                tx.execute("UPDATE log_meta SET value = %b WHERE key = 'watermark'", (upto,))
                tx.execute("DELETE FROM log_bodies WHERE seq <= %b", (upto,))
                tx.execute(_FORGET_DIGESTS, (now_ns - DIGESTS_KEPT_NS, DIGESTS_KEPT - 1))
                if counters is not None:
                    tx.execute("DELETE FROM log_counters WHERE whole OR seq <= %b", (upto,))
                    tx.execute("INSERT INTO log_counters VALUES (true, %b, %b)", (upto, counters))

            last, more = self._last, upto > self._watermark
            self._commit(
                f"fold up to {upto}",
                write,
                lambda tx: more and _one(tx, _WATERMARK) == upto and _one(tx, _NEWEST) == last,
            )
            self._watermark = upto
            if counters is not None:
                self._patched = self._count("read", _PATCHED)

    def intern(self, names: Sequence[str]) -> list[int]:
        """
        The lasting number of each name, in order; new names are kept before this returns.
        """
        hashes = {name: hash_of_name(name) for name in names}
        if not hashes:
            return []
        with self._writing:
            found: dict[bytes, int] = {}

            def write(tx: Any) -> None:
                found.clear()
                wanted = list(hashes.values())
                rows = tx.execute("SELECT hash, id FROM log_names WHERE hash = ANY(%b::bytea[])", (wanted,))
                found.update(rows.fetchall())
                fresh = [name for name, hashed in hashes.items() if hashed not in found]
                if not fresh:
                    return
                numbers = list(range(self._given + 1, self._given + 1 + len(fresh)))
                found.update(zip((hashes[name] for name in fresh), numbers, strict=True))
                values = (numbers, [hashes[name] for name in fresh], [name.encode() for name in fresh])
                tx.execute("INSERT INTO log_names SELECT * FROM unnest(%b::int8[], %b::bytea[], %b::bytea[])", values)

            self._commit(f"keep {len(names)} names", write, lambda tx: _count_names(tx, found) == len(hashes))
            self._given = max(self._given, *found.values())
            return [found[hashes[name]] for name in names]

    def forget_names(self, rows: Iterable[int]) -> None:
        """
        Forget the names with these numbers; the numbers are not given again.
        """
        numbers = list(rows)
        with self._writing:

            def write(tx: Any) -> None:
                tx.execute("UPDATE log_meta SET value = %b WHERE key = 'names'", (self._given,))
                tx.execute("DELETE FROM log_names WHERE id = ANY(%b::int8[])", (numbers,))

            self._commit("forget names", write, _nowhere)

    def keep(self, name: str, value: bytes) -> bytes:
        """
        What this log keeps under the name, for ever: the value given first, whatever is given later.
        """
        with self._writing:

            def write(tx: Any) -> None:
                tx.execute("INSERT INTO log_kept VALUES (%s, %b) ON CONFLICT (name) DO NOTHING", (name, value))

            self._commit(f"keep {name}", write, _nowhere)
        return next(bytes(row[0]) for row in self._read("SELECT value FROM log_kept WHERE name = %s", (name,)))

    def shrink(self) -> int:
        """
        Nothing is to be done: PostgreSQL's autovacuum, which our tables ask to come early, makes room for what follows.
        """
        return 0

    def close(self) -> None:
        """
        Close every connection.
        """
        with self._writing:
            self._closed = True
            for connection in [*self._idle, self._writer]:
                connection.close()
            self._idle.clear()

    # Reading: from any thread.

    def tail(self) -> Iterator[tuple[int, bytes]]:
        """
        `(sequence, body)` of everything after the watermark, in order.
        """
        return self._read("SELECT seq, body FROM log_bodies ORDER BY seq")

    def counters(self) -> Iterator[bytes]:
        """
        The newest snapshot of the counters, when there is one, then the patches appended after it, in order.
        """
        for (body,) in self._read("SELECT body FROM log_counters ORDER BY whole DESC, seq"):
            yield body

    def read_slot(self, tier: str, slot: int) -> bytes | None:
        """
        The body of one slot; None when there is none.
        """
        rows = self._rows("SELECT body FROM log_slots WHERE tier = %s AND slot = %b", (tier, slot))
        return rows[0][0] if rows else None

    def read_slots(self, tier: str, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """
        `(slot, body)` from `first` to `last`, both included, in order.
        """
        sql = "SELECT slot, body FROM log_slots WHERE tier = %s AND slot BETWEEN %b AND %b ORDER BY slot"
        return self._read(sql, (tier, first, last))

    def names(self) -> dict[int, str]:
        """
        Every interned name by its number.
        """
        return {number: name.decode() for number, name in self._read("SELECT id, name FROM log_names")}

    def seen(self) -> dict[tuple[str, bytes], int]:
        """
        When (ns) each remembered `(client, digest)` was kept, oldest first.
        """
        rows = self._read("SELECT client, digest, at_ns FROM log_digests ORDER BY n")
        return {(client.decode(), digest): at for client, digest, at in rows}

    def check(self) -> list[str]:
        """
        What is wrong, in sentences; empty when it is sound. Reads every row, so that the server checks every page.
        """
        with self._told("read"), self._reader() as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            return soundness.of_postgres_log(connection)

    # The connection that writes.

    def _commit(self, doing: str, write: Write, there: There) -> None:
        """
        One transaction. `there` tells on a new connection whether it is there all the same, when the old one broke.
        """
        with self._told(doing):
            tx = self._ready()
            try:
                with tx.transaction(), tx.cursor() as cursor:
                    write(cursor)
            except psycopg.Error:
                if not tx.broken:
                    raise
                self._doubt = there
                if not self._found(there):
                    raise

    def _found(self, there: There) -> bool:
        """
        Whether the transaction that was cut off is there. When nobody can tell now, it is taken out later.
        """
        try:
            connection = self._where.connect(lock=LOG_LOCK)
        except (psycopg.Error, StoreError):
            return False
        found = False
        try:
            with connection.cursor() as cursor:
                found = there(cursor)
        finally:
            if not found:
                connection.close()
        if found:
            self._writer, self._doubt = connection, _nowhere
        return found

    def _still_connected(self, doing: str) -> None:
        """
        Raise LogError when the connection is a new one: what was read before it may be from before a commit that was
        cut off, so it has to be worked out anew.
        """
        if self._writer.closed:
            with self._told(doing):
                self._ready()
            raise LogError(doing=doing, why="the connection was lost meanwhile and is there again", retryable=True)

    def _ready(self) -> Any:
        if self._writer.closed and not self._closed:
            self._writer = self._connect()
        return self._writer

    def _connect(self) -> Any:
        """
        A connection that holds the lock, with our numbers as they are there. Raises LogError when another process
        wrote meanwhile.
        """
        connection = self._where.connect(lock=LOG_LOCK)
        try:
            with connection.transaction(), connection.cursor() as cursor:
                self._resume(cursor)
        except BaseException:
            connection.close()
            raise
        self._doubt = _nowhere
        return connection

    def _resume(self, tx: Any) -> None:
        newest = _one(tx, _NEWEST)
        if newest > self._last >= 0 and self._doubt(tx):
            _take_out(tx, self._last)
        elif newest != self._last and self._last >= 0:
            raise LogError(
                doing="go on after the connection was lost",
                why=f"the database holds sequence {newest} where {self._last} was confirmed; restart the watch",
                retryable=False,
            )
        self._last = max(newest, 0) if self._last < 0 else self._last
        self._watermark = _one(tx, _WATERMARK)
        self._patched = _one(tx, _PATCHED)
        self._given = _one(tx, _GIVEN)
        self._digests = _one(tx, "SELECT coalesce(max(n), 0) FROM log_digests")

    def _count(self, doing: str, sql: str) -> int:
        with self._told(doing):
            return _one(self._writer, sql)

    # The connections that read.

    def _rows(self, sql: str, values: Sequence[Any]) -> list[Any]:
        with self._told("read"), self._reader() as connection, connection.cursor(binary=True) as cursor:
            rows: list[Any] = cursor.execute(sql, values).fetchall()
            return rows

    def _read(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        with (
            self._told("read"),
            self._reader() as connection,
            connection.transaction(),
            connection.cursor(name="reading", binary=True) as cursor,
        ):
            cursor.itersize = AT_ONCE
            yield from cursor.execute(sql, values)

    @contextmanager
    def _reader(self) -> Iterator[Any]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._where.connect()
            connection.read_only = True
        try:
            yield connection
        finally:
            if connection.closed or self._closed or len(self._idle) >= IDLE:
                connection.close()
            else:
                self._idle.append(connection)

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            why, retryable = why_postgres_failed(error)
            raise LogError(doing=doing, why=why, retryable=retryable) from error


_WATERMARK: Final = "SELECT value FROM log_meta WHERE key = 'watermark'"
_PATCHED: Final = "SELECT coalesce(sum(length(body)), 0)::int8 FROM log_counters WHERE NOT whole"
_GIVEN: Final = (
    "SELECT greatest((SELECT value FROM log_meta WHERE key = 'names'), (SELECT coalesce(max(id), 0) FROM log_names))"
)


def _nowhere(_tx: Any) -> bool:
    return False


def _ends_with(tx: Any, *, last: int, body: bytes | None, counters: bytes) -> bool:
    """
    Whether the log ends with this append, and not with one of somebody else.
    """
    if _one(tx, _NEWEST) != last:
        return False
    bodies = tx.execute("SELECT body FROM log_bodies WHERE seq = %b", (last,)).fetchall()
    patches = tx.execute("SELECT body FROM log_counters WHERE NOT whole AND seq = %b", (last,)).fetchall()
    return (bodies, patches) == ([] if body is None else [(body,)], [(counters,)] if counters else [])


def _one(tx: Any, sql: str) -> int:
    return int(tx.execute(sql).fetchone()[0])


def _count_names(tx: Any, found: dict[bytes, int]) -> int:
    row = tx.execute("SELECT count(*) FROM log_names WHERE hash = ANY(%b::bytea[])", (list(found),)).fetchone()
    return int(row[0])


def _take_out(tx: Any, last: int) -> None:
    """
    Undo an append that was said not to be kept.
    """
    tx.execute("DELETE FROM log_bodies WHERE seq > %b", (last,))
    tx.execute("DELETE FROM log_counters WHERE NOT whole AND seq > %b", (last,))
    tx.execute("DELETE FROM log_digests WHERE seq > %b", (last,))


def hash_of(client: bytes, digest: bytes) -> bytes:
    """
    By what a digest of a client is unique.
    """
    return sha256(len(client).to_bytes(4, "big") + client + digest).digest()


def hash_of_name(name: str) -> bytes:
    """
    By what a name is unique.
    """
    return sha256(name.encode()).digest()
