"""
Who is paged next, and when is the page looked at again?

One pure function takes a page one step further. A step that reaches nobody is skipped at once and says so; when all
steps were gone through as often as the policy says, the page is exhausted: its policy's last channels hear of it, and
it goes on by the policy of incidents, if there is another one. A page that somebody has, or put off, comes back when
nothing followed, or when its time is over. When nobody answered by the time to respond of its alerts, the next step
comes at once, after the last one the first, and the record says that it is late.

>>> shop = Manual(
...     watchkeeper=1, manual="Shop", channels={"push": {"kind": "slack", "address_env": "HOOK"}},
...     people={"ada": {"channels": "push"}, "bo": {}, "cy": {"channels": "push"}},
...     policies={"night": {"steps": [{"person": "ada"}, {"person": "bo", "after": "5m"}, {"person": "cy"}]}},
... )
>>> page = Page(key="disk", title="Disk is full", policy="night", opened_ns=0, due_ns=0)
>>> first = escalate(Facts(page=page, manual=shop), now_ns=0)
>>> [(one.person, one.reason.value) for one in first.sends], first.page.due_ns // MINUTE_NS
([('ada', 'paged')], 5)
>>> second = escalate(Facts(page=first.page, manual=shop), now_ns=5 * MINUTE_NS)
>>> [(one.person, one.send, one.reason.value) for one in second.sends]
[('bo', False, 'unreachable'), ('cy', True, 'escalated')]
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from watchkeeper.decide.oncall.reach import CONTACT
from watchkeeper.decide.paging.reaching import Ways, reach, through
from watchkeeper.decide.paging.throttling import Carried, after, throttle_of, throttled
from watchkeeper.decide.paging.values import Page, PageState, Send
from watchkeeper.decide.reasons import Reason
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.reaching import EscalationStep, Policy
from watchkeeper.manual.units import Duration

MINUTE_NS: Final = 60 * 10**9
AFTER_NS: Final = 5 * MINUTE_NS  # from step to step, and from round to round, where nobody says
#: Whom a severity pages that says `page: everyone`.
EVERYONE: Final = Policy(steps=(EscalationStep(everyone=True),))

#: One way to one person: who, through which channel, by which contact method.
Recipient = tuple[str, str, str]

#: Why a page began again; its first step says so.
_BEGAN_AGAIN: Final = (
    Reason.PAGED_AGAIN,
    Reason.LAPSED,
    Reason.SNOOZE_OVER,
    Reason.SEVERITY_GREW,
    Reason.BY_A_PERSON,
    Reason.EVENT,
    Reason.DEADLINE_MISSED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    What a page is escalated by. `on_call`: who has each schedule now; `carried`: what contact methods carried lately,
    and `told` those that carried this page before. `acknowledged_ns`: the newest acknowledgement; `followed`: whether
    anything followed it. `respond_ns`: by when somebody has to answer, where nobody has and it was not missed yet.
    `alert_ns`: after how long its alerts go further, where they say so themselves.
    """

    page: Page
    manual: Manual
    on_call: Mapping[str, str | None] = field(default_factory=dict)
    dead: Mapping[str, str] = field(default_factory=dict)
    carried: Mapping[Recipient, Carried] = field(default_factory=dict)
    told: frozenset[Recipient] = frozenset()
    acknowledged_ns: int | None = None
    followed: bool = False
    respond_ns: int | None = None
    alert_ns: int | None = None
    times: int = 1  # what the manual leaves open passes so many times as fast


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """
    The page as it goes on, and every message and refusal of the steps that were looked at.
    """

    page: Page
    sends: tuple[Send, ...] = ()
    late: bool = False  # the time to respond is over just now


def escalate(facts: Facts, *, now_ns: int) -> Escalated:
    """
    All that is due of a page by now; nothing changes before its time.
    """
    page = facts.page
    if page.due_ns is None or page.due_ns > now_ns:
        return Escalated(page=page)
    match page.state:
        case PageState.ENDED:
            return Escalated(page=replace(page, due_ns=None))
        case PageState.SNOOZED:
            page = again(page, Reason.SNOOZE_OVER)
        case PageState.ACKNOWLEDGED:
            lapses_ns = _lapses_ns(facts)
            if lapses_ns is None or lapses_ns > now_ns:
                return Escalated(page=replace(page, due_ns=lapses_ns))
            page = again(page, Reason.LAPSED)
    late = facts.respond_ns is not None and facts.respond_ns <= now_ns
    if late:
        page = _late(page)
    found = _Walk(replace(facts, page=page), now_ns).walk(page)
    return replace(found, page=_until_late(found.page, facts, now_ns=now_ns), late=late)


def is_exhausted(*, state: str, due_ns: int | None, reason: str) -> bool:
    """
    Was everybody asked, so that nothing comes next but perhaps the end of the time to respond?
    """
    return state == PageState.OPEN and (due_ns is None or reason == Reason.EXHAUSTED)


def again(page: Page, reason: Reason) -> Page:
    """
    The page as it begins again from its first step.
    """
    return replace(page, state=PageState.OPEN, step=0, round=0, reason=reason)


def policy_named(name: str, manual: Manual) -> Policy | None:
    """
    A policy by name; everyone, for '' and for one that the manual no longer has; None where it names no people.
    """
    if name in manual.policies:
        return manual.policies[name]
    usual = manual.defaults.policy
    if name and usual in manual.policies:
        return manual.policies[usual or ""]
    return EVERYONE if manual.people else None


def schedules_of(policy: Policy | None) -> set[str]:
    """
    The schedules whose duty decides whom this policy pages.
    """
    return set() if policy is None else {name for step in policy.steps for name in step.schedule}


class _Walk:
    """
    One walk along the steps of a policy, until one of them reaches somebody.
    """

    def __init__(self, facts: Facts, now_ns: int) -> None:
        self.facts, self.now_ns, self.manual = facts, now_ns, facts.manual
        self.carried = dict(facts.carried)
        self.sends: list[Send] = []
        self.asked = facts.page.step > 0  # somebody was asked in this round: else no walk would have ended in it

    def walk(self, page: Page) -> Escalated:
        policy = policy_named(page.policy, self.manual)
        if policy is None or not policy.steps:
            return self._exhausted(page, None)
        waits_ns = self._first_waits_ns(page, policy)
        if waits_ns is not None:
            return Escalated(page=replace(page, due_ns=waits_ns))
        if page.step >= len(policy.steps):
            if page.round >= policy.repeat:
                return self._exhausted(page, policy)
            why = page.reason if page.reason is Reason.DEADLINE_MISSED else Reason.PAGED_AGAIN
            page, self.asked = replace(page, step=0, round=page.round + 1, reason=why), False
        for _ in policy.steps[page.step :]:
            page, reached = self._step(page, policy)
            if reached:
                return Escalated(page=page, sends=tuple(self.sends))
        if not self.asked and self._further(page) is not None:
            return self._exhausted(page, policy)
        due_ns = self.now_ns + self._between_rounds_ns(policy)
        return Escalated(page=replace(page, due_ns=due_ns), sends=tuple(self.sends))

    # --- one step

    def _step(self, page: Page, policy: Policy) -> tuple[Page, bool]:
        step, following = policy.steps[page.step], replace(page, step=page.step + 1)
        if not _fits(step, page):
            self._refuse(page, Reason.OTHER_SEVERITY, page.severity)
            return following, False
        reason = self._reason(page)
        found = [
            replace(one, step=page.step, round=page.round, cycle=page.cycle + one.cycle)
            for one in self._of_step(step, page, reason)
        ]
        found = [self._rationed(one) for one in found]
        self.sends += found
        going = [one for one in found if one.send]
        if not going:
            return following, False
        quiet = all(one.reason is Reason.QUIET_HOURS for one in going)
        base_ns = min(one.due_ns for one in going) if quiet else self.now_ns
        cycle = max(one.cycle for one in going) + 1
        due_ns = base_ns + self._next_ns(following, policy)
        following = replace(following, cycle=cycle, reason=Reason.ESCALATED if self.asked else Reason.PAGED)
        return replace(following, due_ns=due_ns), True

    def _of_step(self, step: EscalationStep, page: Page, reason: Reason) -> Iterator[Send]:
        ways = Ways(manual=self.manual, severity=page.severity, at_ns=self.now_ns, dead=self.facts.dead)
        seen: set[str] = set()
        for person, via in self._people_of(step):
            if person is None:
                yield self._nobody(via)
            elif person in seen:
                yield replace(self._nobody(via), person=person, reason=Reason.ALREADY_PAGED)
            else:
                seen.add(person)
                yield from reach(person, ways, reason=reason)
        for channel in dict.fromkeys(step.channel):
            yield through(channel, ways, reason=reason)

    def _people_of(self, step: EscalationStep) -> Iterator[tuple[str | None, str]]:
        for schedule in step.schedule:
            yield self.facts.on_call.get(schedule), f"schedule {schedule}"
        for person in step.person:
            yield person, f"person {person}"
        for contact in step.contact:
            yield f"{CONTACT}{contact}", f"contact {contact}"
        if step.everyone:
            for person in self.manual.people:
                yield person, "everyone"

    def _rationed(self, send: Send) -> Send:
        if not send.send or not send.person or send.reason is Reason.QUIET_HOURS:
            return send
        key = (send.person, send.channel, send.method)
        carried, first = self.carried.get(key, Carried()), key not in self.facts.told
        decided = throttled(send, throttle_of(send.person, self.manual), carried, first=first)
        self.carried[key] = after(carried, decided)
        return decided

    def _reason(self, page: Page) -> Reason:
        if page.reason in _BEGAN_AGAIN:
            return page.reason
        return Reason.ESCALATED if self.asked else Reason.PAGED

    def _refuse(self, page: Page, reason: Reason, because_of: str | None) -> None:
        refusal = replace(self._nobody(because_of), reason=reason)
        self.sends.append(replace(refusal, step=page.step, round=page.round, cycle=page.cycle))

    def _nobody(self, why: str | None) -> Send:
        return Send(
            person="",
            channel="",
            method="",
            due_ns=self.now_ns,
            reason=Reason.NOBODY_ON_CALL,
            send=False,
            because_of=why,
        )

    # --- times

    def _first_waits_ns(self, page: Page, policy: Policy) -> int | None:
        """
        Until when the very first step waits, where the manual says so.
        """
        first = policy.steps[0]
        if page.cycle or page.round or page.step or page.reason is not Reason.FIRST or first.after is None:
            return None
        until_ns = page.opened_ns + first.after.ns
        return until_ns if until_ns > self.now_ns and _fits(first, page) else None

    def _next_ns(self, page: Page, policy: Policy) -> int:
        """
        How long after the step that was taken the next one is due that is for this severity; else the next round.
        """
        for step in policy.steps[page.step :]:
            if _fits(step, page):
                return step.after.ns if step.after is not None else self._usual_ns(page)
        return self._between_rounds_ns(policy)

    def _usual_ns(self, page: Page) -> int:
        if self.facts.alert_ns is not None:
            return self.facts.alert_ns
        severity = self.manual.severities.get(page.severity or "")
        escalate = severity.escalate if severity else None
        return escalate.ns if isinstance(escalate, Duration) and escalate.ns > 0 else AFTER_NS // self.facts.times

    def _between_rounds_ns(self, policy: Policy) -> int:
        return policy.repeat_after.ns if policy.repeat_after is not None else AFTER_NS // self.facts.times

    # --- the end

    def _exhausted(self, page: Page, policy: Policy | None) -> Escalated:
        """
        Nobody acknowledged: the last channels of the policy hear of it, and the policy of incidents goes on.
        """
        ways = Ways(manual=self.manual, severity=page.severity, at_ns=self.now_ns, dead=self.facts.dead)
        channels = next((step.channel for step in reversed(policy.steps) if step.channel), ()) if policy else ()
        told = [through(channel, ways, reason=Reason.EXHAUSTED) for channel in channels]
        self.sends += [replace(one, step=page.step, round=page.round, cycle=page.cycle) for one in told]
        if not any(one.send for one in told):
            self._refuse(page, Reason.EXHAUSTED, page.policy or "everyone")
        page, further = replace(page, cycle=page.cycle + 1, due_ns=None, reason=Reason.EXHAUSTED), self._further(page)
        if further is None:
            return Escalated(page=page, sends=tuple(self.sends))
        self.asked = True
        page, policy = replace(page, policy=further, step=0, round=0), self.manual.policies[further]
        for _ in policy.steps:
            page, reached = self._step(page, policy)
            if reached:
                return Escalated(page=page, sends=tuple(self.sends))
        due_ns = self.now_ns + self._between_rounds_ns(policy)
        return Escalated(page=replace(page, due_ns=due_ns), sends=tuple(self.sends))

    def _further(self, page: Page) -> str | None:
        """
        The policy that goes on where this one reached nobody who acknowledged.
        """
        name = self.manual.incidents.policy if self.manual.incidents else None
        return name if name in self.manual.policies and name != page.policy else None


def _late(page: Page) -> Page:
    if is_exhausted(state=page.state, due_ns=page.due_ns, reason=page.reason):
        return again(page, Reason.DEADLINE_MISSED)
    return replace(page, reason=Reason.DEADLINE_MISSED)


def _until_late(page: Page, facts: Facts, *, now_ns: int) -> Page:
    """
    The page, looked at again no later than when the time to respond is over.
    """
    late_ns = facts.respond_ns
    if page.state is not PageState.OPEN or late_ns is None or late_ns <= now_ns:
        return page
    return replace(page, due_ns=late_ns if page.due_ns is None else min(page.due_ns, late_ns))


def _fits(step: EscalationStep, page: Page) -> bool:
    return not step.severity or page.severity in step.severity


def _lapses_ns(facts: Facts) -> int | None:
    """
    When the acknowledgement lapses; None where it does not, or something followed it.
    """
    policy = policy_named(facts.page.policy, facts.manual)
    if policy is None or policy.lapses is None or facts.followed:
        return None
    since_ns = facts.page.due_ns if facts.acknowledged_ns is None else facts.acknowledged_ns
    return (since_ns or 0) + policy.lapses.ns
