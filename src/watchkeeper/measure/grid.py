"""
How is time cut into slots?

Three rings of slots carry the windows: 10 s, 2 min and 1 h. The durable truth is one rollup a minute, with hours behind
it. A window of length W at t is the open slot and all whole slots back to floor((t - W) / slot):

>>> grid = REAL
>>> tier = grid.tier_for(15 * 60 * SECOND)
>>> tier.name, tier.slot_ns // SECOND
('fine', 10)
>>> t = 1_000_000_007 * SECOND
>>> tier.first(t, 15 * 60 * SECOND), tier.slot(t)
(99999910, 100000000)

`--fast` lets minutes pass as seconds: the same grid, sixty times finer (the finest slot a quarter of a second).
"""

from dataclasses import dataclass

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 3600 * SECOND
DAY = 24 * HOUR
#: Slots of a ring: 2 h of 10 s, 24 h of 2 min, 30 d of 1 h, and some more for delays and for what was heard before.
LENGTH = 736


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """
    One ring: slots of `slot_ns`, numbered from 1970 UTC, of which the newest `length` are kept.
    """

    name: str
    slot_ns: int
    length: int

    def slot(self, at_ns: int) -> int:
        """
        The number of the slot that holds this instant.
        """
        return at_ns // self.slot_ns

    def first(self, at_ns: int, window_ns: int) -> int:
        """
        The first slot of the window of this length that ends now.
        """
        return (at_ns - window_ns) // self.slot_ns

    def reaches(self, window_ns: int) -> bool:
        """
        Whether a window this long fits, with the slot before it that a difference of running totals needs.
        """
        return window_ns // self.slot_ns + 3 <= self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """
    The tiers, finest first, and the slot of the durable rollups. Each slot is a whole multiple of the one before.
    """

    fine: Tier
    middle: Tier
    coarse: Tier
    minute_ns: int  # the durable rollup

    @property
    def tiers(self) -> tuple[Tier, Tier, Tier]:
        """
        Finest first.
        """
        return (self.fine, self.middle, self.coarse)

    def tier_for(self, window_ns: int) -> Tier:
        """
        The finest ring that reaches this far; the coarse one where none does (it is made long enough by `reaching`).
        """
        return next((tier for tier in self.tiers if tier.reaches(window_ns)), self.coarse)

    def reaching(self, window_ns: int) -> "Grid":
        """
        The same grid with a coarse ring long enough for the longest window of a manual.
        """
        length = max(self.coarse.length, window_ns // self.coarse.slot_ns + 4)
        coarse = Tier(name="coarse", slot_ns=self.coarse.slot_ns, length=length)
        return Grid(fine=self.fine, middle=self.middle, coarse=coarse, minute_ns=self.minute_ns)


def _grid(*, fine: int, minute: int, middle: int, coarse: int) -> Grid:
    return Grid(
        fine=Tier(name="fine", slot_ns=fine, length=LENGTH),
        middle=Tier(name="middle", slot_ns=middle, length=LENGTH),
        coarse=Tier(name="coarse", slot_ns=coarse, length=LENGTH),
        minute_ns=minute,
    )


REAL = _grid(fine=10 * SECOND, minute=MINUTE, middle=2 * MINUTE, coarse=HOUR)
FAST = _grid(fine=SECOND // 4, minute=SECOND, middle=2 * SECOND, coarse=MINUTE)
