"""
What can people do with an incident?

Every door calls these and nothing else. A deed is one transaction, stands on the timeline with who did it, and refuses
with a sentence. KeyError: there is no incident of this number.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches

from sqlalchemy import Connection

from watchkeeper.act.accounts.audit import audited
from watchkeeper.act.accounts.visitor import Visitor
from watchkeeper.act.incidents import calling, moving, telling
from watchkeeper.act.incidents.checklists import RUNBOOK, checklist
from watchkeeper.act.incidents.course import IncidentCase, case_of, courses_between
from watchkeeper.act.incidents.evidence import evidence_of
from watchkeeper.act.incidents.journal import (
    CLOSED,
    OPEN,
    clock_of,
    close_incident,
    incident_of,
    reopen_incident,
    row_of,
)
from watchkeeper.act.incidents.marks import RESPONDERS
from watchkeeper.act.incidents.people import person_named
from watchkeeper.act.incidents.telling import News
from watchkeeper.act.standing import Standing
from watchkeeper.decide import process
from watchkeeper.decide.process import UPDATE
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.response_times import ResponseTimes, response_times
from watchkeeper.decide.values import Incident
from watchkeeper.manual.model.manual import Manual
from watchkeeper.outside.clock import Clock
from watchkeeper.store import alerts as alert_rows
from watchkeeper.store import incident_work, incidents
from watchkeeper.store.incident_work import RoleRow, StepRow
from watchkeeper.store.incidents import IncidentRow, TimelineRow
from watchkeeper.store.state import State

#: The roles that every process has; only responders are several at once.
ROLES = ("commander", "communications", "scribe", RESPONDERS)
MOST_TEXT = 4000

#: Who does it: whoever came through a door, or the bare name of one who did not.
By = Visitor | str


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
class _Deed:
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


class IncidentDesk:
    """
    The incidents, for people. Safe to call from any thread.
    """

    def __init__(self, state: State, clock: Clock, standing: Callable[[], Standing]) -> None:
        self._state, self._clock, self._standing = state, clock, standing

    # --- reading

    def case(self, number: int) -> IncidentCase:
        """
        One incident with all that belongs to it.
        """
        with self._state.reading() as view:
            return case_of(view, _row(view, number))

    def recent(self, *, most: int = 50) -> list[Incident]:
        """
        The newest incidents, open and closed.
        """
        with self._state.reading() as view:
            return [incident_of(view, row) for row in incidents.recent(view, most=most)]

    def times(self, *, begin_ns: int, end_ns: int) -> ResponseTimes:
        """
        MTTA, MTTR, the time in each stage and the deadlines of the incidents that opened in [begin, end).
        """
        with self._state.reading() as view:
            return response_times(courses_between(view, begin_ns=begin_ns, end_ns=end_ns))

    def roles(self) -> tuple[str, ...]:
        """
        The roles that people can take, those of the manual after the usual ones.
        """
        named = self._manual.incidents.roles if self._manual.incidents is not None else ()
        return tuple(dict.fromkeys((*ROLES, *named)))

    def waiting(self) -> int:
        """
        The number of the one open incident that nobody has. Raises NotNow, Several.
        """
        with self._state.reading() as view:
            found = [incident_of(view, row) for row in incident_work.unacknowledged(view)]
        if not found:
            raise NotNow("no open incident waits for somebody")
        if len(found) > 1:
            raise Several(found)
        return found[0].number

    # --- beginning and ending

    def open(
        self,
        *,
        title: str,
        severity: str,
        by: By,
        service: str | None = None,
        alerts: Sequence[str] = (),
        summary: str = "",
    ) -> Incident:
        """
        A person opens an incident; the policy of incidents pages for it. Raises Unfit.
        """
        standing, at_ns, name = self._standing(), self._clock.now_ns(), name_of(by)
        title = title.strip()
        if not title:
            raise Unfit("found no title; wanted what is the matter, in a few words")
        self._demand_severity(severity)
        self._demand_service(service)
        with self._state.transaction() as tx:
            self._demand_alerts(tx, alerts)
            row = IncidentRow(
                number=incidents.next_number(tx),
                title=title[:200],
                severity=severity,
                state=OPEN,
                opened_ns=at_ns,
                revision=standing.revision,
                service=service,
                opened_by=name,
                summary=summary[:MOST_TEXT],
            )
            row = replace(row, id=incidents.add(tx, row, alert_keys=alerts))
            deed = _Deed(tx=tx, row=row, at_ns=at_ns, by=name, who=by)
            entry = deed.write("opened", f"opened by {deed.by}: {severity}")
            row = moving.begin(tx, row, standing.manual, evidence=evidence_of(tx, row, standing))
            telling.tell_all(tx, row, standing.manual, _news("opened", f"{title}: opened by {deed.by}", deed, entry))
            calling.further(tx, row, standing, reason=Reason.BY_A_PERSON, at_ns=at_ns)
            return self._done(tx, row.id)

    def close(self, number: int, *, by: By) -> Incident:
        """
        A person closes it; closing a closed one changes nothing.
        """
        with self._deed(number, by) as deed:
            if deed.row.state == OPEN:
                reason = Reason.BY_A_PERSON.value
                calling.taken(deed.tx, deed.row, by=deed.row.acknowledged_by or deed.by, at_ns=deed.at_ns)
                close_incident(deed.tx, deed.row.id, at_ns=deed.at_ns, by=deed.by, reason=reason)
                deed.audit("close")
                row = self._again(deed)
                moving.closed(deed.tx, row, self._manual)
                entry = incidents.timeline_of(deed.tx, row.id)[-1].id
                telling.tell_all(deed.tx, row, self._manual, _news("closed", f"closed by {deed.by}", deed, entry))
            return self._done(deed.tx, deed.row.id)

    def resolve(self, number: int, *, by: By, assignee: str | None = None) -> Incident:
        """
        It is over, in somebody's name: who had it if nobody did, and closed. Raises Unfit, NotNow.
        """
        if assignee is not None:
            self._person(assignee)
        if self.case(number).incident.acknowledged_by is None or assignee is not None:
            self.acknowledge(number, by=by, assignee=assignee)
        return self.close(number, by=by)

    def reopen(self, number: int, *, by: By) -> Incident:
        """
        Undo a closing; an open one stays as it is. One that was merged takes its alerts back.
        """
        with self._deed(number, by) as deed:
            if deed.row.merged_into is not None:
                mine = incidents.alerts_of(deed.tx, deed.row.id)
                incidents.remove_alerts(deed.tx, deed.row.merged_into, mine)
                incident_work.move_pages(deed.tx, of=deed.row.merged_into, to=deed.row.id, alert_keys=mine)
            if deed.row.state == CLOSED:
                reopen_incident(deed.tx, deed.row, at_ns=deed.at_ns, by=deed.by)
                deed.audit("reopen")
            return self._done(deed.tx, deed.row.id)

    # --- who has it

    def acknowledge(self, number: int | None = None, *, by: By, assignee: str | None = None) -> Incident:
        """
        Somebody has it: `assignee` (a person of the manual), else whoever does it. Without a number the one open
        incident that nobody has. Raises Unfit, NotNow, Several.
        """
        who = name_of(by) if assignee is None else self._person(assignee)
        with self._deed(self.waiting() if number is None else number, by) as deed:
            self._demand_open(deed)
            calling.taken(deed.tx, deed.row, by=who, at_ns=deed.at_ns)
            deed.audit("acknowledge", assignee=who)
            moving.acknowledged(deed.tx, self._again(deed), self._manual)
            if who != deed.by:
                deed.write("note", f"{deed.by} gave it to {who}")
            return self._done(deed.tx, deed.row.id)

    def take_role(self, number: int, role: str, *, person: str, by: By) -> Incident:
        """
        A person of the manual (or whoever does it) takes a role from whoever had it; several may be responders.
        """
        self._demand_role(role)
        who = person if person == name_of(by) else self._person(person)
        with self._deed(number, by) as deed:
            held = [one for one in incident_work.roles_of(deed.tx, deed.row.id) if one.role == role]
            if any(one.person == who for one in held):
                return self._done(deed.tx, deed.row.id)
            if role != RESPONDERS:
                incident_work.drop_role(deed.tx, deed.row.id, role)
            taken = RoleRow(incident_id=deed.row.id, role=role, person=who, since_ns=deed.at_ns, by=deed.by)
            incident_work.put_role(deed.tx, taken)
            before = f", after {held[0].person}" if held and role != RESPONDERS else ""
            deed.write("role", f"{who} is {_a(role)}{before}", role=role, person=who)
            return self._done(deed.tx, deed.row.id)

    def give_up_role(self, number: int, role: str, *, person: str, by: By) -> Incident:
        """
        A role is given back; nothing changes where they do not have it.
        """
        with self._deed(number, by) as deed:
            if any((one.role, one.person) == (role, person) for one in incident_work.roles_of(deed.tx, deed.row.id)):
                incident_work.drop_role(deed.tx, deed.row.id, role, person)
                deed.write("role", f"{person} is {_a(role)} no more", role=role, person=person)
            return self._done(deed.tx, deed.row.id)

    # --- how it goes

    def stage(self, number: int, *, by: By, to: str | None = None) -> Incident:
        """
        Go on to the next stage, or to this one. After the last the process is done. Whoever does it has the incident.
        Raises Unfit, NotNow.
        """
        names = [one.name for one in process.stages(self._manual)]
        if not names:
            raise NotNow("the manual's process has no stages; wanted some under `incidents: stages`")
        if to is not None and to not in names:
            raise Unfit(f"found no stage {to!r}; wanted one of: {', '.join(names)}", _near(to, names))
        with self._deed(number, by) as deed:
            if deed.row.state == OPEN and deed.row.acknowledged_by is None:
                calling.taken(deed.tx, deed.row, by=deed.by, at_ns=deed.at_ns)
            if not deed.row.stage and to is None:
                raise NotNow(f"incident {number} has been through all stages")
            target = process.next_stage(self._manual, deed.row.stage) if to is None else to
            if target != deed.row.stage:
                moving.enter(deed.tx, self._again(deed), target, self._manual, by=deed.by, at_ns=deed.at_ns)
            return self._done(deed.tx, deed.row.id)

    def step(self, number: int, stage: str, position: int, *, by: By, done: bool = True, note: str = "") -> Incident:
        """
        A step of a stage, or of `runbook NAME`, (counted from 0) is done, or is not after all. Raises Unfit.
        """
        steps = checklist(self._manual, stage)
        if not 0 <= position < len(steps):
            known = [
                *(one.name for one in process.stages(self._manual)),
                *(RUNBOOK + one for one in self._manual.runbooks),
            ]
            raise Unfit(f"found no step {position + 1} of {stage[:100]!r}", _near(stage, known))
        what = steps[position]
        with self._deed(number, by) as deed:
            ticked = {(one.stage, one.position) for one in incident_work.steps_of(deed.tx, deed.row.id)}
            if ((stage, position) in ticked) == done:
                return self._done(deed.tx, deed.row.id)
            if done:
                row = StepRow(
                    incident_id=deed.row.id, stage=stage, position=position, done_ns=deed.at_ns, by=deed.by, note=note
                )
                incident_work.put_step(deed.tx, row)
            else:
                incident_work.drop_step(deed.tx, deed.row.id, stage, position)
            said = f"done: {what}" if done else f"not done after all: {what}"
            deed.write("step", said + (f" ({note})" if note else ""), stage=stage, position=position)
            return self._done(deed.tx, deed.row.id)

    def change_severity(self, number: int, severity: str, *, by: By, reason: str = "") -> Incident:
        """
        It is worse, or less bad, than thought; the deadlines follow. Raises Unfit, NotNow.
        """
        self._demand_severity(severity)
        with self._deed(number, by) as deed:
            self._demand_open(deed)
            if severity == deed.row.severity:
                return self._done(deed.tx, deed.row.id)
            before = deed.row.severity
            incidents.update_fields(deed.tx, deed.row.id, severity=severity)
            row = self._again(deed)
            self._move_clocks(deed.tx, row, at_ns=deed.at_ns)
            text = f"{before} → {severity}" + (f": {reason}" if reason else "")
            entry = deed.write("severity", text, before=before, after=severity)
            telling.tell_all(deed.tx, row, self._manual, _news("severity", text, deed, entry))
            return self._done(deed.tx, deed.row.id)

    def update(self, number: int, text: str, *, by: By) -> Incident:
        """
        Tell everybody who hears of it how it goes; the next update is owed from now.
        """
        text = _written(text)
        with self._deed(number, by) as deed:
            entry = deed.write("update", text)
            telling.tell_all(deed.tx, deed.row, self._manual, _news("update", text, deed, entry))
            clocks = [clock_of(one) for one in incident_work.clocks_of(deed.tx, deed.row.id) if one.name == UPDATE]
            if deed.row.state == OPEN:
                again = [row_of(process.again(one, at_ns=deed.at_ns), deed.row.id) for one in clocks]
                incident_work.put_clocks(deed.tx, again)
            return self._done(deed.tx, deed.row.id)

    # --- what is known

    def note(self, number: int, text: str, *, by: By) -> TimelineRow:
        """
        A line on the timeline, also of a closed one.
        """
        text = _written(text)
        with self._deed(number, by) as deed:
            entry = deed.write("note", text)
            return _entry(deed.tx, deed.row, entry)

    def edit(self, number: int, entry_id: int, text: str, *, by: By) -> TimelineRow:
        """
        Change what a note or an update says; what it said before is kept. Raises Unfit, NotNow.
        """
        text = _written(text)
        with self._deed(number, by) as deed:
            line = _entry(deed.tx, deed.row, entry_id)
            if line.kind not in ("note", "update"):
                raise NotNow("found a line that the watch wrote; wanted a note or an update of a person")
            if line.text != text:
                incident_work.edit_entry(deed.tx, entry_id, text=text, before=line.text, by=deed.by, at_ns=deed.at_ns)
            return _entry(deed.tx, deed.row, entry_id)

    def summarise(self, number: int, text: str, *, by: By) -> Incident:
        """
        What is known, in a person's words; the one before stands on the timeline.
        """
        with self._deed(number, by) as deed:
            if (text := text.strip()[:MOST_TEXT]) != deed.row.summary:
                incidents.update_fields(deed.tx, deed.row.id, summary=text)
                deed.write("summary", f"what is known: {text}" if text else "what is known was taken back")
            return self._done(deed.tx, deed.row.id)

    def affect(self, number: int, services: Sequence[str], *, by: By) -> Incident:
        """
        These services are affected, and no others beside its own. Raises Unfit.
        """
        for one in services:
            self._demand_service(one)
        with self._deed(number, by) as deed:
            incidents.update_fields(deed.tx, deed.row.id, services=list(dict.fromkeys(services)))
            deed.write("services", f"affected: {', '.join(services) or 'nothing else'}")
            return self._done(deed.tx, deed.row.id)

    # --- what belongs together

    def attach(self, number: int, alerts: Sequence[str], *, by: By) -> Incident:
        """
        These alerts belong to it. Raises Unfit.
        """
        with self._deed(number, by) as deed:
            self._demand_alerts(deed.tx, alerts)
            new = [one for one in alerts if one not in incidents.alerts_of(deed.tx, deed.row.id)]
            if new:
                incidents.add_alerts(deed.tx, deed.row.id, new)
                deed.write(
                    "attached", f"{', '.join(new)} belongs to it" if len(new) == 1 else f"added: {', '.join(new)}"
                )
            return self._done(deed.tx, deed.row.id)

    def detach(self, number: int, alerts: Sequence[str], *, by: By) -> Incident:
        """
        These alerts have nothing to do with it.
        """
        with self._deed(number, by) as deed:
            gone = [one for one in alerts if one in incidents.alerts_of(deed.tx, deed.row.id)]
            if gone:
                incidents.remove_alerts(deed.tx, deed.row.id, gone)
                deed.write("detached", f"nothing to do with it: {', '.join(gone)}")
            return self._done(deed.tx, deed.row.id)

    def merge(self, number: int, *, into: int, by: By) -> Incident:
        """
        It is the same as another one, and goes on as that. Its alerts and pages go with it. Raises NotNow, Unfit.
        """
        if number == into:
            raise Unfit(f"found incident {number} twice; wanted another one to go on as")
        with self._deed(number, by) as deed:
            self._demand_open(deed)
            other = replace(deed, row=_row(deed.tx, into))
            self._demand_open(other)
            incidents.add_alerts(deed.tx, other.row.id, incidents.alerts_of(deed.tx, deed.row.id))
            incident_work.move_pages(deed.tx, of=deed.row.id, to=other.row.id)
            reason = Reason.MERGED_INTO.value
            close_incident(deed.tx, deed.row.id, at_ns=deed.at_ns, by=deed.by, reason=reason)
            incidents.update_fields(deed.tx, deed.row.id, merged_into=other.row.id)
            deed.write("merged", f"goes on as #{into} {other.row.title}", into=into)
            other.write("merged", f"#{number} {deed.row.title} goes on here", of=number)
            return self._done(deed.tx, other.row.id)

    def split(self, number: int, alerts: Sequence[str], *, title: str, by: By) -> Incident:
        """
        Some of its alerts are another matter: they get an incident of their own, with its clocks. Raises Unfit.
        """
        with self._deed(number, by) as deed:
            self._demand_open(deed)
            mine = incidents.alerts_of(deed.tx, deed.row.id)
            if wrong := [one for one in alerts if one not in mine]:
                raise Unfit(f"found {wrong[0]!r}, which is none of its alerts", _near(wrong[0], mine))
            if not alerts or len(set(alerts)) == len(mine):
                raise Unfit("found all or none of its alerts; wanted some that are another matter")
            row = IncidentRow(
                number=incidents.next_number(deed.tx),
                title=title.strip()[:200] or ", ".join(alerts)[:200],
                severity=deed.row.severity,
                state=OPEN,
                opened_ns=deed.at_ns,
                revision=deed.row.revision,
                service=deed.row.service,
                opened_by=deed.by,
            )
            row = replace(row, id=incidents.add(deed.tx, row, alert_keys=alerts))
            incidents.remove_alerts(deed.tx, deed.row.id, alerts)
            incident_work.move_pages(deed.tx, of=deed.row.id, to=row.id, alert_keys=alerts)
            deed.write("split", f"{', '.join(alerts)} went on as #{row.number}", into=row.number)
            replace(deed, row=row).write("split", f"was part of #{number} {deed.row.title}", of=number)
            standing = self._standing()
            moving.begin(deed.tx, row, standing.manual, evidence=evidence_of(deed.tx, row, standing))
            return self._done(deed.tx, row.id)

    # --- how

    @property
    def _manual(self) -> Manual:
        return self._standing().manual

    @contextmanager
    def _deed(self, number: int, by: By) -> Iterator[_Deed]:
        at_ns = self._clock.now_ns()
        with self._state.transaction() as tx:
            yield _Deed(tx=tx, row=_row(tx, number), at_ns=at_ns, by=name_of(by), who=by)

    def _again(self, deed: _Deed) -> IncidentRow:
        return _row(deed.tx, deed.row.number)

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

    def _person(self, written: str) -> str:
        known = self._manual.people
        found = person_named(self._manual, written)
        if found is None:
            names = ", ".join(known) or "nobody: the manual names no people"
            raise Unfit(f"found no person {written[:100]!r}; wanted one of: {names}", _near(written, list(known)))
        return found

    def _demand_open(self, deed: _Deed) -> None:
        if deed.row.state == CLOSED:
            raise NotNow(f"incident {deed.row.number} is closed already: by {deed.row.closed_by}")

    def _demand_role(self, role: str) -> None:
        if role not in self.roles():
            raise Unfit(
                f"found no role {role[:100]!r}; wanted one of: {', '.join(self.roles())}", _near(role, self.roles())
            )

    def _demand_severity(self, severity: str) -> None:
        known = list(self._manual.severities)
        if severity not in known:
            raise Unfit(
                f"found no severity {severity[:100]!r}; wanted one of: {', '.join(known)}", _near(severity, known)
            )

    def _demand_service(self, service: str | None) -> None:
        known = [*self._manual.services, *self._manual.dependencies]
        if service is not None and service not in known:
            raise Unfit(f"found no service {service[:100]!r}; wanted one of: {', '.join(known)}", _near(service, known))

    def _demand_alerts(self, view: Connection, alerts: Sequence[str]) -> None:
        known = alert_rows.named(view, alerts)
        for one in alerts:
            if one not in known and one not in self._manual.alerts:
                every = [row.key for row in alert_rows.every(view)]
                raise Unfit(f"found no alert {one[:200]!r}", _near(one, [*every, *self._manual.alerts]))


def name_of(by: By) -> str:
    """
    The name that stands beside a deed.
    """
    return by if isinstance(by, str) else by.by


def _row(view: Connection, number: int) -> IncidentRow:
    row = incidents.by_number(view, number)
    if row is None:
        raise KeyError(number)
    return row


def _entry(view: Connection, row: IncidentRow, entry_id: int) -> TimelineRow:
    found = incidents.entry(view, entry_id)
    if found is None or found.incident_id != row.id:
        raise Unfit(f"found no entry {entry_id} on the timeline of incident {row.number}")
    return found


def _news(event: str, text: str, deed: _Deed, entry: int) -> News:
    return News(event=event, text=text, at_ns=deed.at_ns, entry=entry, by=deed.by)


def _written(text: str) -> str:
    if not text.strip():
        raise Unfit("found no text; wanted what you saw or did")
    return text.strip()[:MOST_TEXT]


def _near(written: str, known: Sequence[str]) -> list[str]:
    return get_close_matches(written[:200], known, n=3, cutoff=0.5)


def _a(role: str) -> str:
    return "a responder" if role == RESPONDERS else role
