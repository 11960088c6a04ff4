"""
A flood delays whoever sends it, and nobody else; memory stays bounded whoever sends.
"""

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.measure.waiting import Full, Waiting

SENT = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60)), max_size=60)


def filled(*sent: tuple[str, int], most: int = 100) -> Waiting[str]:
    waiting: Waiting[str] = Waiting(most=most)
    for n, (client, size) in enumerate(sent):
        waiting.put(f"{client}{n}", client, size)
    return waiting


def test_the_lines_take_turns_and_each_keeps_its_order():
    waiting = filled(("a", 1), ("a", 1), ("a", 1), ("b", 1), ("c", 1), ("b", 1))
    assert waiting.take(most=100) == ["a0", "b3", "c4", "a1", "b5", "a2"]


def test_a_group_ends_once_it_is_large_enough_and_goes_on_where_it_stopped():
    waiting = filled(("a", 10), ("a", 10), ("b", 10), ("b", 10))
    assert [waiting.take(most=15) for _ in range(3)] == [["a0", "b2"], ["a1", "b3"], []]


def test_whoever_holds_more_than_a_share_is_turned_away_before_the_others():
    waiting = filled(("a", 45), ("b", 10))
    assert waiting.put("a", "a", 10) is Full.SHARE
    assert waiting.put("b", "b", 10) is None
    assert waiting.put("c", "c", 10) is None  # who is new always finds a place


def test_one_client_alone_may_use_all_the_room_and_then_nobody_may():
    waiting = filled(("a", 60), ("a", 60))
    assert waiting.bytes == 120
    assert waiting.put("a", "a", 1) is Full.ROOM
    assert waiting.put("b", "b", 1) is Full.ROOM
    waiting.take(most=1)
    assert waiting.put("b", "b", 1) is None


def test_what_waits_when_the_lines_close_is_still_taken():
    waiting = filled(("a", 1))
    waiting.close()
    assert waiting.put("b", "b", 1) is Full.CLOSED
    assert waiting.wait(0)
    assert waiting.take(most=1) == ["a0"]
    assert not waiting.wait(0)


@given(SENT, st.integers(1, 50))
def test_all_that_joined_comes_out_once_in_order_and_no_byte_is_left(sent: list[tuple[str, int]], most: int):
    waiting: Waiting[tuple[str, int]] = Waiting(most=100)
    joined = [(client, n) for n, (client, size) in enumerate(sent) if waiting.put((client, n), client, size) is None]
    taken: list[tuple[str, int]] = []
    while group := waiting.take(most=most):
        taken += group
    assert sorted(taken) == sorted(joined)
    assert all(
        [n for who, n in taken if who == client] == [n for who, n in joined if who == client] for client in "abc"
    )
    assert waiting.bytes == 0


@given(SENT)
def test_no_more_waits_than_the_room_and_one_entry(sent: list[tuple[str, int]]):
    waiting = filled(*sent)
    assert waiting.bytes < 100 + 60
