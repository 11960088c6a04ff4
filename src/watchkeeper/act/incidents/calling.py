"""
Whom does an incident call, and how does an acknowledgement reach it?
"""

from sqlalchemy import Connection

from watchkeeper.act.incidents import marks
from watchkeeper.act.paging import escalating
from watchkeeper.act.standing import Standing
from watchkeeper.decide.reasons import Reason
from watchkeeper.store.incidents import IncidentRow


def further(tx: Connection, row: IncidentRow, standing: Standing, *, reason: Reason, at_ns: int) -> None:
    """
    The next step of its page at once; a page of its own where it has none.
    """
    call = getattr(escalating, "escalate_incident", None)
    if call is not None:
        call(tx, row, standing, reason=reason, at_ns=at_ns)


def taken(tx: Connection, row: IncidentRow, *, by: str, at_ns: int) -> None:
    """
    Somebody has it, and all of its pages.
    """
    marks.acknowledged(tx, row.id, by, at_ns)
