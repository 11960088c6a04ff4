"""Overrides and swaps: who may stand in for whom, and what is written of it."""

from collections.abc import Iterator

import pytest

from tests.manuals import written
from watchkeeper.act.oncall import CannotChange, OnCall
from watchkeeper.act.standing import Standing
from watchkeeper.store import audit
from watchkeeper.store.state import State, open_memory
from watchkeeper.testing import HandClock

HOUR = 3600 * 10**9
DAY = 24 * HOUR
SHOP = written(
    zone="UTC",
    channels={"chat": {"kind": "slack", "address_env": "CHAT"}},
    people={"ada": {"channels": "chat"}, "bo": {"channels": "chat"}, "cy": {}},
    schedules={
        "team": {
            "role": "primary",
            "rotation": {"every": "1d", "at": "09:00", "starts": "2026-03-02", "people": ["ada", "bo"]},
        },
        "late": {"rotation": {"every": "1d", "at": "09:00", "starts": "2026-03-02", "people": ["bo", "cy"]}},
        "lead": {"role": "manager", "people": "cy"},
        "off": {"rotation": {"every": "1d"}},
    },
    policies={"standard": {"steps": {"schedule": "lead"}}},
)


class Rota:
    """A running rotation at 2026-03-02 12:00 UTC, with the clock in hand."""

    def __init__(self, state: State) -> None:
        self.state, self.clock, self.manual = state, HandClock("2026-03-02T12:00:00Z"), SHOP
        self.desk = OnCall(state, self.clock, lambda: Standing(manual=self.manual, rules={}, meanings={}, revision=1))
        self.noon = self.clock.now_ns()

    def team(self, at_ns: int | None = None) -> str | None:
        return self.desk.one("team", at_ns).duty.person

    def override(self, person: str, begin: int = 0, end: int = 3, reason: str = "ill") -> int:
        begin_ns, end_ns = self.noon + begin * HOUR, self.noon + end * HOUR
        return self.desk.override("team", person, begin_ns=begin_ns, end_ns=end_ns, reason=reason, by="ann").id


@pytest.fixture
def rota() -> Iterator[Rota]:
    state = open_memory()
    yield Rota(state)
    state.close()


def test_now_says_who_until_when_and_who_next(rota):
    team, late, lead, off = rota.desk.now()
    assert (team.schedule, team.role, team.zone, team.duty.person, team.duty.next) == (
        "team",
        "primary",
        "UTC",
        "ada",
        "bo",
    )
    assert (team.duty.since_ns, team.duty.until_ns) == (rota.noon - 3 * HOUR, rota.noon + 21 * HOUR)
    assert (late.duty.person, late.duty.next) == ("bo", "cy")
    assert (lead.duty.person, lead.duty.until_ns, lead.duty.next) == ("cy", None, None)
    assert lead.why_unreachable == "no contact method and no channel is named for them"
    assert (off.duty.person, team.override, team.why_unreachable) == (None, None, None)


def test_an_override_holds_for_its_time_and_says_who_made_it(rota):
    number = rota.override("bo")
    found = rota.desk.one("team")
    assert (found.duty.person, found.duty.until_ns, found.duty.next) == ("bo", rota.noon + 3 * HOUR, "ada")
    assert found.override is not None
    assert (found.override.id, found.override.author, found.override.reason) == (number, "ann", "ill")
    assert rota.team(rota.noon + 4 * HOUR) == "ada"


def test_an_override_does_not_change_what_was(rota):
    rota.override("bo", begin=-2)
    assert rota.team(rota.noon - HOUR) == "ada"
    assert rota.team() == "bo"


def test_nobody_can_be_put_on_call(rota):
    rota.override("")
    assert (rota.team(), rota.desk.one("team").duty.next) == (None, "ada")


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"person": "bob"}, "found nobody called 'bob'; wanted one of ada, bo, cy; did you mean `bo`?"),
        ({"person": "bo", "reason": " "}, "found no reason"),
        ({"person": "bo", "begin": -3, "end": -1}, "found an end that is past"),
        ({"person": "bo", "begin": 3, "end": 2}, "found an end that is past or not after the beginning"),
        ({"person": "bo", "end": 24 * 400}, "more than a year ahead"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(rota, keys, why):
    with pytest.raises(CannotChange, match=why.replace("?", r"\?")):
        rota.override(**keys)
    assert rota.desk.overrides() == []


def test_an_unknown_schedule_is_a_key_error(rota):
    with pytest.raises(KeyError):
        rota.desk.override("tem", "bo", begin_ns=0, end_ns=rota.noon + DAY, reason="ill", by="ann")
    with pytest.raises(KeyError):
        rota.desk.swap("tem", first_ns=rota.noon, second_ns=rota.noon + DAY, reason="ill", by="ann")


def test_undoing_an_override_lets_the_rotation_hold_again_once(rota):
    number = rota.override("bo")
    assert rota.desk.undo(number, by="bea").undone_by == "bea"
    assert rota.team() == "ada"
    with pytest.raises(CannotChange, match=f"override {number} was undone already, by bea"):
        rota.desk.undo(number, by="cleo")
    with pytest.raises(KeyError):
        rota.desk.undo(99, by="cleo")


def test_what_is_over_is_not_undone(rota):
    number = rota.override("bo")
    rota.clock.move(hours=4)
    with pytest.raises(CannotChange, match="is over; what was is not changed"):
        rota.desk.undo(number, by="bea")


def test_a_swap_takes_the_rest_of_this_shift_for_all_of_the_other(rota):
    first, second = rota.desk.swap("team", first_ns=rota.noon, second_ns=rota.noon + DAY, reason="a visit", by="ann")
    assert (first.person, first.begin_ns, first.end_ns) == ("bo", rota.noon, rota.noon + 21 * HOUR)
    assert (second.person, second.begin_ns, second.end_ns) == ("ada", rota.noon + 21 * HOUR, rota.noon + 45 * HOUR)
    assert (first.swap_of, second.swap_of) == (second.id, first.id)
    people = [one.person for one in rota.desk.shifts("team", begin_ns=rota.noon, end_ns=rota.noon + 3 * DAY)]
    assert people == ["bo", "ada", "ada", "bo"]


def test_a_swap_of_the_present_shift_holds_though_the_request_took_a_moment(rota):
    first, _ = rota.desk.swap(
        "team", first_ns=rota.noon - 2 * 10**9, second_ns=rota.noon + DAY, reason="a visit", by="ann"
    )
    assert (first.person, first.begin_ns) == ("bo", rota.noon)


def test_a_swap_between_two_schedules_and_its_undoing_go_both_ways(rota):
    keys = {"first_ns": rota.noon, "second_ns": rota.noon + 2 * HOUR, "reason": "a visit", "by": "ann"}
    first, _ = rota.desk.swap("team", with_schedule="late", **keys)
    assert [one.duty.person for one in rota.desk.now()[:2]] == ["bo", "ada"]
    rota.desk.undo(first.id, by="bea")
    assert [one.duty.person for one in rota.desk.now()[:2]] == ["ada", "bo"]


@pytest.mark.parametrize(
    ("schedule", "days", "why"),
    [
        ("team", 2, "two shifts of ada"),
        ("team", 0, "two shifts of ada"),
        ("off", 1, "nobody is on call in off then"),
        ("team", -1, "past"),
    ],
)
def test_a_swap_needs_two_people_and_shifts_to_come(rota, schedule, days, why):
    with pytest.raises(CannotChange, match=why):
        rota.desk.swap(schedule, first_ns=rota.noon, second_ns=rota.noon + days * DAY, reason="a visit", by="ann")


def test_every_change_is_on_the_record(rota):
    number = rota.override("bo")
    rota.desk.undo(number, by="bea")
    rota.desk.swap("team", first_ns=rota.noon, second_ns=rota.noon + DAY, reason="a visit", by="cleo")
    with rota.state.reading() as view:
        rows = [(row.who, row.action, row.target) for row in audit.recent(view)]
    assert rows == [
        ("cleo", "override.swap", "override/3"),
        ("cleo", "override.swap", "override/2"),
        ("bea", "override.undo", "override/1"),
        ("ann", "override.add", "override/1"),
    ]


def test_holes_and_gaps_look_ahead_from_now_and_heed_overrides(rota):
    [hole] = rota.desk.holes(days=1)
    assert (hole.policy, hole.begin_ns, hole.end_ns) == ("standard", rota.noon, rota.noon + DAY)
    assert {gap.schedule for gap in rota.desk.gaps(days=1)} == {"late", "lead", "off"}
    keys = {"begin_ns": 0, "end_ns": rota.noon + 30 * DAY, "reason": "cy has no phone", "by": "ann"}
    rota.desk.override("lead", "ada", **keys)
    assert rota.desk.holes(days=30) == []


def test_a_person_who_left_the_manual_leaves_their_override_without_effect(rota):
    rota.override("bo", end=24)
    people = {name: person for name, person in SHOP.people.items() if name != "bo"}
    rota.manual = SHOP.model_copy(update={"people": people})
    assert rota.desk.one("team").duty.person == "ada"
