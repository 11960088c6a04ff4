"""
Does somebody hear of it when the watch itself does not do its work?
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from tests.act.paging.scene import a_manual
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.heartbeat import Audit
from watchkeeper.act.message import Message
from watchkeeper.store import decisions, pages
from watchkeeper.store.pages import PageRow
from watchkeeper.store.state import State, open_memory
from watchkeeper.testing import FakeNetwork, HandClock

OUTSIDE = "http://outside.example/beat"


@dataclass
class Ear:
    takes: bool = True
    kind: str = "ear"
    again_after_unknown: bool = False
    not_ready: str | None = None
    titles: list[str] = field(default_factory=list)

    def send(self, message: Message, *, message_id: str, now: datetime) -> Sent | Failed:  # noqa: ARG002 as channels have
        self.titles.append(message.title)
        return Sent(status=200) if self.takes else Failed(why="no", retryable=True)


@dataclass
class Watched:
    """
    An audit of parts that are as told, with two channels and a network that writes down.
    """

    state: State
    clock: HandClock = field(default_factory=HandClock)
    network: FakeNetwork = field(default_factory=FakeNetwork)
    parts: dict[str, str] = field(default_factory=lambda: {"turn": "ok", "sender": "ok"})
    environ: dict[str, str] = field(default_factory=lambda: {"BEAT": OUTSIDE})

    def __post_init__(self) -> None:
        self.network.answers(OUTSIDE, 200)
        self.channels: dict[str, Any] = {"mail": Ear(), "chat": Ear()}
        routes = [{"severity": "P1", "tell": "mail"}, {"tell": "chat"}]
        beat = {"address_env": "BEAT", "every": "1m"}
        manual = a_manual(routes=routes, severities={"P1": {}}, heartbeat=beat)
        self.audit = Audit(
            state=self.state,
            clock=self.clock,
            health=lambda: self.parts,
            channels=lambda: self.channels,
            manual=lambda: manual,
            http=self.network.client(self.clock),
            environ=self.environ,
        )

    def run(self, seconds: int) -> None:
        for _ in range(seconds // 5):
            self.audit.look()
            self.clock.move(seconds=5)


@pytest.fixture
def watched() -> Iterator[Watched]:
    state = open_memory()
    yield Watched(state)
    state.close()


def test_the_address_outside_is_asked_while_all_is_well_and_no_longer(watched: Watched) -> None:
    watched.run(180)
    assert len(watched.network.calls) == 3
    watched.parts["turn"] = "no turn has ended well lately"
    watched.run(300)
    assert len(watched.network.calls) == 3


def test_a_dead_part_is_told_once_past_the_outbox_and_so_is_its_recovery(watched: Watched) -> None:
    watched.parts["sender"] = "messages are not sent any more"
    watched.run(25)
    assert watched.channels["chat"].titles == []  # it may be over in a moment
    watched.run(600)
    watched.parts["sender"] = "ok"
    watched.run(10)
    assert watched.channels["chat"].titles == [
        "Watchkeeper itself: sender not well",
        "Watchkeeper itself: sender well again",
    ]
    with watched.state.reading() as view:
        rows = decisions.of_alert(view, "watchkeeper")
    assert [(row.channel, row.reason, row.because_of) for row in rows] == [
        ("chat", "over", "sender"),
        ("chat", "ourselves", "sender"),
    ]


def test_where_one_channel_does_not_take_it_the_next_one_does(watched: Watched) -> None:
    watched.channels["chat"].takes = False
    watched.parts["turn"] = "no turn has ended well lately"
    watched.run(60)
    assert len(watched.channels["mail"].titles) == 1


def test_pages_that_nobody_takes_further_are_found(watched: Watched) -> None:
    row = PageRow(
        key="a",
        title="a",
        policy="",
        state="open",
        opened_ns=0,
        due_ns=watched.clock.now_ns(),
        reason="first",
        revision=1,
    )
    with watched.state.transaction() as tx:
        pages.add(tx, [row])
    watched.run(30)
    assert watched.audit.faults == {}
    watched.run(60)
    assert watched.audit.faults == {"pages": "1 should have gone further, and have not"}
    assert watched.channels["chat"].titles == ["Watchkeeper itself: pages not well"]


def test_an_address_outside_that_does_not_answer_is_told_too(watched: Watched) -> None:
    watched.network.answers(OUTSIDE, 500)
    watched.run(120)
    assert watched.audit.faults == {"heartbeat": "the address outside answered 500"}
    assert watched.channels["chat"].titles == ["Watchkeeper itself: heartbeat not well"]
    watched.network.answers(OUTSIDE, 200)
    watched.run(120)
    assert watched.audit.faults == {}


def test_an_address_that_is_not_set_is_said() -> None:
    state = open_memory()
    bare = Watched(state, environ={})
    bare.run(10)
    assert "BEAT is not set" in bare.audit.faults["heartbeat"]
    state.close()
