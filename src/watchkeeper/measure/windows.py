"""
Which slots does a window take?

A window of length W at t is the open slot and all whole slots back to floor((t - W) / slot), in the finest ring that
still reaches back that far from now. A calendar window begins at its local boundary.
"""

from dataclasses import dataclass, replace

from watchkeeper.measure.answers import Span
from watchkeeper.measure.grid import Grid, Tier
from watchkeeper.measure.running import Running


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """
    The slots `first`..`last` of a ring, from `start_ns` on, as seen at `at_ns`; a calendar window ends before `end_ns`.
    """

    tier: Tier
    first: int
    last: int
    start_ns: int
    at_ns: int
    end_ns: int | None = None

    @property
    def inside(self) -> tuple[int, int]:
        """
        Its first and last slot that no boundary of its period cuts.
        """
        cut_first = self.start_ns % self.tier.slot_ns != 0
        cut_last = self.end_ns is not None and self.end_ns < (self.last + 1) * self.tier.slot_ns
        return self.first + cut_first, self.last - cut_last

    def on(self, tier: Tier) -> "Stretch":
        """
        The same stretch of time in the slots of another ring.
        """
        first, last = tier.slot(self.start_ns), tier.slot(self.at_ns)
        return replace(self, tier=tier, first=first, last=last)


def rolling(grid: Grid, window: Span, at_ns: int, *, now_ns: int) -> Stretch:
    """
    A rolling window that ends at `at_ns`, which lies behind now by a delay, or because an earlier window is asked for.
    """
    tier = grid.tier_for(now_ns - at_ns + window.ns)
    first = tier.first(at_ns, window.ns)
    return Stretch(tier=tier, first=first, last=tier.slot(at_ns), start_ns=first * tier.slot_ns, at_ns=at_ns)


def since(grid: Grid, running: Running, at_ns: int, *, now_ns: int) -> Stretch | None:
    """
    The period that holds `at_ns`, until then; None where it ended before the period that is kept beside the present
    one.
    """
    around = running.around(at_ns)
    if around is None:
        return None
    tier = grid.tier_for(now_ns - around[0])
    first, last = tier.slot(around[0]), tier.slot(at_ns)
    return Stretch(tier=tier, first=first, last=last, start_ns=around[0], at_ns=at_ns, end_ns=around[1])
