"""
Minutes taken out of the numbers are written with who and why, and putting them back leaves the trace.
"""

from watchkeeper.store import exclusions
from watchkeeper.store.exclusions import ExclusionRow
from watchkeeper.store.state import State

ROW = ExclusionRow(
    begin_ns=60,
    end_ns=120,
    indicators=["parse"],
    label="platform",
    value="a",
    author="ann",
    reason="a load test",
    created_ns=9,
)


def test_what_was_undone_no_longer_stands_but_is_still_told(state: State) -> None:
    with state.transaction() as tx:
        first, second = exclusions.add(tx, ROW), exclusions.add(tx, ROW)
        assert exclusions.undo(tx, first, at_ns=10, by="bob")
        assert not exclusions.undo(tx, first, at_ns=11, by="eve")  # it did not hold any more
        assert not exclusions.undo(tx, 99, at_ns=11, by="eve")
    with state.reading() as view:
        assert [row.id for row in exclusions.standing(view)] == [second]
        assert [(row.id, row.undone_ns, row.undone_by) for row in exclusions.recent(view)] == [
            (second, None, None),
            (first, 10, "bob"),
        ]
        found = exclusions.by_id(view, second)
    assert found is not None
    assert (found.indicators, found.label, found.value, found.reason) == (["parse"], "platform", "a", "a load test")


def test_what_holds_is_told_however_many_came_after_it(state: State) -> None:
    with state.transaction() as tx:
        numbers = [exclusions.add(tx, ROW) for _ in range(5)]
        for number in numbers[1:]:
            exclusions.undo(tx, number, at_ns=10, by="bob")
    with state.reading() as view:
        assert [row.id for row in exclusions.recent(view, most=2)] == [numbers[4], numbers[3], numbers[0]]


def test_a_number_that_no_row_can_have_is_of_none(state: State) -> None:
    with state.transaction() as tx:
        assert not exclusions.undo(tx, 2**63, at_ns=10, by="bob")
        assert exclusions.by_id(tx, 2**63) is None
