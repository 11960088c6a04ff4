"""A05: availability below 99.5 % over five minutes is told, with its severity and runbook."""

from tests.stories.scenes import about, story
from watchkeeper.decide.values import State


def requests(told, status, per_minute):
    return told.traffic(requests={"route": "/", "status": status, "duration": 0.1}, per_minute=per_minute)


def test_a05_fires_below_99_5_percent_of_five_minutes_and_resolves_when_they_are_over():
    told = requests(story("jamfind"), 200, 60).at("12:00")

    told.spans("GET /", kind="server", route="/", status=500, duration=0.1)
    assert told.run(minutes=1).alert("availability").state is State.INACTIVE  # 1 of 311 is 99.68 %

    told.spans("GET /", kind="server", route="/", status=500, duration=0.1)  # 2 of 312 is 99.36 %
    assert told.alert("availability").state is State.FIRING
    told.at("12:10")

    assert about(told, "availability") == ["12:01 P2 firing availability", "12:06 P2 resolved availability"]
    assert told.manual.alerts["availability"].runbook == "redis-outage"


def test_a05_says_nothing_about_a_night_with_a_dozen_requests():
    told = requests(story("jamfind"), 200, 2).at("12:00")
    told.spans("GET /", kind="server", route="/", status=500, duration=0.1).run(minutes=40)

    assert told.alert("availability").state is State.UNKNOWN
    assert about(told, "availability") == []
