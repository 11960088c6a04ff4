"""
What does an acknowledgement do?

In one transaction: the page is somebody's, what is unsent about it is cancelled, its incident bears the mark, and the
audit log has a line for each of them. A message is claimed in a transaction too, so one of the two comes first: after
an acknowledgement no sending begins.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from watchkeeper.act.accounts.audit import audited
from watchkeeper.act.accounts.visitor import By, name_of
from watchkeeper.act.incidents import marks
from watchkeeper.act.paging import bundling
from watchkeeper.act.paging.rows import decided, subject_of
from watchkeeper.decide.paging.values import PageState
from watchkeeper.decide.reasons import Reason
from watchkeeper.store import incidents as incident_rows
from watchkeeper.store import outbox
from watchkeeper.store import pages as page_rows
from watchkeeper.store.pages import PageRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """
    What was acknowledged: the ids of pages and incidents. Those that were over, or unknown, are missing.
    """

    pages: tuple[int, ...] = ()
    incidents: tuple[int, ...] = ()


def acknowledge(
    tx: Connection,
    *,
    pages: Iterable[int] = (),
    incidents: Iterable[int] = (),
    by: By,
    at_ns: int,
    holder: str = "",
) -> Acknowledged:
    """
    Somebody (`holder`, else who does it) has these pages and incidents, by their ids. An incident bears the mark of any
    of its pages, and all pages of an incident are taken with it. Acknowledging again begins the time anew after which
    it lapses.
    """
    name = holder or name_of(by)
    numbers, wanted_incidents = dict.fromkeys(pages), set(incidents)
    for incident in sorted(wanted_incidents):
        numbers |= dict.fromkeys(_pages_of(tx, incident))
    rows = {number: row for number in numbers if (row := _standing(tx, number)) is not None}
    wanted_incidents |= {row.incident_id for row in rows.values() if row.incident_id is not None}
    done = [number for number, row in rows.items() if _take(tx, number, row.acknowledged_ns, name, at_ns)]
    bundling.without(tx, done, now_ns=at_ns, reason=Reason.ACKNOWLEDGED)
    decided(tx, done, verdict="acknowledge", reason=Reason.ACKNOWLEDGED, by=name, at_ns=at_ns)
    marked = [number for number in sorted(wanted_incidents) if marks.acknowledged(tx, number, name, at_ns)]
    for number in done:
        audited(tx, by, "page.acknowledge", subject_of(number), detail={"assignee": name}, at_ns=at_ns)
    for number in marked:
        what = f"incident/{_number_of(tx, number)}"
        audited(tx, by, "incident.acknowledge", what, detail={"assignee": name}, at_ns=at_ns)
    return Acknowledged(pages=tuple(done), incidents=tuple(marked))


def _standing(tx: Connection, number: int) -> PageRow | None:
    row = page_rows.by_id(tx, number)
    return None if row is None or row.state == PageState.ENDED else row


def _number_of(view: Connection, incident_id: int) -> int:
    row = incident_rows.by_id(view, incident_id)
    return 0 if row is None else row.number


def _pages_of(tx: Connection, incident_id: int) -> list[int]:
    """
    The pages of an incident, and those of its alerts.
    """
    keys = incident_rows.alerts_of(tx, incident_id)
    return [*(row.id for row in page_rows.of_incident(tx, incident_id)), *page_rows.standing_ids_of_alerts(tx, keys)]


def _take(tx: Connection, number: int, first_ns: int | None, by: str, at_ns: int) -> bool:
    taken = page_rows.change(
        tx,
        number,
        state=PageState.ACKNOWLEDGED.value,
        by=by,
        acknowledged_ns=at_ns if first_ns is None else first_ns,
        due_ns=at_ns,  # the next pass says when it lapses, by the policy
        reason=Reason.ACKNOWLEDGED.value,
    )
    if taken:
        outbox.cancel_about(tx, subject_of(number), now_ns=at_ns, reason=Reason.ACKNOWLEDGED.value)
    return taken
