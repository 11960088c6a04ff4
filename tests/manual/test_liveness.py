"""
What this version does not bring to life is declared, never shown as working.
"""

from pathlib import Path

import pytest

from watchkeeper.manual.liveness import LIVE_SECTIONS, WAITING, live
from watchkeeper.manual.load import Loaded, load, load_text
from watchkeeper.manual.model.manual import SECTIONS, Manual

HEAD = "watchkeeper: 1\nmanual: Shop\nseverities: {P1: {}}\n"


def _why(text: str) -> dict[str, str]:
    loaded = load_text(HEAD + text)
    assert isinstance(loaded, Loaded), str(loaded)
    return {f"{each.section}.{each.name}": each.why for each in live(loaded.manual)}


def test_everything_that_measures_and_alerts_in_the_small_manual_is_live() -> None:
    loaded = load(Path(__file__).parent / "small.yaml")
    assert isinstance(loaded, Loaded), str(loaded)
    declared = {each.section for each in live(loaded.manual) if not each.live}

    assert declared == {"runbooks"}


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        ("streams: {s: {beacons: 'true'}}", "streams.s", "signals of the kind `beacons` are not read yet"),
        ("streams: {s: {logs: 'true'}}", "streams.s", ""),
        ("streams: {s: {metric: x}}", "streams.s", ""),
        ("checks: {c: {tcp: 'x:1', every: 1m}}", "checks.c", "tcp checks do not run yet"),
        ("checks: {c: {http: /, every: 1m}}", "checks.c", ""),
        ("channels: {c: {kind: fax}}", "channels.c", "fax is not sent yet"),
        ("channels: {c: {kind: webhok}}", "channels.c", "webhok is not sent yet; did you mean `webhook`?"),
        ("channels: {c: {kind: slack, planned: true}}", "channels.c", "the document names it as future"),
        ("channels: {c: {kind: slack}}", "channels.c", ""),
        (
            "streams: {s: {spans: 'true'}}\nindicators: {i: {from: s, slot_good_when: mean < 2s}}",
            "indicators.i",
            "slots are not judged yet",
        ),
        ("backups: {b: {every: 6h}}", "backups.b", "backups are not watched yet"),
        ("recovery: {rto: {all: {within: 1h}}}", "recovery.recovery", "restores are not tried yet"),
    ],
)
def test_an_entry_says_why_it_waits(text: str, name: str, why: str) -> None:
    assert _why(text)[name] == why


def test_what_hangs_on_something_declared_is_declared() -> None:
    why = _why(
        "streams: {s: {beacons: 'true'}}\nindicators: {i: {from: s, bad: error}}\n"
        "objectives: {o: {indicator: i, targets: '< 1%'}}\nalerts: {a: {indicator: i, when: '> 5%', severity: P1}}\n"
    )

    waits = "signals of the kind `beacons` are not read yet"
    assert {name: each for name, each in why.items() if each} == {
        "streams.s": waits,
        "indicators.i": waits,
        "objectives.o": waits,
        "alerts.a": waits,
    }


@pytest.mark.parametrize("condition", ["count > 150% of before release", "p95 > 150% of before release"])
def test_conditions_that_wait_make_the_alert_wait(condition: str) -> None:
    why = _why(
        "streams: {s: {spans: 'true'}}\nindicators: {i: {from: s}}\n"
        f"alerts: {{a: {{indicator: i, when: '{condition}'}}}}\n"
    )

    assert "yet" in why["alerts.a"]


def test_every_section_is_decided() -> None:
    decided = {"streams", "indicators", "checks", "objectives", "alerts", "channels"}

    assert set(SECTIONS) <= set(WAITING) | decided | LIVE_SECTIONS
    assert set(WAITING) <= set(Manual.model_fields)


def test_a_check_of_several_regions_says_that_all_are_asked_from_here() -> None:
    loaded = load_text(HEAD + "checks: {a: {http: /, every: 1m, regions: [eu, us]}, b: {http: /, every: 1m}}")
    assert isinstance(loaded, Loaded), str(loaded)
    a, b = (each for each in live(loaded.manual) if each.section == "checks")

    assert (a.live, a.but) == (True, "its regions are all asked from this machine until agents come")
    assert (b.live, b.but) == (True, "")
