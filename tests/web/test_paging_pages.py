"""Pages that wait for an answer: the list, each one, what may be done there, and the overview."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.web.crew import MINUTE, paged_for, shop
from tests.web.house import ADDRESS, House, calm, jamfind, storm
from tests.web.signing import signed_in
from watchkeeper.act.paging.desk import PageDesk
from watchkeeper.store import pages
from watchkeeper.web.doors import Doors
from watchkeeper.web.views.overview import overview_view
from watchkeeper.web.views.page import page_view
from watchkeeper.web.views.paged import paged
from watchkeeper.web.views.pages import pages_view

FROM_HERE = {"Origin": ADDRESS}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = shop(tmp_path)
    yield built
    built.close()


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    with house.client() as opened:
        yield opened


def desk_of(house):
    return PageDesk(house.state, house.clock, lambda: house.watch.standing)


def viewed(house):
    found = paged(house.watch)
    return pages_view(house.watch, found.rows, desk_of(house).recent(), found.alerts, found.overrides)


def state_of(house, number):
    with house.state.reading() as view:
        row = pages.by_id(view, number)
    assert row is not None
    return row.state


def test_a_page_says_who_is_asked_next_and_when(house):
    paged_for(house, step=2, due_ns=house.clock.now_ns() + 170 * 10**9)
    [line] = viewed(house).open

    assert (line.clock.left, line.clock.says) == ("02:50", "until Bo and #mail are paged")
    assert viewed(house).headline == "1 page waits for an answer"
    assert line.alerts == (("Orders fail on north", "/alerts/orders-fail%5Bshop%3Dnorth%5D"),)


def test_a_step_that_would_reach_nobody_is_told_before_it_comes(house):
    paged_for(house, step=1)

    assert viewed(house).open[0].clock.says == "until the next step, which reaches nobody now"


def test_after_the_last_round_nobody_is_left_to_ask(house):
    paged_for(house, step=3, round=2)

    assert viewed(house).open[0].clock.says == "until nobody else is left to ask"


def test_what_is_due_is_now_and_what_is_long_due_is_late(house):
    paged_for(house, due_ns=house.clock.now_ns() - 5 * 10**9)
    paged_for(house, "Another", due_ns=house.clock.now_ns() - 2 * MINUTE)

    assert [(line.clock.left, line.clock.late) for line in viewed(house).open] == [("now", False), ("now", True)]


def test_acknowledging_from_the_list_leads_back_to_it(client, house):
    number = paged_for(house)
    answer = client.post(
        f"/pages/{number}/acknowledge", data={"back": "/pages"}, headers=FROM_HERE, follow_redirects=False
    )

    assert (answer.status_code, answer.headers["location"]) == (303, "/pages")
    [line] = viewed(house).others
    assert (line.state, line.who) == ("acknowledged", "Ada")
    assert viewed(house).headline == "Somebody has it"


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/people", ""])
def test_nobody_is_led_elsewhere(client, house, back):
    number = paged_for(house)
    answer = client.post(f"/pages/{number}/acknowledge", data={"back": back}, headers=FROM_HERE, follow_redirects=False)

    assert answer.headers["location"] == f"/pages/{number}"


def test_all_that_wait_are_acknowledged_at_once(client, house):
    numbers = [paged_for(house, f"Page {n}") for n in range(3)]
    page = client.get("/pages").text
    client.post("/pages/acknowledge", data={"ids": ",".join(map(str, numbers))}, headers=FROM_HERE)

    assert "Acknowledge all 3" in page
    assert [state_of(house, number) for number in numbers] == ["acknowledged"] * 3


@pytest.mark.parametrize("ids", ["", "x", "999", "-1", "1;2", "9" * 40])
def test_nonsense_acknowledges_nothing(client, house, ids):
    number = paged_for(house)
    answer = client.post("/pages/acknowledge", data={"ids": ids}, headers=FROM_HERE)

    assert answer.status_code in (200, 404)
    assert state_of(house, number) == "open"


def test_a_page_is_put_off_given_back_passed_on_and_ended(client, house):
    number = paged_for(house)

    client.post(f"/pages/{number}/snooze", data={"minutes": "15"}, headers=FROM_HERE)
    assert "put it off" in client.get(f"/pages/{number}").text
    assert state_of(house, number) == "snoozed"
    client.post(f"/pages/{number}/unacknowledge", data={}, headers=FROM_HERE)
    assert state_of(house, number) == "open"
    client.post(f"/pages/{number}/escalate", data={}, headers=FROM_HERE)
    assert state_of(house, number) == "open"
    client.post(f"/pages/{number}/resolve", data={"reason": "false alarm"}, headers=FROM_HERE)
    assert state_of(house, number) == "ended"
    told = client.get(f"/pages/{number}").text
    for part in ("put it off", "gave it back", "asked for the next one", "ended it", "false alarm"):
        assert part in told


@pytest.mark.parametrize(
    ("deed", "fields", "status"),
    [
        ("snooze", {"minutes": "x"}, 409),
        ("snooze", {"minutes": "99999"}, 409),
        ("unacknowledge", {}, 409),
        ("dance", {}, 404),
    ],
)
def test_what_cannot_be_done_says_why(client, house, deed, fields, status):
    number = paged_for(house)

    assert client.post(f"/pages/{number}/{deed}", data=fields, headers=FROM_HERE).status_code == status
    assert state_of(house, number) == "open"


@pytest.mark.parametrize("number", [999, 2**63, 10**30])
def test_an_unknown_page_is_not_there(client, number):
    assert client.get(f"/pages/{number}").status_code == 404
    assert client.post(f"/pages/{number}/acknowledge", data={}, headers=FROM_HERE).status_code == 404


def test_the_ladder_shows_which_step_was_taken_and_which_is_next(house):
    number = paged_for(house)
    view = page_view(desk_of(house).page(number), house.watch, [])

    assert [one.stands for one in view.rungs] == ["taken", "next", "later"]
    assert view.sentence == "Nobody has acknowledged it. Open for 1 min."


def test_who_may_only_look_has_no_buttons(house):
    number = paged_for(house)
    with signed_in(house.stranger(), house.watch, "vi", role="viewer") as viewer:
        shown = [viewer.get(path).text for path in ("/", "/pages", f"/pages/{number}")]
        refused = viewer.post(f"/pages/{number}/acknowledge", data={}, headers=FROM_HERE)

    assert all("Orders fail on north" in page and "data-acknowledge" not in page for page in shown)
    assert refused.status_code == 403
    assert state_of(house, number) == "open"


def test_every_form_that_changes_something_carries_what_the_gate_wants(client, house):
    number = paged_for(house)
    paged_for(house, "Another")

    for path in ("/", "/pages", f"/pages/{number}", "/on-call", "/people"):
        page = client.get(path).text
        assert page.count('method="post"') == page.count('name="csrf"') > 0, path


def test_the_overview_has_one_hand_for_a_page_of_many_alerts_with_clock_and_two_buttons(tmp_path):
    house = House.of(jamfind(), tmp_path / "log.db")
    house.intake.start()
    calm(house, minutes=15)
    storm(house, minutes=5)
    view = overview_view(house.watch, Doors(address=ADDRESS))
    [hand] = view.hands
    assert hand.page is not None
    with house.client() as client:
        page = client.get("/").text
        before = len(page)
        client.post(f"/pages/{hand.page.number}/acknowledge", data={"back": "/"}, headers=FROM_HERE)
        after = client.get("/").text
    house.close()

    assert hand.waits
    assert "1 page waits for an answer" in view.headline
    assert hand.page.clock is not None
    assert page.count("data-acknowledge") == 1
    assert "Go to incident #1" in page
    assert "Ada (invented) has it" in after
    assert "data-acknowledge" not in after
    assert before < 30_000


def test_the_overview_stays_small_in_a_storm_of_pages(house):
    for n in range(200):
        paged_for(house, f"Orders fail on shop {n}")
    view = overview_view(house.watch, Doors(address=ADDRESS))

    assert (len(view.hands), view.more_hands) == (12, 188)
    assert view.headline == "Shop: 200 pages wait for an answer"
    with house.client() as client:
        assert len(client.get("/").content) < 40_000


def test_a_title_from_outside_is_text_on_every_page(client, house):
    number = paged_for(house, "<script>alert(1)</script>")

    for path in ("/", "/pages", f"/pages/{number}"):
        page = client.get(path).text
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page
