"""
What else is due when a turn is taken: pages, the clocks of incidents, hand-offs, flips?

Each runner looks for what is due by now and writes what follows, in transactions of its own. What it did not come to is
due again at the next turn, for nothing is remembered but rows. One that fails does not stop the others.
"""

from typing import Final, Protocol

from watchkeeper.act import handoffs, reverting
from watchkeeper.act.incidents import clocks
from watchkeeper.act.paging import escalating
from watchkeeper.act.standing import Standing
from watchkeeper.store.state import State


class Run(Protocol):
    """
    Does all that is due by `now_ns`; whether it wrote anything that the sender should look at.
    """

    def __call__(self, state: State, standing: Standing, *, now_ns: int) -> bool: ...


#: In this order. A new kind of due thing is one more line here.
RUNNERS: Final[tuple[Run, ...]] = (clocks.run, escalating.run, handoffs.run, reverting.run)


def run_due(state: State, standing: Standing, *, now_ns: int, runners: tuple[Run, ...] = RUNNERS) -> bool:
    """
    Every runner once; whether any of them wrote something. Raises the first error, after all of them had their turn.
    """
    wrote, errors = False, []
    for run in runners:
        try:
            wrote = run(state, standing, now_ns=now_ns) or wrote
        except Exception as error:  # told below: one kind of clock must not stop the others
            errors.append(error)
    if errors:
        raise errors[0]
    return wrote
