"""
Pages without alerts: a manual, a state, the passes and a sender that writes down, on a clock moved by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.act.messages import a_message
from watchkeeper.act.acknowledging import acknowledge
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.message import Message
from watchkeeper.act.paging import escalating
from watchkeeper.act.paging.desk import PageDesk
from watchkeeper.act.sender import Sender
from watchkeeper.act.standing import Standing
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store import decisions, notices, pages
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.pages import PageRow
from watchkeeper.store.state import State, open_memory
from watchkeeper.testing import HandClock

SECOND_NS = 10**9
MINUTE_NS = 60 * SECOND_NS
HOOK = {"kind": "slack", "address_env": "HOOK"}


def a_manual(**sections: Any) -> Manual:
    base = {"watchkeeper": 1, "manual": "Shop", "channels": {"push": HOOK, "mail": HOOK, "chat": HOOK}}
    return Manual.model_validate({**base, **sections})


@dataclass
class Phone:
    """
    A channel that writes down who was sent what, and does as told.
    """

    scene: Scene
    name: str
    kind: str = "pager"
    again_after_unknown: bool = True
    not_ready: str | None = None
    does: Callable[[NoticeRow], Sent | Failed] = lambda _: Sent(status=200)

    def send(self, message: Message, *, message_id: str, now: datetime) -> Sent | Failed:  # noqa: ARG002 as channels have
        row = message.data["row"]
        self.scene.before_send(row)
        self.scene.sent.append((self.scene.minutes, row))
        return self.does(row)


@dataclass
class Scene:
    manual: Manual
    start: str = "2026-03-02T12:00:00Z"
    dead: dict[str, str] = field(default_factory=dict)
    before_send: Callable[[NoticeRow], None] = lambda _: None
    before_render: Callable[[NoticeRow], None] = lambda _: None
    home: Callable[[], State] = open_memory

    def __post_init__(self) -> None:
        self.state = self.home()
        self.clock = HandClock(self.start)
        self.begun_ns = self.clock.now_ns()
        self.sent: list[tuple[float, NoticeRow]] = []
        self.standing = Standing(manual=self.manual, rules={}, meanings={}, revision=1, dead=lambda: dict(self.dead))
        self.desk = PageDesk(self.state, self.clock, lambda: self.standing)
        self.phones = {name: Phone(self, name) for name in self.manual.channels}
        self.restart()

    @property
    def minutes(self) -> float:
        return (self.clock.now_ns() - self.begun_ns) / MINUTE_NS

    def restart(self) -> None:
        self.sender = Sender(
            state=self.state,
            channels=self.phones,
            clock=self.clock,
            render=self.render,
        )

    def render(self, row: NoticeRow) -> Message:
        self.before_render(row)
        return a_message(data={"row": row})

    def page(self, key: str = "disk", *, policy: str = "night", severity: str | None = "P1", **more: Any) -> int:
        now_ns = self.clock.now_ns()
        row = PageRow(
            key=key,
            title=key,
            policy=policy,
            state="open",
            opened_ns=now_ns,
            due_ns=now_ns,
            reason="first",
            severity=severity,
            **{"revision": 1, **more},
        )
        with self.state.transaction() as tx:
            (number,) = pages.add(tx, [row])
        return number

    def work(self) -> None:
        """
        One pass, and all that is due is sent.
        """
        escalating.run(self.state, self.standing, now_ns=self.clock.now_ns())
        self.sender.send_due()

    def run(self, minutes: float, *, step: float = 0.5) -> Scene:
        self.work()
        for _ in range(round(minutes / step)):
            self.clock.move(minutes=step)
            self.work()
        return self

    def acknowledge(self, *numbers: int, by: str = "ada") -> None:
        with self.state.transaction() as tx:
            acknowledge(tx, pages=numbers, by=by, at_ns=self.clock.now_ns())

    # --- what came of it

    def heard(self, person: str | None = None, kind: str = "page") -> list[float]:
        """
        When somebody was sent something, in minutes.
        """
        return [at for at, row in self.sent if row.kind == kind and person in (None, row.person)]

    def said(self) -> list[str]:
        """
        What was sent: `5 bo push escalated`.
        """
        return [
            " ".join(filter(None, (f"{at:g}", row.person, row.channel, row.body.get("reason", row.kind))))
            for at, row in self.sent
        ]

    def row(self, number: int) -> PageRow:
        with self.state.reading() as view:
            found = pages.by_id(view, number)
        assert found is not None
        return found

    def decided(self, number: int) -> list[DecisionRow]:
        with self.state.reading() as view:
            return list(reversed(decisions.of_alert(view, f"page/{number}", most=1000)))

    def refused(self, number: int) -> list[str]:
        return [
            f"{one.person} {one.reason}: {one.because_of}" for one in self.decided(number) if one.verdict == "refuse"
        ]

    def messages(self, number: int) -> list[NoticeRow]:
        with self.state.reading() as view:
            return list(reversed(notices.of_subject(view, f"page/{number}", most=1000)))


def people(*names: str, **more: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: {"channels": "push"} for name in names}, **more}
