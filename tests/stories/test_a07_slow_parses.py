"""A07: a p95 above two seconds over ten minutes is counted exactly."""

from tests.stories.scenes import about, parses, story
from watchkeeper.decide.values import State


def test_a07_fires_when_more_than_one_in_twenty_takes_longer_than_two_seconds():
    told = parses(story("jamfind"), "spotify", per_minute=60, took=1.9).at("12:00")
    parses(told, "spotify", per_minute=6, took=2.1).at("12:04")  # 24 of 624 so far
    assert told.alert("parse-time").state is State.INACTIVE

    told.at("12:08").quiet("parses")
    parses(told, "spotify", per_minute=60, took=1.9).at("12:25")

    assert about(told, "parse-time") == ["12:05 P2 firing parse-time", "12:14 P2 resolved parse-time"]


def test_a07_two_seconds_sharp_are_not_above_two_seconds():
    told = parses(story("jamfind"), "spotify", took=2.0).at("12:00")
    assert told.alert("parse-time").state is State.INACTIVE
