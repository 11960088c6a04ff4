"""`Fires by` is a promise: the alert fires no later, and with steady traffic not much earlier."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.decide.values import State
from watchkeeper.prove.forecast import Window, fires_in_ns, forecasts
from watchkeeper.testing import Story

SECOND = 10**9
MANUAL = """
watchkeeper: 1
manual: Shop
checks: {{front: {{http: "https://shop.example/", every: 1m, timeout: 5s}}}}
streams: {{orders: {{spans: 'name == "order"'}}, probes: {{check: front}}}}
indicators:
  success: {{from: orders, good: 'outcome == "ok"', by: [country]}}
  up: {{from: probes, good: ok}}
alerts:
  orders: {{indicator: success, when: "{when}", each: country, at_least: 20 events}}
  down: {{indicator: up, when: "2 in a row"}}
"""


def shop(when, *, warm, per_minute):
    told = Story(MANUAL.format(when=when), start="2026-03-02T11:00:00", tick_seconds=10)
    return told.traffic(orders={"country": "de", "outcome": "ok"}, per_minute=per_minute).run(minutes=warm)


def failing(told, share, per_minute):
    told.quiet()
    for outcome, part in (("failed", share), ("ok", 1 - share)):
        if part:
            told.traffic(orders={"country": "de", "outcome": outcome}, per_minute=float(per_minute * part))
    return told


def forecast(told, share, rule="orders"):
    label = {"country": "de"}
    [found] = forecasts(told.watch, touches=[rule], label=label, failing=share)
    return found


@settings(max_examples=5, deadline=None)
@given(
    st.sampled_from(["< 95% over 5m", "< 90% over 10m", "< 95% for 1m", "< 95% over 5m and 2m"]),
    st.integers(1, 25),
    st.sampled_from([Fraction(1, 2), Fraction(3, 4), Fraction(1)]),
)
def test_it_fires_by_then_and_not_a_minute_sooner(when, warm, share):
    told = shop(when, warm=warm, per_minute=120)
    said = forecast(told, share)
    assert said.fires_ns is not None, said.why_not
    began_ns = told.clock.now_ns()
    failing(told, share, 120)
    while told.alert("orders", country="de").state is not State.FIRING:
        told.run(seconds=10)
        assert told.clock.now_ns() <= said.fires_ns + 10 * SECOND  # the turn that tells comes every ten seconds here
    assert said.fires_ns - told.clock.now_ns() <= 60 * SECOND, began_ns

    said = forecast(told, share)
    told.quiet().traffic(orders={"country": "de", "outcome": "ok"}, per_minute=120)
    while told.alert("orders", country="de").state is State.FIRING:
        told.run(seconds=10)
        assert told.clock.now_ns() <= said.resolves_ns + 10 * SECOND


def test_a_fault_smaller_than_the_limit_is_said_to_be_too_small():
    said = forecast(shop("< 95% over 5m", warm=10, per_minute=60), Fraction(1, 25))
    assert (said.fires_ns, bool(said.why_not)) == (None, True)


def test_failed_checks_fire_after_so_many_of_them():
    told = shop("< 95%", warm=1, per_minute=6).check("front", ok=True)
    now_ns = told.clock.now_ns()
    said = forecast(told, None, "down")
    assert now_ns + 125 * SECOND <= said.fires_ns <= now_ns + 155 * SECOND
    assert said.resolves_ns < said.fires_ns


@pytest.mark.parametrize(
    ("window", "at_least", "seconds"),
    [
        (Window(length_ns=900, age_ns=900, events=900, bad=0), 20, 75),
        (Window(length_ns=900, age_ns=900, events=900, bad=45), None, 0),
        (Window(length_ns=900, age_ns=900, events=900, bad=46), None, 0),
        (Window(length_ns=900, age_ns=450, events=450, bad=0), None, 40),  # young: only 450 to outweigh
        (Window(length_ns=900, age_ns=50, events=50, bad=0), None, 400),  # half of it must be heard first
        (Window(length_ns=900, age_ns=900, events=9, bad=0), 20, 1100),
        (Window(length_ns=900, age_ns=0, events=0, bad=0), None, None),
    ],
)
def test_the_arithmetic_of_a_window(window, at_least, seconds):
    scaled = Window(
        length_ns=window.length_ns * SECOND, age_ns=window.age_ns * SECOND, events=window.events, bad=window.bad
    )
    found = fires_in_ns(scaled, limit=Fraction(1, 20), failing=Fraction(3, 5), at_least=at_least)
    assert (None if found is None else found // SECOND) == seconds
