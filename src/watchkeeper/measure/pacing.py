"""
When is each probe asked next?

On a grid of whole intervals, never an interval after the last answer, so that the pace does not drift:

>>> due_after(1_000, start_ns=130, every_ns=300)
1030

The first asks are spread, so that they do not all begin at once: over the interval, or over a minute where it is
longer, for a check made every six hours must not wait hours for its first answer after each restart.

>>> spread([60, 60, 60, 10], start_ns=1000)
[1000, 1020, 1040, 1000]
"""

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

SPREAD_NS = 60 * 1_000_000_000


def due_after(now_ns: int, *, start_ns: int, every_ns: int) -> int:
    """
    The first point of the grid after `now_ns`.
    """
    return start_ns + ((now_ns - start_ns) // every_ns + 1) * every_ns


def spread(paces: Sequence[int], *, start_ns: int) -> list[int]:
    """
    When each is due first, given the interval of each (ns): those of one pace are spread.
    """
    of_pace, places = Counter(paces), Counter[int]()
    firsts = []
    for every_ns in paces:
        firsts.append(start_ns + places[every_ns] * min(every_ns, SPREAD_NS) // of_pace[every_ns])
        places[every_ns] += 1
    return firsts


@dataclass(frozen=True, slots=True)
class Due:
    """
    One that is due, by its place in the list, and how many of its points before this one nobody came to take.
    """

    place: int
    missed: int


class Pace:
    """
    The grids of all, in one heap. Knows no clock: whoever holds it says what time it is.

    >>> pace = Pace([300, 100], start_ns=0)
    >>> pace.take(0), pace.next_ns
    ([Due(place=0, missed=0), Due(place=1, missed=0)], 100)
    >>> pace.take(250), pace.next_ns
    ([Due(place=1, missed=1)], 300)
    """

    def __init__(self, paces: Sequence[int], *, start_ns: int) -> None:
        self._paces = tuple(paces)
        self._due = [(at_ns, place) for place, at_ns in enumerate(spread(paces, start_ns=start_ns))]
        heapq.heapify(self._due)

    @property
    def next_ns(self) -> int:
        """
        When the next one is due.
        """
        return self._due[0][0]

    def take(self, now_ns: int) -> list[Due]:
        """
        All that are due by now, each once; each is due again at the next point of its grid.
        """
        taken = []
        while self.next_ns <= now_ns:
            at_ns, place = self._due[0]
            every_ns = self._paces[place]
            again_ns = due_after(now_ns, start_ns=at_ns, every_ns=every_ns)
            heapq.heapreplace(self._due, (again_ns, place))
            taken.append(Due(place, (again_ns - at_ns) // every_ns - 1))
        return taken
