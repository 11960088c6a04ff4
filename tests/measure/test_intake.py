"""
How does a body become a number that survives a crash?
"""

import threading
from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pytest

from tests.measure.conftest import NOW
from watchkeeper.measure import intake
from watchkeeper.measure.batches import batch_of
from watchkeeper.measure.counters import ANEW
from watchkeeper.measure.deliveries import Delivery, Receipt, digest
from watchkeeper.measure.intake import WAITING_BYTES
from watchkeeper.measure.values import Decoded, Rejection
from watchkeeper.outside.clock import RealClock
from watchkeeper.store.errors import LogError

MANUAL = """
watchkeeper: 1
manual: Shop
streams: {jobs: {spans: 'name == "job"'}, late: {spans: 'name == "late"', lateness: 2h}, told: {metric: told}}
indicators: {jobs: {from: jobs, good: 'ok', by: [queue]}, late: {from: late}, told: {from: told}}
"""


def delivery(n=1, *, at=NOW, key=None, body=b"x", name="job", **attributes):
    batch = batch_of("spans", [at] * n, 250_000_000, {"name": name, "ok": True, **attributes})
    decoded = Decoded(batches=[batch], items=n)
    return Delivery(
        kind="traces", client="a", body=body, decode=lambda *_: decoded, name=None if key is None else ("a", key)
    )


def full(*_args, **_more):
    raise LogError(doing="append", why="the disk is full", retryable=True)


def test_what_was_acknowledged_is_counted_once_however_often_it_is_sent(bench):
    shop = bench(MANUAL)
    key = digest("traces", b"x")
    first, second = shop.take(
        [
            delivery(3, key=key),
            delivery(3, key=key),
        ]
    )
    assert (first.items, second.seen_before) == (3, True)
    shop.fold()
    shop.restart()
    assert [one.seen_before for one in shop.take([delivery(3, key=key)])] == [True]
    assert shop.ask("jobs").count == 3


def test_another_client_with_the_same_body_is_another_body(bench):
    shop = bench(MANUAL)
    other = delivery(3, key=b"k")
    other.name = ("b", b"k")
    shop.take([delivery(3, key=b"k"), other])
    assert shop.ask("jobs").count == 6


def test_without_a_key_no_promise_is_made(bench):
    shop = bench(MANUAL)
    shop.take([delivery(), delivery()])
    assert shop.ask("jobs").count == 2


def test_a_commit_that_fails_counts_nothing_and_a_copy_in_the_same_group_is_not_acknowledged(bench, monkeypatch):
    shop = bench(MANUAL)
    with monkeypatch.context() as broken:
        broken.setattr(shop.log, "append", full)
        receipts = shop.take([delivery(3, key=b"k"), delivery(3, key=b"k")])
        assert all(receipt.busy for receipt in receipts)
        assert not shop.intake.tally.writes
    assert shop.ask("jobs").count == 0
    assert not shop.take([delivery(3, key=b"k")])[0].seen_before
    assert (shop.ask("jobs").count, shop.intake.tally.writes) == (3, True)


def test_a_name_that_cannot_be_kept_is_as_busy_as_a_commit_that_fails(bench, monkeypatch):
    shop = bench(MANUAL)
    with monkeypatch.context() as broken:
        broken.setattr(shop.log, "_transaction", full)
        assert shop.take([delivery(key=b"k", queue="new")])[0].busy
    assert shop.take([delivery(key=b"k", queue="new")])[0].items == 1
    assert shop.ask("jobs", label="queue", value="new").count == 1


def test_a_counter_is_where_it_was_after_a_failed_commit(bench, monkeypatch):
    shop = bench(MANUAL)
    grown = []

    def decode(_body, counters, now_ns):
        found, _ = counters.exchange(bytes(16), start_ns=now_ns, at_ns=now_ns, values=[5.0])
        growth = 5.0 if found == ANEW else 0.0
        grown.append(growth)
        return Decoded(batches=[batch_of("metrics", [NOW], growth, {"name": "told"})], items=1)

    def told():
        return Delivery(kind="metrics", client="a", body=b"", decode=decode, name=("a", b"k"))

    with monkeypatch.context() as broken:
        broken.setattr(shop.log, "append", full)
        shop.take([told()])
    shop.take([told()])
    assert grown == [5.0, 5.0]
    shop.restart()
    shop.take([told()])
    assert len(grown) == 2  # seen before: not even read


def test_a_bug_in_one_delivery_stops_no_other_in_its_group(bench):
    shop = bench(MANUAL)

    def stumble(*_):
        raise ZeroDivisionError

    bad = Delivery(kind="traces", client="a", body=b"", decode=stumble, name=("a", b"bad"))
    good = [delivery(key=b"1"), delivery(key=b"2")]
    shop.intake.take([good[0], bad, good[1]])
    assert isinstance(bad.done.exception(timeout=0), ZeroDivisionError)
    assert [one.done.result(timeout=0).items for one in good] == [1, 1]
    assert shop.ask("jobs").count == 2


def test_a_refused_body_is_answered_with_its_reason_and_read_again_when_sent_again(bench):
    shop = bench(MANUAL)
    no = Rejection(status=400, why="not a body")
    refused = [Delivery(kind="traces", client="a", body=b"", decode=lambda *_: no, name=("a", b"k")) for _ in range(2)]
    assert [receipt.refused for receipt in shop.take(refused)] == [no, no]


def test_who_stopped_waiting_is_left_out_and_holds_up_nobody(bench):
    shop = bench(MANUAL)
    gone, here = delivery(key=b"1"), delivery(key=b"2")
    assert gone.done.cancel()
    shop.intake.take([gone, here])
    assert here.done.result(timeout=0).items == 1
    assert shop.ask("jobs").count == 1


def test_every_row_left_out_is_counted_once_by_reason(bench):
    shop = bench(MANUAL)
    hour = 3600 * 10**9
    ages = [(2, 2 * hour + 1), (3, -61 * 10**9), (1, hour), (4, hour + 1)]
    receipts = shop.take([delivery(n, at=NOW - age) for n, age in ages])
    assert [receipt.left_out for receipt in receipts] == [{"too old": 2}, {"in the future": 3}, {}, {}]
    assert shop.ask("jobs", seconds=7000).count == 1
    assert dict(shop.intake.tally.left_out) == {"too old": 2, "in the future": 3}
    assert shop.intake.tally.noted["too old for some streams"] == 4


def test_what_lies_ahead_waits_for_its_slot_through_a_fold_and_a_restart(bench):
    shop = bench(MANUAL)
    shop.take([delivery(at=NOW + 30 * 10**9)])
    shop.fold()
    shop.restart()
    assert shop.ask("jobs").count == 0
    shop.clock.at += 30 * 10**9
    assert shop.ask("jobs").count == 1
    shop.take([delivery(at=NOW)])
    shop.fold()
    shop.restart()
    assert shop.ask("jobs").count == 2


def test_a_clock_that_was_set_back_loses_nothing_at_a_restart(bench):
    shop = bench(MANUAL)
    shop.take([delivery()])
    shop.fold()
    shop.clock.at -= 20 * 10**9
    shop.restart()
    shop.clock.at += 30 * 10**9
    assert shop.ask("jobs").count == 1


class Started:
    """
    An intake with its thread running, on the real clock.
    """

    def __init__(self, shop):
        shop.intake._clock = RealClock()
        self.intake = shop.intake
        self.intake.start()

    def __enter__(self):
        return self.intake

    def __exit__(self, *_):
        self.intake.stop()


def test_the_thread_inside_lives_through_a_bug_of_ours(bench):
    shop = bench(MANUAL)
    with Started(shop) as intake:
        intake.matcher = None
        with pytest.raises(AttributeError):
            intake.submit(delivery()).result(timeout=20)
        assert intake.alive
    assert not intake.alive


def test_after_the_end_a_body_is_told_to_come_again(bench):
    shop = bench(MANUAL)
    with Started(shop) as intake:
        pass
    assert intake.submit(delivery()).result(timeout=1).busy == "the watch is ending"


def test_too_much_waiting_is_busy_not_memory(bench):
    shop = bench(MANUAL)
    body = bytes(WAITING_BYTES // 2 + 1)
    waiting = [shop.intake.submit(delivery(body=body)) for _ in range(3)]
    assert [one.done() for one in waiting] == [False, False, True]
    assert waiting[2].result(timeout=0).busy


def test_many_threads_hand_in_and_nothing_is_lost(bench):
    shop = bench(MANUAL)
    answers: list[Future[Receipt]] = []
    with Started(shop) as intake:
        now = RealClock().now_ns()
        senders = [
            threading.Thread(target=lambda: answers.extend(intake.submit(delivery(2, at=now)) for _ in range(25)))
            for _ in range(4)
        ]
        for one in senders:
            one.start()
        for one in senders:
            one.join()
        assert sum(one.result(timeout=20).items for one in answers) == 200
    shop.clock.at = RealClock().now_ns()
    assert shop.ask("jobs").count == 200
    assert intake.tally.commits < 100  # groups, not bodies


def test_what_was_taken_but_changed_is_counted_once_by_what_it_was(bench):
    shop = bench(MANUAL)
    noted = delivery(2, key=b"k")
    decoded = noted.decode(b"", shop.intake.counters, NOW)
    noted.decode = lambda *_: replace(decoded, noted={"text-cut": 2, "bad-threshold": 1})
    shop.take([noted])
    shop.take([noted_again := delivery(2, key=b"k")])
    assert noted_again.done.result().seen_before
    assert dict(shop.intake.tally.noted) == {"text-cut": 2, "bad-threshold": 1}


def test_the_parts_of_a_body_are_each_counted_once(bench):
    shop = bench(MANUAL)

    def parts(*ids: bytes) -> Delivery:
        batch = batch_of("spans", [NOW] * len(ids), 250_000_000, {"name": "job", "ok": True})
        names = tuple(("parts", one) for one in ids)
        decoded = Decoded(batches=[batch], items=len(ids), names=names, parts=np.arange(len(ids)))
        return Delivery(kind="cloudevents", client="a", body=b"", decode=lambda *_: decoded)

    first, second = shop.take([parts(b"1", b"2", b"1"), parts(b"2", b"3")])
    assert (first.items, second.items, shop.ask("jobs").count) == (2, 1, 3)
    shop.restart()
    (again, new) = shop.take([parts(b"3", b"1"), parts(b"4", b"4")])
    assert (again.seen_before, new.items, shop.ask("jobs").count) == (True, 1, 4)


def named(*keys, at=NOW):
    batch = batch_of("spans", [at] * len(keys), 250_000_000, {"name": "job", "ok": True})
    decoded = Decoded(
        batches=[batch], items=len(keys), parts=np.arange(len(keys)), names=tuple(("a", key.encode()) for key in keys)
    )
    return Delivery(kind="events", client="a", body=b"", decode=lambda *_: decoded)


def test_too_many_names_of_the_last_minutes_keep_new_ones_out_until_some_are_old(bench, monkeypatch):
    shop = bench(MANUAL)
    monkeypatch.setattr(intake, "MOST_NAMES", 4)
    monkeypatch.setattr(intake, "DIGESTS", 1)
    assert [one.busy for one in shop.take([named("1", "2", "3"), named("4")])] == [None, None]
    again, more, plain = shop.take([named("1", "2"), named("5"), delivery()])
    assert (again.seen_before, more.busy, more.by_share) == (
        True, "too many events were named in the last minutes", False
    )  # fmt: skip
    assert (plain.items, shop.ask("jobs").count) == (1, 5)
    shop.clock.at += intake.DIGESTS_NS + 1
    assert shop.take([named("5", at=shop.clock.at)])[0].items == 1


def test_names_are_forgotten_from_the_oldest_but_for_the_last_ones(bench, monkeypatch):
    shop = bench(MANUAL)
    monkeypatch.setattr(intake, "DIGESTS", 2)
    shop.take([named("1", "2", "3")])
    shop.intake.forget(shop.clock.at + intake.DIGESTS_NS)
    assert len(shop.intake._seen) == 3
    shop.intake.forget(shop.clock.at + intake.DIGESTS_NS + 1)
    assert list(shop.intake._seen) == [("a", b"2"), ("a", b"3")]
