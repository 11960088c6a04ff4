"""
How long does it take to ask 1,000 indicators over 8 windows, and how much memory do they take?
"""

import psutil

from bench.material import manual_of, spans
from bench.rows import Row, cpu_seconds, row_of
from watchkeeper.measure.answers import Question, Span
from watchkeeper.measure.decode import otlp_traces
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.grid import DAY, HOUR, MINUTE, REAL
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.plan import plan_of
from watchkeeper.measure.rows import counting_registry, series_of
from watchkeeper.measure.values import Decoded
from watchkeeper.outside.clock import RealClock

INDICATORS = 1000
WINDOWS = (5 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, DAY, 3 * DAY, 30 * DAY)


def measure() -> list[Row]:
    """
    Rows for the time of one evaluation and for the memory of the engine.
    """
    now_ns = RealClock().now_ns()
    before = psutil.Process().memory_info().rss
    engine = _filled(now_ns)
    grown = psutil.Process().memory_info().rss - before
    questions = [Question(indicator=name, window=Span(ns=ns)) for name in engine.plan.indicators for ns in WINDOWS]
    engine.ask_all(questions, now_ns)
    times = []
    for _ in range(5):
        began = cpu_seconds()
        engine.ask_all(questions, now_ns)
        times.append((cpu_seconds() - began) * 1000)
    series = {series_of(name) for _, name in engine.registry.since(0)} - {None}
    return [
        row_of("evaluation, 1,000 indicators x 8 windows", "CPU-ms", times),
        row_of("memory of the engine, 1,000 indicators by 4 platforms", "MiB", [grown / 2**20]),
        row_of(f"the same for each of its {len(series):,} series", "KiB", [grown / 1024 / len(series)]),
    ]


def _filled(now_ns: int) -> Engine:
    plan, registry = plan_of(manual_of(INDICATORS)), counting_registry()
    engine, matcher = Engine(plan, registry, REAL, now_ns=now_ns), Matcher(plan, registry, REAL)
    for seed in range(20):
        found = otlp_traces.decode(spans(512, now_ns=now_ns, seed=seed), json=False, wanted=plan.wanted["spans"])
        assert isinstance(found, Decoded)
        for batch in found.batches:
            engine.apply(matcher.count(batch, now_ns).delta)
    return engine
