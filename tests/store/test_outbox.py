"""
Is every notice sent in its order, by one sender at a time, and never lost from sight?
"""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection

from tests.store.notices import a_notice, write
from watchkeeper.store import notices, outbox
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.state import State, open_memory

LEASE = 30


def claim(tx: Connection, now_ns: int = 0, worker: str = "w", limit: int = 20) -> list[NoticeRow]:
    return outbox.claim_due(tx, now_ns=now_ns, lease_ns=LEASE, worker=worker, limit=limit)


def sent(tx: Connection, row: NoticeRow, now_ns: int = 1) -> bool:
    assert row.claimed_by is not None
    return outbox.settle(tx, row.id, state="sent", receipt={"code": 200}, now_ns=now_ns, expecting_claim=row.claimed_by)


def one(tx: Connection, notice_id: int) -> NoticeRow:
    return notices.by_id(tx, [notice_id])[0]


def test_the_same_notice_is_written_once_and_the_first_one_stays(tx: Connection) -> None:
    first, second, third = outbox.add(
        tx, [a_notice(body={"n": 1}), a_notice(body={"n": 2}), a_notice(body={"n": 3}, cycle=1)]
    )
    assert first is not None
    assert second is None
    assert third is not None
    assert one(tx, first).body == {"n": 1}


@pytest.mark.parametrize(
    "other",
    [
        {"subject": "x"},
        {"transition_id": 2},
        {"kind": "resolved"},
        {"person": "ann"},
        {"channel": "x"},
        {"address": "x"},
    ],
)
def test_notices_that_differ_in_any_part_of_the_key_are_two(tx: Connection, other: dict[str, str]) -> None:
    assert None not in outbox.add(tx, [a_notice(), a_notice(**other)])


def test_a_claim_is_visible_with_its_end_before_anything_is_sent(tx: Connection) -> None:
    (notice_id,) = write(tx, a_notice())
    (row,) = claim(tx, now_ns=100)

    assert row == one(tx, notice_id)
    assert (row.state, row.sending_until_ns, row.attempts, row.claimed_by) == ("sending", 130, 1, "w/1")
    assert outbox.is_mine(tx, notice_id, claim="w/1")
    assert not outbox.is_mine(tx, notice_id, claim="w/2")
    assert claim(tx, now_ns=100) == []


def test_only_what_is_due_is_claimed_soonest_first_and_no_more_than_the_limit(tx: Connection) -> None:
    write(tx, *(a_notice(name, due_ns=at) for name, at in [("c", 30), ("a", 10), ("late", 41), ("b", 20)]))

    assert [row.subject for row in claim(tx, now_ns=40, limit=2)] == ["a", "b"]
    assert [row.subject for row in claim(tx, now_ns=40)] == ["c"]


def test_a_later_notice_waits_for_the_earlier_one_of_its_subject_and_channel(tx: Connection) -> None:
    write(
        tx,
        a_notice("disk", transition_id=1),
        a_notice("disk", transition_id=2, kind="resolved"),
        a_notice("disk", channel="mail", transition_id=2),
        a_notice("cpu", transition_id=3),
    )
    taken = claim(tx)
    assert [(row.subject, row.channel, row.transition_id) for row in taken] == [
        ("disk", "chat", 1),
        ("disk", "mail", 2),
        ("cpu", "chat", 3),
    ]
    assert claim(tx) == []
    assert sent(tx, taken[0])
    assert [row.transition_id for row in claim(tx)] == [2]


def test_a_notice_to_be_retried_later_still_holds_its_place(tx: Connection) -> None:
    write(tx, a_notice(transition_id=1), a_notice(transition_id=2))
    (row,) = claim(tx)
    assert row.claimed_by is not None
    assert outbox.retry_at(tx, row.id, due_ns=50, receipt={"code": 503}, expecting_claim=row.claimed_by, reason="busy")

    assert claim(tx, now_ns=49) == []
    (again,) = claim(tx, now_ns=50)
    assert (again.id, again.attempts, again.claimed_by, again.receipt) == (row.id, 2, "w/2", {"code": 503})


def test_settling_writes_the_receipt_and_only_once(tx: Connection) -> None:
    (notice_id,) = write(tx, a_notice())
    (row,) = claim(tx)
    assert sent(tx, row, now_ns=7)
    assert not sent(tx, row, now_ns=8)

    settled = one(tx, notice_id)
    assert (settled.state, settled.settled_ns, settled.receipt, settled.sending_until_ns) == (
        "sent",
        7,
        {"code": 200},
        None,
    )


def test_a_sender_that_lost_its_claim_changes_nothing(tx: Connection) -> None:
    (notice_id,) = write(tx, a_notice())
    (slow,) = claim(tx, worker="slow")
    assert slow.claimed_by is not None
    outbox.retry_at(tx, notice_id, due_ns=0, receipt=None, expecting_claim=slow.claimed_by)
    (quick,) = claim(tx, worker="quick")

    assert not sent(tx, slow)
    assert not outbox.retry_at(tx, notice_id, due_ns=0, receipt=None, expecting_claim=slow.claimed_by)
    assert one(tx, notice_id) == quick


def test_a_sending_past_its_time_becomes_an_unknown_outcome_and_frees_the_order(tx: Connection) -> None:
    write(tx, a_notice(transition_id=1), a_notice(transition_id=2))
    (row,) = claim(tx, now_ns=100)
    assert outbox.expired_sending(tx, now_ns=129, reason="crash") == []
    (unknown,) = outbox.expired_sending(tx, now_ns=130, reason="crash")

    assert unknown == one(tx, row.id)
    assert (unknown.state, unknown.settled_ns, unknown.reason, unknown.claimed_by) == ("unknown", 130, "crash", "w/1")
    assert not sent(tx, row, now_ns=131)
    assert outbox.expired_sending(tx, now_ns=999, reason="crash") == []
    assert [row.transition_id for row in claim(tx, now_ns=130)] == [2]


def test_an_unsent_firing_is_merged_into_its_resolved_but_one_being_sent_is_not(tx: Connection) -> None:
    write(tx, a_notice("a", transition_id=1), a_notice("b", transition_id=2))
    (being_sent,) = claim(tx, limit=1)
    assert being_sent.subject == "a"
    resolved = write(tx, *(a_notice(s, kind="resolved", transition_id=3) for s in ("a", "b")))
    for subject, into in zip(("a", "b"), resolved, strict=True):
        waiting = [row for row in outbox.unsent(tx, subject=subject, channel="chat") if row.id != into]
        count = outbox.merge(tx, [row.id for row in waiting], into=into, now_ns=9, reason="resolved first")
        assert count == (0 if subject == "a" else 1)

    merged = notices.in_state(tx, "merged")
    assert [(row.subject, row.merged_into, row.settled_ns, row.reason) for row in merged] == [
        ("b", resolved[1], 9, "resolved first")
    ]
    assert [row.id for row in claim(tx)] == [resolved[1]]
    assert outbox.merge(tx, [being_sent.id], into=resolved[0], now_ns=9, reason="too late") == 0


def test_cancelling_takes_due_and_held_ones_but_never_one_being_sent(tx: Connection) -> None:
    ids = write(tx, a_notice("a"), a_notice("b"), a_notice("c"))
    assert claim(tx, limit=1)[0].id == ids[0]
    assert outbox.hold(tx, [ids[1]], reason="limit") == 1

    assert outbox.cancel(tx, ids, now_ns=5, reason="acknowledged") == 2
    assert notices.counts(tx) == {"cancelled": 2, "sending": 1}


def test_what_is_held_waits_is_counted_and_goes_when_it_is_released(tx: Connection) -> None:
    ids = write(tx, a_notice("a"), a_notice("b"), a_notice("c", channel="mail"))
    assert outbox.hold(tx, ids, reason="limit") == 3
    assert claim(tx) == []
    assert [row.id for row in notices.held_of(tx, "chat")] == ids[:2]
    assert outbox.release(tx, ids[:1], due_ns=5) == 1
    assert outbox.release(tx, ids[:1], due_ns=9) == 0

    assert [row.id for row in claim(tx, now_ns=5)] == ids[:1]


def test_a_rate_limit_can_see_what_a_channel_delivered(tx: Connection) -> None:
    write(tx, a_notice("a"), a_notice("b"), a_notice("c"))
    for row, at in zip(claim(tx), (10, 20), strict=False):
        sent(tx, row, now_ns=at)

    assert notices.sent_at(tx, "mail", since_ns=0) == []
    assert [notices.sent_at(tx, "chat", since_ns=at) for at in (10, 11, 21)] == [[10, 20], [20], []]


def test_notices_are_found_by_state_and_subject(tx: Connection) -> None:
    write(tx, a_notice("a", due_ns=7), a_notice("b", due_ns=3))

    assert [row.subject for row in notices.in_state(tx, "due", most=1)] == ["b"]
    assert [row.subject for row in notices.of_subject(tx, "a")] == ["a"]


def test_two_threads_never_claim_the_same_notice(state: State) -> None:
    with state.transaction() as tx:
        write(tx, *(a_notice(f"s{n % 40}", transition_id=n) for n in range(120)))
    claimed: Counter[int] = Counter()

    def send(worker: str) -> None:
        while True:
            with state.transaction() as tx:
                rows = claim(tx, worker=worker, limit=3)
                left = notices.counts(tx).get("due", 0)
            claimed.update(row.id for row in rows)
            with state.transaction() as tx:
                assert all(sent(tx, row) for row in rows)
            if not rows and not left:
                return

    threads = [threading.Thread(target=send, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    with state.reading() as view:
        assert notices.counts(view) == {"sent": 120}
    assert len(claimed) == 120
    assert set(claimed.values()) == {1}


def _order(row: NoticeRow) -> tuple[str, str, str]:
    return row.subject, row.channel, row.person


class Senders(RuleBasedStateMachine):
    """
    Any sequence of writing, claiming, settling, retrying, crashing and merging.
    """

    @initialize()
    def start(self) -> None:
        self.state = open_memory()
        self.now = 0
        self.count = 0
        self.held: list[NoticeRow] = []
        self.begun: dict[int, list[str]] = {}

    def teardown(self) -> None:
        if hasattr(self, "state"):
            self.state.close()

    @rule(
        subject=st.sampled_from("ab"),
        channel=st.sampled_from(["chat", "mail"]),
        person=st.sampled_from(["", "ada"]),
        wait=st.integers(0, 20),
    )
    def write(self, subject: str, channel: str, person: str, wait: int) -> None:
        self.count += 1
        row = a_notice(subject, channel, person=person, transition_id=self.count, due_ns=self.now + wait)
        with self.state.transaction() as tx:
            write(tx, row)

    @rule(worker=st.sampled_from(["one", "two"]), limit=st.integers(1, 4))
    def claim(self, worker: str, limit: int) -> None:
        with self.state.transaction() as tx:
            rows = claim(tx, now_ns=self.now, worker=worker, limit=limit)
        with self.state.reading() as view:
            left = notices.in_state(view, "due")
        for row in rows:
            mine = [one for one in left if (one.subject, one.channel, one.person) == _order(row)]
            assert all(
                (one.due_ns, one.id) > (row.due_ns, row.id) for one in mine if (row.attempts > 1) == (one.attempts > 0)
            )
            assert row.attempts > 1 or not any(one.attempts for one in mine)
            assert row.due_ns <= self.now
            assert row.claimed_by is not None
            assert row.claimed_by not in self.begun.get(row.id, [])
            self.begun.setdefault(row.id, []).append(row.claimed_by)
        self.held += rows

    @precondition(lambda self: self.held)
    @rule(data=st.data(), how=st.sampled_from(["sent", "failed", "retry"]))
    def settle(self, data: st.DataObject, how: str) -> None:
        row = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        assert row.claimed_by is not None
        with self.state.transaction() as tx:
            mine = outbox.is_mine(tx, row.id, claim=row.claimed_by)
            before = one(tx, row.id)
            if how == "retry":
                done = outbox.retry_at(tx, row.id, due_ns=self.now + 3, receipt=None, expecting_claim=row.claimed_by)
            else:
                done = outbox.settle(
                    tx,
                    row.id,
                    state="sent" if how == "sent" else "failed",
                    receipt=None,
                    now_ns=self.now,
                    expecting_claim=row.claimed_by,
                )
            assert done == mine
            assert done or one(tx, row.id) == before

    @rule(span=st.integers(1, 40))
    def time_passes(self, span: int) -> None:
        self.now += span

    @rule()
    def audit(self) -> None:
        with self.state.transaction() as tx:
            rows = outbox.expired_sending(tx, now_ns=self.now, reason="crash")
        assert all(row.sending_until_ns is not None and row.sending_until_ns <= self.now for row in rows)

    @rule(subject=st.sampled_from("ab"))
    def cancel(self, subject: str) -> None:
        with self.state.transaction() as tx:
            rows = outbox.unsent(tx, subject=subject, channel="chat")
            assert outbox.cancel(tx, [row.id for row in rows], now_ns=self.now, reason="over") == len(rows)

    @invariant()
    def none_is_lost_and_of_each_order_one_is_being_sent_at_most(self) -> None:
        if not hasattr(self, "state"):
            return
        with self.state.reading() as view:
            rows = notices.by_id(view, range(1, self.count + 1))
        assert len(rows) == self.count
        sending = [(row.subject, row.channel, row.person) for row in rows if row.state == "sending"]
        assert len(sending) == len(set(sending))


TestSenders = Senders.TestCase
TestSenders.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
