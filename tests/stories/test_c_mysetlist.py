"""MySetlist: means that must last (C05), all routes down (C07), releases (C15), slower than a week ago (C16)."""

from tests.stories.scenes import about, story
from watchkeeper.decide.values import State, Truth


def requests(told, *, took=0.2, status=200, route="/", per_minute=30):
    return told.traffic(requests={"route": route, "status": status, "duration": took}, per_minute=per_minute)


def test_c05_a_mean_above_five_seconds_must_last_for_two_minutes():
    told = requests(story("mysetlist"), took=0.2).at("12:00").quiet()
    requests(told, took=12.0).at("12:10").quiet()  # the mean of five minutes passes 5 s after 2 min 2 s
    requests(told, took=0.2).at("12:20")

    line, over = about(told, " response-time")
    assert line == "12:04 critical firing response-time"
    assert over[6:] == "critical resolved response-time"
    assert told.alert("response-time").state is State.RESOLVED


def test_c07_the_application_is_down_when_every_route_that_is_asked_fails():
    told = requests(requests(requests(story("mysetlist")), route="/shows"), route="/rare", per_minute=0.1).at("12:00")
    told.quiet()
    requests(requests(told, status=503), route="/shows").at("12:04")
    assert told.alert("application-down").state is State.INACTIVE
    told.quiet()
    requests(requests(told, status=503), route="/shows", status=503).at("12:15")  # nobody asks /rare meanwhile

    assert about(told, "application-down") == ["12:09 critical firing application-down"]


def test_c15_a_release_is_told_once_and_opens_nothing():
    told = story("mysetlist").at("12:00").event("release").run(minutes=30)
    assert about(told, "deployed") == ["12:00 info event deployed"]
    assert told.alert("deployed").state is State.RESOLVED
    assert told.incidents == []


def test_c16_answers_slower_by_half_than_a_week_ago_are_told():
    told = requests(story("mysetlist"), took=0.2).at("12:40").quiet()
    told.clock.move(days=7, hours=-1)  # nobody takes a turn meanwhile

    requests(told, took=0.25).at("11:50").quiet()
    assert told.finding("degraded").truth is Truth.CLEAR
    requests(told, took=0.4).at("12:00")

    assert about(told, "firing degraded") == ["11:50 info firing degraded"]  # of p95, after the slowest twentieth
