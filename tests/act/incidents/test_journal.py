"""
Which incident did an alert belong to?
"""

import pytest

from watchkeeper.act.incidents import journal
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import AlertKey, OpenIncident
from watchkeeper.store.incidents import by_number
from watchkeeper.store.state import open_memory

KEY = AlertKey(rule="orders")


@pytest.mark.parametrize(
    ("at_ns", "number"),
    [(99, None), (100, 1), (150, 1), (200, 1), (201, None), (299, None), (300, 2), (10**18, 2)],
)
def test_an_alert_belongs_to_the_incident_that_was_open_then(at_ns, number):
    state = open_memory()
    with state.transaction() as tx:
        for opened_ns in (100, 300):
            opening = OpenIncident(
                title="Orders", severity="P1", service=None, alerts=(KEY,), at_ns=opened_ns, reason=Reason.FIRST
            )
            journal.open_as_planned(tx, opening, revision=1)
            if opened_ns == 100:
                row = by_number(tx, 1)
                assert row is not None
                journal.close_incident(tx, row.id, at_ns=200, by="Ada", reason="by-a-person")

    with state.reading() as view:
        assert journal.number_at(view, str(KEY), at_ns) == number
        assert journal.number_at(view, "another", at_ns) is None
    state.close()
