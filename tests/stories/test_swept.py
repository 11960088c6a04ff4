"""Whatever happens, people hear and the record says the same with a sweep as when every alert is judged every time."""

import random
from contextlib import suppress
from typing import Any

import pytest

from watchkeeper.act.memory import Remembered
from watchkeeper.act.silencing import CannotSilence, Silences, SilenceWish
from watchkeeper.decide.values import Matchers
from watchkeeper.store import alerts, decisions, pages
from watchkeeper.testing import Story

COUNTRIES = ("de", "fr", "a|b")


def manual(*, more: str = "", less: str = "") -> str:
    rules = {
        "orders": '{service: api, indicator: success, when: "< 95% over 10m", each: country, severity: P2, '
        "at_least: 5 events}",
        "held": '{service: api, indicator: success, when: "< 90% over 5m for 3m", severity: P1, repeat_every: 7m}',
        "anywhere": '{indicator: success, when: "< 50% over 5m in 2 of country", severity: P1}',
        "everywhere": '{indicator: success, when: "< 50% over 5m in all country", severity: P1}',
        "fast": '{objective: success, when: "burn > 5 over 1h and 5m", severity: P1, repeat_every: 12m}',
        "slow": '{objective: success, when: "burn > 2 over 2h and 10m", severity: P2, repeat_every: 15m}',
        "fast-here": '{objective: success, each: country, when: "burn > 5 over 30m", severity: P1}',
        "slow-here": '{objective: success, each: country, when: "burn > 2 over 1h", severity: P2}',
        "waits": '{service: web, indicator: time, when: "p95 > 2s over 10m", severity: P2, unknown_after: 10m}',
        "longest": '{indicator: time, when: "max > 3s over 5m", severity: P2}',
        "many": '{service: web, indicator: success, when: "count > 100 over 5m", severity: P2, resolve_after: 0s}',
        "today": '{service: api, indicator: success, when: "< 80% over this day", severity: P2, at_least: 50 events}',
        "load": '{service: db, indicator: load, when: "> 70% for 4m", severity: P1, unknown_after: 5m}',
        "newest": '{service: db, indicator: load, when: "last > 90%", severity: P2, unknown_after: 5m}',
        "down": '{indicator: up, when: "2 in a row in 2 of 3 region", severity: P1}',
        "shaky": '{service: db, indicator: up, each: region, when: "3 of 5", severity: P2}',
        "users": '{indicator: success, when: "distinct user > 3 over 10m", severity: P2}',
        "grows": '{indicator: success, when: "count > 150% of previous 5m over 5m", severity: P2}',
        "old": '{indicator: success, when: "age > 15m", severity: P2}',
        "released": "{on: release, severity: P2}",
    }
    rules.pop(less, None)
    lines = "\n".join(f"  {name}: {rule}" for name, rule in rules.items())
    return f"""
watchkeeper: 1
manual: Shop
defaults: {{flapping: {{count: 2, per: 25m}}}}
services: {{api: {{depends_on: db}}, web: {{depends_on: api}}}}
dependencies: {{db: {{}}}}
streams:
  orders: {{spans: 'name == "order"', value: duration}}
  load: {{metric: load, unit: "1"}}
  home: {{check: home}}
checks: {{home: {{http: "https://example.com", every: 30s}}}}
indicators:
  success: {{from: orders, good: 'outcome == "ok"', by: [country]}}
  time: {{from: orders}}
  load: {{from: load}}
  up: {{from: home, good: ok, by: [region]}}
objectives: {{success: {{indicator: success, targets: [">= 90%"]}}}}
alerts:
{lines}
{more}
severities: {{P1: {{opens_incident: true}}, P2: {{}}}}
channels:
  team: {{kind: webhook, address_env: TEAM}}
  chat: {{kind: webhook, address_env: CHAT, rate_limit: {{count: 3, per: 5m, never_hold: [P1]}}}}
people: {{ada: {{channels: [team]}}}}
policies: {{usual: {{steps: [{{person: ada}}], repeat: 0}}}}
routes: [{{severity: P1, tell: [team, chat], policy: usual, group: [service]}}, {{tell: [chat], policy: usual}}]
incidents: {{opens: [P1], closes: when its alerts resolve}}
"""


SHAKY = (
    manual(less="today")
    .replace("> 70% for 4m", "> 70% over 1m")
    .replace("< 95% over 10m", "< 95% over 2m")
    .replace("per: 25m", "per: 1h")
)


class Unswept(Story):
    """The same, but every turn judges every alert."""

    def _turn(self) -> None:
        if self._remembered._sweeps:
            self._remembered = Remembered(sweeps=False)
        super()._turn()


def happens(told: Story, seed: int) -> Story:
    """A random course of events."""
    chance = random.Random(seed)
    for _ in range(chance.randint(6, 14)):
        if chance.random() < 0.25:
            silenced(told, chance)
        match chance.randrange(10):
            case 0 | 1 | 2:
                outcome = chance.choice(("ok", "ok", "failed"))
                country, took = chance.choice(COUNTRIES), chance.choice((0.1, 2.5, 4.0))
                told.traffic(
                    orders={
                        "outcome": outcome,
                        "country": country,
                        "duration": took,
                        "user": f"u{chance.randrange(9)}",
                    },
                    per_minute=chance.choice((2, 30, 120)),
                    minutes=chance.choice((1, 5, 30)),
                )
            case 3:
                told.quiet()
            case 4:
                told.traffic(load={"value": chance.choice((0.5, 0.8, 0.95))}, per_minute=2, minutes=8)
            case 5:
                for region in ("eu", "us", "asia")[: chance.randint(1, 3)]:
                    told.check("home", ok=chance.random() < 0.4, region=region)
            case 6:
                told.event("release")
            case 7:
                late = chance.choice((60, 600, 1500))
                told.spans("order", n=chance.choice((3, 40)), ago=late, outcome="failed", country="fr")
            case 8 if chance.random() < 0.3:
                told.restart()
            case 9 if chance.random() < 0.3:
                less = chance.choice(("fast", "orders", "held", ""))
                told.reload(manual(less=less))
        told.run(minutes=chance.choice((0.5, 2, 6, 20)))
    return told


def shakes(told: Story, seed: int) -> Story:
    """What the shop depends on is now broken, now well; orders fail all the while."""
    chance = random.Random(seed)
    for _ in range(12):
        told.quiet()
        told.traffic(load={"value": chance.choice((0.1, 0.95))}, per_minute=6)
        told.traffic(orders={"outcome": chance.choice(("ok", "failed", "failed")), "country": "de"}, per_minute=30)
        if chance.random() < 0.2:
            silenced(told, chance)
        told.run(minutes=chance.choice((3, 9, 14)))
    return told


SILENT: tuple[dict[str, Any], ...] = (
    {"alert": frozenset({"orders", "load"})},
    {"service": frozenset({"db"})},
    {"severity": frozenset({"P1"})},
    {"label": (("country", frozenset({"fr"})),)},
    {},
)


def silenced(told: Story, chance: random.Random) -> None:
    """Somebody silences something for a while, or ends a silence early."""
    desk = Silences(told.state, told.clock, lambda: told.watch.standing)
    number, matchers, minutes = chance.randint(1, 4), Matchers(**chance.choice(SILENT)), chance.choice((1, 7, 30))
    if chance.random() < 0.3 and desk.recent():
        desk.undo(min(number, len(desk.recent())), by="ada")
        return
    wish = SilenceWish(end_ns=told.clock.now_ns() + minutes * 60 * 10**9, reason="work", matchers=matchers)
    with suppress(CannotSilence):  # a reload may have taken the rule away
        desk.create(wish, by="ada")


def record(told: Story) -> list[object]:
    """Every transition, every decision and every alert as it stands."""
    with told.state.reading() as view:
        rows = list(alerts.every(view))
        changes = [alerts.transitions_of(view, row.key) for row in rows]
        said = [decisions.of_alert(view, row.key) for row in rows]
        paged = pages.recent(view, most=1000)
    return [told.messages, rows, changes, said, told.incidents, paged]


@pytest.mark.parametrize("seed", range(6))
def test_a_sweep_changes_nothing_that_people_hear_or_the_record_says(seed):
    swept, judged = (happens(kind(manual(), tick_seconds=20), seed) for kind in (Story, Unswept))
    for one, other in zip(record(swept), record(judged), strict=True):
        assert one == other
    assert swept.messages


@pytest.mark.parametrize("seed", range(2))
def test_nor_where_things_hush_each_other_and_flap(seed):
    swept, judged = (shakes(kind(SHAKY, tick_seconds=20), seed) for kind in (Story, Unswept))
    for one, other in zip(record(swept), record(judged), strict=True):
        assert one == other


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(100, 400))
def test_so_it_is_in_hundreds_of_stories(seed):
    swept, judged = (happens(kind(manual(), tick_seconds=20), seed) for kind in (Story, Unswept))
    assert record(swept) == record(judged)
