"""
How is time cut into slots?

Rings of slots carry the windows: 10 s, 2 min and 1 h, and days for what reaches beyond a month. The durable truth is
one rollup a minute, with hours and days behind it. A window of length W at t is the open slot and all whole slots back
to floor((t - W) / slot):

>>> grid = REAL
>>> tier = grid.tier_for(15 * 60 * SECOND)
>>> tier.name, tier.slot_ns // SECOND
('fine', 10)
>>> t = 1_000_000_007 * SECOND
>>> tier.first(t, 15 * 60 * SECOND), tier.slot(t)
(99999910, 100000000)

`--fast` lets minutes pass as seconds: the same grid, sixty times finer (the finest slot a quarter of a second).
"""

from dataclasses import dataclass, replace

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 3600 * SECOND
DAY = 24 * HOUR
#: Slots of a ring: 2 h of 10 s, 24 h of 2 min, and some more for delays and for what was heard before.
LENGTH = 736
#: Slots of 1 h: the longest month, and some more.
MONTH_LENGTH = 768


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
        Whether a window this long fits, with its open slot and some for good measure.
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
    long: Tier  # only rows of indicators with a window beyond the coarse ring are in it
    minute_ns: int  # the durable rollup

    @property
    def tiers(self) -> tuple[Tier, Tier, Tier, Tier]:
        """
        Finest first.
        """
        return (self.fine, self.middle, self.coarse, self.long)

    def tier_for(self, window_ns: int) -> Tier:
        """
        The finest ring that reaches this far; the long one where none does (it is made long enough by `reaching`).
        """
        return next((tier for tier in self.tiers if tier.reaches(window_ns)), self.long)

    def reaching(self, window_ns: int) -> "Grid":
        """
        The same grid with a long ring that reaches over the longest window of a manual.
        """
        return replace(self, long=replace(self.long, length=window_ns // self.long.slot_ns + 4))


def _grid(*, fine: int, minute: int, middle: int, coarse: int) -> Grid:
    return Grid(
        fine=Tier(name="fine", slot_ns=fine, length=LENGTH),
        middle=Tier(name="middle", slot_ns=middle, length=LENGTH),
        coarse=Tier(name="coarse", slot_ns=coarse, length=MONTH_LENGTH),
        long=Tier(name="long", slot_ns=24 * coarse, length=4),
        minute_ns=minute,
    )


REAL = _grid(fine=10 * SECOND, minute=MINUTE, middle=2 * MINUTE, coarse=HOUR)
FAST = _grid(fine=SECOND // 4, minute=SECOND, middle=2 * SECOND, coarse=MINUTE)
