"""
A process that pages, and dies at a named place: run by test_kill.py, never imported by it.

    python -m tests.act.paging.crashing HOME RECEIVER PLACE AFTER
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.channels.webhook.channel import WebhookChannel
from watchkeeper.act.message import Message, Writer
from watchkeeper.act.paging import escalating
from watchkeeper.act.sender import Sender
from watchkeeper.act.standing import Standing
from watchkeeper.manual.model.manual import Manual
from watchkeeper.outside.clock import RealClock
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.secrets import Secret
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.postgres import Where
from watchkeeper.store.state import State

MANUAL = {
    "watchkeeper": 1,
    "manual": "Shop",
    "channels": {"push": {"kind": "webhook", "address_env": "HOOK"}},
    "people": {"ada": {"channels": "push"}},
    "policies": {"night": {"steps": [{"person": "ada"}], "repeat": 0}},
}
#: At `decided` the page and its message are in one transaction and nothing else; at `sent` the receiver has answered.
PLACES = ("decided", "claimed", "sending", "sent")


def where_of(home: str) -> Path | Where:
    """
    A folder, or the address of a PostgreSQL.
    """
    return Where.read(home) if home.startswith("postgresql:") else Path(home) / "state.db"


def manual() -> Manual:
    return Manual.model_validate(MANUAL)


class Dying:
    """
    Kills its own process at a place, the way a power failure would, when it comes there so many times.
    """

    def __init__(self, place: str, after: int) -> None:
        self.place, self.left = place, after

    def at(self, place: str) -> None:
        if place == self.place:
            self.left -= 1
            if self.left < 0:
                os.kill(os.getpid(), signal.SIGKILL)


class DyingChannel:
    kind = "webhook"
    not_ready: str | None = None

    def __init__(self, inner: WebhookChannel, dying: Dying, *, again: bool = True) -> None:
        self._inner, self._dying, self.again_after_unknown = inner, dying, again

    def send(self, message: Message, *, message_id: str, now: datetime) -> Sent | Failed:
        self._dying.at("sending")
        result = self._inner.send(message, message_id=message_id, now=now)
        self._dying.at("sent")
        return result


def main(home: str, url: str, place: str, after: str) -> None:
    clock, dying = RealClock(), Dying(place, int(after))
    state = State(where_of(home))
    standing = Standing(manual=manual(), rules={}, meanings={}, revision=1)
    writer = Writer(manual(), "http://watch.example")

    def render(row: NoticeRow) -> Message:
        dying.at("claimed")
        return writer(row)

    http = HttpClient(clock, allow_private=True)
    channel = DyingChannel(WebhookChannel(Secret(url), http=http, allow_private=True), dying)
    sender = Sender(state=state, channels={"push": channel}, clock=clock, render=render)
    escalating.run(state, standing, now_ns=clock.now_ns())
    dying.at("decided")
    if place == "none":  # the one that finds what the others left: their leases are over for it
        with state.transaction() as tx:
            tx.exec_driver_sql("UPDATE outbox SET sending_until_ns = 1 WHERE state = 'sending'")
    sender.send_due()
    sender.send_due()
    state.close()


if __name__ == "__main__":
    main(*sys.argv[1:5])
