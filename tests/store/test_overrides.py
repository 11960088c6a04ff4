"""
Exceptions from the rotations keep who made them and who undid them; the halves of a swap go together.
"""

from dataclasses import replace

from watchkeeper.store import overrides
from watchkeeper.store.overrides import OverrideRow
from watchkeeper.store.state import State

ROW = OverrideRow(schedule="team", begin_ns=60, end_ns=120, person="bo", author="ann", reason="ill", created_ns=9)


def test_what_was_undone_no_longer_stands_but_is_still_told(state: State) -> None:
    with state.transaction() as tx:
        first, second = overrides.add(tx, ROW), overrides.add(tx, ROW)
        assert overrides.undo(tx, first, at_ns=10, by="bob") == 1
        assert overrides.undo(tx, first, at_ns=11, by="eve") == 0
        assert overrides.undo(tx, 99, at_ns=11, by="eve") == 0
    with state.reading() as view:
        assert [row.id for row in overrides.standing(view, since_ns=0)] == [second]
        assert [(row.id, row.undone_by) for row in overrides.recent(view)] == [(second, None), (first, "bob")]
        assert overrides.by_id(view, second) == replace(ROW, id=second)
        assert overrides.by_id(view, 2**70) is None


def test_what_is_over_does_not_stand(state: State) -> None:
    with state.transaction() as tx:
        overrides.add(tx, ROW)
    with state.reading() as view:
        assert len(overrides.standing(view, since_ns=119)) == 1
        assert overrides.standing(view, since_ns=120) == []


def test_undoing_one_half_of_a_swap_undoes_the_other(state: State) -> None:
    with state.transaction() as tx:
        first, second = overrides.add_swap(tx, [ROW, replace(ROW, person="cy", begin_ns=120, end_ns=180)])
        found = overrides.by_id(tx, first), overrides.by_id(tx, second)
        assert [row.swap_of for row in found if row] == [second, first]
        assert overrides.undo(tx, second, at_ns=10, by="bob") == 2
        assert overrides.standing(tx, since_ns=0) == []
