"""
Does the file of a log keep what it acknowledged, through whatever happens to the process and the disk?

What every home promises is tested in `test_ground_contract.py`.
"""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.store.errors import LogError, NewerFile, OlderFile
from watchkeeper.store.keeping import WAL_BYTES
from watchkeeper.store.log import DeltaLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def log(path: Path) -> Iterator[DeltaLog]:
    log = DeltaLog(path)
    yield log
    log.close()


def test_folding_gives_the_space_back_step_by_step(log: DeltaLog, path: Path) -> None:
    log.append([b"x" * 4000] * 2000, digests=[], counters=b"", now_ns=0)
    log.fold(upto=1000, slots=[], drop=[], now_ns=0)
    first = log.shrink(1)
    assert log.shrink(100) == first - 100
    while log.shrink():
        pass
    log.fold(upto=2000, slots=[], drop=[], now_ns=0)
    while log.shrink():
        pass
    log.close()

    assert path.stat().st_size < 200_000
    DeltaLog(path).close()


def test_the_file_of_what_is_not_carried_over_yet_stays_small_under_load(log: DeltaLog, path: Path) -> None:
    beside = path.with_name("log.db-wal")
    for n in range(100):
        log.append([b"x" * 2**20], digests=[], counters=b"", now_ns=n)
        if n % 8 == 7:
            assert log.settle()

    assert beside.stat().st_size < 3 * WAL_BYTES
    assert log.check() == []


def test_a_reader_that_holds_its_moment_delays_the_carrying_over_and_no_append(log: DeltaLog, path: Path) -> None:
    log.append([b"first", b"second"], digests=[], counters=b"", now_ns=0)
    reading: Any = log.tail()
    next(reading)
    for n in range(40):
        log.append([b"x" * 2**20], digests=[], counters=b"", now_ns=n)
    assert log.settle()
    assert path.with_name("log.db-wal").stat().st_size > 40 * 2**20  # what the reader keeps alive
    assert next(reading) == (2, b"second")
    reading.close()
    for n in range(40):
        log.append([b"x" * 2**20], digests=[], counters=b"", now_ns=n)
        assert log.settle()

    assert path.with_name("log.db-wal").stat().st_size <= 64 * 2**20
    assert log.last == 82


def test_space_that_folding_frees_beyond_what_is_used_again_goes_back_by_itself(log: DeltaLog, path: Path) -> None:
    for _ in range(60):
        log.append([b"x" * 2**20], digests=[], counters=b"", now_ns=0)
    log.fold(upto=60, slots=[], drop=[], now_ns=0)
    assert log.settle()
    log.fold(upto=60, slots=[], drop=[], now_ns=0)  # carries over what giving back wrote
    assert log.settle()

    assert path.stat().st_size < 12 * 2**20
    assert log.check() == []


def test_a_file_of_a_newer_format_is_refused_with_both_numbers(path: Path) -> None:
    DeltaLog(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE meta SET value = 99 WHERE key = 'format'")
    raw.close()

    with pytest.raises(NewerFile, match="its format is 99, the newest known here is 2") as failure:
        DeltaLog(path)
    assert not failure.value.retryable


def test_a_file_from_before_the_first_release_is_refused_and_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.executescript("CREATE TABLE meta (key, value); INSERT INTO meta VALUES ('format', 1), ('watermark', 3)")
    raw.close()

    with pytest.raises(OlderFile, match="its format is 1, the oldest known here is 2. Begin in an empty folder"):
        DeltaLog(path)
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT value FROM meta").fetchall() == [(1,), (3,)]
    raw.close()


def test_a_file_with_other_tables_is_refused_and_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE songs (title)")
    raw.close()

    with pytest.raises(LogError, match=r"it holds other tables \(songs\)"):
        DeltaLog(path)


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"this is a letter, not a log " * 100)

    with pytest.raises(LogError, match="is not a database") as failure:
        DeltaLog(path)
    assert not failure.value.retryable


def test_a_sound_log_has_no_findings_and_a_hole_in_it_is_one(log: DeltaLog, path: Path) -> None:
    log.append([b"a", b"b", b"c"], digests=[], counters=b"", now_ns=0)
    assert log.check() == []
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM log WHERE seq = 2")
    raw.close()

    assert log.check() == ["the log should hold 1 to 3, but holds 2 rows"]


def test_a_read_only_file_refuses_an_append_in_plain_words(path: Path) -> None:
    log = DeltaLog(path)
    log.append([b"a"], digests=[], counters=b"", now_ns=0)
    log._writer.execute("PRAGMA query_only = ON")  # what SQLite reports for a read-only mount; root ignores file modes
    with pytest.raises(LogError, match="append 1 body: the file or its folder is read-only") as failure:
        log.append([b"b"], digests=[], counters=b"", now_ns=0)
    assert failure.value.retryable

    log._writer.execute("PRAGMA query_only = OFF")
    assert log.append([b"b"], digests=[], counters=b"", now_ns=0) == 2
    log.close()


APPEND_FOREVER = """
import sys
from watchkeeper.store.keeping import WAL_BYTES
from watchkeeper.store.log import DeltaLog
log = DeltaLog(sys.argv[1])
n = log.last
while True:
    bodies = [b"%d" % (n + i) * 50 for i in (1, 2, 3)]
    last = log.append(bodies, digests=[("k", b"%d" % n)], counters=b"%d" % (n + 3), now_ns=n)
    n += 3
    sys.stdout.write(f"{last}\\n"); sys.stdout.flush()
    if n % 60 == 0:
        log.fold(upto=n - 30, slots=[("1m", n, b"x" * 2000)], drop=[("1m", n - 300)], now_ns=n, counters=b"%d" % n)
"""


@pytest.mark.parametrize("acknowledged", [1, 7, 40])
def test_killed_at_any_moment_all_that_was_acknowledged_is_there_and_nothing_half(
    path: Path, acknowledged: int
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", APPEND_FOREVER, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        told = 0
        for _ in range(acknowledged):
            told = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        told = max([told, *(int(line) for line in writer.stdout if line.endswith("\n"))])

    log = DeltaLog(path)
    assert log.check() == []
    assert log.last >= told
    assert log.last % 3 == 0
    assert all(body == b"%d" % seq * 50 for seq, body in log.tail())
    assert len(log.seen()) == log.last // 3
    assert list(log.counters())[-1] == b"%d" % log.last
    log.close()


FILL_THE_DISK = """
import resource, sys
from watchkeeper.store.errors import LogError
from watchkeeper.store.keeping import WAL_BYTES
from watchkeeper.store.log import DeltaLog
log = DeltaLog(sys.argv[1])
kept = log.append([b"a" * 1000], digests=[("k", b"0")], counters=b"", now_ns=0)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
try:
    while True:
        kept = log.append([b"a" * 1000] * 20, digests=[("k", b"%d" % kept)], counters=b"", now_ns=0)
except LogError as error:
    assert error.retryable, error
    print(error)
assert len(list(log.tail())) == kept == log.last, (kept, log.last)
assert len(log.seen()) == 1 + (kept - 1) // 20
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
assert log.append([b"b"], digests=[], counters=b"", now_ns=0) == kept + 1
assert log.check() == []
print(kept + 1)
"""


def test_a_full_disk_is_a_clear_refusal_and_the_log_works_again_when_there_is_room(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FILL_THE_DISK, str(path)], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr
    message, kept = done.stdout.splitlines()
    assert message.startswith("The log could not append 20 bodies: the disk ")
    log = DeltaLog(path)
    assert log.last == int(kept)
    assert log.check() == []
    log.close()
