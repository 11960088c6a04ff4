"""
At most one message per 5 minutes: what is held back, what never is, and how it arrives. From the turn to the receiver.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.act.receivers import Receiver
from watchkeeper.act import memory
from watchkeeper.act.channels.choosing import channels_of
from watchkeeper.act.message import Writer
from watchkeeper.act.sender import Sender
from watchkeeper.decide.arithmetic import Asked
from watchkeeper.decide.rules import rules_of
from watchkeeper.decide.turn import TurnFacts, decide_turn
from watchkeeper.decide.values import AlertKey
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.manual.model.manual import Manual
from watchkeeper.measure.answers import Answer
from watchkeeper.outside.http import HttpClient
from watchkeeper.store import decisions, notices
from watchkeeper.store.state import State, open_memory
from watchkeeper.testing import HandClock

ALERTS = ("disk", "queue", "login", "outage")


def manual_text(limit: str = "rate_limit: {count: 1, per: 5m, never_hold: [P0]}, ") -> str:
    alerts = "\n".join(
        f'  {name}: {{indicator: {name}, when: "> 2% over 5m", severity: {"P0" if name == "outage" else "P2"}}}'
        for name in ALERTS
    )
    indicators = "\n".join(f"  {name}: {{from: requests, bad: 'status >= 500'}}" for name in ALERTS)
    return f"""
watchkeeper: 1
manual: Shop
defaults: {{repeat_every: 2m, resolve_after: 0s}}
streams: {{requests: {{spans: 'true'}}}}
indicators:
{indicators}
severities: {{P0: {{respond: 15m}}, P2: {{respond: 1h}}}}
channels: {{chat: {{kind: webhook, {limit}address_env: HOOK}}}}
routes: [{{tell: [chat]}}]
alerts:
{alerts}
"""


def manual_of(text: str) -> Manual:
    loaded = load_text(text)
    assert isinstance(loaded, Loaded), list(loaded)
    return loaded.manual


@dataclass
class Story:
    """
    Turns and a sender over one store; a test says which alerts' conditions hold.
    """

    receiver: Receiver
    http: HttpClient
    state: State = field(default_factory=open_memory)
    clock: HandClock = field(default_factory=lambda: HandClock("2026-03-01T12:00:00Z"))
    manual: Manual = field(default_factory=lambda: manual_of(manual_text()))

    def turn(self, *holding: str, heard: bool = True) -> None:
        """
        One turn in which the conditions of these alerts hold, and then one round of the sender.
        """
        now_ns = self.clock.now_ns()
        asked = {AlertKey(rule=name): _asked(name in holding, now_ns, heard=heard) for name in self.manual.alerts}
        with self.state.reading() as view:
            facts = TurnFacts(
                manual=self.manual,
                rules=rules_of(self.manual),
                asked=asked,
                memories=memory.memories(view),
                channels=memory.channel_facts(view, self.manual, now_ns=now_ns),
            )
        plan = decide_turn(facts, now_ns=now_ns)
        with self.state.transaction() as tx:
            memory.remember(tx, plan, meanings={}, revision=1)
        channels = channels_of(self.manual, {"HOOK": self.receiver.url()}, self.http, allow_private=True)
        Sender(state=self.state, channels=channels, clock=self.clock, render=Writer(self.manual)).send_due()

    def later(self, *holding: str, minutes: float, heard: bool = True) -> None:
        self.clock.move(minutes=minutes)
        self.turn(*holding, heard=heard)

    @property
    def told(self) -> list[str]:
        """
        What arrived: the minute of each message since noon and what it is about.
        """
        return [
            f"{_minute(got.json['timestamp'])} {got.json['type'][6:]} {got.json['data']['subject']}"
            for got in self.receiver.got
        ]


def _minute(timestamp: str) -> int:
    return (int(timestamp[11:13]) - 12) * 60 + int(timestamp[14:16])


def _asked(holds: bool, now_ns: int, *, heard: bool) -> Asked:
    start_ns, known = now_ns - 300 * 10**9, 5 if heard else 0
    answer = Answer(start_ns=start_ns, end_ns=now_ns, count=100, matched=9 if holds else 0, known=known, slots=5)
    return Asked(answers=(answer,), good=False)


@pytest.fixture
def story(receiver: Receiver, http: HttpClient) -> Iterator[Story]:
    one = Story(receiver=receiver, http=http)
    yield one
    one.state.close()


def test_the_first_message_of_each_alert_is_never_held_back(story):
    story.turn("disk", "queue", "login")
    assert sorted(story.told) == ["0 firing disk", "0 firing login", "0 firing queue"]


def test_repeats_are_held_and_arrive_as_one_digest_with_counts(story):
    story.turn("disk", "queue")
    story.later("disk", "queue", minutes=2)
    story.later("disk", "queue", minutes=2)
    assert len(story.told) == 2

    story.later("disk", "queue", minutes=1)
    assert story.told[2:] == ["5 digest digest of chat"]
    digest = story.receiver.got[-1].json
    assert digest["data"]["count"] == 4
    assert digest["text"].splitlines() == [
        "4 messages held back by the rate limit of 1 per 5 min",
        "Disk: fired twice; last 12:04 UTC",
        "Queue: fired twice; last 12:04 UTC",
    ]


def test_what_was_held_is_visible_at_once_and_says_what_it_waits_for(story):
    story.turn("disk")
    story.later("disk", minutes=2)
    with story.state.reading() as view:
        (held,) = notices.held_of(view, "chat")
        verdicts = [(row.verdict, row.reason) for row in decisions.of_alert(view, "disk")]
    assert (held.reason, held.due_ns - story.clock.now_ns()) == ("rate-limited", 3 * 60 * 10**9)
    assert ("hold", "rate-limited") in verdicts


def test_an_excepted_severity_is_never_held_not_even_its_repeats_and_its_end(story):
    story.turn("outage")
    story.later("outage", minutes=2)
    story.later(minutes=1)
    assert story.told == ["0 firing outage", "2 firing outage", "3 resolved outage"]


def test_an_end_that_is_held_is_counted_and_nothing_is_sent_twice(story):
    story.turn("disk")
    story.later("disk", minutes=2)
    story.later(minutes=1)
    story.later(minutes=2)
    story.later(minutes=30)
    assert story.told == ["0 firing disk", "5 digest digest of chat"]
    assert "Disk: fired once, resolved once" in story.receiver.got[-1].json["text"]


def test_there_is_never_more_than_one_that_may_be_held_in_five_minutes(story):
    story.turn("disk", "queue", "login")
    for _ in range(40):
        story.later("disk", "queue", "login", minutes=1)
    after_first = [int(line.split()[0]) for line in story.told[3:]]
    assert after_first
    assert all(later - earlier >= 5 for earlier, later in zip(after_first, after_first[1:], strict=False))


def test_what_is_about_to_go_out_counts_as_much_as_what_went_out(story):
    story.receiver.says(500, 500, 204)
    story.turn("disk", "queue")
    story.later("disk", "queue", minutes=2)  # time to repeat, while the first messages go out at last
    story.later("disk", "queue", minutes=2)
    assert {got.json["data"]["reason"] for got in story.receiver.got} == {"first"}


def test_each_time_that_an_alert_is_unknown_for_too_long_is_told(story):
    story.manual = manual_of(manual_text(limit=""))
    for _ in range(2):
        story.later(minutes=10)
        for _ in range(3):
            story.later(minutes=20, heard=False)
    assert [line for line in story.told if line.endswith("disk")] == ["70 unknown disk", "140 unknown disk"]


def test_a_first_message_that_could_not_be_sent_is_not_held_when_it_ends(story):
    story.turn("disk")  # the channel has now sent its one message
    story.receiver.says(500, 204)
    story.later("disk", "queue", minutes=1)  # queue fires, and the receiver is broken
    story.later("disk", minutes=0.05)  # and is over before the next attempt
    assert [line for line in story.told if "queue" in line] == ["1 firing queue", "1 resolved queue"]
    assert "this is the first message about it" in story.receiver.got[-1].json["text"]


def test_a_channel_that_loses_its_limit_gives_back_what_it_holds(story):
    story.turn("disk")
    story.later("disk", minutes=2)
    story.manual = manual_of(manual_text(limit=""))
    story.later("disk", minutes=1)
    assert story.told == ["0 firing disk", "3 digest digest of chat"]
    assert "1 message held back" in story.receiver.got[-1].json["text"]
