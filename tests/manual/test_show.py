"""
What `show` prints is what the manual says, in the names of the YAML.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.manual.load import Loaded, load, load_text
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.notes import notes_of_head
from watchkeeper.manual.show import outline, show

HERE = Path(__file__).parent
HEAD = """\
watchkeeper: 1
manual: Shop
zone: Europe/Berlin
defaults: {window: 30d, alert_window: 5m}
streams: {requests: {spans: 'true'}}
indicators: {errors: {from: requests, bad: error}, time: {from: requests}}
"""


def _manual(text: str) -> Manual:
    loaded = load_text(HEAD + text)
    assert isinstance(loaded, Loaded), str(loaded)
    return loaded.manual


def test_the_small_manual_is_shown_as_it_always_was() -> None:
    loaded = load(HERE / "small.yaml")
    assert isinstance(loaded, Loaded), str(loaded)

    assert show(loaded.manual) == json.loads((HERE / "golden" / "small.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("objective", "shown"),
    [
        (
            "targets: '< 0.5% over 1h'",
            {
                "text": "< 0.5% over 1h",
                "op": "<",
                "value": 0.005,
                "quantile": None,
                "window": 3600,
                "window_from": "condition",
            },
        ),
        (
            "targets: 'p95 < 700ms'",
            {"text": "p95 < 700ms", "value": 0.7, "quantile": 0.95, "window": 2_592_000, "window_from": "defaults"},
        ),
        (
            "targets: '< 1%', window: this month",
            {"window": {"calendar": "month", "zone": "Europe/Berlin"}, "window_from": "objective"},
        ),
    ],
)
def test_a_target_is_shown_in_fields(objective: str, shown: dict[str, Any]) -> None:
    manual = _manual(f"objectives: {{o: {{indicator: errors, {objective}}}}}")

    [target] = show(manual)["objectives"]["o"]["targets"]
    assert {key: target[key] for key in shown} == shown


def test_an_error_rate_stays_an_error_rate_and_a_holding_time_is_told() -> None:
    manual = _manual("alerts: {a: {indicator: errors, when: '> 2% for 10m'}}")

    when = show(manual)["alerts"]["a"]["when"]
    assert (when["text"], when["op"], when["value"], when["for"]) == ("> 2% for 10m", ">", 0.02, 600)
    assert (when["window"], when["window_from"]) == (300, "defaults")


def test_the_window_of_a_gate_is_its_run_and_is_not_filled() -> None:
    manual = _manual("gates: {g: {criteria: [{name: fast, indicator: time, when: 'p95 < 1s', for: 24h}, by eye]}}")

    fast, by_eye = show(manual)["gates"]["g"]["criteria"]
    assert (fast["when"][0]["window"], fast["when"][0]["window_from"]) == (None, None)
    assert fast["for"] == {"text": "24h", "seconds": 86_400}
    assert by_eye == {"name": "by eye", "by_hand": False}


def test_numbers_are_shown_as_written_and_in_si_units() -> None:
    manual = _manual(
        "capacity: {users: {value: 100..300 users}, parses: {value: ~500/h}}\n"
        "caches: {c: {ttl: 5..15m}}\nroutines: {r: {every: 1w, day: Monday, at: 9:30 AM}}\n"
    )

    shown = show(manual)
    assert shown["capacity"]["users"]["value"] == {
        "text": "100..300 users",
        "low": 100,
        "high": 300,
        "unit": "number",
        "approx": False,
    }
    assert shown["capacity"]["parses"]["value"]["approx"] is True
    assert shown["capacity"]["parses"]["value"]["value"] == pytest.approx(500 / 3600)
    assert (shown["caches"]["c"]["ttl"]["low"], shown["caches"]["c"]["ttl"]["high"]) == (300, 900)
    assert shown["routines"]["r"]["at"] == "09:30"


def test_what_does_not_run_yet_says_so() -> None:
    shown = show(_manual("backups: {db: {every: 6h}}\nservices: {api: {}}"))

    assert (shown["backups"]["db"]["live"], shown["backups"]["db"]["why_not"]) == (False, "backups are not watched yet")
    assert shown["services"]["api"] == {"live": True}
    assert {"section": "services", "name": "api", "live": True, "why_not": None} in shown["live"]


def test_the_outline_has_a_row_for_each_entry() -> None:
    manual = _manual(
        "objectives: {o: {indicator: errors, targets: ['< 1%', '< 2% over 7d']}}\nroutes: []\n"
        "checks: {c: {http: /health, every: 1m}}\nseverities: {P1: {respond: 5m}}\nnotes: {n: {title: Plans}}\n"
    )

    assert [(row.section, row.name, row.says) for row in outline(manual)] == [
        ("streams", "requests", "spans: true"),
        ("indicators", "errors", "bad: error"),
        ("indicators", "time", "from: requests"),
        ("checks", "c", "http: /health, every 1m"),
        ("objectives", "o", "< 1% over 30d (window: defaults); < 2% over 7d"),
        ("severities", "P1", "respond: 5m"),
        ("notes", "n", "Plans"),
    ]


def test_what_the_document_leaves_open_and_says_otherwise_stands_in_the_row() -> None:
    manual = _manual(
        "chosen: [zone]\ngates: {g: {criteria: [{name: fast, indicator: time, when: 'p95 < 1s', chosen: [when]}]}}\n"
        "alerts: {a: {on: release, chosen: [severity, tell], stated: {value: 52.56 min/month, because: It is a year.}}}"
    )
    notes = {row.name: row.notes for row in outline(manual)}

    assert notes["a"] == ("chosen: severity, tell", "stated 52.56 min/month: It is a year.")
    assert notes["g"] == ("chosen: criteria[1]: when",)
    assert notes["requests"] == ()
    assert notes_of_head(manual) == ("chosen: zone",)
