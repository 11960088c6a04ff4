"""
Does what is due go out: once, in order, whatever breaks, and does everything else stay visible?
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.act.messages import a_message
from tests.act.receivers import Receiver, Said, receiving
from tests.store.notices import a_notice, write
from watchkeeper.act.channels.choosing import channels_of
from watchkeeper.act.channels.sending import Channel, Failed, Sent
from watchkeeper.act.channels.webhook.channel import WebhookChannel
from watchkeeper.act.message import Message
from watchkeeper.act.outcomes import ATTEMPTS, SendingReason
from watchkeeper.act.sender import LEASE_NS, Sender
from watchkeeper.manual.model.manual import Manual
from watchkeeper.outside.clock import RealClock
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.secrets import Secret
from watchkeeper.store import notices, outbox
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.state import State, open_memory
from watchkeeper.testing import HandClock

SECOND_NS = 10**9


@dataclass
class Heard:
    """
    A channel of the tests: remembers what it was given, and does as told.
    """

    kind: str = "heard"
    again_after_unknown: bool = False
    not_ready: str | None = None
    messages: list[tuple[str, str]] = field(default_factory=list)
    does: Callable[[Message], Sent | Failed] = lambda _: Sent(status=200)

    def send(self, message: Message, *, message_id: str, now: datetime) -> Sent | Failed:
        assert now.tzinfo is UTC
        self.messages.append((message.title, message_id))
        return self.does(message)


@pytest.fixture
def state() -> Iterator[State]:
    one = open_memory()
    yield one
    one.close()


@pytest.fixture
def clock() -> HandClock:
    return HandClock("2026-03-01T12:00:00Z")


def titled(row: NoticeRow) -> Message:
    return a_message(title=f"{row.subject} {row.kind}")


def a_sender(state: State, clock: Any, render: Callable[[NoticeRow], Message] = titled, **channels: Channel) -> Sender:
    return Sender(state=state, channels=channels, clock=clock, render=render)


def due(state: State, *rows: NoticeRow) -> list[int]:
    with state.transaction() as tx:
        return write(tx, *rows)


def row_of(state: State, notice_id: int) -> NoticeRow:
    with state.reading() as view:
        return notices.by_id(view, [notice_id])[0]


def webhook(receiver: Receiver, http: HttpClient) -> WebhookChannel:
    return WebhookChannel(Secret(receiver.url()), http=http, allow_private=True)


# --- one message


def test_a_due_message_reaches_a_real_receiver_once_and_is_settled_with_a_receipt(state, clock, receiver, http):
    (number,) = due(state, a_notice(created_ns=255, reason="first"))
    sender = a_sender(state, clock, chat=webhook(receiver, http))
    assert (sender.send_due(), sender.send_due()) == (1, 0)

    (got,) = receiver.got
    assert got.headers["webhook-id"] == f"msg_ff_{number}"
    row = row_of(state, number)
    assert (row.state, row.reason, row.settled_ns) == ("sent", "first", clock.now_ns())
    assert row.receipt is not None
    assert (row.receipt["status"], row.receipt["at_ns"], set(row.receipt)) == (
        204,
        clock.now_ns(),
        {"status", "at_ns", "took_ms", "detail"},
    )


def test_it_is_tried_again_at_the_written_pace_under_one_id_until_it_has_failed_visibly(state, clock, receiver, http):
    receiver.says(500)
    (number,) = due(state, a_notice())
    sender = a_sender(state, clock, chat=webhook(receiver, http))
    waited = []
    while (row := row_of(state, number)).state == "due":
        waited.append((row.due_ns - clock.now_ns()) // SECOND_NS if row.attempts else 0)
        clock.move(seconds=waited[-1])
        assert sender.send_due() == 1

    assert waited == [0, 5, 30, 120, 600, 1800, 3600, 7200]
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert (row.state, row.attempts, row.reason) == ("failed", ATTEMPTS, SendingReason.GAVE_UP)
    assert row.receipt is not None
    assert (row.receipt["status"], row.receipt["detail"]) == (500, "the receiver answered 500")


def test_nothing_is_tried_before_its_time(state, clock, receiver, http):
    receiver.says(Said(status=503, headers={"retry-after": "90"}), 204)
    (number,) = due(state, a_notice())
    sender = a_sender(state, clock, chat=webhook(receiver, http))
    sender.send_due()
    assert row_of(state, number).reason == SendingReason.TRIED_AGAIN
    clock.move(seconds=89)
    assert sender.send_due() == 0
    clock.move(seconds=1)
    assert sender.send_due() == 1
    assert row_of(state, number).state == "sent"


def test_a_failure_for_good_is_not_tried_again(state, clock, receiver, http):
    receiver.says(410)
    (number,) = due(state, a_notice())
    a_sender(state, clock, chat=webhook(receiver, http)).send_due()
    row = row_of(state, number)
    assert (row.state, row.reason, row.attempts) == ("failed", SendingReason.REFUSED_FOR_GOOD, 1)


def test_a_channel_that_is_not_ready_says_what_to_set_and_catches_up_when_it_is_set(state, clock, receiver, http):
    manual = Manual.model_validate(
        {"watchkeeper": 1, "manual": "Shop", "channels": {"chat": {"kind": "webhook", "address_env": "HOOK"}}}
    )
    (number,) = due(state, a_notice())
    sender = Sender(state=state, channels=channels_of(manual, {}, http), clock=clock, render=titled)
    sender.send_due()
    row = row_of(state, number)
    assert row.state == "due"
    assert row.receipt is not None
    assert "HOOK is not set" in row.receipt["detail"]

    sender.renew(channels_of(manual, {"HOOK": receiver.url()}, http, allow_private=True), titled)
    clock.move(seconds=5)
    sender.send_due()
    assert row_of(state, number).state == "sent"


def test_what_is_due_for_a_channel_that_is_gone_fails_visibly(state, clock):
    (number,) = due(state, a_notice(channel="gone"))
    a_sender(state, clock, chat=Heard()).send_due()
    row = row_of(state, number)
    assert (row.state, row.reason) == ("failed", SendingReason.NO_CHANNEL)
    assert row.receipt is not None
    assert row.receipt["detail"] == "the manual no longer has the channel"


def test_what_is_due_for_a_channel_that_is_gone_goes_to_those_who_hear_of_it_now(state, clock):
    (number,) = due(state, a_notice(channel="gone"))
    chat = Heard()
    sender = a_sender(state, clock)
    sender.renew({"chat": chat}, titled, lambda _: ("gone", "chat"))
    sender.send_due()
    sender.send_due()
    assert len(chat.messages) == 1
    with state.reading() as view:
        first, moved = sorted(notices.recent(view), key=lambda row: row.id)
    assert (first.id, first.state, first.reason) == (number, "failed", SendingReason.NO_CHANNEL)
    assert (moved.channel, moved.state, moved.reason) == ("chat", "sent", SendingReason.MOVED)


def test_a_row_that_was_taken_away_while_it_was_written_is_not_sent(state, clock):
    chat = Heard()
    (number,) = due(state, a_notice())

    def taken_away(row: NoticeRow) -> Message:
        with state.transaction() as tx:
            outbox.settle(
                tx, row.id, state="cancelled", receipt=None, now_ns=1, expecting_claim=row.claimed_by or "", reason="x"
            )
        return titled(row)

    a_sender(state, clock, taken_away, chat=chat).send_due()
    assert chat.messages == []
    assert row_of(state, number).state == "cancelled"


# --- order, and one bad thing beside another


def test_one_alert_is_told_in_order_even_when_the_first_message_must_wait(state, clock, receiver, http):
    receiver.says(500, 204)
    due(state, a_notice("disk", transition_id=1), a_notice("disk", transition_id=2, kind="resolved"), a_notice("cpu"))
    sender = a_sender(state, clock, chat=webhook(receiver, http))
    sender.send_due()
    clock.move(seconds=5)
    sender.send_due()
    assert [got.json["data"]["title"] for got in receiver.got] == [
        "disk firing",
        "cpu firing",
        "disk firing",
        "disk resolved",
    ]


def test_a_bug_costs_its_own_message_and_tells_no_secret(state, clock):
    def breaks(message: Message) -> Sent:
        if message.title.startswith("bad"):
            raise ValueError("https://chat.example/s3cret")
        return Sent(status=200)

    chat = Heard(does=breaks)
    bad, good = due(state, a_notice("bad"), a_notice("good"))
    with structlog.testing.capture_logs() as logs:
        a_sender(state, clock, chat=chat).send_due()
    row = row_of(state, bad)
    assert (row.state, row.reason) == ("failed", SendingReason.BUG)
    assert row.receipt is not None
    assert row.receipt["detail"].startswith("ValueError at test_sender.py:")
    assert "s3cret" not in repr((row, logs))
    assert row_of(state, good).state == "sent"


def test_a_message_that_cannot_be_written_costs_only_itself(state, clock):
    def render(row: NoticeRow) -> Message:
        return a_message(title=row.body["rule"])

    bad, good = due(state, a_notice("bad"), a_notice("good", body={"rule": "r"}))
    a_sender(state, clock, render, chat=Heard()).send_due()
    assert [row_of(state, number).state for number in (bad, good)] == ["failed", "sent"]


# --- crashes: what a killed sender leaves is a row; a new sender goes on from the same store


def claimed(state: State, clock: HandClock, channel: str = "chat") -> NoticeRow:
    with state.transaction() as tx:
        (row,) = outbox.claim_due(tx, now_ns=clock.now_ns(), lease_ns=LEASE_NS, worker="sender", channel=channel)
    return row


def test_after_a_crash_in_an_attempt_the_outcome_is_unknown_visible_and_a_chat_is_not_told_twice(state, clock):
    (number,) = due(state, a_notice())
    claimed(state, clock)

    chat = Heard()
    sender = a_sender(state, clock, chat=chat)
    sender.send_due()
    assert row_of(state, number).state == "sending"  # the lease still runs
    clock.move(seconds=30)
    sender.send_due()
    row = row_of(state, number)
    assert (row.state, row.reason) == ("unknown", SendingReason.UNKNOWN_OUTCOME)
    clock.move(hours=9)
    assert sender.send_due() == 0
    assert chat.messages == []


def test_after_a_crash_a_channel_that_pages_is_told_once_more_under_the_same_id(state, clock):
    (number,) = due(state, a_notice())
    first = claimed(state, clock)
    clock.move(seconds=30)

    pager = Heard(again_after_unknown=True)
    sender = a_sender(state, clock, chat=pager)
    sender.send_due()
    assert pager.messages == [("disk-full firing", f"msg_{first.created_ns:x}_{number}")]
    assert row_of(state, number).state == "unknown"

    with state.reading() as tx:
        (again,) = [row for row in notices.of_subject(tx, "disk-full") if row.id != number]
    assert (again.state, again.body["again_for"]) == ("sent", f"msg_{first.created_ns:x}_{number}")


def test_a_repetition_that_is_cut_off_too_is_not_repeated(state, clock):
    due(state, a_notice())
    sender = a_sender(state, clock, chat=Heard(again_after_unknown=True))
    for _ in range(2):
        claimed(state, clock)
        clock.move(seconds=30)
        sender._audit()
    assert len(notices_in(state, "unknown")) == 2
    assert notices_in(state, "due") == []


def notices_in(state: State, which: Any) -> list[NoticeRow]:
    with state.reading() as view:
        return notices.in_state(view, which)


def test_after_a_crash_a_newer_message_takes_the_place_of_the_repetition(state, clock):
    due(state, a_notice("disk", transition_id=1), a_notice("disk", transition_id=2, kind="resolved"))
    claimed(state, clock)
    clock.move(seconds=30)
    pager = Heard(again_after_unknown=True)
    a_sender(state, clock, chat=pager).send_due()
    assert [title for title, _ in pager.messages] == ["disk resolved"]


def test_an_answer_after_the_lease_changes_nothing(state, clock):
    def slow(_: Message) -> Sent:
        clock.move(seconds=31)
        a_sender(state, clock, chat=Heard())._audit()
        return Sent(status=200)

    (number,) = due(state, a_notice())
    with structlog.testing.capture_logs() as logs:
        a_sender(state, clock, chat=Heard(does=slow)).send_due()
    assert row_of(state, number).state == "unknown"
    assert "an answer came after the lease had ended" in [entry["event"] for entry in logs]


def test_a_sender_on_a_reopened_file_goes_on_where_the_last_one_was_killed(tmp_path: Path, clock):
    state = State(tmp_path / "state.db")
    sent_number, cut_number, due_number = due(state, a_notice("a"), a_notice("b"), a_notice("c"))
    with state.transaction() as tx:
        rows = outbox.claim_due(tx, now_ns=clock.now_ns(), lease_ns=LEASE_NS, worker="sender", limit=2)
        outbox.settle(tx, rows[0].id, state="sent", receipt={}, now_ns=1, expecting_claim=rows[0].claimed_by or "")
    state.close()

    again = State(tmp_path / "state.db")
    clock.move(minutes=1)
    chat = Heard()
    a_sender(again, clock, chat=chat).send_due()
    assert [row_of(again, number).state for number in (sent_number, cut_number, due_number)] == [
        "sent",
        "unknown",
        "sent",
    ]
    assert [title for title, _ in chat.messages] == ["c firing"]
    again.close()


# --- threads: real clock, real receivers


@pytest.fixture
def file_state(tmp_path: Path) -> Iterator[State]:
    one = State(tmp_path / "state.db")
    yield one
    one.close()


def test_a_dead_channel_does_not_hold_up_the_others_and_waking_sends_at_once(file_state, http):
    clock, hang = RealClock(), threading.Event()
    with receiving() as dead, receiving() as live:
        dead.says(Said(until=hang))
        sender = a_sender(file_state, clock, dead=webhook(dead, http), chat=webhook(live, http))
        sender.start()
        try:
            due(file_state, a_notice("a", channel="dead"), a_notice("b", channel="chat"))
            sender.wake()
            assert dead.arrived.wait(timeout=20)
            assert live.arrived.wait(timeout=20)
            assert not hang.is_set()
        finally:
            hang.set()
            sender.stop()
    assert {row.channel: row.state for row in notices_in(file_state, "sent")} == {"chat": "sent", "dead": "sent"}


def test_stopping_waits_for_the_attempt_that_runs_and_begins_no_other(file_state, http):
    release = threading.Event()
    with receiving() as receiver:
        receiver.says(Said(until=release))
        sender = a_sender(file_state, RealClock(), chat=webhook(receiver, http))
        due(file_state, a_notice("a"), a_notice("b"))
        sender.start()
        assert receiver.arrived.wait(timeout=20)
        stopping = threading.Thread(target=sender.stop)
        stopping.start()
        while not sender._loops == {}:  # noqa: SIM201  reads as what it waits for: no loop is left to be told to end
            threading.Event().wait(0.001)
        release.set()
        stopping.join(timeout=20)
        assert not stopping.is_alive()
        assert len(receiver.got) == 1
    assert [row.subject for row in notices_in(file_state, "sent")] == ["a"]
    assert [row.subject for row in notices_in(file_state, "due")] == ["b"]


def test_after_a_reload_a_new_channel_sends_and_a_removed_one_is_over(file_state, http):
    with receiving() as receiver:
        sender = a_sender(file_state, RealClock(), old=Heard())
        sender.start()
        try:
            sender.renew({"chat": webhook(receiver, http)}, titled)
            due(file_state, a_notice("a"), a_notice("b", channel="old"))
            sender.wake()
            assert receiver.arrived.wait(timeout=20)
        finally:
            sender.stop()
        sender.send_due()
    assert [row.channel for row in notices_in(file_state, "failed")] == ["old"]


def test_a_loop_whose_step_fails_goes_on(file_state):
    arrived, times = threading.Event(), []

    def render(row: NoticeRow) -> Message:
        times.append(row.id)
        arrived.set()
        return titled(row)

    sender = a_sender(file_state, RealClock(), render, chat=Heard())
    real, failed = sender._claim, threading.Event()

    def claim(name: str) -> NoticeRow | None:
        if not failed.is_set():
            failed.set()
            raise OSError("the disk is full")
        return real(name)

    sender._claim = claim  # type: ignore[method-assign]  # the store fails once, as a full disk does
    due(file_state, a_notice())
    with structlog.testing.capture_logs() as logs:
        sender.start()
        assert failed.wait(timeout=20)
        while not arrived.wait(timeout=0.01):
            sender.wake()
        sender.stop()
    assert "a step failed" in [entry["event"] for entry in logs]
    assert len(times) == 1
