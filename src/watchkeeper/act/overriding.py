"""
Which overrides does deciding go by?
"""

from sqlalchemy import Connection

from watchkeeper.decide.oncall.values import Override
from watchkeeper.store import overrides
from watchkeeper.store.overrides import OverrideRow


def overrides_of(view: Connection, *, since_ns: int) -> list[Override]:
    """
    Those that hold and end after this instant, oldest first.
    """
    return [override_of(row) for row in overrides.standing(view, since_ns=since_ns)]


def override_of(row: OverrideRow) -> Override:
    """
    An override as deciding takes it.
    """
    return Override(id=row.id, schedule=row.schedule, begin_ns=row.begin_ns, end_ns=row.end_ns, person=row.person)
