"""
How many events does one CPU second take in, from the wire to the delta?
"""

from functools import partial

from bench.material import events, manual_of, spans
from bench.rows import Row, per_cpu_second, row_of
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.measure.decode import events as plain
from watchkeeper.measure.decode import otlp_traces
from watchkeeper.measure.grid import REAL
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.plan import Plan, plan_of
from watchkeeper.measure.rows import counting_registry
from watchkeeper.measure.values import Decoded, Rejection
from watchkeeper.outside.clock import RealClock

BODIES, SPANS = 24, 512
FEW = 4  # bodies where there are many indicators: each costs more, and the figure is per CPU second anyway
REPEAT = 3
_EVENTS = """
watchkeeper: 1
manual: Events
streams: {signups: {events: 'name == "signup"'}}
indicators: {signups: {from: signups, good: 'plan == "paid"', by: [plan]}}
objectives: {signups: {indicator: signups, targets: [">= 10%"]}}
"""


def measure() -> list[Row]:
    """
    Rows for OTLP protobuf and for JSON events.
    """
    now_ns = RealClock().now_ns()
    many = [spans(SPANS, now_ns=now_ns, seed=seed) for seed in range(BODIES)]
    rows = []
    for indicators, bodies in ((10, many), (1000, many[:FEW])):
        figures = per_cpu_second(partial(_spans, plan_of(manual_of(indicators)), bodies, now_ns), repeat=REPEAT)
        rows.append(row_of(f"OTLP spans, decoded and matched, {indicators} indicators", "spans per CPU-s", figures))
    loaded = load_text(_EVENTS)
    assert isinstance(loaded, Loaded)
    posted = [events(SPANS, seed=seed) for seed in range(BODIES)]
    figures = per_cpu_second(partial(_events, plan_of(loaded.manual), posted, now_ns), repeat=REPEAT)
    return [*rows, row_of("JSON events, decoded and matched", "events per CPU-s", figures)]


def _spans(plan: Plan, bodies: list[bytes], now_ns: int) -> int:
    matcher = Matcher(plan, counting_registry(), REAL)
    found = (otlp_traces.decode(body, json=False, wanted=plan.wanted["spans"]) for body in bodies)
    return sum(_count(matcher, one, now_ns) for one in found)


def _events(plan: Plan, bodies: list[bytes], now_ns: int) -> int:
    matcher = Matcher(plan, counting_registry(), REAL)
    found = (plain.decode(body, wanted=plan.wanted["events"], now_ns=now_ns) for body in bodies)
    return sum(_count(matcher, one, now_ns) for one in found)


def _count(matcher: Matcher, found: Decoded | Rejection, now_ns: int) -> int:
    assert isinstance(found, Decoded), found
    for batch in found.batches:
        matcher.count(batch, now_ns)
    return found.items
