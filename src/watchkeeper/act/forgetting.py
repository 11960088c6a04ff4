"""
What does the state forget, and when?

Once an hour, what is older than `KEPT` and settled: messages, decisions, transitions. In small portions, so that
nobody waits for it; what is open is never touched. Links that were used are forgotten when they have ended anyway.
"""

from datetime import timedelta
from typing import Final

from watchkeeper.act.links import LIFETIME_NS
from watchkeeper.store import links
from watchkeeper.store.forgetting import forget_before
from watchkeeper.store.state import State

KEPT: Final = timedelta(days=400)  # a year's report, and a month to write it
EVERY_NS: Final = 3600 * 1_000_000_000
PORTIONS: Final = 20  # per hour, of 500 rows of each kind


class Forgetting:
    """
    Forgets old rows when it is time.
    """

    def __init__(self, state: State, *, now_ns: int) -> None:
        self._state = state
        self._due_ns = now_ns + EVERY_NS

    def when_due(self, now_ns: int) -> int:
        """
        Forget, if an hour has passed since the last time; how many rows went.
        """
        if now_ns < self._due_ns:
            return 0
        self._due_ns = now_ns + EVERY_NS
        with self._state.transaction() as tx:
            links.forget(tx, before_ns=now_ns - LIFETIME_NS)  # none of these links works any more
        gone = 0
        for _ in range(PORTIONS):
            with self._state.transaction() as tx:
                portion = forget_before(tx, now_ns - KEPT // timedelta(microseconds=1) * 1000)
            gone += portion
            if not portion:
                break
        return gone
