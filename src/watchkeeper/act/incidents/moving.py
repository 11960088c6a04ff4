"""
How does an incident begin, and how does it go from stage to stage?

The opening starts its clocks and enters the first stage of the process; each stage that is left meets its clock, each
that is entered is told to those whom the manual names for it. A closing goes on to what is left to do afterwards.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from watchkeeper.act.incidents import telling
from watchkeeper.act.incidents.journal import BY_RULE, row_of
from watchkeeper.act.incidents.telling import News
from watchkeeper.decide import process
from watchkeeper.decide.reasons import Reason
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.responding import Stage
from watchkeeper.store import incident_work, incidents
from watchkeeper.store.incident_work import StageRow
from watchkeeper.store.incidents import IncidentRow, TimelineRow


def begin(tx: Connection, row: IncidentRow, manual: Manual, *, evidence: Mapping[str, Any]) -> IncidentRow:
    """
    Start an incident's clocks, enter its first stage (its detection is over), keep what is known of its opening.
    """
    rules = [key.partition("[")[0] for key in incidents.alerts_of(tx, row.id)]
    clocks = process.owed(manual, row.severity, opened_ns=row.opened_ns, rules=rules)
    incident_work.put_clocks(tx, [row_of(clock, row.id) for clock in clocks])
    known = {**evidence, **(row.evidence or {})}
    incidents.update_fields(tx, row.id, evidence=known, stage_since_ns=row.opened_ns)
    row = replace(row, evidence=known, stage_since_ns=row.opened_ns)
    _announce_channel(tx, row, manual)
    found = process.stages(manual)
    first = process.first_stage(manual)
    for stage in found[: 1 + next((place for place, one in enumerate(found) if one.name == first), -1)]:
        row = enter(tx, row, stage.name, manual, by=row.opened_by, at_ns=row.opened_ns)
    return row


def enter(tx: Connection, row: IncidentRow, name: str, manual: Manual, *, by: str, at_ns: int) -> IncidentRow:
    """
    Enter a stage; an empty name ends the process. The clocks of the stages before it are met.
    """
    stage = process.stage_named(manual, name)
    incident_work.meet_clocks(tx, row.id, process.done_by(manual, name), at_ns=at_ns)
    if name:
        incident_work.enter_stage(tx, StageRow(incident_id=row.id, stage=name, entered_ns=at_ns, by=by))
    else:
        incident_work.leave_stage(tx, row.id, at_ns=at_ns)
        incident_work.meet_clocks(tx, row.id, [process.REPORT], at_ns=at_ns)
    incidents.update_fields(tx, row.id, stage=name, stage_since_ns=at_ns)
    row = replace(row, stage=name, stage_since_ns=at_ns)
    text = _entering(stage) if stage is not None else "the process is done"
    data = {"stage": name}
    entry = incidents.add_entry(
        tx, TimelineRow(incident_id=row.id, at_ns=at_ns, kind="stage", text=text, by=by, data=data)
    )
    if stage is not None and (stage.tell or stage.contacts):
        telling.tell_stage(tx, row, stage, manual, News(event="stage", text=text, at_ns=at_ns, entry=entry, by=by))
    return row


def acknowledged(tx: Connection, row: IncidentRow, manual: Manual) -> IncidentRow:
    """
    Leave the stage that an acknowledgement ends, if that is the present one and somebody has the incident.
    """
    follows = process.after_acknowledgement(manual, row.stage)
    if row.acknowledged_by is None or row.acknowledged_ns is None or follows is None:
        return row
    at_ns = max(row.acknowledged_ns, row.stage_since_ns or 0)
    return enter(tx, row, follows, manual, by=row.acknowledged_by, at_ns=at_ns)


def closed(tx: Connection, row: IncidentRow, manual: Manual) -> IncidentRow:
    """
    After a closing: go on to the stage that is left to do, start the clock of the report.
    """
    if row.closed_ns is None:
        return row
    if report := process.report_owed(manual, closed_ns=row.closed_ns):
        incident_work.put_clocks(tx, [row_of(report, row.id)])
    left = process.after_closing(manual)
    if row.stage in ("", left):
        return row
    return enter(tx, row, left, manual, by=row.closed_by or BY_RULE, at_ns=row.closed_ns)


def _entering(stage: Stage) -> str:
    who = f", {stage.responsible}" if stage.responsible else ""
    return f"stage {stage.name}{who}"


def _announce_channel(tx: Connection, row: IncidentRow, manual: Manual) -> None:
    """
    Where an incident has a channel of its own, everybody hears which.
    """
    chat = manual.incidents.chat if manual.incidents is not None else None
    if not chat:
        return
    text = f"its own channel is {chat.replace('{number}', str(row.number))}"
    line = TimelineRow(incident_id=row.id, at_ns=row.opened_ns, kind="channel", text=text, by=BY_RULE)
    entry = incidents.add_entry(tx, line)
    news = News(event="opened", text=text, at_ns=row.opened_ns, entry=entry, reason=Reason.SEVERITY_OPENS)
    telling.tell_all(tx, row, manual, news)
