"""
The page of the manual tells of each entry what it does not do yet, and what the document leaves open.
"""

import pytest

from tests.web.house import ADDRESS, House, manual_of
from watchkeeper.web.doors import Doors
from watchkeeper.web.views.manual import manual_view

TEXT = """
watchkeeper: 1
manual: Shop
chosen: [zone]
severities: {P1: {respond: 5m, criteria: [Nobody can pay]}, P2: {respond: 1h}}
checks: {home: {http: "https://shop.example/", every: 1m, regions: [eu, us]}}
alerts:
  shipped: {on: release, severity: P1, chosen: [severity], stated: {value: P2 & P3, because: Two ranks for one event.}}
"""


@pytest.fixture
def house(tmp_path):
    return House.of(manual_of(TEXT), tmp_path / "log.db")


def test_a_live_entry_says_what_of_it_is_not_yet_as_written(house):
    with house.client() as client:
        page = client.get("/manual").text

    assert page.count("live; its regions are all asked from this machine until agents come") == 1
    assert page.count("live; `criteria`: cases are not ranked by it yet") == 1


def test_what_the_team_chose_and_what_is_not_live_stand_beside_the_entry(house):
    with house.client() as client:
        page = client.get("/manual").text

    assert "chosen: zone" in page
    assert "chosen: severity" in page
    assert "stated P2 &amp; P3: Two ranks for one event." in page


def test_an_entry_with_nothing_to_add_adds_nothing(house):
    view = manual_view(house.watch, Doors(address=ADDRESS))
    lines = {line.name: line for section in view.sections for line in section.entries}

    assert (lines["P2"].but, lines["P2"].notes) == ("", ())
    assert lines["P1"].notes == ()
