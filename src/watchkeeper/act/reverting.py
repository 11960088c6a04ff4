"""
When does a flip end by itself, and where does that stand?

The application reverts at the instant that each answer carries; this writes down that it did: on the flip, on the
record and on the timeline of its incident, at the instant at which it happened. A flip of a switch that the manual no
longer has ends as withdrawn.
"""

from sqlalchemy import Connection

from watchkeeper.act.accounts.audit import audited
from watchkeeper.act.accounts.visitor import WATCHKEEPER
from watchkeeper.act.standing import Standing
from watchkeeper.act.switching import EXPIRED, WITHDRAWN, note
from watchkeeper.store import flips
from watchkeeper.store.flips import FlipRow
from watchkeeper.store.state import State

SAYS = {EXPIRED: "over, what lies below holds again", WITHDRAWN: "over, the manual does not name it any more"}


def run(state: State, standing: Standing, *, now_ns: int) -> bool:
    """
    End what is past its time; nothing that the sender should look at.
    """
    with state.reading() as view:
        due = [row for row in flips.standing(view) if _why(row, standing, now_ns)]
    if due:
        with state.transaction() as tx:
            for row in due:
                _end(tx, row.id, standing, now_ns=now_ns)
    return False


def _why(row: FlipRow, standing: Standing, now_ns: int) -> str:
    if row.expires_ns <= now_ns:
        return EXPIRED
    return "" if row.switch in standing.manual.switches else WITHDRAWN


def _end(tx: Connection, number: int, standing: Standing, *, now_ns: int) -> None:
    row = flips.by_id(tx, number)  # as it is now: somebody may have extended or undone it meanwhile
    why = "" if row is None or row.ended_ns is not None else _why(row, standing, now_ns)
    if row is None or not why:
        return
    at_ns = row.expires_ns if why == EXPIRED else now_ns
    flips.end(tx, row.id, at_ns=at_ns, by=WATCHKEEPER.name, because=why)
    audited(tx, WATCHKEEPER, "switch.end", f"flip/{row.id}", detail={"switch": row.switch, "why": why}, at_ns=now_ns)
    note(tx, row, SAYS[why], by=WATCHKEEPER.name, at_ns=at_ns)
