"""A turn decides from rows: it keeps what it wrote, and after a failure it reads them again."""

import threading
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.stories.shop import manual, opened, orders
from watchkeeper.act import memory
from watchkeeper.act.memory import Remembered
from watchkeeper.act.turn import Turns, take_turn
from watchkeeper.decide.values import AlertKey, AlertMemory, State
from watchkeeper.measure.batches import batch_of
from watchkeeper.outside.clock import RealClock
from watchkeeper.store.errors import StateError

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


def test_a_turn_without_news_asks_about_nothing_and_one_with_news_only_about_what_changed(monkeypatch):
    told = orders(opened(manual())).at("12:00")
    asked = []
    engine = told.intake.engine
    ask_all = engine.ask_all

    def noted(questions: Any, now_ns: int) -> Any:
        asked.extend(questions)
        return ask_all(questions, now_ns)

    monkeypatch.setattr(engine, "ask_all", noted)

    def turn(**how):
        at_ns = told.clock.now_ns()
        return take_turn(told.watch.standing, told.intake, told.state, now_ns=at_ns, remembered=told._remembered, **how)

    told.run(minutes=1)
    asked.clear()
    assert turn().memories == turn(only_news=True).memories == ()
    assert asked == []
    told.spans("order", n=300, outcome="failed", country="de")
    assert {question.indicator for question in asked} == {"success"}
    assert told.alert("orders", country="de").state is State.FIRING


def test_what_came_in_is_looked_at_before_the_next_turn_is_due():
    told = opened(manual().replace("  busy:", "  released: {on: release, severity: P2}\n  busy:"))
    told.clock.set_wall(RealClock().now())
    told.run(seconds=1)
    changed = threading.Event()
    turns = Turns(
        standing=lambda: told.watch.standing,
        intake=told.intake,
        state=told.state,
        clock=RealClock(),
        every_seconds=3600,
        after=changed.set,
    )
    turns.start()
    try:
        told._take([batch_of("events", [told.clock.now_ns()], None, {"name": "release"})])
        assert changed.wait(30)
    finally:
        turns.stop()
    assert turns.failed == 0


def test_a_full_disk_is_one_line_and_a_bug_has_a_traceback():
    told = opened(manual())
    turns = Turns(
        standing=lambda: told.watch.standing,
        intake=told.intake,
        state=told.state,
        clock=told.clock,
        every_seconds=3600,
        after=lambda: None,
    )
    full = StateError(doing="begin", why="the disk is full", retryable=True)
    with capture_logs() as lines:
        for bug in (full, full, StateError(doing="begin", why="the file is damaged", retryable=False)):
            turns._tell(bug)
    assert [(line["event"], line.get("why"), "exc_info" in line) for line in lines] == [
        ("a turn failed", "The state could not begin: the disk is full.", False),
        ("a turn failed", None, True),
    ]
