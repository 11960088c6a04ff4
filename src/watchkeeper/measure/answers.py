"""
What does the engine answer, and what is it asked?

A question names a series, a window and the thresholds that matter; an answer holds exact counts, or bounds where the
source only has buckets, and says how much of the window was heard at all.

>>> Answer(start_ns=0, end_ns=10, count=200, matched=186, known=9, slots=10).share
Fraction(93, 100)

These are structs of msgspec, made and hashed by the thousand every second; nothing in them can hold a reference back,
so that nobody needs to look for cycles. `msgspec.structs.replace` changes a field.
"""

from fractions import Fraction

import msgspec

from watchkeeper.manual.condition.ast import Period
from watchkeeper.measure.merges import Exemplar, Result


class Span(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    A rolling window: the last `ns` nanoseconds.
    """

    ns: int


class Since(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    A calendar window: from the local beginning of this period until now.
    """

    period: Period


#: How far single observations are looked for: age, left, last, strikes, events.
LOOKS_BACK = Span(ns=24 * 3600 * 1_000_000_000)


def event_name(kind: str) -> str:
    """
    The stream and the indicator that count the plain events of a kind, for event rules.
    """
    return f"on:{kind}"


class Question(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    One series over one window. `ago_ns` asks about the same window as it was that long ago.

    Without `merges` the answer holds only what is added up (counts, sums, thresholds), which is far cheaper: no low,
    high, last, seen, buckets, results, distinct or worst.
    """

    indicator: str
    window: Span | Since
    label: str = ""
    value: str = ""
    ago_ns: int = 0
    merges: bool = True


class Under(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    How many lie under a threshold: surely, and at most.
    """

    sure: int
    most: int


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    What one series did in one window. Counts are weighted; `total` is a sum in integer steps of 1/`scale` SI unit.

    `known` of `slots` slots were heard. `low`, `high` and `last` are values in steps, None where nothing carried one.
    What people excluded is in none of these numbers but `excluded` (how many events) and `excluded_ns` (how long).
    """

    start_ns: int
    end_ns: int
    count: int = 0
    matched: int = 0  # for which the indicator's `good` or `bad` holds
    valued: int = 0
    total: int = 0
    bucketed: int = 0  # known only between two limits
    scale: int = 1
    under: dict[int, Under] = msgspec.field(default_factory=dict)  # by exclusive integer bound
    low: int | None = None
    high: int | None = None
    last: int | None = None
    last_at_ns: int | None = None
    seen_ns: int | None = None  # the newest observation
    known: int = 0
    slots: int = 0
    born_ns: int | None = None  # when its stream was first heard, ever
    buckets: dict[int, int] = msgspec.field(default_factory=dict)
    results: tuple[Result, ...] = ()  # the newest results, oldest first
    distinct: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)  # how many different ones, at least
    # and at most, by the name of the set (`distinct.set_name`)
    worst: tuple[Exemplar, ...] = ()
    excluded: int = 0
    excluded_ns: int = 0

    @property
    def share(self) -> Fraction | None:
        """
        Matched of all; None when nothing was seen.
        """
        return Fraction(self.matched, self.count) if self.count else None

    @property
    def mean(self) -> Fraction | None:
        """
        The mean value in SI units; None when nothing was valued, or when a part is only known by its bucket.
        """
        return Fraction(self.total, self.valued * self.scale) if self.valued and not self.bucketed else None

    @property
    def half_known(self) -> bool:
        """
        Whether a source was heard in at least half of the window.
        """
        return self.slots > 0 and 2 * self.known >= self.slots
