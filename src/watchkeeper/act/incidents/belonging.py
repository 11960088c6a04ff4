"""
What belongs to an incident, and what is another matter?
"""

from collections.abc import Sequence
from dataclasses import replace

from watchkeeper.act.accounts.visitor import By
from watchkeeper.act.incidents import moving
from watchkeeper.act.incidents.deeds import Deeds, Unfit, near, row_named
from watchkeeper.act.incidents.evidence import evidence_of
from watchkeeper.act.incidents.journal import (
    OPEN,
    close_incident,
)
from watchkeeper.decide.paging.opening import severities_below
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import Incident
from watchkeeper.store import incident_work, incidents
from watchkeeper.store.incidents import IncidentRow


class Belonging(Deeds):
    """
    Alerts attached and detached, incidents merged and split.
    """

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
        It is the same as another one, and goes on as that. Its alerts and pages go with it; the worse severity of both
        holds, and the deadlines follow. Raises NotNow, Unfit.
        """
        if number == into:
            raise Unfit(f"found incident {number} twice; wanted another one to go on as")
        with self._deed(number, by) as deed:
            self._demand_open(deed)
            other = replace(deed, row=row_named(deed.tx, into))
            self._demand_open(other)
            incidents.add_alerts(deed.tx, other.row.id, incidents.alerts_of(deed.tx, deed.row.id))
            incident_work.move_pages(deed.tx, of=deed.row.id, to=other.row.id)
            reason = Reason.MERGED_INTO.value
            close_incident(deed.tx, deed.row.id, at_ns=deed.at_ns, by=deed.by, reason=reason)
            incidents.update_fields(deed.tx, deed.row.id, merged_into=other.row.id)
            deed.write("merged", f"goes on as #{into} {other.row.title}", into=into)
            other.write("merged", f"#{number} {deed.row.title} goes on here", of=number)
            if other.row.severity in severities_below(deed.row.severity, self._manual):
                self._reseverity(other, deed.row.severity, reason=f"as #{number} was")
            return self._done(deed.tx, other.row.id)

    def split(self, number: int, alerts: Sequence[str], *, title: str, by: By) -> Incident:
        """
        Some of its alerts are another matter: they get an incident of their own, with its clocks. Raises Unfit.
        """
        with self._deed(number, by) as deed:
            self._demand_open(deed)
            mine = incidents.alerts_of(deed.tx, deed.row.id)
            if wrong := [one for one in alerts if one not in mine]:
                raise Unfit(f"found {wrong[0]!r}, which is none of its alerts", near(wrong[0], mine))
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
