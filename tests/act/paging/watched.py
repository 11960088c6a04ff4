"""
What must hold of every pass, every sending and every message, whatever was done to the pages before?

A scene under an eye of its own: it says by itself, from the manual and the rows before and after, who had to be asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.act.paging.scene import MINUTE_NS, Scene
from watchkeeper.act.channels.sending import Failed, Sent
from watchkeeper.act.page_memory import end_pages
from watchkeeper.act.paging import escalating
from watchkeeper.act.sender import LEASE_NS
from watchkeeper.decide.oncall.coverage import on_call
from watchkeeper.decide.paging.values import EndPage
from watchkeeper.decide.reasons import Reason
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.reaching import EscalationStep, Policy
from watchkeeper.store import notices, outbox
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.pages import PageRow
from watchkeeper.store.state import State, open_memory

USUAL_NS = 5 * MINUTE_NS  # between steps and between rounds, where the manual says nothing
BUSY = Failed(why="busy", retryable=True)
REFUSED = Failed(why="no such member", retryable=False)
#: What may keep a message of a page from being sent, by what was done to the page.
_KEEPS = {"acknowledged", "snoozed", "alerts-over", "by-a-person"}


class Died(BaseException):
    """
    The process is gone, as by `kill -9`.
    """


class Wrong(BaseException):
    """
    A sending that ought not to be. No Exception, for the sender goes on after a bug of a channel.
    """


class Walked(NamedTuple):
    """
    The steps that a pass went through, in order, and whether it came to an end of its rounds.
    """

    steps: list[tuple[Policy, EscalationStep]]
    exhausted: bool


class Watched:
    """
    A scene whose every sending and every pass is looked at.
    """

    def __init__(self, manual: Manual, home: Callable[[], State] = open_memory) -> None:
        self.scene = Scene(manual, before_send=self.sending, before_render=self.rendering, home=home)
        self.numbers = [self.scene.page("first")]
        self.tried: defaultdict[int, list[str]] = defaultdict(list)  # what came of each attempt, by message
        self.keys: dict[tuple[Any, ...], int] = {}
        self.done: defaultdict[int, set[str]] = defaultdict(set)  # what was done to each page
        self.failing = 0
        self.next: str | None = None  # what happens at the next sending of a page
        for phone in self.scene.phones.values():
            phone.does = self.answer

    # --- what happens

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
            case "storm":  # and nothing gets through before somebody has some of them, or all
                storm = [scene.page(f"storm-{len(self.numbers)}-{i}") for i in range(arg)]
                self.numbers, self.failing = [*self.numbers, *storm], 100
                self.pass_and_send()
                for one in storm[: 2 if arg < 4 else arg]:
                    self.acknowledge(one)
                self.failing = 0
            case "acknowledge":
                self.acknowledge(number)
            case "end" if not over:
                self.done[number].add("alerts-over")
                with scene.state.transaction() as tx:
                    end_pages(tx, [EndPage(id=number, at_ns=now_ns, reason=Reason.ALERTS_OVER)])
            case "snooze" if not over:
                self.done[number].add("snoozed")
                scene.desk.snooze(number, for_ns=9 * MINUTE_NS, by="ada")
            case "escalate" if not over:
                scene.desk.escalate(number, by="ada")
                assert (scene.row(number).state, scene.row(number).due_ns) == ("open", now_ns)
            case "resolve" if not over:
                self.done[number].add("by-a-person")
                scene.desk.resolve(number, by="ada")
            case "back" if scene.row(number).state in ("acknowledged", "snoozed"):
                scene.desk.unacknowledge(number, by="ada")
                assert (scene.row(number).state, scene.row(number).due_ns) == ("open", now_ns)
            case "crash":
                self.crash(arg)
            case "fails":
                self.failing = arg + 1
            case "taken" | "taken late" | "refused" | "dies":
                self.next = deed
                self.numbers.append(scene.page(f"page-{len(self.numbers)}"))
        self.pass_and_send()

    def acknowledge(self, number: int) -> None:
        self.done[number].add("acknowledged")
        self.scene.acknowledge(number)

    def crash(self, limit: int) -> None:
        """
        Rows are decided and claimed, and then the process is gone; the next one sees it when the lease is over.
        """
        self.passing()
        now_ns = self.scene.clock.now_ns()
        with self.scene.state.transaction() as tx:
            claimed = outbox.claim_due(tx, now_ns=now_ns, lease_ns=LEASE_NS, worker="gone", limit=limit + 1)
        for row in claimed:
            self.tried[row.id].append("died")
        self.scene.restart()

    def pass_and_send(self) -> None:
        self.passing()
        try:
            self.scene.sender.send_due()
        except Died:
            self.scene.restart()
        except Wrong as wrong:
            raise AssertionError(str(wrong)) from None

    # --- sending

    def rendering(self, row: NoticeRow) -> None:
        if self.next == "taken late" and row.kind == "page":  # after it was claimed, before it is sent
            self.next = None
            self.acknowledge(row.transition_id)

    def sending(self, row: NoticeRow) -> None:
        """
        No sending begins after an acknowledgement; nobody is sent the same twice, but for a shown unknown outcome.
        """
        about = row.body.get("pages") or [row.transition_id]
        if row.kind in ("page", "bundle") and all(self.scene.row(number).state != "open" for number in about):
            raise Wrong(f"somebody has it: {row}")
        tried, key = self.tried[row.id], _key(row)
        if not set(tried) <= {"failed"}:
            raise Wrong(f"sent again, and nobody can see why: {row}")
        if self.keys.setdefault(key, row.id) != row.id:
            raise Wrong(f"the same cycle twice: {row}")
        first = (*key[:3], -1 - row.cycle, *key[4:])
        unknown = [one for one in self.messages(row) if _key(one) == first and one.state == "unknown"]
        if "again_for" in row.body and not unknown:
            raise Wrong(f"repeated, and the first one is not unknown: {row}")
        tried.append("died")

    def answer(self, row: NoticeRow) -> Sent | Failed:
        happens, self.next = (self.next, None) if row.kind == "page" else (None, self.next)
        if happens == "dies":  # it has arrived, and nobody hears of that
            raise Died
        self.tried[row.id][-1] = "failed"
        if happens == "taken":  # somebody is faster than the answer
            self.acknowledge(row.transition_id)
            return BUSY
        if happens == "refused":
            return REFUSED
        self.failing -= self.failing > 0
        if self.failing:
            return BUSY
        self.tried[row.id][-1] = "sent"
        return Sent(status=200)

    def messages(self, row: NoticeRow) -> list[NoticeRow]:
        with self.scene.state.reading() as view:
            return notices.of_subject(view, row.subject, most=1000)

    # --- passing

    def passing(self) -> None:
        """
        One pass: whoever had to be asked by it is sent something, or there is a reason why not.
        """
        scene, now_ns = self.scene, self.scene.clock.now_ns()
        before = {row.id: row for row in scene.desk.standing()}
        due = [row for row in before.values() if row.due_ns is not None and row.due_ns <= now_ns]
        known = {row.id: len(scene.decided(row.id)) for row in due}
        escalating.run(scene.state, scene.standing, now_ns=now_ns)
        after = {row.id: row for row in scene.desk.standing()}
        for old in due:
            new, said = after[old.id], scene.decided(old.id)[known[old.id] :]
            assert new.due_ns is None or new.due_ns >= now_ns, f"it is still due: {new}"
            self.came_back_in_time(old, new, now_ns)
            self.everybody_answered_for(old, new, said, now_ns)
        assert {number: after[number] for number in before if number not in known} == {
            number: row for number, row in before.items() if number not in known
        }, "it was not its turn"

    def came_back_in_time(self, old: PageRow, new: PageRow, now_ns: int) -> None:
        if old.state == "snoozed":
            assert new.state == "open", "the snooze was over"
        if old.state != "acknowledged":
            return
        newest = max(one.at_ns for one in self.scene.decided(old.id) if one.verdict == "acknowledge")
        lapses = self.policy(old).lapses
        lapses_ns = None if lapses is None else newest + lapses.ns
        over = lapses_ns is not None and lapses_ns <= now_ns
        assert new.state == ("open" if over else "acknowledged")
        assert over or new.due_ns == lapses_ns

    def everybody_answered_for(self, old: PageRow, new: PageRow, said: list[DecisionRow], now_ns: int) -> None:
        if new.state != "open":
            return
        walked = self.walked(old, new)
        assert not walked.exhausted or any(one.reason == "exhausted" for one in said), "an end that nobody is told"
        assert walked.exhausted or walked.steps or old.cycle == 0 == len(said), "nobody was asked"
        for policy, step in walked.steps:
            fits = not step.severity or new.severity in step.severity
            self.answered_for(step, new, said, now_ns) if fits else None
            last = (policy, step) == walked.steps[-1]
            reached = [one for one in said if one.verdict != "refuse" and one.reason != "exhausted"]
            assert last or not reached or fits or len(walked.steps) > 1
        skipped = sum(bool(step.severity and new.severity not in step.severity) for _, step in walked.steps)
        others = [one for one in said if one.reason == "other-severity" and not one.person]
        assert len(others) == skipped, "a step for others has its reason"
        if walked.steps and not any(one.reason == "quiet-hours" for one in said):
            self.goes_on_in_time(new, now_ns)

    def walked(self, old: PageRow, new: PageRow) -> Walked:
        before, after = self.policy(old), self.policy(new)
        step, round_ = (0, 0) if old.state != "open" else (old.step, old.round)
        ended = step >= len(before.steps) and round_ >= before.repeat
        if step >= len(before.steps) and not ended:
            step = 0
        if new.policy != old.policy:
            return Walked([*_of(before, before.steps[step:]), *_of(after, after.steps[: new.step])], exhausted=True)
        assert ended == (new.reason == "exhausted"), "it goes round as often as the manual says"
        return Walked([] if ended else _of(after, after.steps[step : new.step]), exhausted=ended)

    def answered_for(self, step: EscalationStep, page: PageRow, said: list[DecisionRow], now_ns: int) -> None:
        manual = self.scene.manual
        for schedule in step.schedule:
            person = on_call(schedule, manual, [], now_ns)
            if person is None:
                assert any(one.because_of == f"schedule {schedule}" for one in said), "nobody is on call"
            else:
                self.asked(person, page, said)
        for person in (*step.person, *(manual.people if step.everyone else ())):
            self.asked(person, page, said)
        for channel in step.channel:
            sent = [one.verdict != "refuse" for one in said if not one.person and one.channel == channel]
            assert sent, (channel, page)
            assert any(sent) == (channel != "later")

    def asked(self, person: str, page: PageRow, said: list[DecisionRow]) -> None:
        """
        By each of the ways that their rules name, or there is a reason why not.
        """
        entry = self.scene.manual.people[person]
        mine = [one for one in said if one.person == person]
        assert mine, (person, page)
        ways = {rule.by for rule in entry.rules} if entry.rules else set(entry.contacts)
        now = {rule.by for rule in entry.rules if not rule.severity or page.severity in rule.severity}
        now = {way for way in (now if entry.rules else ways) if entry.contacts[way].channel != "later"}
        assert {one.channel for one in mine if one.verdict != "refuse"} == now, (person, page)
        assert {one.channel for one in mine if one.verdict == "refuse"} >= ways - now, (person, page)

    def goes_on_in_time(self, page: PageRow, now_ns: int) -> None:
        policy = self.policy(page)
        between_ns = policy.repeat_after.ns if policy.repeat_after else USUAL_NS
        fitting = [step for step in policy.steps[page.step :] if not step.severity or page.severity in step.severity]
        wait_ns = (fitting[0].after.ns if fitting[0].after else USUAL_NS) if fitting else between_ns
        assert page.due_ns == now_ns + wait_ns or (wait_ns == 0 and page.due_ns is not None), "when it goes further"

    def policy(self, page: PageRow) -> Policy:
        return self.scene.manual.policies[page.policy]

    # --- at the end

    def at_the_end(self) -> None:
        reasons, now_ns = {one.value for one in Reason}, self.scene.clock.now_ns()
        for number in self.numbers:
            row = self.scene.row(number)
            assert row.state != "open" or row.due_ns is not None or row.reason == "exhausted"
            assert row.state != "snoozed" or row.due_ns is not None
            for decision in self.scene.decided(number):
                assert decision.reason in reasons
                assert decision.verdict != "refuse" or decision.because_of or decision.reason == "already-paged"
            said = [one for one in self.scene.decided(number) if one.verdict in ("send", "hold")]
            found = self.scene.messages(number)
            first = [one for one in found if "again_for" not in one.body]
            assert len(said) == len(first), "each decision to send is a message"
            by_id = {one.id: one for one in found}
            for message in found:
                self.is_accounted_for(message, by_id, number, now_ns)

    def is_accounted_for(self, row: NoticeRow, known: dict[int, NoticeRow], number: int, now_ns: int) -> None:
        """
        It was sent, or it says why not, and that is true.
        """
        tried = self.tried[row.id]
        assert row.reason
        match row.state:
            case "sent":
                assert tried[-1] == "sent"
            case "unknown":
                assert tried[-1] == "died"
                again = [one for one in known.values() if _key(one)[3] == -1 - row.cycle and _same(one, row)]
                newer = [one for one in known.values() if _same(one, row) and one.id > row.id]
                assert again or newer or "again_for" in row.body or self.done[number], f"nobody sends it again: {row}"
            case "failed":
                assert tried[-1] == "failed"
            case "cancelled":
                assert row.reason in _KEEPS & self.done[number], f"cancelled without a cause: {row}"
            case "merged" if row.merged_into in known:
                other = known[row.merged_into]
                assert _same(other, row)
                later = other.due_ns > max(row.due_ns, other.created_ns) + MINUTE_NS  # a pass apart
                assert not later or "failed" in self.tried[other.id], f"held up by a later one: {row}"
            case "due" | "held":
                assert row.due_ns > now_ns - MINUTE_NS or row.attempts, f"forgotten: {row}"
            case state:
                assert state in ("merged", "sending"), row


def _of(policy: Policy, steps: tuple[EscalationStep, ...]) -> list[tuple[Policy, EscalationStep]]:
    return [(policy, step) for step in steps]


def _same(one: NoticeRow, other: NoticeRow) -> bool:
    return (one.person, one.channel, one.address) == (other.person, other.channel, other.address)


def _key(row: NoticeRow) -> tuple[Any, ...]:
    return (row.subject, row.kind, row.transition_id, row.cycle, row.person, row.channel, row.address)
