"""
The state does not grow for ever.
"""

from collections.abc import Iterator

import pytest

from watchkeeper.act.forgetting import EVERY_NS, KEPT, Forgetting
from watchkeeper.act.links import LIFETIME_NS
from watchkeeper.store import alerts, links
from watchkeeper.store.alerts import TransitionRow
from watchkeeper.store.state import State, open_memory

DAY_NS = 86_400 * 10**9
NOW_NS = 1000 * DAY_NS


@pytest.fixture
def state() -> Iterator[State]:
    state = open_memory()
    with state.transaction() as tx:
        alerts.add_transitions(tx, [a_transition(NOW_NS - KEPT.days * DAY_NS - DAY_NS), a_transition(NOW_NS - DAY_NS)])
    yield state
    state.close()


def a_transition(at_ns: int) -> TransitionRow:
    return TransitionRow(alert_key="disk", at_ns=at_ns, old="inactive", new="firing", reason="began-to-hold")


def test_what_is_older_than_it_is_kept_goes_and_the_rest_stays(state):
    assert Forgetting(state, now_ns=NOW_NS - EVERY_NS).when_due(NOW_NS) == 1

    with state.reading() as view:
        assert [row.at_ns for row in alerts.transitions_of(view, "disk")] == [NOW_NS - DAY_NS]


def test_nothing_is_forgotten_before_an_hour_has_passed(state):
    assert Forgetting(state, now_ns=NOW_NS).when_due(NOW_NS + EVERY_NS - 1) == 0


def test_a_used_link_is_remembered_as_long_as_it_could_be_used_again(state):
    with state.transaction() as tx:
        links.use(tx, "ended", by="ada", now_ns=NOW_NS - LIFETIME_NS - 1)
        links.use(tx, "young", by="ada", now_ns=NOW_NS - LIFETIME_NS)
    Forgetting(state, now_ns=NOW_NS - EVERY_NS).when_due(NOW_NS)
    with state.transaction() as tx:
        assert links.use(tx, "ended", by="bo", now_ns=NOW_NS)
        assert not links.use(tx, "young", by="bo", now_ns=NOW_NS)
