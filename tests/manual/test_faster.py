"""
A fast manual is the same manual with shorter spans of time.
"""

from pathlib import Path

import pytest

from watchkeeper.manual.condition.ast import Condition, Window
from watchkeeper.manual.condition.parser import parse
from watchkeeper.manual.condition.printer import show, show_window
from watchkeeper.manual.faster import faster, faster_condition
from watchkeeper.manual.load import Loaded, load
from watchkeeper.manual.meaning import meaning
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.windows import alert_window, targets


def _condition(text: str) -> Condition:
    condition = parse(text)
    assert isinstance(condition, Condition), condition
    return condition


def _filled(text: str, manual: Manual) -> Window:
    window = alert_window(_condition(text), manual).window
    assert window is not None
    return window


@pytest.fixture
def small() -> Manual:
    loaded = load(Path(__file__).parent / "small.yaml")
    assert isinstance(loaded, Loaded), str(loaded)
    return loaded.manual


@pytest.mark.parametrize(
    ("text", "fast"),
    [
        ("< 95% over 15m", "< 95% over 15s"),
        ("> 70% for 10m", "> 70% for 10s"),
        ("burn > 14.4 over 1h and 5m", "burn > 14.4 over 1m and 5s"),
        ("p95 > 2s over 30d", "p95 > 2s over 12h"),
        ("> 150% of previous 1h over 5m", "> 150% of previous 1m over 5s"),
        ("< 1% over this month", "< 1% over this month"),
        ("age > 26h", "age > 26h"),
        ("3 in a row", "3 in a row"),
        ("> 5% over 10s", "> 5% over 167ms"),
    ],
)
def test_a_condition_reads_sensibly_when_it_is_fast(text: str, fast: str) -> None:
    condition = faster_condition(_condition(text), 60)

    assert show(condition) == fast
    assert parse(fast) == condition


def test_every_passing_span_of_a_manual_shrinks(small: Manual) -> None:
    fast = faster(small, 60)

    assert str(fast.checks["home"].every) == "1s"
    assert str(fast.severities["P2"].respond) == "30s"
    assert str(fast.alerts["scale-up"].respond) == "4m"
    assert fast.incidents is not None
    assert str(fast.incidents.stages[1].within) == "15s"
    limit = fast.channels["ops"].rate_limit
    assert limit is not None
    assert str(limit.per) == "5s"
    assert show(targets(fast.objectives["parse-success"], fast)[0]) == ">= 97% over 12h"


def test_what_is_no_passing_time_stays(small: Manual) -> None:
    fast = faster(small, 60)

    assert fast.checks["home"].expect == small.checks["home"].expect
    assert fast.severities["info"].respond == small.severities["info"].respond
    assert {name: meaning(name, fast) for name in fast.indicators} == {
        name: meaning(name, small) for name in small.indicators
    }


def test_the_built_in_windows_shrink_too() -> None:
    fast = faster(Manual(watchkeeper=1, manual="Shop"), 60)

    assert show_window(_filled("> 5%", fast)) == "5s"


def test_once_as_fast_is_the_manual_itself(small: Manual) -> None:
    assert faster(small, 1).alerts == small.alerts


def test_nothing_runs_backwards(small: Manual) -> None:
    with pytest.raises(ValueError, match="1 or more times as fast"):
        faster(small, 0)
