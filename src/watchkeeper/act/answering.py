"""
What happens when the button of a link in a message is pressed?

The link is used up and its deed is done in one transaction: whatever happens in between, it was both or neither. A
second press finds the link used and does nothing.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from watchkeeper.act.accounts.visitor import By, through_link
from watchkeeper.act.links import Action, Link
from watchkeeper.act.paging import desk
from watchkeeper.outside.clock import Clock
from watchkeeper.store import links, pages
from watchkeeper.store.pages import PageRow
from watchkeeper.store.state import State

#: For how long a link puts a page off.
SNOOZE_NS: Final = 3600 * 10**9
SOMEBODY: Final = "somebody"


class Answers:
    """
    Answers through links. Safe to call from any thread.
    """

    def __init__(self, state: State, clock: Clock) -> None:
        self._state, self._clock = state, clock

    def look(self, link: Link, digest: str) -> tuple[list[PageRow], bool]:
        """
        The pages of a link as they stand, and whether it was used already.
        """
        with self._state.reading() as view:
            return _pages(view, link), links.was_used_ns(view, digest) is not None

    def press(self, link: Link, digest: str) -> tuple[list[PageRow], bool]:
        """
        Do what the link says, once; the pages as they stand then, and whether it was done now. Pages that are over stay
        as they are.
        """
        now_ns, by = self._clock.now_ns(), through_link(link.person or SOMEBODY)
        with self._state.transaction() as tx:
            standing = [row.id for row in _pages(tx, link) if row.state in pages.STANDING]
            done = bool(standing) and links.use(tx, digest, by=by.by, now_ns=now_ns)
            if done:
                do(tx, link.action, standing, by=by, now_ns=now_ns)
            return _pages(tx, link), done


def do(tx: Connection, action: Action, numbers: Sequence[int], *, by: By, now_ns: int) -> None:
    """
    Do with these pages what a button says. KeyError, CannotDo.
    """
    match action:
        case Action.ACKNOWLEDGE:
            desk.acknowledge_all(tx, numbers, by=by, now_ns=now_ns)
        case Action.SNOOZE:
            for number in numbers:
                desk.snooze(tx, number, for_ns=SNOOZE_NS, by=by, now_ns=now_ns)
        case Action.ESCALATE:
            for number in numbers:
                desk.escalate(tx, number, by=by, now_ns=now_ns)
        case Action.RESOLVE:
            for number in numbers:
                desk.resolve(tx, number, by=by, now_ns=now_ns)


def _pages(view: Connection, link: Link) -> list[PageRow]:
    found = (pages.by_id(view, number) for number in link.pages if 0 < number < 2**63)
    return [row for row in found if row is not None]
