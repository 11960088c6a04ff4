"""
How does an incident go on, and what is known of it?
"""

from collections.abc import Sequence

from watchkeeper.act.accounts.visitor import By
from watchkeeper.act.incidents import calling, moving, telling
from watchkeeper.act.incidents.checklists import RUNBOOK, checklist
from watchkeeper.act.incidents.deeds import MOST_TEXT, Deeds, NotNow, Unfit, entry_of, near, news_of, written
from watchkeeper.act.incidents.journal import (
    OPEN,
    clock_of,
    row_of,
)
from watchkeeper.decide import process
from watchkeeper.decide.process import UPDATE
from watchkeeper.decide.values import Incident
from watchkeeper.store import incident_work, incidents
from watchkeeper.store.incident_work import StepRow
from watchkeeper.store.incidents import TimelineRow


class Handling(Deeds):
    """
    The course of an incident: stages, steps, severity, updates, notes.
    """

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
            raise Unfit(f"found no stage {to!r}; wanted one of: {', '.join(names)}", near(to, names))
        with self._deed(number, by) as deed:
            if deed.row.state == OPEN and deed.row.acknowledged_by is None:
                calling.taken(deed.tx, deed.row, by=deed.who, at_ns=deed.at_ns)
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
            raise Unfit(f"found no step {position + 1} of {stage[:100]!r}", near(stage, known))
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
            self._reseverity(deed, severity, reason=reason)
            return self._done(deed.tx, deed.row.id)

    def update(self, number: int, text: str, *, by: By) -> Incident:
        """
        Tell everybody who hears of it how it goes; the next update is owed from now.
        """
        text = written(text)
        with self._deed(number, by) as deed:
            entry = deed.write("update", text)
            telling.tell_all(deed.tx, deed.row, self._manual, news_of("update", text, deed, entry))
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
        text = written(text)
        with self._deed(number, by) as deed:
            entry = deed.write("note", text)
            return entry_of(deed.tx, deed.row, entry)

    def edit(self, number: int, entry_id: int, text: str, *, by: By) -> TimelineRow:
        """
        Change what a note or an update says; what it said before is kept. Raises Unfit, NotNow.
        """
        text = written(text)
        with self._deed(number, by) as deed:
            line = entry_of(deed.tx, deed.row, entry_id)
            if line.kind not in ("note", "update"):
                raise NotNow("found a line that the watch wrote; wanted a note or an update of a person")
            if line.text != text:
                incident_work.edit_entry(deed.tx, entry_id, text=text, before=line.text, by=deed.by, at_ns=deed.at_ns)
            return entry_of(deed.tx, deed.row, entry_id)

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
