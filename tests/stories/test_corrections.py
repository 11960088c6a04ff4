"""What arrives late corrects the record of a transition that it turns round, beside it; nothing is un-sent."""

import pytest

from tests.stories.scenes import about, story
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import State
from watchkeeper.store import alerts

SPOTIFY = "parse-success[platform=spotify]"


def parse(told, outcome, n, ago=0.0):
    return told.spans("parse_playlist", n=n, platform="spotify", outcome=outcome, duration=0.2, ago=ago)


@pytest.fixture
def fired():
    told = story("jamfind").at("12:00")
    for _ in range(60):  # ten minutes are heard, three parses every ten seconds
        parse(told, "ok", 3).run(minutes=1 / 6)
    parse(told, "failed", 10).run(minutes=1 / 6)
    assert told.alert("parse-success", platform="spotify").state is State.FIRING
    return told.run(minutes=1)


def corrections(told):
    with told.state.reading() as view:
        return [row for row in alerts.transitions_of(view, SPOTIFY) if row.reason == Reason.CORRECTED]


def test_late_good_events_show_that_it_should_not_have_fired(fired):
    parse(fired, "ok", 200, ago=120)

    (correction,) = corrections(fired)
    assert correction.correction_of is not None
    assert (correction.numbers["events"], correction.numbers["hits"]) == (390, 380)
    assert about(fired, "]")[0].endswith(f"P2 firing {SPOTIFY}")  # told is told


def test_late_events_that_change_no_verdict_change_no_record(fired):
    parse(fired, "ok", 5, ago=120).run(minutes=1)

    assert corrections(fired) == []


def test_what_comes_in_its_own_time_after_it_fired_corrects_nothing(fired):
    parse(fired, "ok", 400).run(minutes=5)

    assert corrections(fired) == []


@pytest.mark.parametrize(("ago", "where"), [(40, "after it fired"), (18 * 60, "before its window began")])
def test_late_events_of_another_time_correct_nothing(fired, ago, where):
    parse(fired, "ok", 400, ago=ago).run(minutes=1)

    assert corrections(fired) == [], where


def test_late_bad_events_show_that_it_should_not_have_resolved(fired):
    fired.run(minutes=20)
    for _ in range(60):
        parse(fired, "ok", 3).run(minutes=1 / 6)
    assert fired.alert("parse-success", platform="spotify").state is State.RESOLVED

    resolved = fired.alert("parse-success", platform="spotify").since_ns
    parse(fired, "failed", 300, ago=(fired.clock.now_ns() - resolved) / 1e9 + 60)

    (correction,) = corrections(fired)
    assert (correction.old, correction.new) == (State.RESOLVED, State.FIRING)
