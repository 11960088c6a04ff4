"""
Whom does an incident call, and how does an acknowledgement reach its pages?
"""

from sqlalchemy import Connection

from watchkeeper.act import acknowledging
from watchkeeper.act.accounts.visitor import By
from watchkeeper.act.paging import escalating
from watchkeeper.act.standing import Standing
from watchkeeper.decide.reasons import Reason
from watchkeeper.store.incidents import IncidentRow


def further(tx: Connection, row: IncidentRow, standing: Standing, *, reason: Reason, at_ns: int) -> None:
    """
    The next step of its pages at once; a page of its own, by the policy of incidents, where it has none.
    """
    escalating.escalate_incident(tx, row, standing, reason=reason, at_ns=at_ns)


def taken(tx: Connection, row: IncidentRow, *, by: By, at_ns: int, holder: str = "") -> None:
    """
    Somebody has it, and all of its pages: who does it, or `holder`.
    """
    acknowledging.acknowledge(tx, incidents=[row.id], by=by, at_ns=at_ns, holder=holder)
