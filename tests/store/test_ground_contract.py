"""
Does every home of the log keep what it acknowledged, all of it, once?
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.store import postgres
from watchkeeper.store.errors import DatabaseInUse, LogError, NewerFile
from watchkeeper.store.ground import DIGESTS_KEPT, DIGESTS_KEPT_NS, Ground
from watchkeeper.store.opening import open_ground

Home = Path | str


@pytest.fixture
def log(home: Home) -> Iterator[Ground]:
    log, state = open_ground(home)
    state.close()
    yield log
    log.close()


def reopened(home: Home) -> Ground:
    log, state = open_ground(home)
    state.close()
    return log


def test_a_group_is_there_after_reopening_with_its_digests_and_counters(home: Home) -> None:
    log = reopened(home)
    assert log.append([b"a", b"b"], digests=[("x", b"1")], counters=b"patch", now_ns=7) == 2
    log.close()

    again = reopened(home)
    assert list(again.tail()) == [(1, b"a"), (2, b"b")]
    assert again.seen() == {("x", b"1"): 7}
    assert list(again.counters()) == [b"patch"]
    assert (again.last, again.watermark, again.patched) == (2, 0, 5)
    assert again.append([b"c"], digests=[], counters=b"", now_ns=8) == 3
    again.close()


def test_the_patches_of_the_counters_come_back_in_order_behind_the_newest_snapshot(log: Ground) -> None:
    log.append([b"a"], digests=[], counters=b"p1", now_ns=0)
    log.append([b"b"], digests=[], counters=b"p2", now_ns=0)
    log.append([b"c"], digests=[], counters=b"p3", now_ns=0)
    assert list(log.counters()) == [b"p1", b"p2", b"p3"]

    log.fold(upto=2, slots=[], drop=[], now_ns=0, counters=b"snapshot")
    assert list(log.counters()) == [b"snapshot", b"p3"]
    assert log.patched == 2
    log.fold(upto=3, slots=[], drop=[], now_ns=0)
    assert list(log.counters()) == [b"snapshot", b"p3"]
    log.fold(upto=3, slots=[], drop=[], now_ns=0, counters=b"")
    assert list(log.counters()) == [b""]
    assert log.patched == 0


def test_a_patch_without_bodies_takes_a_sequence_and_survives_the_snapshot_before_it(home: Home) -> None:
    log = reopened(home)
    log.append([b"a"], digests=[], counters=b"p1", now_ns=0)
    assert log.append([], digests=[], counters=b"p2", now_ns=0) == 2
    log.fold(upto=1, slots=[], drop=[], now_ns=0, counters=b"s1")
    assert list(log.tail()) == []
    log.close()

    again = reopened(home)
    assert (again.last, list(again.counters())) == (2, [b"s1", b"p2"])
    assert again.append([b"c"], digests=[], counters=b"", now_ns=0) == 3
    assert list(again.tail()) == [(3, b"c")]
    assert again.check() == []
    again.fold(upto=3, slots=[], drop=[], now_ns=0, counters=b"s3")
    assert list(again.counters()) == [b"s3"]
    again.close()


def test_nothing_of_a_group_is_kept_when_one_part_of_it_cannot_be(log: Ground) -> None:
    log.append([b"before"], digests=[], counters=b"", now_ns=0)

    with pytest.raises((LogError, OverflowError)):
        log.append([b"x"], digests=[("x", b"1")], counters=b"p", now_ns=2**70)

    assert (list(log.tail()), log.seen(), log.last, list(log.counters())) == ([(1, b"before")], {}, 1, [])
    assert log.append([b"after"], digests=[], counters=b"", now_ns=0) == 2


def test_a_fold_replaces_slots_drops_old_ones_and_forgets_the_tail(log: Ground) -> None:
    log.append([b"a", b"b", b"c"], digests=[], counters=b"", now_ns=0)
    log.fold(upto=1, slots=[("1m", 1, b"old"), ("1m", 2, b"x"), ("10s", 1, b"y")], drop=[], now_ns=0)
    log.fold(upto=2, slots=[("1m", 2, b"new"), ("1m", 2, b"newer")], drop=[("1m", 2)], now_ns=0)

    assert list(log.tail()) == [(3, b"c")]
    assert list(log.read_slots("1m", 0, 9)) == [(2, b"newer")]
    assert log.read_slot("10s", 1) == b"y"
    assert log.read_slot("1m", 1) is None


def test_a_fold_may_read_the_log_while_it_works_out_its_slots(log: Ground) -> None:
    log.append([b"a"], digests=[], counters=b"", now_ns=0)
    log.fold(upto=0, slots=[("1m", 1, b"a")], drop=[], now_ns=0)
    added = (("1m", 1, (log.read_slot("1m", 1) or b"") + body) for _, body in log.tail())
    log.fold(upto=1, slots=added, drop=[], now_ns=0)

    assert log.read_slot("1m", 1) == b"aa"


def test_reading_slots_takes_both_ends_and_only_the_tier_asked_for(log: Ground) -> None:
    log.fold(upto=0, slots=[("1m", n, b"%d" % n) for n in range(-2, 6)] + [("1h", 3, b"h")], drop=[], now_ns=0)

    assert list(log.read_slots("1m", 2, 4)) == [(2, b"2"), (3, b"3"), (4, b"4")]
    assert list(log.read_slots("1m", -(2**62), 2**62))[0] == (-2, b"-2")


def test_a_read_that_is_broken_off_ends_at_once(log: Ground) -> None:
    log.append([b"x" * 100] * 1000, digests=[], counters=b"", now_ns=0)
    for _ in range(20):
        reading: Any = log.tail()
        assert next(reading) == (1, b"x" * 100)
        reading.close()
    log.fold(upto=1000, slots=[], drop=[], now_ns=0)

    assert list(log.tail()) == []


def test_sequences_go_on_after_everything_was_folded_and_the_log_reopened(home: Home) -> None:
    log = reopened(home)
    log.append([b"a", b"b"], digests=[], counters=b"", now_ns=0)
    log.fold(upto=2, slots=[], drop=[], now_ns=0)
    log.close()

    again = reopened(home)
    assert (again.last, again.watermark) == (2, 2)
    assert again.append([b"c"], digests=[], counters=b"", now_ns=0) == 3
    again.close()


@pytest.mark.parametrize("upto", [0, 3])
def test_a_fold_outside_the_log_is_refused(log: Ground, upto: int) -> None:
    log.append([b"a", b"b"], digests=[], counters=b"", now_ns=0)
    log.fold(upto=1, slots=[], drop=[], now_ns=0)

    with pytest.raises(ValueError, match="the log holds 2 to 2"):
        log.fold(upto=upto, slots=[], drop=[], now_ns=0)
    assert log.append([b"c"], digests=[], counters=b"", now_ns=0) == 3


def test_a_digest_is_kept_for_ten_minutes_and_among_the_last_ten_thousand(log: Ground) -> None:
    old = [("old", n.to_bytes(4, "big")) for n in range(DIGESTS_KEPT)]
    log.append([], digests=[("first", b"1"), ("second", b"2"), *old], counters=b"", now_ns=0)
    log.append([], digests=[("first", b"1"), ("first", b"1")], counters=b"", now_ns=1)  # sent again: new from here

    log.fold(upto=0, slots=[], drop=[], now_ns=DIGESTS_KEPT_NS)
    assert len(log.seen()) == DIGESTS_KEPT + 2
    log.fold(upto=0, slots=[], drop=[], now_ns=DIGESTS_KEPT_NS + 2)
    seen = log.seen()
    assert list(seen)[-1] == ("first", b"1")
    assert ("second", b"2") not in seen
    assert len(seen) == DIGESTS_KEPT


def test_a_name_keeps_its_number_and_no_number_is_given_twice(home: Home) -> None:
    log = reopened(home)
    first = log.intern(["ok", "failed", "ok"])
    assert first == [1, 2, 1]
    log.close()
    again = reopened(home)

    assert again.intern(["slow", "failed", "new"]) == [3, 2, 4]
    again.forget_names([2, 4])
    assert again.names() == {1: "ok", 3: "slow"}
    again.close()
    once_more = reopened(home)
    assert once_more.intern(["failed", "ok"]) == [5, 1]
    once_more.close()


def test_names_and_clients_may_hold_any_character(log: Ground) -> None:
    odd = ["", "a\0b", "é" * 5000, "\U0001f9ed", "'; DROP TABLE log; --", "%s %b"]
    numbers = log.intern(odd)
    log.append([], digests=[(name, b"\0") for name in odd], counters=b"", now_ns=0)

    assert log.intern(odd[::-1]) == numbers[::-1]
    assert [log.names()[number] for number in numbers] == odd
    assert list(log.seen()) == [(name, b"\0") for name in odd]


def test_what_is_kept_first_under_a_name_is_kept_for_ever(home: Home) -> None:
    log = reopened(home)
    assert log.keep("key", b"\0first") == b"\0first"
    assert log.keep("key", b"second") == b"\0first"
    log.close()

    again = reopened(home)
    assert again.keep("key", b"third") == b"\0first"
    again.close()


def test_a_reader_sees_one_moment_while_the_writer_goes_on(log: Ground) -> None:
    log.fold(upto=0, slots=[("1m", 1, b"a"), ("1m", 2, b"a")], drop=[], now_ns=0)
    reading: Any = log.read_slots("1m", 0, 9)
    assert next(reading) == (1, b"a")
    log.fold(upto=0, slots=[("1m", 2, b"b")], drop=[], now_ns=0)

    assert next(reading) == (2, b"a")
    reading.close()
    assert log.read_slot("1m", 2) == b"b"


def test_two_threads_append_while_a_third_folds_and_nothing_is_lost_or_doubled(log: Ground) -> None:
    ended = threading.Event()
    counted: list[int] = []

    def append() -> None:
        for n in range(60):
            log.append([b"1", b"1"], digests=[(threading.current_thread().name, b"%d" % n)], counters=b"p", now_ns=n)

    def fold() -> None:
        while not ended.is_set() or log.watermark < log.last:
            records = list(log.tail())[:10]
            if records:
                total = int(log.read_slot("1m", 1) or b"0") + len(records)
                log.fold(upto=records[-1][0], slots=[("1m", 1, b"%d" % total)], drop=[], now_ns=0, counters=b"s")
                counted.append(len(records))

    appending = [threading.Thread(target=append, name=f"sender {n}") for n in range(2)]
    folding = threading.Thread(target=fold)
    for thread in [*appending, folding]:
        thread.start()
    for thread in appending:
        thread.join()
    ended.set()
    folding.join()

    assert log.last == log.watermark == 240
    assert log.read_slot("1m", 1) == b"240"
    assert len(log.seen()) == 120
    assert log.check() == []


def test_a_large_group_comes_back_as_it_was(log: Ground) -> None:
    bodies = [bytes([n % 256]) * (n * 1000) for n in range(0, 300, 7)]
    log.append(bodies, digests=[], counters=b"\0" * 3_000_000, now_ns=0)

    assert [body for _, body in log.tail()] == bodies
    assert list(log.counters()) == [b"\0" * 3_000_000]


def test_a_database_is_held_by_one_process_at_a_time_and_its_holder_is_named(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_WAIT", "50ms")
    log, state = open_ground(database)
    with pytest.raises(DatabaseInUse, match=r"so this one cannot use .*: session \d+ from its own machine holds it"):
        open_ground(database)
    state.close()
    with pytest.raises(DatabaseInUse):
        open_ground(database)
    log.close()

    again, state = open_ground(database)
    again.close()
    state.close()


def test_a_newer_ground_is_refused_and_left_alone(home: Home) -> None:
    log, state = open_ground(home)
    with state.transaction() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    log.close()
    state.close()

    with pytest.raises(NewerFile, match="its format is 9999"):
        open_ground(home)
