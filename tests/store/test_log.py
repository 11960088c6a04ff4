"""
Does the log keep what it acknowledged, all of it, once, through whatever happens to the process and the disk?
"""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchkeeper.store.errors import LogError, NewerFile
from watchkeeper.store.log import DIGESTS_KEPT, DIGESTS_KEPT_NS, DeltaLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def log(path: Path) -> Iterator[DeltaLog]:
    log = DeltaLog(path)
    yield log
    log.close()


def test_a_group_is_there_after_reopening_with_its_digests_and_counters(path: Path) -> None:
    log = DeltaLog(path)
    assert log.append([b"a", b"b"], digests=[("x", b"1")], counters=[(b"c", 1, 2, 3.5, None)], now_ns=7) == 2
    log.close()

    again = DeltaLog(path)
    assert list(again.tail()) == [(1, b"a"), (2, b"b")]
    assert again.seen() == {("x", b"1"): 7}
    assert list(again.counters()) == [(b"c", 1, 2, 3.5, None)]
    assert again.append([b"c"], digests=[], counters=[], now_ns=8) == 3
    again.close()


def test_a_counter_keeps_whole_numbers_beyond_what_a_float_can_hold(log: DeltaLog) -> None:
    log.append([], digests=[], counters=[(b"c", 0, 0, 2**53 + 1, b"buckets")], now_ns=0)

    assert list(log.counters()) == [(b"c", 0, 0, 2**53 + 1, b"buckets")]


def test_a_newer_counter_state_replaces_the_older_one(log: DeltaLog) -> None:
    log.append([], digests=[], counters=[(b"c", 0, 1, 1.0, None)], now_ns=0)
    log.append([], digests=[], counters=[(b"c", 0, 2, 5.0, 0.5)], now_ns=0)

    assert list(log.counters()) == [(b"c", 0, 2, 5.0, 0.5)]


def test_nothing_of_a_group_is_kept_when_one_part_of_it_cannot_be(log: DeltaLog) -> None:
    log.append([b"before"], digests=[], counters=[], now_ns=0)

    with pytest.raises(LogError):
        log.append([b"x"], digests=[("x", b"1")], counters=[(None, 0, 0, 0.0, None)], now_ns=0)  # type: ignore[list-item]  # no identity

    assert (list(log.tail()), log.seen(), log.last) == ([(1, b"before")], {}, 1)
    assert log.append([b"after"], digests=[], counters=[], now_ns=0) == 2


def test_a_fold_replaces_slots_drops_old_ones_and_forgets_the_tail(log: DeltaLog) -> None:
    log.append([b"a", b"b", b"c"], digests=[], counters=[], now_ns=0)
    log.fold(upto=1, slots=[("1m", 1, b"old"), ("1m", 2, b"x"), ("10s", 1, b"y")], drop=[], now_ns=0)
    log.fold(upto=2, slots=[("1m", 2, b"new")], drop=[("1m", 2)], now_ns=0)

    assert list(log.tail()) == [(3, b"c")]
    assert list(log.read_slots("1m", 0, 9)) == [(2, b"new")]
    assert log.read_slot("10s", 1) == b"y"
    assert log.read_slot("1m", 1) is None


def test_reading_slots_takes_both_ends_and_only_the_tier_asked_for(log: DeltaLog) -> None:
    log.fold(upto=0, slots=[("1m", n, b"%d" % n) for n in range(6)] + [("1h", 3, b"h")], drop=[], now_ns=0)

    assert list(log.read_slots("1m", 2, 4)) == [(2, b"2"), (3, b"3"), (4, b"4")]
    assert list(log.read_slots_in("1m", [5, 1, 77, 5])) == [(1, b"1"), (5, b"5")]


def test_sequences_go_on_after_everything_was_folded_and_the_file_reopened(path: Path) -> None:
    log = DeltaLog(path)
    log.append([b"a", b"b"], digests=[], counters=[], now_ns=0)
    log.fold(upto=2, slots=[], drop=[], now_ns=0)
    log.close()

    again = DeltaLog(path)
    assert (again.last, again.watermark) == (2, 2)
    assert again.append([b"c"], digests=[], counters=[], now_ns=0) == 3
    again.close()


@pytest.mark.parametrize("upto", [0, 3])
def test_a_fold_outside_the_log_is_refused(log: DeltaLog, upto: int) -> None:
    log.append([b"a", b"b"], digests=[], counters=[], now_ns=0)
    log.fold(upto=1, slots=[], drop=[], now_ns=0)

    with pytest.raises(ValueError, match="the log holds 2 to 2"):
        log.fold(upto=upto, slots=[], drop=[], now_ns=0)


def test_a_digest_is_kept_for_ten_minutes_and_among_the_last_ten_thousand(log: DeltaLog) -> None:
    old = [("old", n.to_bytes(4, "big")) for n in range(DIGESTS_KEPT)]
    log.append([], digests=[("first", b"1"), ("second", b"2"), *old], counters=[], now_ns=0)
    log.append([], digests=[("first", b"1")], counters=[], now_ns=1)  # sent again: counts as new from here

    log.fold(upto=0, slots=[], drop=[], now_ns=DIGESTS_KEPT_NS)
    assert len(log.seen()) == DIGESTS_KEPT + 2
    log.fold(upto=0, slots=[], drop=[], now_ns=DIGESTS_KEPT_NS + 2)
    seen = log.seen()
    assert ("first", b"1") in seen
    assert ("second", b"2") not in seen
    assert len(seen) == DIGESTS_KEPT


def test_counters_not_heard_for_long_are_forgotten_when_asked(log: DeltaLog) -> None:
    log.append([], digests=[], counters=[(b"old", 0, 5, 1.0, None), (b"new", 0, 6, 1.0, None)], now_ns=0)
    log.fold(upto=0, slots=[], drop=[], now_ns=0, counters_before_ns=6)

    assert [counter[0] for counter in log.counters()] == [b"new"]


def test_a_name_keeps_its_number_for_ever(path: Path) -> None:
    log = DeltaLog(path)
    first = log.intern(["ok", "failed", "ok"])
    log.close()
    again = DeltaLog(path)

    assert again.intern(["slow", "failed"])[1] == first[1]
    assert first[0] == first[2] != first[1]
    assert sorted(again.names().values()) == ["failed", "ok", "slow"]
    again.close()


def test_a_reader_sees_one_moment_while_the_writer_goes_on(log: DeltaLog) -> None:
    log.fold(upto=0, slots=[("1m", 1, b"a"), ("1m", 2, b"a")], drop=[], now_ns=0)
    reading = log.read_slots("1m", 0, 9)
    assert next(reading) == (1, b"a")
    log.fold(upto=0, slots=[("1m", 2, b"b")], drop=[], now_ns=0)

    assert next(reading) == (2, b"a")
    assert log.read_slot("1m", 2) == b"b"


def test_folding_gives_the_space_back_step_by_step(log: DeltaLog, path: Path) -> None:
    log.append([b"x" * 4000] * 2000, digests=[], counters=[], now_ns=0)
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


def test_a_file_of_a_newer_format_is_refused_with_both_numbers(path: Path) -> None:
    DeltaLog(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE meta SET value = 99 WHERE key = 'format'")
    raw.close()

    with pytest.raises(NewerFile, match="its format is 99, the newest known here is 1") as failure:
        DeltaLog(path)
    assert not failure.value.retryable


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"this is a letter, not a log " * 100)

    with pytest.raises(LogError, match="is not a database") as failure:
        DeltaLog(path)
    assert not failure.value.retryable


def test_a_sound_log_has_no_findings_and_a_hole_in_it_is_one(log: DeltaLog, path: Path) -> None:
    log.append([b"a", b"b", b"c"], digests=[], counters=[], now_ns=0)
    assert log.check() == []
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM log WHERE seq = 2")
    raw.close()

    assert log.check() == ["the log should hold 1 to 3, but holds 2 rows"]


def test_a_read_only_file_refuses_an_append_in_plain_words(path: Path) -> None:
    log = DeltaLog(path)
    log.append([b"a"], digests=[], counters=[], now_ns=0)
    log._writer.execute("PRAGMA query_only = ON")  # what SQLite reports for a read-only mount; root ignores file modes
    with pytest.raises(LogError, match="append 1 bodies: the file or its folder is read-only") as failure:
        log.append([b"b"], digests=[], counters=[], now_ns=0)
    assert failure.value.retryable

    log._writer.execute("PRAGMA query_only = OFF")
    assert log.append([b"b"], digests=[], counters=[], now_ns=0) == 2
    log.close()


APPEND_FOREVER = """
import sys
from watchkeeper.store.log import DeltaLog
log = DeltaLog(sys.argv[1])
n = log.last
while True:
    bodies = [b"%d" % (n + i) * 50 for i in (1, 2, 3)]
    last = log.append(bodies, digests=[("k", b"%d" % n)], counters=[(b"c", 0, n, float(n + 3), None)], now_ns=n)
    n += 3
    sys.stdout.write(f"{last}\\n"); sys.stdout.flush()
    if n % 60 == 0:
        log.fold(upto=n - 30, slots=[("1m", n, b"x" * 2000)], drop=[("1m", n - 300)], now_ns=n)
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
    assert [counter[3] for counter in log.counters()] == [float(log.last)]
    log.close()


FILL_THE_DISK = """
import resource, sys
from watchkeeper.store.errors import LogError
from watchkeeper.store.log import DeltaLog
log = DeltaLog(sys.argv[1])
kept = log.append([b"a" * 1000], digests=[("k", b"0")], counters=[], now_ns=0)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
try:
    while True:
        kept = log.append([b"a" * 1000] * 20, digests=[("k", b"%d" % kept)], counters=[], now_ns=0)
except LogError as error:
    assert error.retryable, error
    print(error)
assert len(list(log.tail())) == kept == log.last, (kept, log.last)
assert len(log.seen()) == 1 + (kept - 1) // 20
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
assert log.append([b"b"], digests=[], counters=[], now_ns=0) == kept + 1
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
