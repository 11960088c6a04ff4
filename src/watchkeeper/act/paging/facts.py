"""
By what is a page escalated: who is on call, which ways carry nothing, what they carried lately?
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from sqlalchemy import Connection

from watchkeeper.act.incidents import marks
from watchkeeper.act.paging.earlier import policy_at
from watchkeeper.act.paging.rows import page_of, subject_of
from watchkeeper.act.standing import Standing
from watchkeeper.decide import process
from watchkeeper.decide.oncall.coverage import on_call
from watchkeeper.decide.oncall.reach import CONTACT
from watchkeeper.decide.oncall.values import Override
from watchkeeper.decide.paging.escalation import EVERYONE, Facts, Recipient, policy_named, schedules_of
from watchkeeper.decide.paging.throttling import Carried, throttle_of
from watchkeeper.decide.paging.values import Page, PageState
from watchkeeper.decide.reasons import Reason
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.units import Duration
from watchkeeper.store import alerts, carried, decisions, overrides, pages
from watchkeeper.store.pages import PageRow

MOST_ALERTS: Final = 500  # of one page, that are asked by when they are answered
#: The verdict of a decision that nobody answered in time.
MISSED: Final = "missed"
#: What was done with a page after which no time to respond runs any more.
_ANSWERED: Final = frozenset({"acknowledge", "snooze", MISSED})


class Gathering:
    """
    What one pass knows: it reads the duty and the load of each person once.
    """

    def __init__(self, standing: Standing, *, now_ns: int) -> None:
        self.standing, self.manual, self.now_ns = standing, standing.manual, now_ns
        self.dead = dict(standing.dead())
        self._overrides: list[Override] | None = None
        self._duty: dict[str, str | None] = {}
        self._carried: dict[Recipient, Carried] = {}
        self._people: set[str] = set()
        self._earlier: dict[tuple[int, str], Manual] = {}
        self._own_escalate = {name for name, one in self.manual.alerts.items() if isinstance(one.escalate, Duration)}

    def facts(self, view: Connection, row: PageRow) -> Facts:
        """
        The facts of one page.
        """
        page, manual = page_of(row), self.manual_for(view, row)
        duty = self._duty_of(view, page.policy, manual)
        self._load(view, self._people_of(page.policy, duty, manual))
        acknowledged_ns = followed = None
        if page.state is PageState.ACKNOWLEDGED:
            acknowledged_ns = newest_acknowledgement_ns(view, page.id)
            followed = self._followed(view, row, acknowledged_ns)
        return Facts(
            page=page,
            manual=manual,
            on_call=duty,
            dead=self.dead,
            carried=self._carried,
            told=carried.told(view, page.id) if page.cycle else frozenset(),
            acknowledged_ns=acknowledged_ns,
            followed=bool(followed),
            respond_ns=self._respond_ns(view, page),
            alert_ns=self._alert_ns(view, page.id),
            times=self.standing.times,
        )

    def wrote(self, recipient: Recipient, now: Carried) -> None:
        """
        A contact method was given something to carry.
        """
        self._carried[recipient] = now

    def carried(self, recipient: Recipient) -> Carried:
        """
        What a contact method carries.
        """
        return self._carried.get(recipient, Carried())

    def manual_for(self, view: Connection, row: PageRow) -> Manual:
        """
        The manual, with the policy of this page as it was when the page opened.
        """
        key = row.revision, row.policy
        if row.revision == self.standing.revision or not row.policy:
            return self.manual
        if key not in self._earlier:
            policy = policy_at(view, *key)
            changed = policy is not None and policy != self.manual.policies.get(row.policy)
            policies = {**self.manual.policies, row.policy: policy}
            self._earlier[key] = self.manual.model_copy(update={"policies": policies}) if changed else self.manual
        return self._earlier[key]

    def _duty_of(self, view: Connection, policy: str, manual: Manual) -> dict[str, str | None]:
        """
        Who is on call in the schedules that this policy, or the one after it, asks; nobody in one that has gone.
        """
        further = self.manual.incidents.policy if self.manual.incidents else None
        named = [policy_named(one, manual) for one in (policy, further) if one is not None]
        schedules = {name for one in named for name in schedules_of(one)}
        for schedule in schedules - self._duty.keys():
            self._duty[schedule] = self._on_call(view, schedule)
        return {schedule: self._duty[schedule] for schedule in schedules}

    def _on_call(self, view: Connection, schedule: str) -> str | None:
        if schedule not in self.manual.schedules:
            return None
        return on_call(schedule, self.manual, self._standing_overrides(view), self.now_ns)

    def _standing_overrides(self, view: Connection) -> list[Override]:
        if self._overrides is None:
            rows = overrides.standing(view, since_ns=self.now_ns)
            self._overrides = [
                Override(id=one.id, schedule=one.schedule, begin_ns=one.begin_ns, end_ns=one.end_ns, person=one.person)
                for one in rows
            ]
        return self._overrides

    def _people_of(self, policy: str, duty: Mapping[str, str | None], manual: Manual) -> set[str]:
        further = self.manual.incidents.policy if self.manual.incidents else None
        people = {person for person in duty.values() if person is not None}
        for name in (policy, further):
            found = None if name is None else policy_named(name, manual)
            for step in (found or EVERYONE).steps:
                people |= {*step.person, *(f"{CONTACT}{contact}" for contact in step.contact)}
                people |= set(self.manual.people) if step.everyone else set()
        return people

    def _alert_ns(self, view: Connection, page_id: int) -> int | None:
        """
        The shortest time after which an alert of this page goes further by its own word.
        """
        if not self._own_escalate:
            return None
        rules = {key.partition("[")[0] for key in pages.alerts_of(view, [page_id]).get(page_id, ())}
        own = (self.manual.alerts[name].escalate for name in rules & self._own_escalate)
        return min((one.ns for one in own if isinstance(one, Duration) and one.ns > 0), default=None)

    def _load(self, view: Connection, people: set[str]) -> None:
        """
        What these people were sent lately.
        """
        new = people - self._people
        if not new:
            return
        self._people |= new
        longest_ns = max(throttle_of(one, self.manual).per.ns for one in new)
        sent: dict[Recipient, list[int]] = {}
        over: dict[Recipient, int] = {}
        for to, kind, reason, due_ns in carried.carried_since(view, new, since_ns=self.now_ns - longest_ns):
            if kind == carried.BUNDLE or reason == Reason.THROTTLED:
                over[to] = max(due_ns, over.get(to, due_ns))
            else:
                sent.setdefault(to, []).append(due_ns)
        waiting = carried.waiting(view, new)
        for to in {*sent, *over, *waiting}:
            self._carried[to] = Carried(tuple(sent.get(to, ())), over.get(to), waiting.get(to))

    def _respond_ns(self, view: Connection, page: Page) -> int | None:
        """
        By when somebody has to answer: the soonest of its alerts. An incident has a clock of its own for that.
        """
        said = self.manual.severities.get(page.severity or "")
        if said is None or page.state is not PageState.OPEN or page.incident_id is not None:
            return None
        if said.respond is None and page.severity not in self._own_times:
            return None
        if page.cycle and any(
            one.verdict in _ANSWERED for one in decisions.of_alert(view, subject_of(page.id), most=1000)
        ):
            return None
        keys = pages.alerts_of(view, [page.id]).get(page.id, ())
        found = alerts.named(view, keys[:MOST_ALERTS])
        ends = [self._ends_ns(one.rule, page, one.since_ns) for one in found.values()]
        return min((one for one in ends if one is not None), default=None)

    def _ends_ns(self, rule: str, page: Page, since_ns: int) -> int | None:
        alert = self.manual.alerts.get(rule)
        if alert is None or page.severity is None or alert.severity != page.severity:
            return None
        return process.respond_by(self.manual, page.severity, rules=(rule,), since_ns=max(since_ns, page.opened_ns))

    @cached_property
    def _own_times(self) -> frozenset[str | None]:
        return frozenset(one.severity for one in self.manual.alerts.values() if one.respond is not None)

    @staticmethod
    def _followed(view: Connection, row: PageRow, since_ns: int | None) -> bool:
        if since_ns is None or row.incident_id is None:
            return False
        return marks.followed(view, row.incident_id, since_ns=since_ns)


def newest_acknowledgement_ns(view: Connection, page_id: int) -> int | None:
    """
    When the page was last acknowledged.
    """
    rows = decisions.of_alert(view, subject_of(page_id), most=1000)
    return next((one.at_ns for one in rows if one.verdict == "acknowledge"), None)


def due_row(view: Connection, page_id: int, *, now_ns: int) -> PageRow | None:
    """
    The page as it now stands, when something of it is still due.
    """
    row = pages.by_id(view, page_id)
    if row is None or row.state == PageState.ENDED or row.due_ns is None or row.due_ns > now_ns:
        return None
    return row
