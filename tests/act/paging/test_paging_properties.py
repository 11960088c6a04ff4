"""
Whatever the policies, rotations, acknowledgements and crashes: is nobody forgotten, told twice, or told too late?
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.act.paging.scene import HOOK, MINUTE_NS, Scene, a_manual
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.page_memory import end_pages
from watchkeeper.act.paging import escalating
from watchkeeper.act.sender import LEASE_NS
from watchkeeper.decide.paging.values import EndPage
from watchkeeper.decide.reasons import Reason
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store import notices, outbox, pages
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.pages import PageRow

NAMES = ("ada", "bo", "cy", "di")
CHANNELS = {"push": HOOK, "mail": HOOK, "chat": HOOK, "later": {**HOOK, "planned": True}}
SEVERITIES = ("P1", "P2", "P3")

minutes = st.integers(0, 12).map(lambda n: f"{n}m")
some_ways: st.SearchStrategy[list[str]] = st.lists(st.sampled_from(("push", "mail", "later")), max_size=3, unique=True)
coin: st.SearchStrategy[Any] = st.booleans()
some_severities: st.SearchStrategy[list[str]] = st.lists(st.sampled_from(SEVERITIES), max_size=2, unique=True)


@st.composite
def a_person(draw: st.DrawFn) -> dict[str, Any]:
    ways: list[str] = draw(some_ways)
    person: dict[str, Any] = {"contacts": {way: {"channel": way} for way in ways}}
    if ways and draw(coin):
        rule = st.fixed_dictionaries({"by": st.sampled_from(ways), "after": minutes, "severity": some_severities})
        person["rules"] = draw(st.lists(rule, min_size=1, max_size=3))
    if draw(st.integers(0, 3)) == 0:
        begins, lasts = draw(st.integers(0, 23)), draw(st.integers(1, 9))
        hours = {"from": f"{begins:02}:00", "to": f"{(begins + lasts) % 24:02}:00", "severity": ["P3"]}
        person["quiet"] = [hours]
    if draw(st.integers(0, 3)) == 0:
        person["throttle"] = {"count": draw(st.integers(1, 3)), "per": "10m"}
    return person


@st.composite
def a_step(draw: st.DrawFn) -> dict[str, Any]:
    step: dict[str, Any] = {"severity": draw(some_severities), "after": draw(minutes)}
    kind: str = draw(st.sampled_from(("person", "schedule", "channel", "everyone", "mixed")))
    if kind in ("person", "mixed"):
        step["person"] = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2))
    if kind in ("schedule", "mixed"):
        step["schedule"] = draw(st.sampled_from(("team", "nights")))
    if kind == "channel":
        step["channel"] = draw(st.sampled_from(tuple(CHANNELS)))
    if kind == "everyone":
        step["everyone"] = True
    return step


@st.composite
def manuals(draw: st.DrawFn) -> Manual:
    turn = draw(st.sampled_from(("1h", "3h", "1d", "1w")))
    hours = [{"from": "20:00", "to": "08:00"}]
    policy = st.fixed_dictionaries(
        {"steps": st.lists(a_step(), min_size=1, max_size=4), "repeat": st.integers(0, 2)},
        optional={"repeat_after": minutes, "lapses": st.sampled_from(("7m", "30m"))},
    )
    sections: dict[str, Any] = {
        "channels": CHANNELS,
        "severities": {name: {} for name in SEVERITIES},
        "people": {name: draw(a_person()) for name in NAMES},
        "schedules": {
            "team": {"rotation": {"every": turn, "people": list(draw(st.permutations(NAMES)))[:3]}},
            "nights": {"rotation": {"every": "1d", "people": ["di"], "during": hours}},
        },
        "policies": {"night": draw(policy), "major": draw(policy)},
    }
    if draw(st.booleans()):
        sections["incidents"] = {"policy": "major"}
    return a_manual(**sections)


deeds = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 40)),
    st.tuples(st.just("open"), st.sampled_from(SEVERITIES)),
    st.tuples(st.sampled_from(("acknowledge", "snooze", "escalate", "back", "end", "resolve")), st.integers(0, 5)),
    st.tuples(st.just("crash"), st.integers(0, 3)),
    st.tuples(st.just("fails"), st.integers(0, 3)),
    st.tuples(st.just("taken"), st.just(0)),
)


class Watched:
    """
    A scene whose every sending and every pass is looked at.
    """

    def __init__(self, manual: Manual) -> None:
        self.scene = Scene(manual, before_send=self.sending)
        self.numbers = [self.scene.page("first")]
        self.taken: Counter[tuple[Any, ...]] = Counter()
        self.failing, self.taking = 0, False
        for phone in self.scene.phones.values():
            phone.does = self.answer

    def answer(self, row: NoticeRow) -> Sent | Failed:
        if self.taking and row.kind == "page":  # somebody is faster than the answer
            self.taking = False
            self.scene.acknowledge(row.transition_id)
            return Failed(why="busy", retryable=True)
        self.failing -= self.failing > 0
        return Failed(why="busy", retryable=True) if self.failing else Sent(status=200)

    def sending(self, row: NoticeRow) -> None:
        """
        No send begins after an acknowledgement; nobody is sent the same twice, but for a shown unknown outcome.
        """
        if row.kind in ("page", "bundle"):
            about = row.body.get("pages") or [row.transition_id]
            assert any(self.scene.row(number).state == "open" for number in about), row
        again = "again_for" in row.body
        key = (row.subject, row.kind, row.transition_id, row.cycle, row.person, row.channel, row.address)
        if row.attempts == 1:
            assert self.taken[key] == 0, key
            self.taken[key] += 1
        if again:
            first = (*key[:3], -1 - row.cycle, *key[4:])
            assert any(_key(one) == first and one.state == "unknown" for one in self.messages(row)), key

    def messages(self, row: NoticeRow) -> list[NoticeRow]:
        with self.scene.state.reading() as view:
            return notices.of_subject(view, row.subject, most=1000)

    def do(self, deed: str, arg: Any) -> None:
        scene, now_ns = self.scene, self.scene.clock.now_ns()
        number = self.numbers[arg % len(self.numbers)] if isinstance(arg, int) else 0
        over = number and scene.row(number).state == "ended"
        match deed:
            case "wait":
                for _ in range(arg):
                    scene.clock.move(minutes=1)
                    self.pass_and_send()
            case "open":
                self.numbers.append(scene.page(f"page-{len(self.numbers)}", severity=arg))
            case "acknowledge":
                scene.acknowledge(number)
            case "end" if not over:
                with scene.state.transaction() as tx:
                    end_pages(tx, [EndPage(id=number, at_ns=now_ns, reason=Reason.ALERTS_OVER)])
            case "snooze" if not over:
                scene.desk.snooze(number, for_ns=9 * MINUTE_NS, by="ada")
            case "escalate" if not over:
                scene.desk.escalate(number, by="ada")
            case "resolve" if not over:
                scene.desk.resolve(number, by="ada")
            case "back" if scene.row(number).state in ("acknowledged", "snoozed"):
                scene.desk.unacknowledge(number, by="ada")
            case "crash":
                self.crash(arg)
            case "fails":
                self.failing = arg + 1
            case "taken":
                self.taking = True
        self.pass_and_send()

    def crash(self, limit: int) -> None:
        """
        Rows are decided and claimed, and then the process is gone; the next one sees it when the lease is over.
        """
        self.passing()
        with self.scene.state.transaction() as tx:
            outbox.claim_due(tx, now_ns=self.scene.clock.now_ns(), lease_ns=LEASE_NS, worker="gone", limit=limit + 1)
        self.scene.restart()

    def pass_and_send(self) -> None:
        self.passing()
        self.scene.sender.send_due()

    def passing(self) -> None:
        """
        One pass, and everybody whom the steps name that it went through is sent something or is refused with a reason.
        """
        scene, now_ns = self.scene, self.scene.clock.now_ns()
        before = {row.id: row for row in scene.desk.standing()}
        known = {number: len(scene.decided(number)) for number in before}
        escalating.run(scene.state, scene.standing, now_ns=now_ns)
        for number, old in before.items():
            self.everybody_answered_for(old, scene.row(number), scene.decided(number)[known[number] :])

    def everybody_answered_for(self, old: PageRow, new: PageRow, said: list[DecisionRow]) -> None:
        manual = self.scene.manual
        if new.reason == "exhausted" or new.policy != old.policy or new.cycle == old.cycle:
            return
        again = new.round != old.round or old.state != "open"
        steps = manual.policies[new.policy].steps[0 if again else old.step : new.step]
        for step in steps:
            if step.severity and new.severity not in step.severity:
                continue
            for person in (*step.person, *(manual.people if step.everyone else ())):
                mine = [one for one in said if one.person == person]
                assert mine, (person, new)
                assert any(one.verdict != "refuse" for one in mine) == self.can_be_reached(person, new.severity), mine
            for schedule in step.schedule:
                assert any(one.person or one.because_of == f"schedule {schedule}" for one in said)

    def can_be_reached(self, person: str, severity: str | None) -> bool:
        entry = self.scene.manual.people[person]
        ways = {name for name, method in entry.contacts.items() if method.channel != "later"}
        if entry.rules:
            ways &= {rule.by for rule in entry.rules if not rule.severity or severity in rule.severity}
        return bool(ways)

    def at_the_end(self) -> None:
        reasons = {one.value for one in Reason}
        for number in self.numbers:
            row = self.scene.row(number)
            assert row.state != "open" or row.due_ns is not None or row.reason == "exhausted"
            for decision in self.scene.decided(number):
                assert decision.reason in reasons
                assert decision.verdict != "refuse" or decision.because_of or decision.reason == "already-paged"
            said = [one for one in self.scene.decided(number) if one.verdict in ("send", "hold")]
            first = [one for one in self.scene.messages(number) if "again_for" not in one.body]
            assert len(said) == len(first), "each decision to send is a message"
            for message in self.scene.messages(number):
                assert message.reason
                assert message.state in ("sent", "unknown", "cancelled", "merged", "due", "held", "sending")


def _key(row: NoticeRow) -> tuple[Any, ...]:
    return (row.subject, row.kind, row.transition_id, row.cycle, row.person, row.channel, row.address)


def check(manual: Manual, doings: list[tuple[str, Any]]) -> None:
    watched = Watched(manual)
    watched.pass_and_send()
    for deed, arg in doings:
        watched.do(deed, arg)
    watched.failing = 0
    watched.do("wait", 5)
    watched.at_the_end()
    watched.scene.state.close()


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(manuals(), st.lists(deeds, max_size=10))
def test_nobody_is_forgotten_told_twice_or_told_what_somebody_has(manual: Manual, doings: list[Any]) -> None:
    check(manual, doings)


@pytest.mark.torture
@settings(max_examples=20_000, deadline=timedelta(minutes=2), suppress_health_check=SLOW)
@given(manuals(), st.lists(deeds, max_size=20))
def test_the_same_in_twenty_thousand_cases(manual: Manual, doings: list[Any]) -> None:
    check(manual, doings)


def test_the_pages_of_a_watched_scene_are_those_of_the_state() -> None:
    manual = a_manual(
        people={"ada": {"contacts": {"push": {"channel": "push"}}}}, policies={"night": {"steps": [{"person": "ada"}]}}
    )
    watched = Watched(manual)
    watched.pass_and_send()
    with watched.scene.state.reading() as view:
        assert [row.id for row in pages.standing(view)] == watched.numbers
    assert list(watched.taken.values()) == [1]
