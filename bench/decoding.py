"""
How much faster are compiled parts than the reference, from the bytes on the wire to the delta?

The reference reads the same bodies as protobuf's own objects (upb), walks them in Python and matches with numpy; it is
what runs where nothing was compiled. Both give the same deltas, which is looked at before anything is timed.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from bench import material, processes
from bench.rows import Row, ratio, skipped
from bench.setting import Setting
from watchkeeper.manual.model.manual import Manual
from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.decode.otlp_metrics import Metrics
from watchkeeper.measure.decode.otlp_traces import Traces
from watchkeeper.measure.deltas import together
from watchkeeper.measure.grid import REAL
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.native import backend
from watchkeeper.measure.plan import plan_of
from watchkeeper.measure.rows import Registry, counting_registry
from watchkeeper.measure.values import Decoded, Rejection

TRACES = "OTLP traces, decode + match, 512-span batches"
METRICS = "OTLP metrics, decode + match, 512-point batches"
TARGETS = {TRACES: 18, METRICS: 15}
PEER = "reference walk with upb"
BODIES, STEPS = 24, 6  # metrics: four services, six steps each
PASSES = 8  # of the compiled parts over the bodies, that a repetition is long enough
HANGS_ON = "What a batch costs once (numpy calls, the delta) weighs more, the less each of its rows costs."


def measure(setting: Setting) -> list[Row]:
    """
    Rows for traces and metrics.
    """
    now_ns = time.time_ns()
    spans = [material.spans(now_ns=now_ns, seed=seed) for seed in range(BODIES)]
    points = [
        material.points(now_ns=now_ns - STEPS * material.SECOND, step=step, seed=seed)
        for seed in range(BODIES // STEPS)
        for step in range(STEPS)
    ]
    of_spans = partial(SpanWay, material.manual_of_spans(), now_ns)
    of_points = partial(PointWay, material.manual_of_metrics(), now_ns)
    return [
        _row(TRACES, "spans per CPU-s", "traces", of_spans, spans, setting),
        _row(METRICS, "points per CPU-s", "metrics", of_points, points, setting),
    ]


class SpanWay:
    """
    The way of spans from bytes to deltas, for one manual; what it keeps outlives a body.
    """

    def __init__(self, manual: Manual, now_ns: int, *, native: bool) -> None:
        plan = plan_of(manual)
        self._now_ns = now_ns
        self._traces = Traces(plan.wanted["spans"], native=native)
        self.registry = counting_registry()
        self.matcher = Matcher(plan, self.registry, REAL, native=native)

    def take(self, bodies: Sequence[bytes]) -> int:
        """
        Decode and count every body; how many spans that were.
        """
        found = (self._traces.decode(body, json=False) for body in bodies)
        return sum(_counted(self.matcher, one, self._now_ns) for one in found)

    def deltas(self, bodies: Sequence[bytes]) -> dict[tuple[str, int], int]:
        """
        What the bodies come to, by name of row and slot.
        """
        found = [self._traces.decode(body, json=False) for body in bodies]
        return _summed(self.matcher, self.registry, found, self._now_ns)


class PointWay:
    """
    The same for points. Every pass over the bodies begins with an empty memory of counters.
    """

    def __init__(self, manual: Manual, now_ns: int, *, native: bool) -> None:
        plan = plan_of(manual)
        self._now_ns, self._native = now_ns, native
        self._metrics = Metrics(plan.wanted["metrics"], native=native)
        self.registry = counting_registry()
        self.matcher = Matcher(plan, self.registry, REAL, native=native)

    def take(self, bodies: Sequence[bytes]) -> int:
        """
        Decode and count every body; how many points that were.
        """
        return sum(_counted(self.matcher, one, self._now_ns) for one in self._decoded(bodies))

    def deltas(self, bodies: Sequence[bytes]) -> dict[tuple[str, int], int]:
        """
        What the bodies come to, by name of row and slot.
        """
        return _summed(self.matcher, self.registry, list(self._decoded(bodies)), self._now_ns)

    def _decoded(self, bodies: Sequence[bytes]) -> Iterator[Decoded | Rejection]:
        counters = CounterMemory(native=self._native)
        for body in bodies:
            counters.begin()
            yield self._metrics.decode(body, json=False, counters=counters)
            counters.commit()


Way = SpanWay | PointWay


class Differs(Exception):
    """
    The compiled parts and the reference do not say the same.
    """


def _row(name: str, unit: str, part: str, way: Callable[..., Way], bodies: Sequence[bytes], setting: Setting) -> Row:
    if backend.native(part) is None:
        return skipped(
            name, PEER, f"the part {part} is not compiled here (make native)", target=TARGETS[name], unit=unit
        )
    ours, reference = way(native=True), way(native=False)
    if ours.deltas(bodies) != reference.deltas(bodies):
        raise Differs(name)
    figures = [(rate(ours, bodies, PASSES), rate(reference, bodies)) for _ in range(setting.repeat)]
    return ratio(
        name,
        unit,
        ours=[mine for mine, _ in figures],
        theirs=[other for _, other in figures],
        peer=PEER,
        target=TARGETS[name],
        hangs_on=HANGS_ON,
        says="Every access to input and tables is checked.",
    )


def rate(way: Way, bodies: Sequence[bytes], passes: int = 1) -> float:
    """
    Items per CPU second.
    """
    before = processes.cpu_seconds()
    done = sum(way.take(bodies) for _ in range(passes))
    return done / (processes.cpu_seconds() - before)


def _counted(matcher: Matcher, found: Decoded | Rejection, now_ns: int) -> int:
    if isinstance(found, Rejection):
        raise ValueError(f"a body of the bench was refused: {found.why}")
    for batch in found.batches:
        matcher.count(batch, now_ns)
    return found.items


def _summed(
    matcher: Matcher, registry: Registry, found: Sequence[Decoded | Rejection], now_ns: int
) -> dict[tuple[str, int], int]:
    batches = [batch for one in found if isinstance(one, Decoded) for batch in one.batches]
    delta = together(matcher.count(batch, now_ns).delta for batch in batches)
    names = dict(registry.since(0))
    summed: Counter[tuple[str, int]] = Counter()
    for row, slot, amount in zip(delta.rows.tolist(), delta.slots.tolist(), delta.amounts.tolist(), strict=True):
        summed[names[row], slot] += amount
    return dict(summed)
