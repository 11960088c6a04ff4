"""How a promise stands: worst of its targets, young windows by what was heard since birth, budgets by target."""

from fractions import Fraction

import pytest

from tests.decide.said import said
from watchkeeper.decide.budgets import budget_of
from watchkeeper.decide.objectives import Standing, objective_status, target_status, worst
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.measure.answers import Answer, Under

DAY = 86_400 * 10**9
MANUAL = """
watchkeeper: 1
manual: Shop
streams: {orders: {spans: 'name == "order"'}}
indicators:
  good: {from: orders, good: ok}
  bad: {from: orders, bad: failed}
  time: {from: orders}
"""


@pytest.fixture(scope="module")
def indicators():
    loaded = load_text(MANUAL)
    assert isinstance(loaded, Loaded)
    return loaded.manual.indicators


def seen(count, matched=0, *, known=720, slots=720, born_ns=0, **more):
    given = {"start_ns": 0, "end_ns": 30 * DAY, "scale": 10**9}
    return Answer(count=count, matched=matched, known=known, slots=slots, born_ns=born_ns, **{**given, **more})


@pytest.mark.parametrize(
    ("target", "name", "answer", "standing"),
    [
        (">= 99%", "good", seen(1000, 1000), Standing.MET),
        (">= 99%", "good", seen(1000, 993), Standing.MET),  # 30 % of the budget is left
        (">= 99%", "good", seen(1000, 992), Standing.AT_RISK),  # 20 %
        (">= 99%", "good", seen(1000, 990), Standing.AT_RISK),
        (">= 99%", "good", seen(1000, 989), Standing.BREACHED),
        (">= 99%", "good", seen(0), Standing.UNKNOWN),
        ("< 1%", "bad", seen(1000, 10), Standing.BREACHED),
        ("< 1%", "bad", seen(1000, 2), Standing.MET),
        (">= 100%", "good", seen(1000, 1000), Standing.MET),
        (">= 100%", "good", seen(1000, 999), Standing.BREACHED),
        ("<= 0%", "bad", seen(1000, 1), Standing.BREACHED),
        ("mean < 2s", "time", seen(2, valued=2, total=3 * 10**9), Standing.MET),
        ("p95 < 2s", "time", seen(100, under={2 * 10**9: Under(sure=94, most=94)}), Standing.BREACHED),
        ("p95 < 2s", "time", seen(100, under={2 * 10**9: Under(sure=90, most=99)}), Standing.UNKNOWN),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_target_stands(indicators, target, name, answer, standing):
    assert target_status(said(target), answer, indicators[name]).standing is standing


@pytest.mark.parametrize(
    ("known", "born_day", "standing"),
    [
        (720, 0, Standing.MET),
        (360, 0, Standing.MET),
        (359, 0, Standing.UNKNOWN),
        (24, 29, Standing.MET),  # heard for a day, and all of it
        (12, 29, Standing.MET),
        (11, 29, Standing.UNKNOWN),
        (1, 30, Standing.MET),  # heard just now for the first time
        (0, None, Standing.UNKNOWN),
    ],
)
def test_a_window_is_judged_when_half_of_what_could_be_heard_was(indicators, known, born_day, standing):
    born_ns = None if born_day is None else born_day * DAY
    status = target_status(said(">= 99%"), seen(10, 10, known=known, born_ns=born_ns), indicators["good"])
    assert status.standing is standing


def test_a_young_window_says_since_when(indicators):
    young = target_status(said(">= 99%"), seen(10, 10, known=24, born_ns=29 * DAY), indicators["good"])
    old = target_status(said(">= 99%"), seen(10, 10), indicators["good"])
    assert (young.since_ns, old.since_ns) == (29 * DAY, None)


def test_an_objective_stands_as_its_worst_target_or_agreement(indicators):
    answer = seen(100, 96)
    assert objective_status("o", [(said(">= 90%"), answer)], [], indicators["good"]).standing is Standing.MET
    both = [(said(">= 90%"), answer), (said(">= 97%"), answer)]
    assert objective_status("o", both, [], indicators["good"]).standing is Standing.BREACHED
    broken = objective_status("o", both[:1], [(said(">= 97% over 1h"), answer)], indicators["good"])
    assert broken.standing is Standing.BREACHED


def test_unknown_is_worse_than_at_risk_and_better_than_breached():
    assert worst([Standing.MET, Standing.UNKNOWN, Standing.AT_RISK]) is Standing.UNKNOWN
    assert worst([Standing.UNKNOWN, Standing.BREACHED]) is Standing.BREACHED
    assert worst([]) is Standing.UNKNOWN


@pytest.mark.parametrize(
    ("target", "name", "answer", "spent", "left_minutes"),
    [
        (">= 99.9%", "good", seen(10_000, 9_995), Fraction(1, 2), 21.6),
        ("< 1%", "bad", seen(1000, 20), Fraction(2), -432),
        ("p95 < 2s", "time", seen(100, under={2 * 10**9: Under(sure=98, most=98)}), Fraction(2, 5), 1296),
        (">= 100%", "good", seen(10, 9), None, None),
        (">= 99%", "good", seen(0), None, None),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_budget_is_spent_by_what_its_own_target_calls_bad(indicators, target, name, answer, spent, left_minutes):
    budget = budget_of(said(target), answer, indicators[name])
    assert budget is not None
    assert budget.spent == spent
    assert budget.left_ns == (None if left_minutes is None else round(left_minutes * 60 * 10**9))


def test_a_mean_has_no_budget(indicators):
    assert budget_of(said("mean < 2s"), seen(1), indicators["time"]) is None
