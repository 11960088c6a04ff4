"""Who hears of it when a turn changes hands?"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.manuals import written
from watchkeeper.act import handoffs
from watchkeeper.act.oncall import OnCall
from watchkeeper.act.standing import Standing
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store import decisions, incidents, notices
from watchkeeper.store.incidents import IncidentRow
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.state import State, open_memory
from watchkeeper.testing import HandClock

HOUR = 3600 * 10**9
CHAT = {"kind": "slack", "address_env": "CHAT"}
ROTATION = {"every": "1d", "at": "09:00", "starts": "2026-03-02", "people": ["ada", "bo"]}


def shop(**keys: Any) -> Manual:
    channels = {"chat": CHAT, "team": CHAT, "later": CHAT | {"planned": "true"}}
    people = {"ada": {"channels": ["later", "chat"]}, "bo": {"contacts": {"phone": {"channel": "chat", "to": "U1"}}}}
    schedules = {"first": {"role": "primary", "rotation": ROTATION, "hand_off": {"tell": "team"}}}
    given = {"zone": "UTC", "channels": channels, "people": people, "schedules": schedules}
    return written(**given | keys)


class Watchman:
    """Looks for hand-offs, from 2026-03-02 12:00 UTC on."""

    def __init__(self, state: State) -> None:
        self.state, self.clock = state, HandClock("2026-03-02T12:00:00Z")
        self.standing = Standing(manual=shop(), rules={}, meanings={}, revision=1)
        self.desk = OnCall(state, self.clock, lambda: self.standing)

    def look(self, *, hours: float = 0) -> bool:
        self.clock.move(hours=hours)
        return handoffs.run(self.state, self.standing, now_ns=self.clock.now_ns())

    @property
    def rows(self) -> list[NoticeRow]:
        with self.state.reading() as view:
            return notices.of_subject(view, "schedule/first")

    @property
    def told(self) -> list[tuple[str, str, str]]:
        return [(row.person, row.channel, row.address) for row in self.rows]

    @property
    def refused(self) -> list[tuple[str, str]]:
        with self.state.reading() as view:
            return [(row.person, row.reason) for row in decisions.of_alert(view, "schedule/first")]


@pytest.fixture
def man() -> Iterator[Watchman]:
    state = open_memory()
    found = Watchman(state)
    found.look()
    yield found
    state.close()


def test_the_first_look_tells_nobody_and_neither_does_one_before_the_hand_off(man):
    assert not man.look(hours=20.9)
    assert man.rows == []


def test_at_the_hand_off_both_and_the_channel_hear_of_it_once(man):
    assert man.look(hours=21)
    assert sorted(man.told) == [("", "team", ""), ("ada", "chat", "chat"), ("bo", "chat", "phone")]
    body = man.rows[0].body
    assert (body["coming"], body["leaving"], body["next"], body["role"]) == ("bo", "ada", "ada", "primary")
    assert body["until_ns"] == man.clock.now_ns() + 24 * HOUR
    assert not man.look(hours=1)
    assert len(man.rows) == 3


def test_the_digest_names_the_open_incidents(man):
    row = IncidentRow(number=7, title="Disk is full", severity="P1", state="open", opened_ns=1, revision=1)
    with man.state.transaction() as tx:
        incidents.add(tx, row)
        incidents.add(tx, replace(row, number=8, state="closed", closed_ns=2))
    man.look(hours=21)
    assert man.rows[0].body["incidents"] == [{"number": 7, "severity": "P1", "title": "Disk is full"}]


def test_who_was_down_at_the_hand_off_tells_of_it_late(man):
    assert man.look(hours=30)
    assert man.rows[0].body["coming"] == "bo"


def test_an_override_is_a_hand_off_too(man):
    begin_ns = man.clock.now_ns()
    number = man.desk.override("first", "bo", begin_ns=begin_ns, end_ns=begin_ns + 3 * HOUR, reason="ill", by="ann").id
    assert man.look(hours=0.1)
    assert [row.body["coming"] for row in man.rows] == ["bo"] * 3
    man.desk.undo(number, by="ann")
    assert man.look(hours=0.1)
    assert sorted(row.body["coming"] for row in man.rows) == ["ada"] * 3 + ["bo"] * 3


def test_an_override_later_on_moves_the_hand_off(man):
    begin_ns = man.clock.now_ns() + 2 * HOUR
    man.desk.override("first", "bo", begin_ns=begin_ns, end_ns=begin_ns + 3 * HOUR, reason="ill", by="ann")
    assert not man.look(hours=1)
    assert man.look(hours=1)
    assert man.look(hours=3)


def test_a_gap_is_told_to_the_channel_and_the_next_one_knows_who_was_before(man):
    begin_ns = man.clock.now_ns()
    man.desk.override("first", "", begin_ns=begin_ns, end_ns=begin_ns + 21 * HOUR, reason="a feast", by="ann")
    assert man.look()
    assert man.told == [("", "team", "")]
    assert man.rows[0].body["coming"] is None
    man.look(hours=21)
    assert {(row.body["coming"], row.body["leaving"]) for row in man.rows[:-1]} == {("bo", "ada")}


def test_a_new_manual_that_puts_somebody_else_on_call_is_a_hand_off(man):
    rotation = ROTATION | {"people": ["bo", "ada"]}
    manual = shop(schedules={"first": {"rotation": rotation}})
    man.standing = replace(man.standing, manual=manual, revision=2)
    assert man.look()
    assert sorted(man.told) == [("ada", "chat", "chat"), ("bo", "chat", "phone")]


def test_who_cannot_be_reached_is_refused_with_the_reason(man):
    man.standing = replace(man.standing, dead=lambda: {"chat": "it answers 404"})
    man.look(hours=21)
    assert man.told == [("", "team", "")]
    assert sorted(man.refused) == [("ada", "unreachable"), ("bo", "unreachable")]


def test_a_staging_manual_tells_channels_and_no_person(man):
    man.standing = replace(man.standing, manual=shop(environment="staging"))
    man.look(hours=21)
    assert man.told == [("", "team", "")]
    assert sorted(man.refused) == [("ada", "staging"), ("bo", "staging")]
