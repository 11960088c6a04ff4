"""
Where a condition names no window, the objective, the defaults and at last the built-in windows stand in.
"""

import pytest

from watchkeeper.manual.condition.ast import Condition, Rolling
from watchkeeper.manual.condition.parser import parse
from watchkeeper.manual.condition.printer import show
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.windows import agreements, alert_window, objective_window, targets


def _condition(text: str) -> Condition:
    condition = parse(text)
    assert isinstance(condition, Condition), condition
    return condition


def _manual(extra: str, objective: str) -> Manual:
    text = f"""\
watchkeeper: 1
manual: Shop
{extra}
streams: {{requests: {{spans: 'true'}}}}
indicators: {{errors: {{from: requests, bad: 'error'}}}}
objectives: {{errors: {{indicator: errors, {objective}}}}}
"""
    loaded = load_text(text)
    assert isinstance(loaded, Loaded), str(loaded)
    return loaded.manual


@pytest.mark.parametrize(
    ("extra", "objective", "source", "shown"),
    [
        ("", "targets: '< 1% over 7d', window: 30d", "condition", "< 1% over 7d"),
        ("defaults: {window: 28d}", "targets: '< 1%', window: this month", "objective", "< 1% over this month"),
        ("defaults: {window: 28d}", "targets: '< 1%'", "defaults", "< 1% over 28d"),
        ("", "targets: '< 1%'", "built in", "< 1% over 30d"),
    ],
)
def test_a_target_takes_the_nearest_window(extra: str, objective: str, source: str, shown: str) -> None:
    manual = _manual(extra, objective)
    held = manual.objectives["errors"]

    assert objective_window(held.targets[0], held, manual).source == source
    assert [show(target) for target in targets(held, manual)] == [shown]


def test_agreements_take_windows_like_targets() -> None:
    manual = _manual("", "agreements: ['< 1%', '< 5% over this year'], window: 7d")

    shown = [show(each) for each in agreements(manual.objectives["errors"], manual)]
    assert shown == ["< 1% over 7d", "< 5% over this year"]


@pytest.mark.parametrize(
    ("extra", "condition", "source", "window"),
    [
        ("", "> 5% over 15m", "condition", "15m"),
        ("defaults: {alert_window: 10m}", "> 5%", "defaults", "10m"),
        ("", "> 5%", "built in", "5m"),
    ],
)
def test_an_alert_takes_the_nearest_window(extra: str, condition: str, source: str, window: str) -> None:
    filled = alert_window(_condition(condition), _manual(extra, "targets: '< 1%'"))

    assert isinstance(filled.window, Rolling)
    assert (filled.source, str(filled.window.duration)) == (source, window)


@pytest.mark.parametrize("condition", ["3 in a row", "age > 26h", "left < 30d", "last > 5"])
def test_what_looks_at_single_observations_has_no_window(condition: str) -> None:
    manual = _manual("defaults: {window: 30d, alert_window: 5m}", "targets: '< 1%'")

    assert alert_window(_condition(condition), manual).window is None
    assert objective_window(_condition(condition), manual.objectives["errors"], manual).window is None
