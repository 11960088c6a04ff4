"""
What can people ask of pages, and do with them?

The use cases behind every door: API, terminal, pages for people, links in messages. Whatever is done says by whom, and
stands in the audit log by the transaction in which it is done.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from watchkeeper.act.accounts.audit import audited
from watchkeeper.act.accounts.visitor import By, name_of
from watchkeeper.act.acknowledging import acknowledge
from watchkeeper.act.page_memory import end_messages
from watchkeeper.act.paging import bundling, escalating
from watchkeeper.act.paging.rows import decided, subject_of
from watchkeeper.act.standing import Standing
from watchkeeper.decide.oncall.reach import CONTACT
from watchkeeper.decide.paging.reaching import Ways, reach
from watchkeeper.decide.paging.values import PageState, Send
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import Kind
from watchkeeper.outside.clock import Clock
from watchkeeper.store import decisions, incidents, notices, outbox, pages
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.incidents import IncidentRow
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.pages import PageRow
from watchkeeper.store.state import State

LONGEST_SNOOZE_NS = 24 * 3600 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class PageStory:
    """
    A page with its alerts, every decision and message about it (newest first), and its incident.
    """

    row: PageRow
    alerts: tuple[str, ...]
    decisions: tuple[DecisionRow, ...]
    notices: tuple[NoticeRow, ...]
    incident: IncidentRow | None


class CannotDo(Exception):
    """
    It cannot be done with this page, and why, in a sentence.
    """


class PageDesk:
    """
    Pages, for people. Safe to call from any thread. An unknown page is a KeyError with its number.
    """

    def __init__(self, state: State, clock: Clock, standing: Callable[[], Standing]) -> None:
        self._state, self._clock, self._standing = state, clock, standing

    # --- reading

    def recent(self, *, most: int = 50) -> list[PageRow]:
        """
        The newest pages, newest first, whatever became of them.
        """
        with self._state.reading() as view:
            return pages.recent(view, most=most)

    def standing(self) -> list[PageRow]:
        """
        Every page that is not over, oldest first.
        """
        with self._state.reading() as view:
            return pages.standing(view)

    def alerts_of(self, numbers: Iterable[int]) -> dict[int, tuple[str, ...]]:
        """
        The keys of the alerts that each page speaks of.
        """
        with self._state.reading() as view:
            return pages.alerts_of(view, numbers)

    def page(self, number: int) -> PageStory:
        """
        One page with all that happened.
        """
        with self._state.reading() as view:
            row = _page(view, number)
            return PageStory(
                row=row,
                alerts=pages.alerts_of(view, [number]).get(number, ()),
                decisions=tuple(decisions.of_alert(view, subject_of(number), most=1000)),
                notices=tuple(notices.of_subject(view, subject_of(number), most=1000)),
                incident=None if row.incident_id is None else incidents.by_id(view, row.incident_id),
            )

    def why(self, alert_key: str) -> list[DecisionRow]:
        """
        What was decided about telling and paging people of an alert, newest first: those of its pages among them.
        """
        with self._state.reading() as view:
            subjects = [alert_key, *(subject_of(row.id) for row in pages.of_alert(view, alert_key))]
            rows = [one for subject in subjects for one in decisions.of_alert(view, subject, most=200)]
        return sorted(rows, key=lambda one: (one.at_ns, one.id), reverse=True)

    # --- doing

    def acknowledge(self, numbers: Iterable[int], *, by: By) -> list[PageRow]:
        """
        Somebody has these pages; as they stand then. One that is over stays over.
        """
        with self._state.transaction() as tx:
            return acknowledge_all(tx, list(numbers), by=by, now_ns=self._clock.now_ns())

    def unacknowledge(self, number: int, *, by: By) -> PageRow:
        """
        Somebody does not have it after all: it begins again from the first step.
        """
        with self._state.transaction() as tx:
            row, now_ns = _page(tx, number), self._clock.now_ns()
            if row.state not in (PageState.ACKNOWLEDGED, PageState.SNOOZED):
                raise CannotDo(f"page {number} is {row.state}; only one that somebody has can be given back")
            begun: dict[str, Any] = {"state": PageState.OPEN.value, "step": 0, "round": 0, "due_ns": now_ns}
            pages.change(tx, number, **begun, reason=Reason.BY_A_PERSON.value)
            decided(tx, [number], verdict="reopen", reason=Reason.BY_A_PERSON, by=name_of(by), at_ns=now_ns)
            audited(tx, by, "page.unacknowledge", subject_of(number), at_ns=now_ns)
            return _page(tx, number)

    def snooze(self, number: int, *, for_ns: int, by: By) -> PageRow:
        """
        Put a page off, at most for a day; then it begins again from the first step.
        """
        with self._state.transaction() as tx:
            return snooze(tx, number, for_ns=for_ns, by=by, now_ns=self._clock.now_ns())

    def escalate(self, number: int, *, by: By) -> PageRow:
        """
        Page the next ones at once, whoever has it now.
        """
        with self._state.transaction() as tx:
            return escalate(tx, number, by=by, now_ns=self._clock.now_ns())

    def resolve(self, number: int, *, by: By, reason: str = "") -> PageRow:
        """
        End a page by hand, although its alerts may still fire: it does not come back for them.
        """
        with self._state.transaction() as tx:
            return resolve(tx, number, by=by, now_ns=self._clock.now_ns(), reason=reason)

    def test(self, person: str, *, by: By) -> list[Send]:
        """
        Send somebody a test page by every contact method, at once; what went out, and what did not, with its reason.

        `person` may be `contact:NAME`. KeyError for somebody whom the manual does not name.
        """
        standing, now_ns = self._standing(), self._clock.now_ns()
        manual = standing.manual
        name = person.removeprefix(CONTACT)
        if name not in (manual.people if name == person else manual.contacts):
            raise KeyError(person)
        bare = manual.people.get(person)
        if bare is not None and (bare.rules or bare.quiet):
            alone = {**manual.people, person: bare.model_copy(update={"rules": (), "quiet": ()})}
            manual = manual.model_copy(update={"people": alone})
        sends = reach(
            person, Ways(manual=manual, severity=None, at_ns=now_ns, dead=standing.dead()), reason=Reason.TEST
        )
        with self._state.transaction() as tx:
            outbox.add(tx, [_test_row(one, name_of(by), now_ns) for one in sends if one.send])
            sent = [one.method for one in sends if one.send]
            audited(tx, by, "page.test", f"person/{person}", detail={"methods": sent}, at_ns=now_ns)
        return sends


def acknowledge_all(tx: Connection, numbers: Sequence[int], *, by: By, now_ns: int) -> list[PageRow]:
    """
    Somebody has these pages; as they stand then. KeyError.
    """
    for number in numbers:
        _page(tx, number)
    acknowledge(tx, pages=numbers, by=by, at_ns=now_ns)
    return [_page(tx, number) for number in numbers]


def snooze(tx: Connection, number: int, *, for_ns: int, by: By, now_ns: int) -> PageRow:
    """
    Put a page off. KeyError, CannotDo.
    """
    if not 0 < for_ns <= LONGEST_SNOOZE_NS:
        raise CannotDo("a page can be put off for up to 24 hours")
    _not_over(tx, number)
    state = PageState.SNOOZED.value
    pages.change(tx, number, state=state, due_ns=now_ns + for_ns, by=name_of(by), reason=Reason.SNOOZED.value)
    outbox.cancel_about(tx, subject_of(number), now_ns=now_ns, reason=Reason.SNOOZED.value)
    bundling.without(tx, [number], now_ns=now_ns, reason=Reason.SNOOZED)
    decided(tx, [number], verdict="snooze", reason=Reason.SNOOZED, by=name_of(by), at_ns=now_ns)
    audited(tx, by, "page.snooze", subject_of(number), detail={"seconds": for_ns // 10**9}, at_ns=now_ns)
    return _page(tx, number)


def escalate(tx: Connection, number: int, *, by: By, now_ns: int) -> PageRow:
    """
    Page the next ones at once. KeyError, CannotDo.
    """
    row = _not_over(tx, number)
    escalating.further(tx, row, reason=Reason.BY_A_PERSON, at_ns=now_ns)
    decided(tx, [number], verdict="escalate", reason=Reason.BY_A_PERSON, by=name_of(by), at_ns=now_ns)
    audited(tx, by, "page.escalate", subject_of(number), at_ns=now_ns)
    return _page(tx, number)


def resolve(tx: Connection, number: int, *, by: By, now_ns: int, reason: str = "") -> PageRow:
    """
    End a page by hand. KeyError, CannotDo.
    """
    row, name = _not_over(tx, number), name_of(by)
    ended: dict[str, Any] = {"state": PageState.ENDED.value, "ended_ns": now_ns, "due_ns": None, "by": name}
    pages.change(tx, number, **ended, reason=Reason.BY_A_PERSON.value)
    end_messages(tx, replace(row, by=name), reason=Reason.BY_A_PERSON, at_ns=now_ns)
    bundling.without(tx, [number], now_ns=now_ns, reason=Reason.BY_A_PERSON)
    why = Reason.BY_A_PERSON
    decided(tx, [number], verdict="resolve", reason=why, by=name, at_ns=now_ns, because_of=reason)
    audited(tx, by, "page.resolve", subject_of(number), detail={"reason": reason} if reason else None, at_ns=now_ns)
    return _page(tx, number)


def _page(view: Connection, number: int) -> PageRow:
    row = pages.by_id(view, number) if 0 < number < 2**63 else None
    if row is None:
        raise KeyError(number)
    return row


def _not_over(view: Connection, number: int) -> PageRow:
    row = _page(view, number)
    if row.state == PageState.ENDED:
        raise CannotDo(f"page {number} is over")
    return row


def _test_row(send: Send, by: By, now_ns: int) -> NoticeRow:
    return NoticeRow(
        subject=f"test/{send.person}",
        kind=Kind.TEST.value,
        person=send.person,
        channel=send.channel,
        address=send.method,
        body={"at_ns": now_ns, "by": by},
        created_ns=now_ns,
        due_ns=now_ns,
        transition_id=now_ns,
        reason=Reason.TEST.value,
    )
