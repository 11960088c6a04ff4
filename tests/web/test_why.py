"""Why was I paged, or not: every decision about an alert and its pages, and one sentence for whoever asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.crew import paged_for, shop
from tests.web.house import ADDRESS, House, jamfind, storm
from tests.web.signing import account, signed_in
from watchkeeper.store import decisions
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.web.views.why import why_lines, why_you
from watchkeeper.web.views.words import title

KEY = "orders-fail[shop=north]"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = shop(tmp_path)
    yield built
    built.close()


def decided(verdict, reason, *, person="", channel="", of="page/1", because=None, at_ns=0):
    return DecisionRow(
        at_ns=at_ns, alert_key=of, channel=channel, verdict=verdict, reason=reason, person=person, because_of=because
    )


def you(house, person, *rows):
    return why_you(person, rows, house.manual)


def test_who_was_paged_hears_through_what_and_why(house):
    row = decided("send", "escalated", person="bo", channel="mail")

    assert you(house, "bo", row) == "You were paged by e-mail: nobody acknowledged in time."


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (
            decided("refuse", "unreachable", person="ada", because="`later`: it is future"),
            "no contact method of theirs",
        ),
        (decided("hold", "quiet-hours", person="ada", channel="mail"), "waits until their quiet hours end"),
        (decided("refuse", "throttled", person="ada", channel="mail"), "as many pages as it may"),
    ],
)
def test_who_was_passed_over_hears_why(house, row, says):
    told = you(house, "ada", row)

    assert told.startswith("You were not paged")
    assert says in told
    assert "`" not in told


@pytest.mark.parametrize("reason", ["no-policy", "staging", "silenced", "dependency-fires"])
def test_where_nobody_was_paged_it_says_that_and_why(house, reason):
    row = decided("refuse", reason, of=KEY, because="silence 3" if reason == "silenced" else None)

    assert you(house, "ada", row).startswith("You were not paged, and nobody was: ")


def test_whose_turn_did_not_come_hears_who_was_asked_and_who_has_it(house):
    asked = decided("send", "paged", person="bo", channel="mail")
    had = decided("acknowledge", "acknowledged", person="bo", at_ns=5)

    assert you(house, "ada", asked) == "You were not paged: Bo was asked, your turn has not come."
    assert you(house, "ada", had, asked) == "You were not paged: Bo was asked, and Bo acknowledged it."


def test_before_anything_was_decided_it_says_so_and_strangers_to_the_manual_hear_nothing(house):
    assert you(house, "ada") == "You were not paged: it has asked nobody yet."
    assert you(house, "zoe") == ""


def test_every_row_says_who_what_and_why(house):
    rows = [
        decided("resolve", "by-a-person", person="ada", because="false alarm"),
        decided("refuse", "nobody-on-call", because="schedule nights"),
        decided("refuse", "no-route", of=KEY),
        decided("hold", "rate-limited", of=KEY, channel="mail"),
    ]
    lines = why_lines(rows, house.manual, now_ns=house.clock.now_ns())

    assert [(line.who, line.verdict, line.page) for line in lines] == [
        ("Ada", "ended it", "/pages/1"),
        ("Nobody", "was paged", "/pages/1"),
        ("Nobody", "was told", ""),
        ("#mail", "held back", ""),
    ]
    assert lines[0].why == "false alarm"
    assert lines[1].why == "nobody is on call: schedule nights"


def test_time_and_the_end_of_asking_read_as_sentences_with_full_names(house):
    policy = next(iter(house.manual.policies))
    lines = why_lines(
        [decided("reopen", "lapsed", because="bo"), decided("refuse", "exhausted", because=policy)],
        house.manual,
        now_ns=house.clock.now_ns(),
    )

    assert [(line.who, line.verdict) for line in lines] == [("Bo", "no longer has it"), ("Nobody", "is asked any more")]
    assert lines[0].why == "the acknowledgement lapsed, because nothing followed"
    assert lines[1].why.endswith(f": {title(policy, house.manual.policies[policy])}")


def test_the_page_of_an_alert_answers_it_for_whoever_is_signed_in(tmp_path):
    house = House.of(jamfind(), tmp_path / "log.db")
    house.intake.start()
    storm(house, minutes=20)
    account(house.watch, "ann", person=next(iter(house.manual.people)))
    with signed_in(house.stranger(), house.watch, "ann") as client:
        page = client.get("/alerts/parse-success%5Bplatform%3Dspotify%5D").text
    house.close()

    assert "Why was I paged, or not?" in page
    assert '<p class="you">You were' in page
    assert 'href="/pages/1"' in page


def test_what_was_decided_about_a_page_stands_on_the_page_of_its_alert(house):
    number = paged_for(house)
    row = decided("refuse", "nobody-on-call", of=f"page/{number}", because="nights", at_ns=house.clock.now_ns())
    with house.state.transaction() as tx:
        decisions.add(tx, [row])
    house.spans(1, {"name": "x"})
    with house.client() as client:
        client.post(
            "/v1/events", json=[{"type": "order", "ok": False, "shop": "north"}] * 20, headers={"Origin": ADDRESS}
        )
        house.turn()
        answer = client.get("/alerts/orders-fail%5Bshop%3Dnorth%5D")

    assert answer.status_code == 200
    assert "nobody is on call: nights" in answer.text
