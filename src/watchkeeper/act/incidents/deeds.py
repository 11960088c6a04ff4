"""
What is a deed on an incident, and what does it refuse?

A deed is one transaction, stands on the timeline and in the audit log with who did it, and refuses with a sentence.
KeyError: there is no incident of this number.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches

from sqlalchemy import Connection

from watchkeeper.act.accounts.audit import audited
from watchkeeper.act.accounts.visitor import By, name_of
from watchkeeper.act.incidents import telling
from watchkeeper.act.incidents.journal import (
    CLOSED,
    clock_of,
    incident_of,
    row_of,
)
from watchkeeper.act.incidents.marks import RESPONDERS
from watchkeeper.act.incidents.people import person_named
from watchkeeper.act.incidents.telling import News
from watchkeeper.act.standing import Standing
from watchkeeper.decide import process
from watchkeeper.decide.values import Incident
from watchkeeper.manual.model.manual import Manual
from watchkeeper.outside.clock import Clock
from watchkeeper.store import alerts as alert_rows
from watchkeeper.store import incident_work, incidents
from watchkeeper.store.incidents import IncidentRow, TimelineRow
from watchkeeper.store.state import State

#: The roles that every process has; only responders are several at once.
ROLES = ("commander", "communications", "scribe", RESPONDERS)
MOST_TEXT = 4000


class NotNow(Exception):
    """
    It cannot be done as things stand; the text says why.
    """


class Several(NotNow):
    """
    More than one incident could be meant.
    """

    def __init__(self, found: Sequence[Incident]) -> None:
        names = ", ".join(f"#{one.number} {one.title}" for one in found)
        super().__init__(f"found {len(found)} open incidents that nobody has; wanted the number of one: {names}")
        self.found = tuple(found)


class Unfit(Exception):
    """
    What was written does not fit; the text says what was found and what is wanted, `nearest` names what may be meant.
    """

    def __init__(self, why: str, nearest: Sequence[str] = ()) -> None:
        super().__init__(why)
        self.nearest = tuple(nearest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """
    One deed on one incident, within its transaction.
    """

    tx: Connection
    row: IncidentRow
    at_ns: int
    by: str
    who: By

    def write(self, kind: str, text: str, **data: object) -> int:
        """
        A line of the timeline; its id.
        """
        self.audit(kind, text=text)
        line = TimelineRow(
            incident_id=self.row.id, at_ns=self.at_ns, kind=kind, text=text[:MOST_TEXT], by=self.by, data=data
        )
        return incidents.add_entry(self.tx, line)

    def audit(self, deed: str, **detail: object) -> None:
        """
        A line of the audit log.
        """
        what = f"incident/{self.row.number}"
        audited(self.tx, self.who, f"incident.{deed}", what, detail=detail, at_ns=self.at_ns)


class Deeds:
    """
    What every part of the desk needs.
    """

    def __init__(self, state: State, clock: Clock, standing: Callable[[], Standing]) -> None:
        self._state, self._clock, self._standing = state, clock, standing

    def roles(self) -> tuple[str, ...]:
        """
        The roles that people can take, those of the manual after the usual ones.
        """
        named = self._manual.incidents.roles if self._manual.incidents is not None else ()
        return tuple(dict.fromkeys((*ROLES, *named)))

    @property
    def _manual(self) -> Manual:
        return self._standing().manual

    @contextmanager
    def _deed(self, number: int, by: By) -> Iterator[Deed]:
        at_ns = self._clock.now_ns()
        with self._state.transaction() as tx:
            yield Deed(tx=tx, row=row_named(tx, number), at_ns=at_ns, by=name_of(by), who=by)

    def _again(self, deed: Deed) -> IncidentRow:
        return row_named(deed.tx, deed.row.number)

    def _done(self, view: Connection, incident_id: int) -> Incident:
        row = incidents.by_id(view, incident_id)
        assert row is not None
        return incident_of(view, row)

    def _move_clocks(self, tx: Connection, row: IncidentRow, *, at_ns: int) -> None:
        rules = [key.partition("[")[0] for key in incidents.alerts_of(tx, row.id)]
        owes = process.owed(self._manual, row.severity, opened_ns=row.opened_ns, rules=rules)
        clocks = [clock_of(one) for one in incident_work.clocks_of(tx, row.id)]
        moved = process.moved(clocks, owes, now_ns=at_ns)
        incident_work.put_clocks(tx, [row_of(one, row.id) for one in moved.put])
        incident_work.drop_clocks(tx, row.id, moved.drop)

    def _reseverity(self, deed: Deed, severity: str, *, reason: str) -> None:
        """
        Another severity from now on: its clocks, a line on the timeline, and everybody hears.
        """
        before = deed.row.severity
        incidents.update_fields(deed.tx, deed.row.id, severity=severity)
        row = self._again(deed)
        self._move_clocks(deed.tx, row, at_ns=deed.at_ns)
        text = f"{before} → {severity}" + (f": {reason}" if reason else "")
        entry = deed.write("severity", text, before=before, after=severity)
        telling.tell_all(deed.tx, row, self._manual, news_of("severity", text, deed, entry))

    def _person(self, written: str) -> str:
        known = self._manual.people
        found = person_named(self._manual, written)
        if found is None:
            names = ", ".join(known) or "nobody: the manual names no people"
            raise Unfit(f"found no person {written[:100]!r}; wanted one of: {names}", near(written, list(known)))
        return found

    def _demand_open(self, deed: Deed) -> None:
        if deed.row.state == CLOSED:
            raise NotNow(f"incident {deed.row.number} is closed already: by {deed.row.closed_by}")

    def _demand_role(self, role: str) -> None:
        if role not in self.roles():
            raise Unfit(
                f"found no role {role[:100]!r}; wanted one of: {', '.join(self.roles())}", near(role, self.roles())
            )

    def _demand_severity(self, severity: str) -> None:
        known = list(self._manual.severities)
        if severity not in known:
            raise Unfit(
                f"found no severity {severity[:100]!r}; wanted one of: {', '.join(known)}", near(severity, known)
            )

    def _demand_service(self, service: str | None) -> None:
        known = [*self._manual.services, *self._manual.dependencies]
        if service is not None and service not in known:
            raise Unfit(f"found no service {service[:100]!r}; wanted one of: {', '.join(known)}", near(service, known))

    def _demand_alerts(self, view: Connection, alerts: Sequence[str]) -> None:
        known = alert_rows.named(view, alerts)
        for one in alerts:
            if one not in known and one not in self._manual.alerts:
                every = [row.key for row in alert_rows.every(view)]
                raise Unfit(f"found no alert {one[:200]!r}", near(one, [*every, *self._manual.alerts]))


def row_named(view: Connection, number: int) -> IncidentRow:
    row = incidents.by_number(view, number)
    if row is None:
        raise KeyError(number)
    return row


def entry_of(view: Connection, row: IncidentRow, entry_id: int) -> TimelineRow:
    found = incidents.entry(view, entry_id)
    if found is None or found.incident_id != row.id:
        raise Unfit(f"found no entry {entry_id} on the timeline of incident {row.number}")
    return found


def news_of(event: str, text: str, deed: Deed, entry: int) -> News:
    return News(event=event, text=text, at_ns=deed.at_ns, entry=entry, by=deed.by)


def written(text: str) -> str:
    if not text.strip():
        raise Unfit("found no text; wanted what you saw or did")
    return text.strip()[:MOST_TEXT]


def near(written: str, known: Sequence[str]) -> list[str]:
    return get_close_matches(written[:200], known, n=3, cutoff=0.5)


def article(role: str) -> str:
    return "a responder" if role == RESPONDERS else role
