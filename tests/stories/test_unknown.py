"""Silence is never good: it holds what fires, stops the clock of `for`, and after half an hour asks a person, once."""

from tests.stories.scenes import about, parses, story
from watchkeeper.decide.objectives import Standing
from watchkeeper.decide.values import State

SPOTIFY = "parse-success[platform=spotify]"


def test_silence_holds_a_firing_alert_and_asks_once_after_half_an_hour():
    told = parses(story("jamfind"), "spotify", "apple").at("12:00").quiet("parses")
    parses(told, "spotify", outcome="failed").at("12:05").quiet("parses")
    assert told.at("14:00").alert("parse-success", platform="spotify").state is State.FIRING

    parses(told, "spotify", "apple").at("14:20")

    first, asked, resolved = about(told, SPOTIFY)
    assert first == f"12:01 P2 firing {SPOTIFY}"
    assert asked[6:] == f"P2 unknown {SPOTIFY}"
    assert "12:43" <= asked[:5] <= "12:44"  # half of the window is dark from 12:13 on
    assert resolved[6:] == f"P2 resolved {SPOTIFY}"
    assert resolved[:5] >= "14:07"  # not before half of the window is heard again


def test_an_objective_of_a_stream_that_was_never_heard_is_unknown():
    told = story("jamfind").run(minutes=5)
    assert {one.standing for one in told.watch.objectives()} == {Standing.UNKNOWN}


def test_a_quiet_platform_asks_nobody_while_its_stream_is_heard():
    told = parses(story("jamfind"), "spotify").at("12:00").quiet("parses")
    told.traffic(votes={"duration": 0.1}, per_minute=4).at("13:30")

    assert told.alert("parse-success", platform="spotify").state is State.UNKNOWN
    assert about(told, SPOTIFY) == []


def test_silence_stops_the_clock_of_for():
    told = story("jamfind").traffic(cpu={"value": 0.95}, per_minute=4).run(minutes=4)
    assert told.alert("scale-up").state is State.PENDING  # half of the window is known from 11:32 on

    told.quiet("cpu").run(minutes=20)
    assert told.alert("scale-up").state is State.PENDING

    told.traffic(cpu={"value": 0.95}, per_minute=4).run(minutes=15)
    assert [line[6:] for line in about(told, "scale-up")] == ["P3 firing scale-up"]
    assert about(told, "scale-up")[0][:5] >= "11:59"
