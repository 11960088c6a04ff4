"""
A scenario file says what it means, is refused with reasons, and fits the manual beside it.
"""

import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from standin.chance import EvenShare, draw_latency
from standin.faults import Faults
from standin.scenario import Latency, Scenario, ScenarioMistake, load_scenario, read_scenario
from tests.standin.conftest import EXAMPLES, JAMFIND

VENDOR = {"latency": {"median": "100ms", "p95": "300ms"}}


def shop(**changes: Any) -> dict[str, Any]:
    return {
        "scenario": "Shop",
        "service": "shop",
        "vendors": {"bank": VENDOR},
        "operations": {"pay": {"request": "POST /pay", "rate": "30/min", "calls": {"vendor": "bank"}}},
        **changes,
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": 1}, "colour: Extra inputs are not permitted"),
        ({"operations": {}}, "operations: "),
        ({"vendors": {"bank": {"latency": {"median": "3s", "p95": "1s"}}}}, "wanted 0 < median <= p95"),
        ({"vendors": {"banc": VENDOR}}, "operations.pay.calls.vendor: unknown vendor 'bank', did you mean 'banc'?"),
        ({"faults": {"f": {"title": "t", "vendors": {"bnk": {}}}}}, "unknown vendor 'bnk', did you mean 'bank'?"),
        ({"faults": {"f": {"title": "t", "gauges": {"cpu": 1}}}}, "faults.f.gauges: unknown gauge 'cpu'"),
        ({"faults": {"f": {"title": "t", "operations": {"pai": {}}}}}, "unknown operation 'pai', did you mean 'pay'?"),
        (
            {"operations": {"a": {"request": "GET /", "rate": 0}, "b": {"request": "GET /", "rate": 0}}},
            "GET / stands twice",
        ),
        (
            {"operations": {"pay": {"request": "GET /", "rate": 0, "calls": {"vendor": "{bank}"}}}},
            "no attribute gives {bank}",
        ),
        (
            {"faults": {"f": {"title": "t", "vendors": {"bank": {"answers": {"status": 429, "share": "160%"}}}}}},
            "0% and 100%",
        ),
        ({"faults": {"f": {"title": "t", "vendors": {"bank": {"latency": 4}}}}}, "wanted a factor such as x 4"),
    ],
)
def test_a_mistake_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioMistake) as mistake:
        read_scenario(shop(**change))
    assert said in str(mistake.value)


def test_a_file_that_is_missing_or_no_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("a: [")
    for name in ("missing.yaml", "broken.yaml"):
        with pytest.raises(ScenarioMistake, match=name):
            load_scenario(tmp_path / name)


def test_faults_add_up() -> None:
    slow = {"title": "slow", "vendors": {"bank": {"latency": "x 3"}}, "gauges": {"cpu": 0.8}}
    worse = {
        "title": "worse",
        "vendors": {"bank": {"latency": "x 2", "answers": {"status": 500}}},
        "gauges": {"cpu": 0.9},
    }
    faults = Faults(read_scenario(shop(gauges={"cpu": {"value": 0.1}}, faults={"slow": slow, "worse": worse})))

    assert (faults.vendor_latency("bank"), faults.vendor_answers("bank"), faults.gauge("cpu")) == (1, [], None)
    faults.switch("slow", on=True)
    faults.switch("worse", on=True)
    assert faults.vendor_latency("bank") == 6
    assert [answers.status for answers in faults.vendor_answers("bank")] == [500]
    assert faults.gauge("cpu") == 0.9
    faults.switch("worse", on=False)
    assert (faults.vendor_latency("bank"), faults.vendor_answers("bank"), faults.gauge("cpu")) == (3, [], 0.8)


@given(share=some.floats(0, 1), count=some.integers(1, 500))
def test_a_share_is_taken_evenly(share: float, count: int) -> None:
    even = EvenShare()
    taken = sum(even.takes("key", share) for _ in range(count))
    assert taken <= count * share + 1e-6
    assert taken > count * share - 1 - 1e-6


def test_latencies_have_the_stated_median_and_p95() -> None:
    rng, stated = random.Random(1), Latency.model_validate({"median": "300ms", "p95": "900ms"})
    drawn = sorted(draw_latency(stated, rng) for _ in range(4000))
    assert 0.28 < drawn[2000] < 0.32
    assert 0.82 < drawn[3800] < 0.98
    assert drawn[-1] <= 9


def manual() -> dict[str, Any]:
    document: dict[str, Any] = yaml.load((EXAMPLES / "jamfind" / "manual.yaml").read_text(), Loader=yaml.BaseLoader)  # noqa: S506  # BaseLoader builds text only
    return document


def jamfind() -> Scenario:
    return load_scenario(JAMFIND)


def test_every_fault_touches_alerts_that_the_manual_has() -> None:
    touched = {alert for fault in jamfind().faults.values() for alert in fault.touches}
    assert touched <= set(manual()["alerts"])
    assert {"parse-success", "payment-errors", "availability"} <= touched


def test_the_application_emits_every_metric_that_the_manual_listens_to() -> None:
    heard = {stream["metric"] for stream in manual()["streams"].values() if "metric" in stream}
    assert heard <= set(jamfind().gauges)


def test_the_scenario_in_the_readme_can_be_acted() -> None:
    text = (EXAMPLES / "standin" / "README.md").read_text()
    document = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    assert read_scenario(document).service == "bookshop"
