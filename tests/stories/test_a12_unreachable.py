"""A12, A19: the application is gone when checks from two of three regions fail twice in a row."""

from tests.stories.scenes import about, story
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import State, Truth

REGIONS = ("europe", "north-america", "africa")


def asked(told, minutes, **ok):
    for _ in range(minutes):
        for region in REGIONS:
            told.check("health", ok=ok.get(region.replace("-", "_"), True), region=region)
        told.run(minutes=1)
    return told


def test_a12_one_region_alone_is_an_accident_of_one_network():
    told = asked(story("jamfind"), 5, africa=False)
    assert told.alert("unreachable").state is State.INACTIVE


def test_a12_two_regions_twice_in_a_row_fire_p1_and_one_good_answer_resolves():
    told = asked(asked(story("jamfind"), 3), 1, africa=False, europe=False)
    assert told.alert("unreachable").state is State.INACTIVE
    told = asked(asked(told, 2, africa=False, europe=False), 1)

    assert about(told, "unreachable") == ["11:34 P1 firing unreachable", "11:36 P1 resolved unreachable"]
    assert told.pages[0] == "11:34 ben P1 page unreachable"  # who is on call
    assert {line[6:] for line in told.pages if "page-over" not in line} >= {"ada P1 page unreachable"}  # nobody had it


def test_a12_nobody_who_asks_is_not_an_application_that_is_well():
    told = asked(story("jamfind"), 3)
    assert told.finding("unreachable").truth is Truth.CLEAR

    told.run(minutes=5)

    found = told.finding("unreachable")
    assert (found.truth, found.reason) == (Truth.UNKNOWN, Reason.NOT_HEARD)


def test_a12_two_regions_that_were_never_heard_leave_it_unknown():
    told = story("jamfind").check("health", ok=False, region="europe").check("health", ok=False, region="europe")
    assert told.finding("unreachable").truth is Truth.UNKNOWN
