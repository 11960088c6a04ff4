"""
What can people do with an incident?

Every door calls these and nothing else. A deed is one transaction, stands on the timeline with who did it, and refuses
with a sentence. KeyError: there is no incident of this number.
"""

from collections.abc import Sequence
from dataclasses import replace

from watchkeeper.act.accounts.visitor import By, name_of
from watchkeeper.act.incidents import calling, moving, telling
from watchkeeper.act.incidents.belonging import Belonging
from watchkeeper.act.incidents.course import IncidentCase, case_of, courses_between
from watchkeeper.act.incidents.deeds import (
    MOST_TEXT,
    ROLES,
    Deed,
    NotNow,
    Several,
    Unfit,
    article,
    news_of,
    row_named,
)
from watchkeeper.act.incidents.evidence import evidence_of
from watchkeeper.act.incidents.handling import Handling
from watchkeeper.act.incidents.journal import (
    CLOSED,
    OPEN,
    close_incident,
    incident_of,
    reopen_incident,
)
from watchkeeper.act.incidents.marks import RESPONDERS
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.response_times import ResponseTimes, response_times
from watchkeeper.decide.values import Incident
from watchkeeper.store import incident_work, incidents
from watchkeeper.store.incident_work import RoleRow
from watchkeeper.store.incidents import IncidentRow

__all__ = ["MOST_TEXT", "ROLES", "IncidentDesk", "NotNow", "Several", "Unfit"]


class IncidentDesk(Handling, Belonging):
    """
    The incidents, for people. Safe to call from any thread.
    """

    # --- reading

    def case(self, number: int) -> IncidentCase:
        """
        One incident with all that belongs to it.
        """
        with self._state.reading() as view:
            return case_of(view, row_named(view, number))

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
            deed = Deed(tx=tx, row=row, at_ns=at_ns, by=name, who=by)
            entry = deed.write("opened", f"opened by {deed.by}: {severity}")
            row = moving.begin(tx, row, standing.manual, evidence=evidence_of(tx, row, standing))
            telling.tell_all(tx, row, standing.manual, news_of("opened", f"{title}: opened by {deed.by}", deed, entry))
            calling.further(tx, row, standing, reason=Reason.BY_A_PERSON, at_ns=at_ns)
            return self._done(tx, row.id)

    def close(self, number: int, *, by: By) -> Incident:
        """
        A person closes it; closing a closed one changes nothing.
        """
        with self._deed(number, by) as deed:
            if deed.row.state == OPEN:
                reason = Reason.BY_A_PERSON.value
                calling.taken(
                    deed.tx, deed.row, by=deed.who, at_ns=deed.at_ns, holder=deed.row.acknowledged_by or deed.by
                )
                close_incident(deed.tx, deed.row.id, at_ns=deed.at_ns, by=deed.by, reason=reason)
                deed.audit("close")
                row = self._again(deed)
                moving.closed(deed.tx, row, self._manual)
                entry = incidents.timeline_of(deed.tx, row.id)[-1].id
                telling.tell_all(deed.tx, row, self._manual, news_of("closed", f"closed by {deed.by}", deed, entry))
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
            calling.taken(deed.tx, deed.row, by=deed.who, at_ns=deed.at_ns, holder=who)
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
            deed.write("role", f"{who} is {article(role)}{before}", role=role, person=who)
            return self._done(deed.tx, deed.row.id)

    def give_up_role(self, number: int, role: str, *, person: str, by: By) -> Incident:
        """
        A role is given back; nothing changes where they do not have it.
        """
        with self._deed(number, by) as deed:
            if any((one.role, one.person) == (role, person) for one in incident_work.roles_of(deed.tx, deed.row.id)):
                incident_work.drop_role(deed.tx, deed.row.id, role, person)
                deed.write("role", f"{person} is {article(role)} no more", role=role, person=person)
            return self._done(deed.tx, deed.row.id)
