"""A small manual with a process, in memory, and the desk over it."""

from dataclasses import dataclass
from typing import Any

from watchkeeper.act.incidents import clocks
from watchkeeper.act.incidents.desk import IncidentDesk
from watchkeeper.act.standing import Standing
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.store.alerts import AlertRow, save
from watchkeeper.store.state import State, open_memory
from watchkeeper.testing import HandClock

MANUAL = """
watchkeeper: 1
manual: Shop
environment: production
services: {shop: {}, cart: {}}
streams: {load: {metric: load}}
indicators: {load: {from: load}}
alerts:
  orders: {indicator: load, when: "> 70%", severity: P1, service: shop}
  disk: {indicator: load, when: "> 90%", severity: P1}
severities:
  P0: {respond: 5m, recover: 15m, update: 10m}
  P1: {respond: 15m, escalate: 1h, recover: 2h}
channels:
  chat: {kind: slack, address_env: CHAT}
  rooms: {kind: slack, address_env: ROOMS}
  later: {kind: email, planned: true}
people:
  ada: {name: Ada Reyes, channels: chat}
  bo: {channels: chat}
contacts:
  legal: {role: Legal team, email: legal@shop.test}
  press: {role: Press, channel: rooms}
policies: {standard: {steps: [{person: ada}, {person: bo, after: 10m}]}}
routes: [{tell: chat}]
incidents:
  opens: [P1]
  policy: standard
  report_within: 24h
  chat: "https://chat.shop.test/inc-{number}"
  roles: [vendor liaison]
  stages:
    - Detection
    - {name: Acknowledge, within: 2m}
    - {name: Assess, within: 5m, responsible: on-call engineer, steps: [Read the dashboard, Name a commander]}
    - {name: Communicate, within: ongoing, tell: [rooms, later], contacts: [press, legal], steps: [Write an update]}
    - {name: Post-mortem, within: 48h}
"""


@dataclass
class Desk:
    desk: IncidentDesk
    state: State
    clock: HandClock
    standing: Standing

    def later(self, **span: Any) -> bool:
        self.clock.move(**span)
        return self.tick()

    def tick(self) -> bool:
        return clocks.run(self.state, self.standing, now_ns=self.clock.now_ns())

    def alert(self, key: str, state: str = "firing") -> None:
        now_ns = self.clock.now_ns()
        row = AlertRow(
            key=key,
            rule=key,
            labels={},
            state=state,
            since_ns=now_ns,
            meaning="",
            revision=1,
            reason="",
            updated_ns=now_ns,
        )
        with self.state.transaction() as tx:
            save(tx, [row])


def desk_of(text: str = MANUAL) -> Desk:
    loaded = load_text(text)
    assert isinstance(loaded, Loaded), loaded
    state, clock = open_memory(), HandClock("2026-03-02T12:00:00Z")
    standing = Standing(manual=loaded.manual, rules={}, meanings={}, revision=1)
    return Desk(IncidentDesk(state, clock, lambda: standing), state, clock, standing)
