"""
What would somebody answer who keeps every event and adds them up by hand?

Written from the sentences of the design on measuring, with the standard library only, and sharing no code with the
engine:

- an event counts where its stream, `only` and `except` say so, in its own time, if it is not older than the lateness
  when it arrives, nor more than a minute ahead; it is seen once its slot has opened;
- a window of length W at t is the open slot and all whole slots back to floor((t - W) / slot), in the finest of the
  rings (10 s, 2 min, 1 h) that still reaches it from now;
- a calendar window begins at its local midnight and is cut by no slot but the open one;
- an event is held against a threshold that the manual named when it arrived; a bucket lies under a threshold when it
  ends at or before it, and beyond when it begins at or after it; all else is open;
- a slot is known when a source spoke in it, or within `speaks_every` before it.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

S = 10**9
AHEAD = 60 * S
FINE = 10 * S
RINGS = ((FINE, 736), (120 * S, 736), (3600 * S, 768), (86_400 * S, 10**9))
EXAMPLES, KEPT = 120 * S, 61  # the three worst of each two minutes, for two hours
WORST, RESULTS = 3, 32

Attributes = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Event:
    """
    One event as it happened, and when it arrived. `number` is its value in SI units, or the limits of its bucket.
    """

    signal: str
    at: int
    arrived: int
    attributes: Attributes
    number: Fraction | tuple[Fraction | None, Fraction | None] | None = None
    weight: int = 1
    trace: str = ""
    named: frozenset[tuple[str, Fraction, bool]] = frozenset()  # the thresholds that the manual named when it arrived


@dataclass(frozen=True, kw_only=True)
class Said:
    """
    What a manual says of one indicator, as Python.
    """

    signal: str
    counts: Callable[[Attributes], bool]
    holds: Callable[[Attributes], bool] | None = None
    good: bool | None = None
    metric: str | None = None
    number: str | None = None  # the attribute that is read; None for the event's own
    scale: int = S
    delay: int = 0
    lateness: int = 3600 * S
    speaks: int = 60 * S
    strikes: bool = False
    wants: frozenset[str] = frozenset()  # what conditions ask for: quantiles, extremes, newest, distinct
    sets: Mapping[str, tuple[str, Callable[[Attributes], bool] | None]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Spoke:
    """
    A batch: when it arrived, and the times and names in it.
    """

    signal: str
    arrived: int
    rows: tuple[tuple[int, str], ...]


@dataclass
class Oracle:
    """
    Every event and every batch so far, each once.
    """

    zone: ZoneInfo
    events: list[Event] = field(default_factory=list)
    batches: list[Spoke] = field(default_factory=list)

    def rolling(self, said: Said, window: int, now: int, label: tuple[str, str] | None) -> dict[str, Any]:
        """
        The answer over the last `window` ns.
        """
        at = now - said.delay
        slot = _ring(said.delay + window)
        first, last = (at - window) // slot, at // slot
        mine = self._counted(said, now, label)
        inside = [one for one in mine if first <= one.at // slot <= last]
        found = self._answer(said, inside, inside, now, start=first * slot, at=at)
        return found | {"worst": _worst(said, mine, now, first * slot, (last + 1) * slot)}

    def calendar(self, said: Said, period: str, now: int, label: tuple[str, str] | None) -> dict[str, Any]:
        """
        The answer since the period that holds the instant began.
        """
        at = now - said.delay
        begin, end = self._period(period, at)
        slot = _ring(now - begin)
        counted = self._counted(said, now, label)
        mine = [one for one in counted if begin <= one.at < end]
        summed = [one for one in mine if one.at // FINE <= at // FINE]
        merged = [one for one in mine if one.at // slot <= at // slot]
        found = self._answer(said, summed, merged, now, start=begin, at=at)
        return found | {"worst": _worst(said, counted, now, begin, min(end, (at // slot + 1) * slot))}

    def _counted(self, said: Said, now: int, label: tuple[str, str] | None) -> list[Event]:
        return [
            one
            for one in self.events
            if one.signal == said.signal
            and one.arrived - said.lateness <= one.at <= one.arrived + AHEAD
            and one.at // FINE <= now // FINE
            and said.counts(one.attributes)
            and (label is None or (label[0] in one.attributes and _text(one.attributes[label[0]]) == label[1]))
        ]

    def _answer(
        self, said: Said, summed: list[Event], merged: list[Event], now: int, *, start: int, at: int
    ) -> dict[str, Any]:
        own = [(one, _steps(_number(one, said), said.scale)) for one in summed]
        values = [(one, n) for one, n in own if isinstance(n, int)]
        known, slots, born = self._heard(said, now, start, at)
        holds = said.holds or (lambda _: False)
        return {
            "start_ns": start,
            "end_ns": at,
            "count": sum(one.weight for one in summed),
            "matched": sum(one.weight for one in summed if holds(one.attributes)),
            "valued": sum(one.weight for one, _ in values),
            "total": sum(one.weight * n for one, n in values),
            "bucketed": sum(one.weight for one, n in own if isinstance(n, tuple)),
            "known": known,
            "slots": slots,
            "born_ns": born,
            **_merged(said, merged),
            **({"distinct": _distinct(said, merged)} if said.sets else {}),
        }

    def under(self, said: Said, events: Iterable[Event], limit: tuple[str, Fraction, bool]) -> tuple[int, int]:
        """
        How many are surely under a threshold (of the named indicator), and at most.
        """
        _, threshold, inclusive = limit
        sure = most = 0
        for one in events:
            held = limit in one.named
            is_under, is_over = _held(_number(one, said), threshold, inclusive=inclusive)
            sure += one.weight if held and is_under else 0
            most += one.weight if not (held and is_over) else 0
        return sure, most

    def seen(
        self, said: Said, now: int, label: tuple[str, str] | None, *, window: int | None = None, period: str = ""
    ) -> list[Event]:
        """
        The events that a window adds up.
        """
        at, mine = now - said.delay, self._counted(said, now, label)
        if window is not None:
            slot = _ring(said.delay + window)
            return [one for one in mine if (at - window) // slot <= one.at // slot <= at // slot]
        begin, end = self._period(period, at)
        return [one for one in mine if begin <= one.at < end and one.at // FINE <= at // FINE]

    def _heard(self, said: Said, now: int, start: int, at: int) -> tuple[int, int, int | None]:
        slot = _ring(now - start + said.speaks)
        spoke = sorted({time for batch in self.batches for time in _times(batch, said)})
        seen = [time // slot for time in spoke if time // FINE <= now // FINE]
        reach = max(1, -(-said.speaks // slot))
        asked = range(start // slot, at // slot + 1)
        known = sum(bisect_right(seen, one) > bisect_right(seen, one - reach) for one in asked)
        return known, len(asked), (spoke[0] // FINE * FINE if spoke else None)

    def _period(self, period: str, at: int) -> tuple[int, int]:
        day = datetime.fromtimestamp(at // S, tz=UTC).astimezone(self.zone).date()
        if period == "week":
            first = day - timedelta(days=day.weekday())
            return self._midnight(first), self._midnight(first + timedelta(days=7))
        first = day.replace(day=1)
        return self._midnight(first), self._midnight((first + timedelta(days=32)).replace(day=1))

    def _midnight(self, day: date) -> int:
        at = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return int(at.timestamp()) * S


def _ring(reach: int) -> int:
    return next(slot for slot, length in RINGS if reach // slot + 3 <= length)


def _times(batch: Spoke, said: Said) -> list[int]:
    if batch.signal != said.signal:
        return []
    rows = [at for at, name in batch.rows if at <= batch.arrived + AHEAD and said.metric in (None, name)]
    if said.metric is not None and not rows:
        return []
    return [*(at for at in rows if at >= batch.arrived - said.lateness), batch.arrived]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(event: Event, said: Said) -> Any:
    if said.number is None:
        return event.number
    found = event.attributes.get(said.number)
    return None if isinstance(found, bool) or not isinstance(found, int | float) else Fraction(found)


def _steps(number: Any, scale: int) -> Any:
    """
    A number in whole steps, half to even; a bucket stays a pair.
    """
    return round(number * scale) if isinstance(number, Fraction) else number


def _held(number: Any, threshold: Fraction, *, inclusive: bool) -> tuple[bool, bool]:
    if number is None:
        return False, False
    if isinstance(number, Fraction):
        is_under = number <= threshold if inclusive else number < threshold
        return is_under, not is_under
    low, high = number
    return high is not None and high <= threshold, low is not None and low >= threshold


def _merged(said: Said, events: list[Event]) -> dict[str, Any]:
    real = [(one, _steps(_number(one, said), said.scale)) for one in events if one.weight]
    values = [(one.at, n) for one, n in real if isinstance(n, int)]
    newest = max(values, default=(None, None))
    holds = said.holds or (lambda _: False)
    results = sorted((one.at, int(holds(one.attributes))) for one, _ in real) if said.strikes else []
    buckets: dict[int, int] = {}
    for one, n in real:
        if n is not None:
            shown = n if isinstance(n, int) else _shown(n, said.scale)
            bucket = (shown**8).bit_length() - 1 if shown > 0 else -1  # floor(8 log2 v), in whole numbers
            buckets[bucket] = buckets.get(bucket, 0) + one.weight
    found = {
        "low": min((n for _, n in values), default=None),
        "high": max((n for _, n in values), default=None),
        "last_at_ns": newest[0],
        "last": newest[1],
        "seen_ns": max((one.at for one, _ in real), default=None),
        "results": tuple(results[-RESULTS:]),
        "buckets": buckets,
    }
    unasked = {
        "quantiles": ("buckets",),
        "extremes": ("low", "high"),
        "newest": ("last_at_ns", "last", "seen_ns"),
    }
    for want, keys in unasked.items():
        if want not in said.wants:
            for key in keys:
                del found[key]
    if said.strikes and "newest" not in said.wants:
        found["seen_ns"] = max((one.at for one, _ in real), default=None)
    return found


def _worst(said: Said, events: list[Event], now: int, start: int, end: int) -> tuple[tuple[int, int, str], ...]:
    holds = said.holds or (lambda _: False)
    slots: dict[int, set[tuple[int, int, str]]] = {}
    for one in events:
        if one.weight and one.trace and (said.good is None or holds(one.attributes) is not said.good):
            n = _steps(_number(one, said), said.scale)
            slots.setdefault(one.at // EXAMPLES, set()).add((one.at, n if isinstance(n, int) else 0, one.trace))
    kept = [one for slot, found in slots.items() if slot > now // EXAMPLES - KEPT for one in _largest(found)]
    return tuple(_largest(one for one in kept if start <= one[0] < end))


def _largest(found: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    return sorted(found, key=lambda one: (one[1], one[0], one[2]), reverse=True)[:WORST]


def _distinct(said: Said, events: list[Event]) -> dict[str, tuple[int, int]]:
    """
    How many different values each set has: 1, 1.0, true and "1" are four.
    """
    found = {}
    for name, (key, where) in said.sets.items():
        mine = [one.attributes for one in events if one.weight and key in one.attributes]
        values = {(type(one[key]), one[key]) for one in mine if where is None or where(one)}
        if values:
            found[name] = (len(values), len(values))
    return found


def _shown(bucket: tuple[Fraction | None, Fraction | None], scale: int) -> int:
    low, high = bucket
    limit = high if high is not None else low
    return -(2**62) if limit is None else round(limit * scale)
