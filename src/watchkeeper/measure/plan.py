"""
What must be counted, for this manual?

The manual names streams and indicators; a plan holds them ready for columns: predicates compiled, thresholds as
integers, windows as lengths, and the list of attributes that decoders need to look at. Nothing else is decoded.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from zoneinfo import ZoneInfo

from watchkeeper.manual.condition.ast import (
    Age,
    Bad,
    Calendar,
    Condition,
    Distinct,
    Last,
    Left,
    Max,
    Mean,
    Min,
    Pair,
    Period,
    Previous,
    Quantile,
    Ratio,
    Relative,
    Rolling,
    Window,
)
from watchkeeper.manual.condition.counting import thresholds
from watchkeeper.manual.conditions import conditions
from watchkeeper.manual.meaning import meaning, stream_meaning
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.measuring import Indicator, Stream
from watchkeeper.manual.model.scalars import Predicate
from watchkeeper.manual.predicate.columns import CompiledPredicate, compile_columns
from watchkeeper.manual.windows import agreements, alert_window, targets
from watchkeeper.measure.answers import LOOKS_BACK, event_name
from watchkeeper.measure.distinct import set_name
from watchkeeper.measure.fixed import bound, factor_of, scale_of
from watchkeeper.measure.grid import DAY, HOUR, MINUTE, SECOND
from watchkeeper.measure.values import Wanted

#: Which batch signal a stream's key reads.
SIGNAL_OF = {"spans": "spans", "metric": "metrics", "logs": "logs", "events": "events", "check": "checks"}
#: How a manual names the number that an observation carries by itself; anything else is an attribute.
OWN_VALUES = ("duration", "value")
#: Signals whose observations carry a trace to show.
TRACED = ("spans", "logs")
LATENESS_NS = HOUR
SPEAKS_NS = MINUTE
#: No period is longer (a day of 25 h, clocks changed within, or a leap year).
PERIOD_NS = {
    Period.DAY: 25 * HOUR,
    Period.WEEK: 7 * DAY + HOUR,
    Period.MONTH: 31 * DAY + HOUR,
    Period.QUARTER: 92 * DAY + HOUR,
    Period.YEAR: 366 * DAY + HOUR,
}
WEEK_NS = 7 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlan:
    """
    One stream, ready for columns.
    """

    name: str
    meaning: str
    signal: str
    metric: str | None  # the metric, or the check, whose rows are meant
    selectors: tuple[CompiledPredicate, ...]
    delay_ns: int
    lateness_ns: int
    speaks_ns: int

    @property
    def name_column(self) -> str:
        """
        The column that says which metric or check a row is of.
        """
        return "check" if self.signal == "checks" else "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """
    Which number of an observation is read: `duration`, `value`, or an attribute, in `scale` integer steps per SI unit.

    `steps` are those per unit that the manual says the raw number is in, for what the wire does not say itself.
    """

    value: str
    scale: int
    steps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DistinctPlan:
    """
    A set whose members are counted: the values of `key`, of those that `where` holds for. `name` is what it is called
    in merges and answers.
    """

    name: str
    key: str
    where: CompiledPredicate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """
    What must be kept of an indicator besides counts and thresholds, because a condition speaks of it.
    """

    sums: bool = False  # a mean, or a gauge's own number
    quantiles: bool = False  # the histogram, for showing
    worst: bool = False  # examples
    extremes: bool = False
    newest: bool = False  # the last value, and when anything was seen
    results: bool = False  # the newest ones, one by one
    distinct: tuple[DistinctPlan, ...] = ()

    @property
    def merged(self) -> bool:
        """
        Whether anything is to be kept that cannot be a column.
        """
        return self.extremes or self.newest or self.results or bool(self.distinct)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorPlan:
    """
    One indicator, ready for columns. `bounds` are the exclusive integer thresholds, with whether each was `<=`.
    """

    name: str
    meaning: str
    stream: StreamPlan
    only: CompiledPredicate | None
    except_: CompiledPredicate | None
    matched: CompiledPredicate | None
    good: bool | None  # what `matched` says: True good, False bad, None neither is written
    reading: Reading
    by: tuple[str, ...]
    bounds: tuple[tuple[int, bool], ...]
    strikes: bool
    needs: Needs
    reach_ns: int = 0  # how far back from now any window of its own begins, like `Plan.longest_ns`

    @property
    def attributes(self) -> frozenset[str]:
        """
        The attributes that decide for which of its series an observation counts, and how.
        """
        stream = self.stream
        predicates = (*stream.selectors, self.only, self.except_, self.matched, *_wheres(self))
        names: frozenset[str] = frozenset().union(*(one.attributes for one in predicates if one), self.by)
        return names | ({stream.name_column} if stream.metric is not None else frozenset())

    @property
    def scale(self) -> int:
        """
        Integer steps per SI unit.
        """
        return self.reading.scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    All streams and indicators that this version can bring to life.
    """

    streams: dict[str, StreamPlan]
    indicators: dict[str, IndicatorPlan]
    periods: frozenset[Period]
    zone: ZoneInfo
    longest_ns: int  # how far back from now any window begins, and what must be known before it
    wanted: dict[str, Wanted] = field(default_factory=dict)  # by signal

    def of_signal(self, signal: str) -> list[IndicatorPlan]:
        """
        What this signal is counted for: each meaning once, for indicators that mean the same share their numbers.
        """
        found: dict[str, IndicatorPlan] = {}
        for one in self.indicators.values():
            if one.stream.signal == signal:
                found[one.meaning] = _both(found[one.meaning], one) if one.meaning in found else one
        return list(found.values())


def _both(one: IndicatorPlan, other: IndicatorPlan) -> IndicatorPlan:
    """
    Two indicators of one meaning: counted against the thresholds of both, as late as the more patient one allows.
    """
    return replace(
        max(one, other, key=lambda each: each.stream.lateness_ns),
        bounds=tuple(sorted({*one.bounds, *other.bounds})),
        strikes=one.strikes or other.strikes,
        needs=_needs_of_both(one.needs, other.needs),
        reach_ns=max(one.reach_ns, other.reach_ns),
    )


def _needs_of_both(one: Needs, other: Needs) -> Needs:
    sets = {each.name: each for each in (*one.distinct, *other.distinct)}
    return Needs(
        sums=one.sums or other.sums,
        quantiles=one.quantiles or other.quantiles,
        worst=one.worst or other.worst,
        extremes=one.extremes or other.extremes,
        newest=one.newest or other.newest,
        results=one.results or other.results,
        distinct=tuple(sets.values()),
    )


def plan_of(manual: Manual, *, times: int = 1) -> Plan:
    """
    The plan of a loaded manual; what it leaves open passes `times` as fast.
    """
    streams = {
        name: _stream(name, stream, manual, times)
        for name, stream in manual.streams.items()
        if stream.signal in SIGNAL_OF
    }
    said = [(indicator, condition) for _, indicator, condition in conditions(manual)]
    windows = list(_windows(manual))
    of: dict[int, list[Window]] = defaultdict(list)
    for indicator, window in windows:
        of[id(indicator)].append(window)
    indicators = {
        name: _indicator(name, indicator, streams[indicator.from_], said, of[id(indicator)], manual)
        for name, indicator in manual.indicators.items()
        if indicator.from_ in streams
    }
    for kind in sorted({alert.on for alert in manual.alerts.values() if alert.on}):
        event = _event_stream(kind, times)
        streams[event.name] = event
        indicators[event.name] = _event_indicator(event)
    return Plan(
        streams=streams,
        indicators=indicators,
        periods=frozenset(window.period for _, window in windows if isinstance(window, Calendar)),
        zone=ZoneInfo(manual.zone),
        longest_ns=_longest((one for _, one in windows), (one for _, one in said), streams.values()),
        wanted={signal: _wanted(signal, streams.values(), indicators.values()) for signal in set(SIGNAL_OF.values())},
    )


def _windows(manual: Manual) -> Iterator[tuple[Indicator | None, Window]]:
    """
    Every window that anything is asked over, defaults included, and of which indicator.
    """
    for objective in manual.objectives.values():
        for condition in (*targets(objective, manual), *agreements(objective, manual)):
            if condition.window is not None:
                yield manual.indicators.get(objective.indicator), condition.window
    for _, indicator, condition in conditions(manual):
        window = alert_window(condition, manual).window
        if window is not None:
            yield indicator, window


def _event_stream(kind: str, times: int) -> StreamPlan:
    name = event_name(kind)
    return StreamPlan(
        name=name,
        meaning=blake2b(name.encode(), digest_size=16).hexdigest(),
        signal="events",
        metric=kind,
        selectors=(),
        delay_ns=0,
        lateness_ns=LATENESS_NS // times,
        speaks_ns=_pause(times),
    )


def _event_indicator(stream: StreamPlan) -> IndicatorPlan:
    return IndicatorPlan(
        name=stream.name,
        meaning=stream.meaning,
        stream=stream,
        only=None,
        except_=None,
        matched=None,
        good=None,
        reading=Reading(value="value", scale=scale_of(None), steps=float(scale_of(None))),
        by=(),
        bounds=(),
        strikes=True,  # the newest few are kept one by one: each fires its rule
        needs=Needs(newest=True, results=True),
    )


def _stream(name: str, stream: Stream, manual: Manual, times: int) -> StreamPlan:
    late = stream.lateness or manual.defaults.lateness
    first = getattr(stream, stream.signal)
    spoken = first if isinstance(first, Predicate) else None
    return StreamPlan(
        name=name,
        meaning=stream_meaning(name, manual),
        signal=SIGNAL_OF[stream.signal],
        metric=None if spoken else str(first),
        selectors=tuple(_compiled(one) for one in (spoken, stream.where) if one is not None),
        delay_ns=stream.delay.ns if stream.delay else 0,
        lateness_ns=late.ns if late else LATENESS_NS // times,
        speaks_ns=stream.speaks_every.ns if stream.speaks_every else _speaks(stream, manual, times),
    )


def _pause(times: int) -> int:
    """
    How long a source may be silent between two words: a minute, and never under two seconds, for networks have moods.
    """
    return max(SPEAKS_NS // times, 2 * SECOND)


def _speaks(stream: Stream, manual: Manual, times: int) -> int:
    """
    How long one word counts: a check's own pace (and half as much again for slow answers), else a minute.
    """
    if stream.check is None or stream.check not in manual.checks:
        return _pause(times)
    every = manual.checks[stream.check].every.ns
    return every + every // 2


def _indicator(
    name: str,
    indicator: Indicator,
    stream: StreamPlan,
    said: list[tuple[Indicator, Condition]],
    windows: list[Window],
    manual: Manual,
) -> IndicatorPlan:
    mine = [condition for of, condition in said if of is indicator]
    spoken = manual.streams[indicator.from_]
    reading = _reading(indicator, spoken)
    holds = indicator.good or indicator.bad
    return IndicatorPlan(
        name=name,
        meaning=meaning(name, manual),
        stream=stream,
        only=_optional(indicator.only),
        except_=_optional(indicator.except_),
        matched=_optional(holds),
        good=None if holds is None else indicator.good is not None,
        reading=reading,
        by=tuple(dict.fromkeys(indicator.by)),
        bounds=_bounds(mine, reading.scale),
        strikes=any(isinstance(condition.measure, Bad) or condition.strikes for condition in mine),
        needs=_needs(mine, stream, judged=holds is not None),
        reach_ns=_longest(windows, mine, [stream]),
    )


def _needs(said: list[Condition], stream: StreamPlan, *, judged: bool) -> Needs:
    """
    What these conditions need; an indicator of which nothing is said is drawn by its share, or else by its mean.
    """
    measures = [condition.measure for condition in said]
    results = any(isinstance(condition.measure, Bad) or condition.strikes for condition in said)
    return Needs(
        sums=any(isinstance(one, Mean) for one in measures)
        or (not judged and (not said or any(isinstance(one, Ratio) for one in measures))),
        quantiles=any(isinstance(one, Quantile) for one in measures),
        worst=bool(said) and stream.signal in TRACED,
        extremes=any(isinstance(one, Min | Max) for one in measures),
        newest=results or any(isinstance(one, Last | Age | Left) for one in measures),
        results=results,
        distinct=tuple(_sets(one for one in measures if isinstance(one, Distinct))),
    )


def _sets(said: Iterable[Distinct]) -> Iterable[DistinctPlan]:
    found: dict[str, DistinctPlan] = {}
    for one in said:
        parts = [one.where, None] if one.divided else [one.where]
        for where in parts:
            name = set_name(one.key, where.text if where else None)
            of = compile_columns(where.expression) if where else None
            found.setdefault(name, DistinctPlan(name=name, key=one.key, where=of))
    return found.values()


def _reading(indicator: Indicator, stream: Stream) -> Reading:
    value = indicator.value or stream.value
    unit = indicator.unit or stream.unit or ("s" if value == "duration" else None)
    scale = scale_of(unit)
    return Reading(value=value, scale=scale, steps=float(scale * factor_of(unit)))


def _bounds(said: list[Condition], scale: int) -> tuple[tuple[int, bool], ...]:
    """
    Every threshold once. In whole steps `< 5` and `<= 4` are one bound; `<=` says exactly which buckets lie under it.
    """
    bounds: dict[int, bool] = {}
    for condition in said:
        for one in thresholds(condition):
            limit = bound(one.value, inclusive=one.inclusive, scale=scale)
            bounds[limit] = bounds.get(limit, False) or one.inclusive
    return tuple(sorted(bounds.items()))


def _longest(windows: Iterable[Window], said: Iterable[Condition], streams: Iterable[StreamPlan]) -> int:
    window_ns = max([LOOKS_BACK.ns, *(ns for window in windows for ns in _lengths(window))])
    behind_ns = max((stream.delay_ns + stream.speaks_ns for stream in streams), default=0)
    return window_ns + behind_ns + max((_earlier_ns(condition) for condition in said), default=0)


def _earlier_ns(condition: Condition) -> int:
    """
    How much further back the window lies that a relative condition compares with.
    """
    if not isinstance(condition.value, Relative):
        return 0
    return condition.value.of.duration.ns if isinstance(condition.value.of, Previous) else WEEK_NS + HOUR


def _optional(predicate: Predicate | None) -> CompiledPredicate | None:
    return None if predicate is None else _compiled(predicate)


def _compiled(predicate: Predicate) -> CompiledPredicate:
    return compile_columns(predicate.expression)


def _lengths(window: Window) -> tuple[int, ...]:
    match window:
        case Rolling(duration=duration):
            return (duration.ns,)
        case Pair(long=long, short=short):
            return (long.ns, short.ns)
        case Calendar(period=period):
            return (PERIOD_NS[period],)


def _wanted(signal: str, streams: Iterable[StreamPlan], indicators: Iterable[IndicatorPlan]) -> Wanted:
    mine = [stream for stream in streams if stream.signal == signal]
    theirs = [indicator for indicator in indicators if indicator.stream.signal == signal]
    attributes = {"name"} if any(stream.metric is not None for stream in mine) else set()
    for stream in mine:
        attributes |= set().union(*(one.attributes for one in stream.selectors))
    for indicator in theirs:
        attributes |= set(indicator.by) | ({indicator.reading.value} - set(OWN_VALUES))
        attributes |= {each.key for each in indicator.needs.distinct}
        for predicate in (indicator.only, indicator.except_, indicator.matched, *_wheres(indicator)):
            attributes |= set(predicate.attributes) if predicate else set()
    return Wanted(
        attributes=frozenset(attributes),
        metrics=frozenset(stream.metric for stream in mine if stream.metric is not None),
        trace_ids=any(indicator.needs.worst for indicator in theirs),
    )


def _wheres(indicator: IndicatorPlan) -> tuple[CompiledPredicate | None, ...]:
    return tuple(each.where for each in indicator.needs.distinct)
