"""
Does compiled counting give what numpy gives, whatever comes?
"""

import random

import numpy as np
import pytest

from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure import labels, lanes
from watchkeeper.measure.deltas import Delta, normalised
from watchkeeper.measure.grid import REAL
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.native.backend import native
from watchkeeper.measure.plan import plan_of
from watchkeeper.measure.rows import counting_registry
from watchkeeper.measure.values import Batch, Lexicon

pytestmark = pytest.mark.skipif(native("counting") is None, reason="counting is not compiled")

S = 10**9
NOW = 1_780_000_005 * S
MANUAL = """
watchkeeper: 1
manual: Shop
severities: {P1: {}}
checks: {home: {http: 'http://127.0.0.1:1/', every: 1m}}
streams:
  jobs: {spans: 'name == "job"'}
  old: {spans: 'kind != "x"', lateness: 2h}
  sizes: {spans: 'true', value: size, unit: MB}
  cpu: {metric: cpu, unit: '%'}
  wait: {metric: wait, unit: s, lateness: 10m}
  lines: {logs: 'severity == "ERROR" || size > 3', value: size, unit: ms}
  pays: {events: 'type == "pay"', value: value, unit: s}
  home: {check: home}
indicators:
  jobs: {from: jobs, good: 'outcome == "ok"', by: [platform, shard]}
  slow: {from: jobs, only: 'route.startsWith("/api/")', except: 'size > 5'}
  old: {from: old, bad: 'outcome != "ok"'}
  sizes: {from: sizes, by: [platform]}
  cpu: {from: cpu, by: [platform]}
  wait: {from: wait, bad: 'outcome in ["late", "lost"]'}
  lines: {from: lines}
  pays: {from: pays, by: [size]}
  home: {from: home, good: 'outcome == "ok"', by: [platform]}
objectives:
  o: {indicator: jobs, targets: ["p95 < 500ms", "p99 < 2s"]}
  p: {indicator: old, targets: [">= 99%"]}
alerts:
"""
SAID = {
    "jobs": ("mean > 1s", "p50 > 1s", "p99.9 <= 500ms", "distinct shard > 3", "max > 3s"),
    "slow": ("p90 < 1s", "p90 <= 1s", 'distinct user where outcome == "ok" / distinct user > 3%'),
    "old": ("3 in a row", "< 5%"),
    "sizes": ("p95 < 3MB", "mean > 1MB", "last > 2MB"),
    "cpu": ("> 70%", "p95 > 90%", "last > 3%"),
    "wait": ("p95 < 1s", "p95 <= 1s", "p50 < 250ms", "mean > 1s"),
    "lines": ("p95 < 3ms", "count > 4"),
    "pays": ("p50 > 2s", "min < 1s", "age > 1h"),
    "home": ("3 in a row", "p95 < 1s"),
}
VALUES = {
    "name": ("job", "cpu", "wait", "pay", "other"),
    "check": ("home", "away"),
    "kind": ("server", "x"),
    "type": ("pay", "other"),
    "outcome": ("ok", "late", "lost", True, 1),
    "platform": ("a", "b", "", "c|d=e"),
    "shard": tuple(range(12)),
    "route": ("/api/a", "/api/b", "/x"),
    "size": (1, 2.5, -3, 5.5, 7, "7", True, 1e300, float("nan"), 0.0000005, 1.5e-6, 2**70),
    "severity": ("ERROR", "INFO"),
    "user": tuple(f"u{i}" for i in range(600)),
}
NUMBERS = (0.0, -1.0, 0.25, 0.5, 1.0, 0.9999995, 2.5e-6, 3.5e-6, 1e300, -1e300, np.nan, np.inf, -np.inf, 70.0)
EDGES = (-np.inf, -1.0, 0.0, 0.25, 0.5, 1.0, 2.0, np.inf)
DURATIONS = (0, 1, 249_999_999, 500_000_000, S, 2 * S, -7, 3 * 10**18, 2**62, -(2**62))


def over(condition: str) -> str:
    return "" if any(word in condition for word in ("row", "age", "last")) else " over 15m"


def text() -> str:
    said = [(name, one) for name, conditions in SAID.items() for one in conditions]
    return MANUAL + "".join(
        f"  a{i}: {{indicator: {name}, when: '{one}{over(one)}', severity: P1}}\n" for i, (name, one) in enumerate(said)
    )


def batch(rng: random.Random, signal: str, lexicons: dict[str, Lexicon]) -> Batch:
    n = rng.choice((1, 2, 7, 60, 300))
    columns = {name: column(rng, name, n, lexicons) for name in VALUES if rng.random() < 0.93}
    spread = rng.choice((1, 30 * S, 4000 * S, 10_000 * S))
    made = Batch(
        signal=signal,
        at_ns=np.array([NOW + 70 * S - rng.randrange(70 * S + spread) for _ in range(n)], dtype=np.int64),
        weight=np.array([rng.choice((1, 1, 1, 0, 9, 2**40)) for _ in range(n)], dtype=np.int64),
        columns=columns,
    )
    if signal in ("spans", "logs") and rng.random() < 0.8:
        made.traces = np.array([[rng.randrange(2), rng.choice((0, 1, 2**64 - 1))] for _ in range(n)], dtype=np.uint64)
    kind = rng.choice(("value", "value", "buckets", "none"))
    if signal in ("spans", "checks"):
        made.value = np.array([rng.choice(DURATIONS) for _ in range(n)], dtype=np.int64)
    elif kind == "value" or signal != "metrics":
        made.value = np.array([rng.choice(NUMBERS) for _ in range(n)])
    if kind == "buckets" and signal == "metrics":
        pairs = [sorted(rng.sample(EDGES, 2)) if rng.random() < 0.9 else (np.nan, np.nan) for _ in range(n)]
        made.low, made.high = np.array([low for low, _ in pairs]), np.array([high for _, high in pairs])
    return made


def column(rng: random.Random, name: str, n: int, lexicons: dict[str, Lexicon]) -> Column:
    values = VALUES[name]
    some = rng.sample(values, rng.randint(1, min(len(values), 40)))
    if rng.random() < 0.6:
        lexicon = lexicons.setdefault(name, Lexicon())
        known = {repr(one): i for i, one in enumerate(lexicon)}
        for one in some:
            if repr(one) not in known:
                known[repr(one)] = len(lexicon)
                lexicon.append(one)
        codes = [known[repr(rng.choice(some))] if rng.random() < 0.95 else -1 for _ in range(n)]
        return Column(codes=np.array(codes, dtype=np.int32), values=lexicon)
    codes = [rng.randrange(-1, len(some)) for _ in range(n)]
    return Column(codes=np.array(codes, dtype=np.int32), values=tuple(some))


def two_matchers() -> tuple[Matcher, Matcher]:
    loaded = load_text(text())
    assert isinstance(loaded, Loaded), loaded
    plan, registry = plan_of(loaded.manual), counting_registry()
    return Matcher(plan, registry, REAL), Matcher(plan, registry, REAL, native=False)


def assert_same(one: Delta, other: Delta) -> None:
    for mine, theirs in ((one, other), (one.buckets, other.buckets), (one.worst, other.worst)):
        for name in type(mine).__slots__:
            if name not in ("buckets", "worst", "merges") or type(mine) is not Delta:
                assert np.array_equal(getattr(mine, name), getattr(theirs, name)), (type(mine).__name__, name)
    assert one.merges == other.merges


def compare(seeds: range) -> None:
    fast, slow = two_matchers()
    for seed in seeds:
        rng = random.Random(seed)
        lexicons: dict[str, Lexicon] = {}
        for i in range(6):
            one = batch(rng, rng.choice(("spans", "spans", "metrics", "logs", "events", "checks")), lexicons)
            mine, theirs = fast.count(one, NOW + i), slow.count(one, NOW + i)
            assert (mine.left_out, mine.noted) == (theirs.left_out, theirs.noted)
            assert_same(normalised(mine.delta), normalised(theirs.delta))


def test_compiled_counting_gives_the_delta_that_numpy_gives() -> None:
    compare(range(150))


def test_also_when_labels_overflow_and_signatures_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "LABEL_VALUES", 3)
    monkeypatch.setattr(lanes, "SIGNATURES", 200)
    compare(range(150, 190))
