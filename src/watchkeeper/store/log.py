"""
What was measured, and since when is it certain? In a file.

`log.db` is one SQLite file. A batch of measurements is first appended as bodies, together with the digests that
recognise the batch when it is sent again and what it changed in the counters: one commit for a whole group of batches,
so that either all of it is there after a crash or none. The folder later turns the tail of the log into slots, also in
one commit, and moves the watermark.

>>> log = DeltaLog(getfixture("tmp_path") / "log.db")
>>> log.append([b"one", b"two"], digests=[("app", b"d1")], counters=b"", now_ns=0)
2
>>> list(log.tail())
[(1, b'one'), (2, b'two')]
>>> log.fold(upto=1, slots=[("minute", 29, b"sum")], drop=[], now_ns=0)
>>> list(log.tail()), list(log.read_slots("minute", 0, 99))
([(2, b'two')], [(29, b'sum')])
>>> log.close()

What each method promises stands in `store/ground.py`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from watchkeeper.store import log_formats, soundness
from watchkeeper.store.errors import LogError, why_sqlite_failed
from watchkeeper.store.ground import DIGESTS_KEPT, DIGESTS_KEPT_NS
from watchkeeper.store.keeping import STEP_PAGES, WAL_LIMIT_PAGES, Keeper, give_back


class DeltaLog:
    """
    A `Ground` in one file. Raises LogError (or NewerFile) from every method that touches the disk.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        self._idle: deque[sqlite3.Connection] = deque()
        self._writing = threading.Lock()
        self._keeper = Keeper(self._beside, self._writing)
        with _told(f"open {self._path}"):
            self._writer = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except BaseException:
            self._writer.close()
            raise

    def _prepare(self) -> None:
        with _told(f"open {self._path}"):
            self._writer.execute("PRAGMA auto_vacuum = INCREMENTAL")  # takes effect on an empty file only
            self._writer.execute("PRAGMA journal_mode = WAL")
            self._writer.execute("PRAGMA synchronous = FULL")
            self._writer.execute("PRAGMA busy_timeout = 1000")
            self._writer.execute("PRAGMA journal_size_limit = 67108864")  # bytes; a grown WAL file shrinks to 64 MiB
            self._writer.execute(f"PRAGMA wal_autocheckpoint = {WAL_LIMIT_PAGES}")
        with self._transaction(f"open {self._path}") as tx:
            log_formats.prepare(tx, self._path)
        with _told(f"open {self._path}"):
            self._watermark = log_formats.meta(self._writer, "watermark", self._path)
            newest = "SELECT max(ifnull((SELECT max(seq) FROM log), 0), ifnull((SELECT max(seq) FROM counters), 0))"
            self._last: int = max(self._watermark, self._writer.execute(newest).fetchone()[0])
            newest = self._writer.execute("SELECT ifnull(max(id), 0) FROM names").fetchone()[0]
            self._given = max(log_formats.meta(self._writer, "names", self._path), newest)
            patches = "SELECT ifnull(sum(length(body)), 0) FROM counters WHERE whole = 0"
            self._patched = int(self._writer.execute(patches).fetchone()[0])

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
        with self._transaction(f"append {len(bodies)} {'body' if len(bodies) == 1 else 'bodies'}") as tx:
            last = self._last + max(len(bodies), 1 if counters else 0)
            tx.executemany("INSERT INTO log VALUES (?, ?)", enumerate(bodies, self._last + 1))
            tx.executemany(
                "INSERT OR REPLACE INTO digests (client, digest, at_ns) VALUES (?, ?, ?)",
                ((client, digest, now_ns) for client, digest in digests),
            )
            if counters:
                tx.execute("INSERT INTO counters VALUES (?, 0, ?)", (last, counters))
            tx.execute("COMMIT")
            self._last = last
            self._patched += len(counters)
            self._keeper.wrote(sum(map(len, bodies)) + len(counters))
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
        slots, drop = list(slots), list(drop)
        with self._transaction(f"fold up to {upto}") as tx:
            if not self._watermark <= upto <= self._last:
                raise ValueError(f"fold up to {upto}, but the log holds {self._watermark + 1} to {self._last}")
            tx.executemany("INSERT OR REPLACE INTO slots VALUES (?, ?, ?)", slots)
            tx.executemany("DELETE FROM slots WHERE tier = ? AND slot < ?", drop)
            tx.execute("UPDATE meta SET value = ? WHERE key = 'watermark'", (upto,))
            tx.execute("DELETE FROM log WHERE seq <= ?", (upto,))
            tx.execute(
                "DELETE FROM digests WHERE at_ns < ? AND n < (SELECT n FROM digests ORDER BY n DESC LIMIT 1 OFFSET ?)",
                (now_ns - DIGESTS_KEPT_NS, DIGESTS_KEPT - 1),
            )
            patched = self._patched if counters is None else _replace_counters(tx, upto, counters)
            tx.execute("COMMIT")
            self._watermark, self._patched = upto, patched
            self._keeper.wrote(sum(len(body) for *_, body in slots) + len(counters or b""), freed=True)

    def intern(self, names: Sequence[str]) -> list[int]:
        """
        The lasting number of each name, in order; new names are kept before this returns.
        """
        with self._transaction(f"keep {len(names)} names") as tx:
            known = {name: tx.execute("SELECT id FROM names WHERE name = ?", (name,)).fetchone() for name in names}
            fresh = {name: self._given + n for n, name in enumerate((n for n in known if not known[n]), start=1)}
            tx.executemany("INSERT INTO names (name, id) VALUES (?, ?)", fresh.items())
            tx.execute("COMMIT")
            self._given += len(fresh)
        return [fresh[name] if name in fresh else known[name][0] for name in names]

    def forget_names(self, rows: Iterable[int]) -> None:
        """
        Forget the names with these numbers; the numbers are not given again.
        """
        with self._transaction("forget names") as tx:
            tx.execute("UPDATE meta SET value = ? WHERE key = 'names'", (self._given,))
            tx.executemany("DELETE FROM names WHERE id = ?", [(row,) for row in rows])

    def keep(self, name: str, value: bytes) -> bytes:
        """
        What this log keeps under the name, for ever: the value given first, whatever is given later.
        """
        with self._transaction(f"keep {name}") as tx:
            tx.execute("INSERT OR IGNORE INTO kept VALUES (?, ?)", (name, value))
            return bytes(tx.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()[0])

    def shrink(self, pages: int = STEP_PAGES) -> int:
        """
        Give at most so many free pages back to the file system; how many free ones are left.

        Nobody need call it: what is too much goes back by itself (`store/keeping.py`).
        """
        with self._writing, _told("give free space back"):
            give_back(self._writer, pages)
            return int(self._writer.execute("PRAGMA freelist_count").fetchone()[0])

    def settle(self) -> bool:
        """
        Wait until the files are as small as they are kept; whether that came within half a minute.
        """
        return self._keeper.settle()

    def close(self) -> None:
        """
        Close every connection; the last one folds the WAL file into the main file.
        """
        self._keeper.stop()
        with self._writing:
            while self._idle:
                self._idle.pop().close()
            self._writer.close()

    # Reading: from any thread.

    def tail(self) -> Iterator[tuple[int, bytes]]:
        """
        `(sequence, body)` of everything after the watermark, in order.
        """
        return self._read("SELECT seq, body FROM log ORDER BY seq")

    def counters(self) -> Iterator[bytes]:
        """
        The newest snapshot of the counters, when there is one, then the patches appended after it, in order.
        """
        for (body,) in self._read("SELECT body FROM counters ORDER BY whole DESC, seq"):
            yield body

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

    def check(self) -> list[str]:
        """
        What is wrong with the file, in SQLite's words and ours; empty when it is sound. Reads all of it.
        """
        with _told("read"), closing(self._reader()) as connection:
            return soundness.of_file_log(connection)

    @contextmanager
    def _transaction(self, doing: str) -> Iterator[sqlite3.Connection]:
        """
        One transaction, when it is this thread's turn. Who changes what we remember commits first, still inside.
        """
        with self._writing, _told(doing):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                if self._writer.in_transaction:
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

    def _beside(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        return connection

    def _reader(self) -> sqlite3.Connection:
        uri = f"{self._path.absolute().as_uri()}?mode=ro"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)


def _replace_counters(tx: sqlite3.Connection, upto: int, snapshot: bytes) -> int:
    """
    Put a snapshot in the place of the one before and of the patches that it contains; the bytes of the patches left.
    """
    tx.execute("DELETE FROM counters WHERE whole = 1 OR seq <= ?", (upto,))
    tx.execute("INSERT INTO counters VALUES (?, 1, ?)", (upto, snapshot))
    return int(tx.execute("SELECT ifnull(sum(length(body)), 0) FROM counters WHERE whole = 0").fetchone()[0])


@contextmanager
def _told(doing: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        why, retryable = why_sqlite_failed(error)
        raise LogError(doing=doing, why=why, retryable=retryable) from error
