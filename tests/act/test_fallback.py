"""
Does what a dead channel should carry still reach somebody, once, and does the channel get its messages back?
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from tests.act.messages import a_message
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.channels.unready import UnreadyChannel
from watchkeeper.act.fallback import DEAD_AFTER, StandIn, carriers_of, moved, stand_ins
from watchkeeper.act.message import Message, Writer
from watchkeeper.act.sender import Sender
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store import notices, outbox, pages
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.pages import PageRow
from watchkeeper.store.state import State, open_memory
from watchkeeper.testing import HandClock

HOOK = {"kind": "slack", "address_env": "HOOK"}
NO_ANSWER = Failed(why="no answer", retryable=True)


def a_manual(**more: Any) -> Manual:
    base: dict[str, Any] = {
        "watchkeeper": 1,
        "manual": "Shop",
        "channels": {
            "push": {**HOOK, "fallback": "mail"},
            "mail": {**HOOK, "fallback": "chat"},
            "chat": HOOK,
            "later": {**HOOK, "planned": "true"},
        },
        "people": {"ada": {"contacts": {"phone": {"channel": "push"}, "post": {"channel": "mail", "to": "a"}}}},
        "routes": [{"tell": ["push", "chat"]}],
    }
    return Manual.model_validate(base | more)


def a_row(channel: str = "push", *, kind: str = "page", **changed: Any) -> NoticeRow:
    body = {"at_ns": 0, "page": 7, "title": "Disk", "severity": None, "reason": "paged", "step": 0, "round": 0}
    given: dict[str, Any] = {
        "subject": "page/7",
        "kind": kind,
        "body": body,
        "created_ns": 0,
        "due_ns": 0,
        "transition_id": 7,
    }
    return NoticeRow(channel=channel, **(given | changed))


def ada(channel: str = "push", method: str = "phone", **changed: Any) -> NoticeRow:
    return a_row(channel, person="ada", address=method, **changed)


DEAD = {"push": "x"}


@pytest.mark.parametrize(
    ("row", "dead", "others", "found"),
    [
        (ada(), DEAD, (), [("mail", "post")]),  # by their own way there
        (a_row(), DEAD, (), [("mail", "")]),
        (ada(), {"push": "x", "mail": "x"}, (), [("chat", "")]),  # a fallback's fallback
        (ada(), {"push": "x", "mail": "x", "chat": "x"}, (), []),  # all dead: it stays where it is
        (ada(body={"instead_of": ["mail"]}), DEAD, (), [("chat", "")]),  # not back to where it came from
        (a_row("chat"), {"chat": "x"}, ("push", "chat", "push"), [("push", "")]),  # no fallback: the route's others
        (a_row("chat"), {"chat": "x", "push": "x"}, ("push", "chat"), []),
        (a_row("chat"), {"chat": "x"}, ("later", "gone"), []),
        (a_row("chat", kind="digest"), {"chat": "x"}, ("push",), []),
        (ada(kind="test"), DEAD, ("chat",), []),  # a test tries this way and no other
        (ada("gone", "x"), {}, (), [("push", "phone"), ("mail", "post")]),  # their other ways
    ],
)
def test_the_first_that_works_and_has_not_carried_it_stands_in(row, dead, others, found):
    assert stand_ins(row, a_manual(), dead, others) == tuple(StandIn(*one) for one in found)


def test_a_circle_of_fallbacks_ends():
    channels = {"push": {**HOOK, "fallback": "mail"}, "mail": {**HOOK, "fallback": "push"}}
    manual = a_manual(channels=channels, routes=[{"tell": ["push"]}])
    assert stand_ins(ada(), manual, {"push": "x", "mail": "x"}) == ()
    assert stand_ins(ada("mail", "post", body={"instead_of": ["push"]}), manual, {"mail": "x"}) == ()


def test_what_stands_in_says_for_whom_and_is_a_message_of_its_own():
    other = moved(moved(ada(), StandIn("mail", "post"), now_ns=5), StandIn("chat"), now_ns=9)
    assert (other.channel, other.address, other.person, other.state, other.due_ns) == ("chat", "", "ada", "due", 9)
    assert other.body["instead_of"] == ["push", "mail"]
    note = next(fact for fact in Writer(a_manual())(other).facts if fact.name == "Note")
    assert note.text == "sent here because push, mail could not deliver it"


# --- in the sender


@dataclass
class Phone:
    kind: str = "pager"
    again_after_unknown: bool = True
    not_ready: str | None = None
    does: Sent | Failed = field(default_factory=lambda: Sent(status=200))
    got: list[str] = field(default_factory=list)

    def send(self, message: Message, *, message_id: str, now: datetime) -> Sent | Failed:  # noqa: ARG002 as channels have
        self.got.append(message.subject)
        return self.does


@dataclass
class Scene:
    state: State
    manual: Manual = field(default_factory=a_manual)
    clock: HandClock = field(default_factory=lambda: HandClock("2026-03-01T12:00:00Z"))

    def __post_init__(self) -> None:
        with self.state.transaction() as tx:
            page = PageRow(key="k", title="Disk", policy="", state="open", opened_ns=1, reason="first", revision=1)
            assert pages.add(tx, [page] * 60)[-1] == 60
        self.phones = {name: Phone() for name in ("push", "mail", "chat")}
        self.sender = Sender(
            state=self.state,
            channels=self.phones,
            clock=self.clock,
            render=lambda row: a_message(subject=row.subject),
            carriers=carriers_of(self.manual),
        )

    def told(self, *rows: NoticeRow) -> None:
        with self.state.transaction() as tx:
            outbox.add(tx, rows)
        self.sender.send_due()

    def rows(self, subject: str = "page/7") -> list[tuple[str, str, str | None]]:
        with self.state.reading() as view:
            found = notices.of_subject(view, subject)
        return [(row.channel, row.state, row.reason) for row in reversed(found)]

    def later(self, seconds: float) -> None:
        self.clock.move(seconds=seconds)
        self.sender.send_due()


@pytest.fixture
def scene() -> Iterator[Scene]:
    state = open_memory()
    yield Scene(state)
    state.close()


def test_a_channel_that_fails_three_times_is_dead_and_the_fallback_carries_its_message(scene):
    scene.phones["push"].does = NO_ANSWER
    scene.told(ada())
    assert scene.rows() == [("push", "due", "tried-again")]
    scene.later(6)
    assert scene.phones["mail"].got == []
    scene.later(31)
    assert DEAD_AFTER == 3
    assert scene.rows() == [("push", "failed", "carried"), ("mail", "sent", "moved")]
    assert scene.phones["mail"].got == ["page/7"]
    assert dict(scene.sender.dead) == {"push": "no answer"}
    scene.later(9000)
    assert scene.phones["mail"].got == ["page/7"]  # once


def test_while_it_is_dead_others_carry_at_once_and_one_message_tries_it_now_and_then(scene):
    push = scene.phones["push"]
    push.does = NO_ANSWER
    scene.told(*(ada(subject=f"page/{n}", transition_id=n) for n in range(1, 4)))
    assert len(push.got) == 3
    for n in range(4, 20):
        scene.told(ada(subject=f"page/{n}", transition_id=n))
    assert len(push.got) == 3
    assert {f"page/{n}" for n in range(4, 20)} <= set(scene.phones["mail"].got)

    push.does = Sent(status=200)
    scene.later(31)
    scene.told(ada(subject="page/50", transition_id=50))
    assert push.got[-1] == "page/50"  # it lives
    assert scene.sender.dead == {}
    scene.told(ada(subject="page/51", transition_id=51))
    assert "page/51" not in scene.phones["mail"].got


def test_what_is_refused_for_good_is_carried_at_once_and_the_channel_lives(scene):
    scene.phones["push"].does = Failed(why="unknown topic", retryable=False)
    scene.told(ada())
    assert scene.rows() == [("push", "failed", "refused-for-good"), ("mail", "sent", "moved")]
    assert scene.sender.dead == {}


def test_a_channel_that_lacks_its_address_is_dead_from_the_beginning(scene):
    scene.sender.renew(
        {**scene.phones, "push": UnreadyChannel(kind="ntfy", not_ready="PUSH is not set")},
        lambda row: a_message(subject=row.subject),
        carriers=carriers_of(scene.manual),
    )
    scene.told(ada())
    assert scene.rows() == [("push", "failed", "carried"), ("mail", "sent", "moved")]


def test_when_nobody_can_carry_it_it_is_tried_again_as_ever(scene):
    for phone in scene.phones.values():
        phone.does = NO_ANSWER
    scene.told(*(a_row(name, subject="page/9", transition_id=9) for name in scene.phones))
    for seconds in (6, 31, 121, 601):
        scene.later(seconds)
    states = {(channel, state) for channel, state, _ in scene.rows("page/9")}
    assert ("chat", "due") in states
    scene.phones["chat"].does = Sent(status=200)
    scene.later(1801)
    assert ("chat", "sent") in {(channel, state) for channel, state, _ in scene.rows("page/9")}


def test_an_alerts_message_goes_to_its_routes_others_who_have_their_own_already(scene):
    scene.phones["chat"].does = Failed(why="the channel is archived", retryable=False)
    body = {"rule": "disk", "severity": None}
    alert: dict[str, Any] = {"subject": "disk", "transition_id": 1, "body": body, "kind": "firing"}
    scene.told(a_row("chat", **alert), a_row("push", **alert))
    assert scene.phones["push"].got == ["disk"]  # not twice


def test_a_reload_begins_with_all_channels_alive(scene):
    scene.phones["push"].does = NO_ANSWER
    scene.told(*(ada(subject=f"page/{n}", transition_id=n) for n in range(1, 4)))
    assert "push" in scene.sender.dead
    scene.sender.renew(scene.phones, lambda row: a_message(subject=row.subject), carriers=carriers_of(scene.manual))
    assert scene.sender.dead == {}


def test_what_is_about_one_recipient_alone_says_nothing_about_the_channel(scene):
    full = Failed(why="mailbox full", retryable=True, status=452, of_recipient=True)
    scene.phones["push"].does = full
    scene.told(*(ada(subject=f"page/{n}", transition_id=n) for n in range(1, 6)))
    assert scene.sender.dead == {}
    assert scene.rows("page/1") == [("push", "due", "tried-again")]


def test_whose_address_is_missing_is_reached_another_way_at_once(scene):
    scene.phones["push"].does = Failed(why="ADA is not set", retryable=True, of_recipient=True)
    scene.told(ada())
    assert scene.rows() == [("push", "failed", "carried"), ("mail", "sent", "moved")]
    assert scene.sender.dead == {}
