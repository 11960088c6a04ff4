"""
A link works once, whatever happens around it.
"""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from watchkeeper.store import links
from watchkeeper.store.state import State


def test_a_link_is_used_once_and_it_is_known_when(tx: Connection):
    assert links.was_used_ns(tx, "d") is None
    assert links.use(tx, "d", by="ada", now_ns=7)
    assert not links.use(tx, "d", by="bo", now_ns=8)
    assert links.use(tx, "e", by="bo", now_ns=9)
    assert (links.was_used_ns(tx, "d"), links.was_used_ns(tx, "e")) == (7, 9)


def test_a_deed_that_fails_leaves_its_link_unused(state: State):
    def deed() -> None:
        with state.transaction() as tx:
            assert links.use(tx, "d", by="ada", now_ns=7)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        deed()
    with state.transaction() as tx:
        assert links.use(tx, "d", by="ada", now_ns=8)


def test_only_links_used_before_an_instant_are_forgotten(tx: Connection):
    links.use(tx, "old", by="ada", now_ns=7)
    links.use(tx, "new", by="ada", now_ns=8)
    assert links.forget(tx, before_ns=8) == 1
    assert (links.was_used_ns(tx, "old"), links.was_used_ns(tx, "new")) == (None, 8)
