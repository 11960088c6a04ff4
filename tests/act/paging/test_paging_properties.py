"""
Whatever the policies, rotations, acknowledgements and crashes: is nobody forgotten, told twice, or told too late?
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.act.paging.scene import HOOK, a_manual
from tests.act.paging.watched import Watched
from tests.databases import MAJORS, Servers
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store import pages
from watchkeeper.store.postgres import Where
from watchkeeper.store.state import State, open_memory

NAMES = ("ada", "bo", "cy", "di")
CHANNELS = {"push": HOOK, "mail": HOOK, "chat": HOOK, "later": {**HOOK, "planned": True}}
SEVERITIES = ("P1", "P2", "P3")

minutes = st.integers(0, 12).map(lambda n: f"{n}m")
ways = st.sampled_from(("push", "mail", "later"))
some_ways: st.SearchStrategy[list[str]] = st.lists(ways, min_size=1, max_size=3, unique=True)
coin: st.SearchStrategy[Any] = st.booleans()
some_severities: st.SearchStrategy[list[str]] = st.lists(st.sampled_from(SEVERITIES), max_size=2, unique=True)


@st.composite
def a_person(draw: st.DrawFn) -> dict[str, Any]:
    ways: list[str] = draw(some_ways) if draw(st.integers(0, 5)) else []
    person: dict[str, Any] = {"contacts": {way: {"channel": way} for way in ways}}
    if ways and draw(coin):
        rule = st.fixed_dictionaries({"by": st.sampled_from(ways), "after": minutes, "severity": some_severities})
        person["rules"] = draw(st.lists(rule, min_size=1, max_size=3))
    if draw(st.integers(0, 3)) == 0:
        begins, lasts = draw(st.integers(0, 23)), draw(st.integers(1, 9))
        hours = {"from": f"{begins:02}:00", "to": f"{(begins + lasts) % 24:02}:00", "severity": ["P3"]}
        person["quiet"] = [hours]
    if draw(coin):
        person["throttle"] = {"count": draw(st.integers(1, 3)), "per": "10m"}
    return person


@st.composite
def a_step(draw: st.DrawFn) -> dict[str, Any]:
    step: dict[str, Any] = {"severity": draw(some_severities) if draw(coin) else [], "after": draw(minutes)}
    kind: str = draw(st.sampled_from(("schedule", "person", "mixed", "channel", "schedule", "everyone")))
    if kind in ("person", "mixed"):
        step["person"] = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2))
    if kind in ("schedule", "mixed"):
        step["schedule"] = draw(st.sampled_from(("team", "nights")))
    if kind == "channel":
        step["channel"] = draw(st.sampled_from(tuple(CHANNELS)))
    if kind == "everyone":
        step["everyone"] = True
    return step


@st.composite
def manuals(draw: st.DrawFn) -> Manual:
    turn = draw(st.sampled_from(("1h", "3h", "1d", "1w")))
    hours = [{"from": "20:00", "to": "08:00"}]
    policy = st.fixed_dictionaries(
        {"steps": st.lists(a_step(), min_size=1, max_size=4), "repeat": st.integers(0, 2)},
        optional={"repeat_after": minutes, "lapses": st.sampled_from(("7m", "30m"))},
    )
    sections: dict[str, Any] = {
        "channels": CHANNELS,
        "severities": {name: {} for name in SEVERITIES},
        "people": {name: draw(a_person()) for name in NAMES},
        "schedules": {
            "team": {"rotation": {"every": turn, "people": list(draw(st.permutations(NAMES)))[:3]}},
            "nights": {"rotation": {"every": "1d", "people": ["di"], "during": hours}},
        },
        "policies": {"night": draw(policy), "major": draw(policy)},
    }
    if draw(st.booleans()):
        sections["incidents"] = {"policy": "major"}
    return a_manual(**sections)


deeds = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.just("open"), st.sampled_from(SEVERITIES)),
    st.tuples(st.sampled_from(("acknowledge", "snooze", "escalate", "back", "end", "resolve")), st.integers(0, 5)),
    st.tuples(st.just("crash"), st.integers(0, 3)),
    st.tuples(st.just("fails"), st.integers(0, 3)),
)
#: What happens while something is sent; each case has one at least.
events = st.one_of(
    st.tuples(st.just("dies"), st.just(0)),
    st.tuples(st.sampled_from(("taken", "taken late", "refused")), st.just(0)),
    st.tuples(st.just("storm"), st.integers(2, 5)),
)
some_deeds = st.lists(st.one_of(deeds, events), max_size=5)
doings_of = st.builds(lambda before, event, after: [*before, event, *after], some_deeds, events, some_deeds)


def check(manual: Manual, doings: list[tuple[str, Any]], home: Callable[[], State] = open_memory) -> None:
    watched = Watched(manual, home)
    watched.pass_and_send()
    for deed, arg in doings:
        watched.do(deed, arg)
    watched.failing, watched.next = 0, None
    watched.do("wait", 5)
    watched.at_the_end()
    watched.scene.state.close()


CASES = 40  # in CI
ON_A_SERVER = 5  # each makes a schema of its own
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=CASES, deadline=None, suppress_health_check=SLOW)
@given(manuals(), doings_of)
def test_nobody_is_forgotten_told_twice_or_told_what_somebody_has(manual: Manual, doings: list[Any]) -> None:
    check(manual, doings)


@pytest.mark.torture
@settings(max_examples=20_000, deadline=timedelta(minutes=2), suppress_health_check=SLOW)
@given(manuals(), doings_of)
def test_the_same_in_twenty_thousand_cases(manual: Manual, doings: list[Any]) -> None:
    check(manual, doings)


def test_the_same_on_postgresql(servers: Servers) -> None:
    @settings(max_examples=ON_A_SERVER, deadline=None, suppress_health_check=SLOW, phases=[Phase.generate])
    @given(manuals(), doings_of)
    def cases(manual: Manual, doings: list[Any]) -> None:
        check(manual, doings, lambda: State(Where.read(servers.get(MAJORS[0]).fresh())))

    servers.get(MAJORS[0])  # not on this machine: skipped here
    cases()


def test_the_pages_of_a_watched_scene_are_those_of_the_state() -> None:
    manual = a_manual(
        people={"ada": {"contacts": {"push": {"channel": "push"}}}}, policies={"night": {"steps": [{"person": "ada"}]}}
    )
    watched = Watched(manual)
    watched.pass_and_send()
    with watched.scene.state.reading() as view:
        assert [row.id for row in pages.standing(view)] == watched.numbers
    assert list(watched.tried.values()) == [["sent"]]
