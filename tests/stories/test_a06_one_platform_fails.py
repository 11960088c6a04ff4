"""A06: when one platform fails, its alert alone fires, with the real window of fifteen minutes, and resolves after."""

import pytest

from tests.stories.scenes import PLATFORMS, about, parses, story
from watchkeeper.decide.values import State

SPOTIFY = "parse-success[platform=spotify]"


@pytest.fixture(scope="module")
def storm():
    """An hour in which three of five reads from spotify fail for ten minutes."""
    told = parses(story("jamfind", tick_seconds=10), *PLATFORMS).at("12:00")
    told.quiet("parses")
    parses(told, *PLATFORMS[1:])
    parses(told, "spotify", per_minute=16)
    parses(told, "spotify", outcome="failed", per_minute=24).at("12:01")
    before = told.alert("parse-success", platform="spotify").state
    told.at("12:10").quiet("parses")
    parses(told, *PLATFORMS).at("12:40")
    return told, before


def test_a06_fires_for_that_platform_alone_and_resolves_when_the_window_is_clean(storm):
    told, _ = storm
    # 24 failures a minute pass 5 % of the 600 in the window with the 31st, after 75 s
    assert about(told, "]") == [f"12:01 P2 firing {SPOTIFY}", f"12:24 P2 resolved {SPOTIFY}"]


def test_a06_does_not_fire_before_five_percent_of_the_window_failed(storm):
    _, before = storm
    assert before is State.INACTIVE


def test_a06_says_the_numbers_the_runbook_and_who_is_fine(storm):
    told, _ = storm
    first = next(message for message in told.letters if message.subject == SPOTIFY)
    assert "31 of 600 parses failed, 5.1" in first.text or "32 of 600 parses failed" in first.text
    assert "apple, deezer, youtube are fine" in first.text
    assert first.data["runbook"] == "vendor-429-storm"


def test_a13_opens_an_incident_of_severity_p2_that_a_person_closes(storm):
    told, _ = storm
    [incident] = told.incidents
    assert (incident.severity, incident.alerts, incident.closed_ns) == ("P2", (SPOTIFY,), None)

    told.watch.close_incident(1, by="ada")

    assert told.incidents[0].closed_by == "ada"
    kinds = [entry.kind for entry in told.watch.incident(1).timeline if entry.kind in ("opened", "alert", "closed")]
    assert kinds == ["opened", "alert", "alert", "closed"]
