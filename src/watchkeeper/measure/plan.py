"""
What must be counted, for this manual?

The manual names streams and indicators; a plan holds them ready for columns: predicates compiled, thresholds as integers,
windows as lengths, and the list of attributes that decoders need to look at. Nothing else is decoded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from zoneinfo import ZoneInfo

from watchkeeper.manual.condition.ast import Bad, Calendar, Condition, Pair, Period, Rolling, Window
from watchkeeper.manual.condition.counting import thresholds
from watchkeeper.manual.conditions import conditions
from watchkeeper.manual.meaning import meaning, stream_meaning
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.measuring import Indicator, Stream
from watchkeeper.manual.model.scalars import Predicate
from watchkeeper.manual.predicate.columns import CompiledPredicate, compile_columns
from watchkeeper.manual.windows import agreements, alert_window, targets
from watchkeeper.measure.answers import LOOKS_BACK, event_name
from watchkeeper.measure.fixed import bound, scale_of
from watchkeeper.measure.grid import HOUR, MINUTE
from watchkeeper.measure.values import Wanted

#: Which batch signal a stream's key reads.
SIGNAL_OF = {"spans": "spans", "metric": "metrics", "logs": "logs", "events": "events", "check": "checks"}
LATENESS_NS = HOUR
SPEAKS_NS = MINUTE


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
    value: str  # `duration`, `value`, or an attribute
    scale: int  # integer steps per SI unit
    by: tuple[str, ...]
    bounds: tuple[tuple[int, bool], ...]
    strikes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    All streams and indicators that this version can bring to life.
    """

    streams: dict[str, StreamPlan]
    indicators: dict[str, IndicatorPlan]
    periods: frozenset[Period]
    zone: ZoneInfo
    longest_ns: int  # the longest rolling window
    wanted: dict[str, Wanted] = field(default_factory=dict)  # by signal

    def of_signal(self, signal: str) -> list[IndicatorPlan]:
        """
        The indicators that read this signal.
        """
        return [one for one in self.indicators.values() if one.stream.signal == signal]


def plan_of(manual: Manual) -> Plan:
    """
    The plan of a loaded manual.
    """
    streams = {
        name: _stream(name, stream, manual) for name, stream in manual.streams.items() if stream.signal in SIGNAL_OF
    }
    said = [(indicator, condition) for _, indicator, condition in conditions(manual)]
    indicators = {
        name: _indicator(name, indicator, streams[indicator.from_], said, manual)
        for name, indicator in manual.indicators.items()
        if indicator.from_ in streams
    }
    for kind in sorted({alert.on for alert in manual.alerts.values() if alert.on}):
        event = _event_stream(kind)
        streams[event.name] = event
        indicators[event.name] = _event_indicator(event)
    windows = list(_windows(manual))
    return Plan(
        streams=streams,
        indicators=indicators,
        periods=frozenset(window.period for window in windows if isinstance(window, Calendar)),
        zone=ZoneInfo(manual.zone),
        longest_ns=max([LOOKS_BACK.ns, *(ns for window in windows for ns in _lengths(window))]),
        wanted={signal: _wanted(signal, streams.values(), indicators.values()) for signal in set(SIGNAL_OF.values())},
    )


def _windows(manual: Manual) -> Iterator[Window]:
    """
    Every window that anything is asked over, defaults included.
    """
    for objective in manual.objectives.values():
        for condition in (*targets(objective, manual), *agreements(objective, manual)):
            if condition.window is not None:
                yield condition.window
    for _, _, condition in conditions(manual):
        window = alert_window(condition, manual).window
        if window is not None:
            yield window


def _event_stream(kind: str) -> StreamPlan:
    name = event_name(kind)
    return StreamPlan(
        name=name,
        meaning=blake2b(name.encode(), digest_size=16).hexdigest(),
        signal="events",
        metric=kind,
        selectors=(),
        delay_ns=0,
        lateness_ns=LATENESS_NS,
        speaks_ns=SPEAKS_NS,
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
        value="value",
        scale=scale_of(None),
        by=(),
        bounds=(),
        strikes=True,  # the newest few are kept one by one: each fires its rule
    )


def _stream(name: str, stream: Stream, manual: Manual) -> StreamPlan:
    first = getattr(stream, stream.signal)
    spoken = first if isinstance(first, Predicate) else None
    return StreamPlan(
        name=name,
        meaning=stream_meaning(name, manual),
        signal=SIGNAL_OF[stream.signal],
        metric=None if spoken else str(first),
        selectors=tuple(_compiled(one) for one in (spoken, stream.where) if one is not None),
        delay_ns=stream.delay.ns if stream.delay else 0,
        lateness_ns=stream.lateness.ns if stream.lateness else LATENESS_NS,
        speaks_ns=stream.speaks_every.ns if stream.speaks_every else _speaks(stream, manual),
    )


def _speaks(stream: Stream, manual: Manual) -> int:
    """
    How long one word counts: a check's own pace (and half as much again for slow answers), else a minute.
    """
    if stream.check is None or stream.check not in manual.checks:
        return SPEAKS_NS
    every = manual.checks[stream.check].every.ns
    return every + every // 2


def _indicator(
    name: str, indicator: Indicator, stream: StreamPlan, said: list[tuple[Indicator, Condition]], manual: Manual
) -> IndicatorPlan:
    mine = [condition for of, condition in said if of is indicator]
    spoken = manual.streams[indicator.from_]
    value = indicator.value or spoken.value
    scale = scale_of(indicator.unit or spoken.unit or ("s" if value == "duration" else None))
    bounds = {
        (bound(one.value, inclusive=one.inclusive, scale=scale), one.inclusive)
        for condition in mine
        for one in thresholds(condition)
    }
    holds = indicator.good or indicator.bad
    return IndicatorPlan(
        name=name,
        meaning=meaning(name, manual),
        stream=stream,
        only=_optional(indicator.only),
        except_=_optional(indicator.except_),
        matched=_optional(holds),
        good=None if holds is None else indicator.good is not None,
        value=value,
        scale=scale,
        by=indicator.by,
        bounds=tuple(sorted(bounds)),
        strikes=any(isinstance(condition.measure, Bad) or condition.strikes for condition in mine),
    )


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
        case _:
            return ()


def _wanted(signal: str, streams: Iterable[StreamPlan], indicators: Iterable[IndicatorPlan]) -> Wanted:
    mine = [stream for stream in streams if stream.signal == signal]
    theirs = [indicator for indicator in indicators if indicator.stream.signal == signal]
    attributes: set[str] = set()
    for stream in mine:
        attributes |= set().union(*(one.attributes for one in stream.selectors))
    for indicator in theirs:
        attributes |= set(indicator.by) | ({indicator.value} - {"duration", "value"})
        for predicate in (indicator.only, indicator.except_, indicator.matched):
            attributes |= set(predicate.attributes) if predicate else set()
    return Wanted(
        attributes=frozenset(attributes),
        metrics=frozenset(stream.metric for stream in mine if stream.metric is not None),
    )
