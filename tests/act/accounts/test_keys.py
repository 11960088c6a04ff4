"""Does a token that holds come in at every moment, also while tokens are read?"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from watchkeeper.act.accounts.accounts import Accounts
from watchkeeper.act.accounts.secrets import digest
from watchkeeper.store.state import State, open_memory
from watchkeeper.testing import HandClock


class Slow:
    """A state that is read only when the test says so."""

    def __init__(self, state: State) -> None:
        self._state, self.asked, self.go = state, threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)

    @contextmanager
    def reading(self) -> Iterator[Any]:
        self.asked.set()
        assert self.go.wait(10)
        with self._state.reading() as view:
            yield view


def test_nobody_is_taken_for_unknown_while_the_tokens_are_read():
    state, clock = open_memory(), HandClock()
    told = digest(Accounts(state, clock).operator_token().reveal())
    slow = Slow(state)
    keys = Accounts(slow, clock).keys  # type: ignore[arg-type]  # as a state, as far as keys are concerned
    first = threading.Thread(target=keys.refresh)
    first.start()
    assert slow.asked.wait(10)

    assert keys.token(told) is None
    assert keys.stale(unknown=True), "a second visitor would be refused instead of waiting for the first one's read"

    slow.go.set()
    first.join()
    assert keys.token(told) is not None
    assert not keys.stale(unknown=True)
    state.close()


def test_what_changes_while_tokens_are_read_is_read_once_more():
    state, clock = open_memory(), HandClock()
    slow = Slow(state)
    accounts = Accounts(slow, clock)  # type: ignore[arg-type]  # as above
    first = threading.Thread(target=accounts.keys.refresh)
    first.start()
    assert slow.asked.wait(10)
    accounts.keys.changed()
    slow.go.set()
    first.join()

    assert accounts.keys.stale()
    state.close()
