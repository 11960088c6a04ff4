"""
What was measured, and since when is it certain?

`log.db` is one SQLite file. A batch of measurements is first appended as bodies (bytes whose meaning is not known
here), together with the digests that recognise the batch when it is sent again and the counter states it left: one
commit for a whole group of batches, so that either all of it is there after a crash or none. The folder later turns
the tail of the log into slots, also in one commit, and moves the watermark.

>>> log = DeltaLog(getfixture("tmp_path") / "log.db")
>>> log.append([b"one", b"two"], digests=[("app", b"d1")], counters=[], now_ns=0)
2
>>> list(log.tail())
[(1, b'one'), (2, b'two')]
>>> log.fold(upto=1, slots=[("minute", 29, b"sum")], drop=[], now_ns=0)
>>> list(log.tail()), list(log.read_slots("minute", 0, 99))
([(2, b'two')], [(29, b'sum')])
>>> log.close()

Whoever opens it writes from one thread; any thread may read. Every read sees one moment of the file, never half a
commit.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from watchkeeper.store.errors import LogError, newer_file, why_sqlite_failed

FORMAT: Final = 1
DIGESTS_KEPT_NS: Final = 10 * 60 * 10**9  # DESIGN.md section 5: at least 10 minutes ...
DIGESTS_KEPT: Final = 10_000  # ... and at least the last 10,000 batches
VACUUM_PAGES: Final = 256  # per fold: 1 MiB of 4 KiB pages, so that giving space back never holds up an append

Counter = tuple[bytes, int, int, float, float | bytes | None]  # identity, start_ns, at_ns, value, extra

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE log (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE slots (tier TEXT NOT NULL, slot INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (tier, slot));
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE digests (
    n INTEGER PRIMARY KEY, client TEXT NOT NULL, digest BLOB NOT NULL, at_ns INTEGER NOT NULL, UNIQUE (client, digest)
);
CREATE TABLE counters (
    identity BLOB PRIMARY KEY, start_ns INTEGER NOT NULL, at_ns INTEGER NOT NULL, value, extra
) WITHOUT ROWID;
CREATE INDEX counters_at ON counters (at_ns);
"""


class DeltaLog:
    """
    The log and the slots it was folded into. Raises LogError (or NewerFile) from every method that touches the disk.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        self._idle: deque[sqlite3.Connection] = deque()
        with _told(f"open {self._path}"):
            self._writer = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._writer.close()
                raise

    def _prepare(self) -> None:
        self._writer.execute("PRAGMA auto_vacuum = INCREMENTAL")  # takes effect on an empty file only
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = FULL")
        self._writer.execute("PRAGMA busy_timeout = 1000")
        self._writer.execute("PRAGMA journal_size_limit = 67108864")  # bytes; a grown WAL file shrinks back to 64 MiB
        if self._writer.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'").fetchone() == (0,):
            self._create()
        found = self._meta("format")
        if found > FORMAT:
            raise newer_file(self._path, found=found, known=FORMAT)
        self._watermark = self._meta("watermark")
        newest = self._writer.execute("SELECT max(seq) FROM log").fetchone()[0]
        self._last = max(self._watermark, newest or 0)

    def _create(self) -> None:
        self._writer.executescript(
            f"BEGIN IMMEDIATE; {_SCHEMA} INSERT INTO meta VALUES ('format', {FORMAT}), ('watermark', 0); COMMIT;"  # noqa: S608 constants
        )

    def _meta(self, key: str) -> int:
        row = self._writer.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise LogError(doing=f"open {self._path}", why=f"it has no {key} row, so it is not a log", retryable=False)
        return int(row[0])

    @property
    def last(self) -> int:
        """
        The sequence of the newest appended body; 0 when there never was one.
        """
        return self._last

    @property
    def watermark(self) -> int:
        """
        The sequence up to which everything is folded into slots.
        """
        return self._watermark

    # Writing: from one thread, the caller's.

    def append(
        self,
        bodies: Sequence[bytes],
        *,
        digests: Sequence[tuple[str, bytes]],
        counters: Sequence[Counter],
        now_ns: int,
    ) -> int:
        """
        Keep a group of batches in one commit and return the last sequence; on LogError nothing of it is kept.

        A digest is `(client, digest)`; one already known is remembered anew from `now_ns`. A counter state replaces the
        older state of the same identity.
        """
        first = self._last + 1
        with self._transaction(f"append {len(bodies)} bodies") as tx:
            tx.executemany("INSERT INTO log VALUES (?, ?)", enumerate(bodies, first))
            tx.executemany(
                "INSERT OR REPLACE INTO digests (client, digest, at_ns) VALUES (?, ?, ?)",
                ((client, digest, now_ns) for client, digest in digests),
            )
            tx.executemany("INSERT OR REPLACE INTO counters VALUES (?, ?, ?, ?, ?)", counters)
        self._last += len(bodies)
        return self._last

    def fold(
        self,
        *,
        upto: int,
        slots: Iterable[tuple[str, int, bytes]],
        drop: Sequence[tuple[str, int]],
        now_ns: int,
        counters_before_ns: int | None = None,
    ) -> None:
        """
        Put the slot bodies in the place of the older ones and forget the log up to and including `upto`: one commit.

        Args:
            slots: `(tier, slot, body)`; the body replaces the older one.
            drop: `(tier, before_slot)`; older slots of that tier are deleted.
            now_ns: digests older than 10 minutes and not among the last 10,000 are forgotten.
            counters_before_ns: counter states last heard before this are forgotten; None keeps all.
        """
        if not self._watermark <= upto <= self._last:
            raise ValueError(f"fold up to {upto}, but the log holds {self._watermark + 1} to {self._last}")
        with self._transaction(f"fold up to {upto}") as tx:
            tx.executemany("INSERT OR REPLACE INTO slots VALUES (?, ?, ?)", slots)
            tx.executemany("DELETE FROM slots WHERE tier = ? AND slot < ?", drop)
            tx.execute("UPDATE meta SET value = ? WHERE key = 'watermark'", (upto,))
            tx.execute("DELETE FROM log WHERE seq <= ?", (upto,))
            tx.execute(
                "DELETE FROM digests WHERE at_ns < ? AND n <= (SELECT max(n) FROM digests) - ?",
                (now_ns - DIGESTS_KEPT_NS, DIGESTS_KEPT),
            )
            if counters_before_ns is not None:
                tx.execute("DELETE FROM counters WHERE at_ns < ?", (counters_before_ns,))
        self._watermark = upto
        self.shrink()

    def intern(self, names: Sequence[str]) -> list[int]:
        """
        The lasting number of each name, in order; new names are kept before this returns.
        """
        with self._transaction(f"keep {len(names)} names") as tx:
            tx.executemany("INSERT OR IGNORE INTO names (name) VALUES (?)", ((name,) for name in names))
            return [tx.execute("SELECT id FROM names WHERE name = ?", (name,)).fetchone()[0] for name in names]

    def shrink(self, pages: int = VACUUM_PAGES) -> int:
        """
        Give at most so many free pages back to the file system; how many free ones are left.
        """
        with _told("give free space back"):
            # Each step of this statement frees one page; `execute` takes one step only, `executescript` all of them.
            self._writer.executescript(f"PRAGMA incremental_vacuum({pages:d})")
            return int(self._writer.execute("PRAGMA freelist_count").fetchone()[0])

    def close(self) -> None:
        """
        Close every connection; the last one folds the WAL file into the main file.
        """
        while self._idle:
            self._idle.pop().close()
        self._writer.close()

    # Reading: from any thread.

    def tail(self) -> Iterator[tuple[int, bytes]]:
        """
        `(sequence, body)` of everything after the watermark, in order.
        """
        return self._read("SELECT seq, body FROM log ORDER BY seq")

    def read_slot(self, tier: str, slot: int) -> bytes | None:
        """
        The body of one slot; None when there is none.
        """
        rows = list(self._read("SELECT body FROM slots WHERE tier = ? AND slot = ?", (tier, slot)))
        return rows[0][0] if rows else None

    def read_slots(self, tier: str, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """
        `(slot, body)` from `first` to `last`, both included, in order.
        """
        sql = "SELECT slot, body FROM slots WHERE tier = ? AND slot BETWEEN ? AND ? ORDER BY slot"
        return self._read(sql, (tier, first, last))

    def read_slots_in(self, tier: str, slots: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """
        `(slot, body)` of those of the given slots that exist, in order.
        """
        for slot in sorted(set(slots)):
            body = self.read_slot(tier, slot)
            if body is not None:
                yield slot, body

    def names(self) -> dict[int, str]:
        """
        Every interned name by its number.
        """
        return dict(self._read("SELECT id, name FROM names"))

    def seen(self) -> dict[tuple[str, bytes], int]:
        """
        When (ns) each remembered `(client, digest)` was kept, oldest first.
        """
        return {
            (client, digest): at
            for client, digest, at in self._read("SELECT client, digest, at_ns FROM digests ORDER BY n")
        }

    def counters(self) -> Iterator[Counter]:
        """
        Every counter state as it was last appended.
        """
        return self._read("SELECT identity, start_ns, at_ns, value, extra FROM counters")

    def check(self) -> list[str]:
        """
        What is wrong with the file, in SQLite's words and ours; empty when it is sound. Reads all of it.
        """
        found = [row[0] for row in self._read("PRAGMA integrity_check") if row[0] != "ok"]
        sequences = [row[0] for row in self._read("SELECT seq FROM log ORDER BY seq")]
        if sequences != list(range(self._watermark + 1, self._last + 1)):
            found.append(f"the log should hold {self._watermark + 1} to {self._last}, but holds {len(sequences)} rows")
        return found

    @contextmanager
    def _transaction(self, doing: str) -> Iterator[sqlite3.Connection]:
        with _told(doing):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:  # SQLite has already rolled some failures back by itself
                    self._writer.execute("ROLLBACK")
                raise

    def _read(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        with _told("read"):
            connection = self._idle.pop() if self._idle else self._reader()
            cursor = connection.execute(sql, values)
            try:
                yield from cursor
            finally:
                cursor.close()  # ends the snapshot, so that the WAL file can be reused
                self._idle.append(connection)

    def _reader(self) -> sqlite3.Connection:
        uri = f"{self._path.absolute().as_uri()}?mode=ro"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)


@contextmanager
def _told(doing: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        why, retryable = why_sqlite_failed(error)
        raise LogError(doing=doing, why=why, retryable=retryable) from error
