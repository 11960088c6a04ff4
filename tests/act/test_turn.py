"""A turn decides from rows: it keeps what it wrote, and after a failure it reads them again."""

import pytest

from tests.stories.shop import manual, opened, orders
from watchkeeper.act import memory
from watchkeeper.act.memory import Remembered
from watchkeeper.act.turn import take_turn
from watchkeeper.decide.values import AlertKey, AlertMemory, State

DISK = AlertKey(rule="disk")


def test_what_was_taken_out_and_not_put_back_is_read_again():
    told = opened(manual())
    remembered = Remembered()
    with told.state.reading() as view:
        first = remembered.take(view)
        assert remembered.take(view) == first == memory.memories(view)
        changed = AlertMemory(key=DISK, state=State.FIRING)
        remembered.put(first, [changed])
        assert remembered.take(view) == {**first, DISK: changed}
        assert remembered.take(view) == first


def test_a_turn_that_cannot_be_written_is_decided_anew_by_the_next(monkeypatch):
    told = orders(opened(manual())).at("12:00")
    told.spans("order", n=300, outcome="failed", country="fr")
    remembered = Remembered()
    told.clock.move(minutes=20)  # so long that all of it is unknown

    def fail(*_args, **_more):
        raise RuntimeError("no room")

    def turn():
        at_ns = told.clock.now_ns()
        return take_turn(told.watch.standing, told.intake, told.state, now_ns=at_ns, remembered=remembered)

    monkeypatch.setattr(memory, "remember", fail)
    with pytest.raises(RuntimeError, match="no room"):
        turn()
    monkeypatch.undo()

    assert turn().memories  # the same changes again
    assert turn().memories == ()
    with told.state.reading() as view:
        assert remembered.take(view) == memory.memories(view)
