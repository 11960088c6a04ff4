"""What is silenced, explained by something else, or flaps is neither told nor paged; afterwards it is, if it fires."""

from typing import Any

import pytest

from watchkeeper.act.silencing import Silences, SilenceWish
from watchkeeper.decide.values import Matchers
from watchkeeper.store import decisions, pages
from watchkeeper.testing import Story

MANUAL = """
watchkeeper: 1
manual: Shop
defaults: {resolve_after: 1m, %(defaults)s}
services:
  api: {depends_on: [db, spotify, apple]}
  web: {depends_on: api}
dependencies: {db: {}, spotify: {}, apple: {}}
streams: {orders: {spans: 'name == "order"'}, load: {metric: load}, disk: {metric: disk}, vendors: {metric: vendors}}
indicators:
  success: {from: orders, good: 'outcome == "ok"', by: [country]}
  load: {from: load}
  disk: {from: disk}
  vendors: {from: vendors}
alerts:
  orders: {service: api, indicator: success, when: "< 95%% over 2m", each: country, severity: P2}
  pages: {service: web, indicator: load, when: "> 70%% over 1m", severity: P2}
  db: {service: db, indicator: disk, when: "> 90%% over 1m", severity: %(db)s}
  spotify: {service: spotify, indicator: vendors, when: "> 90%% over 1m", severity: P1}
severities: {P1: {}, P2: {}, P3: {}}
people: {ada: {channels: [team]}}
channels: {team: {kind: webhook, address_env: TEAM}}
policies: {usual: {steps: [{channel: team}], repeat: 0}}
routes: [{tell: [team], policy: usual}]
"""


def story(*, defaults: str = "unknown_after: 10h", db: str = "P1") -> Story:
    return Story(MANUAL % {"defaults": defaults, "db": db}, start="2026-03-02T12:00:00", tick_seconds=10)


def gauge(told: Story, stream: str, value: float) -> Story:
    told.quiet(stream)
    rows: dict[str, Any] = {stream: {"value": value}}
    return told.traffic(per_minute=6, **rows)


def failing(told: Story, country: str = "de") -> Story:
    return told.quiet("orders").traffic(orders={"outcome": "no", "country": country}, per_minute=30)


def well(told: Story, country: str = "de") -> Story:
    return told.quiet("orders").traffic(orders={"outcome": "ok", "country": country}, per_minute=30)


def silence(told: Story, minutes: float, **matchers):
    desk = Silences(told.state, told.clock, lambda: told.watch.standing)
    wish = SilenceWish(
        end_ns=told.clock.now_ns() + round(minutes * 60e9),
        reason="we know",
        matchers=Matchers(
            label=tuple((label, frozenset(values)) for label, values in matchers.pop("label", {}).items()),
            **{what: frozenset(values) for what, values in matchers.items()},
        ),
    )
    return desk.create(wish, by="ada")


def opened(told: Story) -> list[tuple[str, str, str]]:
    with told.state.reading() as view:
        return [(row.key, row.state, row.reason) for row in reversed(pages.recent(view))]


def why(told: Story, rule: str, **label: str) -> list[tuple[str, str, str, str | None]]:
    key = str(told.alert(rule, **label).key)
    with told.state.reading() as view:
        rows = decisions.of_alert(view, key)
    return [(row.verdict, row.channel, row.reason, row.because_of) for row in reversed(rows)]


# --- silences


def test_a_silenced_alert_is_neither_told_nor_paged_and_both_refusals_say_which_silence():
    told = story()
    silence(told, 30, alert=["orders"])
    failing(told).run(minutes=10)
    assert told.messages == []
    assert opened(told) == []
    assert why(told, "orders", country="de") == [
        ("refuse", "team", "silenced", "silence 1"),
        ("refuse", "", "silenced", "silence 1"),
    ]


def test_at_the_end_of_a_silence_what_still_fires_is_told_and_paged():
    told = story()
    silence(told, 30, service=["api"])
    failing(told).run(minutes=29.5)
    assert opened(told) == []
    told.run(minutes=1)
    assert [line[:2] for line in opened(told)] == [("orders", "open")]
    assert why(told, "orders", country="de")[2][2] == "silence-over"
    assert [line for line in told.messages if "orders" in line]


def test_what_was_over_before_the_silence_ended_is_never_told():
    told = story()
    silence(told, 30, severity=["P2"])
    failing(told).run(minutes=5)
    well(told).run(minutes=40)
    assert told.messages == []
    assert [line[2] for line in why(told, "orders", country="de")] == ["silenced", "silenced", "not-told"]


def test_a_silence_of_one_value_leaves_the_others_loud():
    told = story()
    silence(told, 30, label={"country": ["fr"]})
    told.traffic(orders={"outcome": "no", "country": "de"}, per_minute=30)
    told.traffic(orders={"outcome": "no", "country": "fr"}, per_minute=30).run(minutes=5)
    assert [reason for _, _, reason, _ in why(told, "orders", country="fr")] == ["silenced", "silenced"]
    assert [reason for _, _, reason, _ in why(told, "orders", country="de")] == ["first"]


def test_a_silence_ends_the_page_of_what_it_silences_and_its_end_opens_a_new_one():
    told = story()
    failing(told).run(minutes=5)
    assert [line[:2] for line in opened(told)] == [("orders", "open")]
    silence(told, 10, alert=["orders"])
    told.run(minutes=1)
    assert opened(told) == [("orders", "ended", "silenced")]
    told.run(minutes=10)
    assert [line[1] for line in opened(told)] == ["ended", "open"]
    assert [line[2] for line in why(told, "orders", country="de")] == ["first", "silence-over"]


def test_a_silence_that_is_undone_speaks_at_once():
    told = story()
    row = silence(told, 600, alert=["orders"])
    failing(told).run(minutes=5)
    Silences(told.state, told.clock, lambda: told.watch.standing).undo(row.id, by="ada")
    told.run(minutes=0.5)
    assert [line[2] for line in why(told, "orders", country="de")][-1] == "silence-over"


def test_a_silence_to_come_holds_nothing_back_before_its_time():
    told = story()
    desk = Silences(told.state, told.clock, lambda: told.watch.standing)
    now = told.clock.now_ns()
    desk.create(SilenceWish(begin_ns=now + 3600 * 10**9, end_ns=now + 7200 * 10**9, reason="work"), by="ada")
    failing(told).run(minutes=5)
    assert [line[2] for line in why(told, "orders", country="de")] == ["first"]


def test_a_silence_outlives_a_restart_and_still_speaks_at_its_end():
    told = story()
    silence(told, 30, alert=["orders"])
    failing(told).run(minutes=5)
    told.restart().run(minutes=20)
    assert told.messages == []
    told.run(minutes=10)
    assert [line[2] for line in why(told, "orders", country="de")][-1] == "silence-over"


# --- what it depends on


def test_while_what_it_depends_on_fires_an_alert_is_not_told_and_the_refusal_names_it():
    told = story()
    gauge(told, "disk", 0.95).run(minutes=2)
    failing(told)
    gauge(told, "load", 0.9).run(minutes=5)
    assert [key for key, *_ in opened(told)] == ["db"]
    assert why(told, "orders", country="de") == [
        ("refuse", "team", "dependency-fires", "db"),
        ("refuse", "", "dependency-fires", "db"),
    ]
    assert why(told, "pages")[0][2:] == ("dependency-fires", "db")  # what the api needs, the web needs too


def test_when_it_is_well_again_what_still_fires_is_told_and_paged():
    told = story()
    gauge(told, "disk", 0.95).run(minutes=2)
    failing(told).run(minutes=5)
    gauge(told, "disk", 0.1).run(minutes=10)
    assert why(told, "orders", country="de")[-1][2] == "dependency-over"
    assert ("orders", "open") in [line[:2] for line in opened(told)]


def test_a_milder_alert_about_a_dependency_holds_back_nothing():
    told = story(db="P3")
    gauge(told, "disk", 0.95).run(minutes=2)
    failing(told).run(minutes=5)
    assert why(told, "orders", country="de")[0][2] == "first"


def test_a_dependency_whose_own_alert_is_silenced_holds_back_nothing():
    told = story()
    silence(told, 60, alert=["db"])
    gauge(told, "disk", 0.95).run(minutes=2)
    failing(told).run(minutes=5)
    assert why(told, "orders", country="de")[0][2] == "first"


def test_when_a_dependencys_alert_is_silenced_what_it_held_back_is_told():
    told = story()
    gauge(told, "disk", 0.95).run(minutes=2)
    failing(told).run(minutes=5)
    silence(told, 60, alert=["db"])
    told.run(minutes=1)
    assert why(told, "orders", country="de")[-1][2] == "dependency-over"


def test_an_alert_about_one_vendor_is_explained_by_that_vendor_alone():
    told = story()
    gauge(told, "vendors", 0.95).run(minutes=2)
    told.traffic(orders={"outcome": "no", "country": "spotify"}, per_minute=30)
    told.traffic(orders={"outcome": "no", "country": "apple"}, per_minute=30).run(minutes=5)
    assert why(told, "orders", country="spotify")[0][2] == "dependency-fires"
    assert why(told, "orders", country="apple")[0][2] == "first"


# --- flapping


def flap(told: Story, times: int, *, bad: float = 2, good: float = 3) -> Story:
    for _ in range(times):
        gauge(told, "disk", 0.95).run(minutes=bad)
        gauge(told, "disk", 0.1).run(minutes=good)
    return told


def test_what_flaps_is_told_once_as_flapping_and_stands_as_one_page_until_it_settles():
    told = flap(story(defaults="flapping: {count: 2, per: 1h}"), 6)
    reasons = [line[2] for line in why(told, "db") if line[1] == "team"]
    assert reasons[:5] == ["first", "over", "first", "over", "flapping"]
    assert set(reasons[5:]) == {"flapping"}
    assert [line[0] for line in why(told, "db") if line[1] == "team"].count("send") == 5
    assert [line[1] for line in opened(told)] == ["ended", "ended", "open"]
    told.run(minutes=61)
    assert [line[1] for line in opened(told)] == ["ended", "ended", "ended"]
    assert why(told, "db")[-1][:3] == ("send", "team", "over")


def test_what_settles_while_it_fires_is_told_and_paged():
    told = flap(story(defaults="flapping: {count: 2, per: 30m}"), 4)
    gauge(told, "disk", 0.95).run(minutes=45)
    sent = [line[2] for line in why(told, "db") if line[0] == "send"]
    assert sent == ["first", "over", "first", "over", "flapping", "flapping-over"]


def test_flapping_is_remembered_over_a_restart():
    told = flap(story(defaults="flapping: {count: 2, per: 1h}"), 2)
    told.restart()
    flap(told, 2)
    sent = [line[2] for line in why(told, "db") if line[0] == "send"]
    assert sent == ["first", "over", "first", "over", "flapping"]


def test_without_a_word_about_flapping_every_firing_is_told():
    told = flap(story(), 5)
    assert [line[2] for line in why(told, "db")] == ["first", "over"] * 5


# --- why nobody was paged


@pytest.mark.parametrize(
    ("environment", "policy", "said"),
    [
        ("staging", ", policy: usual", [("send", "team", "first", None), ("refuse", "", "staging", None)]),
        ("production", "", [("send", "team", "first", None), ("refuse", "", "no-policy", None)]),
        ("production", ", policy: usual", [("send", "team", "first", None)]),
    ],
)
def test_whoever_was_not_paged_can_read_why(environment, policy, said):
    text = (MANUAL % {"defaults": "", "db": "P1"}).replace(", policy: usual}]", f"{policy}}}]")
    told = Story(f"{text}environment: {environment}\n", start="2026-03-02T12:00:00", tick_seconds=10)
    gauge(told, "disk", 0.95).run(minutes=2)
    assert why(told, "db") == said
    assert [line[:2] for line in opened(told)] == ([("db", "open")] if len(said) == 1 else [])
