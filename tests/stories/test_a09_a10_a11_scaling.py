"""A09, A10, A11: the scaling triggers fire with P3, after their time and not before, and open no incident."""

from tests.stories.scenes import about, story
from watchkeeper.decide.values import State


def gauge(told, stream, value):
    return told.quiet(stream).traffic(**{stream: {"value": value}}, per_minute=4)


def test_a09_busy_processors_must_be_busy_for_ten_minutes():
    told = gauge(story("jamfind"), "cpu", 0.4).at("12:00")
    gauge(told, "cpu", 0.95).at("12:10")
    assert told.alert("scale-up").state is State.PENDING
    gauge(told, "cpu", 0.1).at("12:15")
    assert told.alert("scale-up").state is State.INACTIVE  # that was not ten minutes

    gauge(told, "cpu", 0.95).at("12:40")

    assert [line[6:] for line in about(told, "scale-up")] == ["P3 firing scale-up"]
    assert "12:28" <= about(told, "scale-up")[0][:5] <= "12:30"  # the mean passes 70 % in the fourth minute
    assert told.incidents == []


def test_a10_slow_answers_fire_over_the_default_window():
    told = story("jamfind").traffic(requests={"route": "/", "status": 200, "duration": 0.2}, per_minute=60).at("12:00")
    told.quiet("requests").traffic(requests={"route": "/", "status": 200, "duration": 3.0}, per_minute=60).at("12:05")

    assert about(told, "scale-out") == ["12:00 P3 firing scale-out"]


def test_a11_a_full_pool_fires_and_a_pool_at_80_percent_does_not():
    told = gauge(story("jamfind"), "database-pool", 0.80).at("12:00")
    assert told.alert("scale-database").state is State.INACTIVE

    gauge(told, "database-pool", 0.97).at("12:10")

    assert about(told, "scale-database") == ["12:00 P3 firing scale-database"]
