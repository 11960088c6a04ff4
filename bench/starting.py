"""
How long does a watch take to start, and what do its rings take in memory?

Rows without a peer. The folder holds 30 days of 1,000 indicators, each counting 30 events a second: every ten seconds
of the last two hours, every minute of the last day, every hour before. That is all that a start reads; the older
minutes of a real folder lie beside it unread.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np

from bench import material, processes, watching
from bench.rows import Row, figure, written
from bench.setting import Setting
from watchkeeper.measure.deltas import Delta, pack
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.folding import Folder
from watchkeeper.measure.grid import DAY, HOUR, MINUTE, REAL, SECOND
from watchkeeper.measure.plan import Plan, plan_of
from watchkeeper.measure.restoring import restore
from watchkeeper.measure.rows import (
    Registry,
    Series,
    count_row,
    counting_registry,
    heard_row,
    matched_row,
    over_row,
    under_row,
)
from watchkeeper.measure.values import Ints
from watchkeeper.store.log import DeltaLog

START = "start-up, 1,000 indicators x 30 days"
RINGS = "memory of the rings for an indicator"
TARGET_SECONDS, TARGET_KIB = 2, 24
INDICATORS, DAYS = 1000, 30
PER_SECOND = 30  # events of an indicator
PART_NS = 2 * HOUR  # of history that is folded at once
_BOUND = 1_500_000_000  # ns, as `p95 < 1.5s` has it


def measure(setting: Setting) -> list[Row]:
    """
    Seconds from the command to the first answer, and KiB for an indicator.
    """
    now_ns = time.time_ns()
    text = _manual()
    plan = plan_of(material.loaded(text))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "data").mkdir()
        (folder / "manual.yaml").write_text(text, encoding="utf-8")
        rings = _recorded(folder / "data" / "log.db", plan, now_ns)
        starts = [_start(folder) for _ in range(setting.repeat)]
    return [
        figure(
            START,
            "s",
            [wall for wall, _ in starts],
            target=TARGET_SECONDS,
            hangs_on="Importing Python's libraries and reading the manual take their part before the log is opened.",
            says="From the command to the first answer of the API, which counts all 30 days; a figure, not a ratio. "
            f"{written(median(cpu for _, cpu in starts))} CPU-s of it are the watch's own.",
        ),
        figure(f"{RINGS} (all, good)", "KiB", [rings], target=TARGET_KIB, says="All rings; a figure, not a ratio."),
        figure(
            f"{RINGS} (all, under, over)",
            "KiB",
            [_rings_of_thresholds(plan, now_ns)],
            target=TARGET_KIB,
            hangs_on=f"{PER_SECOND} events a second need wider counts in the coarser rings.",
            says="The same for a threshold instead of a predicate.",
        ),
    ]


def _manual() -> str:
    indicators = [f"  i{i}: {{from: requests, only: 'shard == {i}', good: 'status < 500'}}" for i in range(INDICATORS)]
    objectives = [f"  o{i}: {{indicator: i{i}, targets: ['>= 99%']}}" for i in range(INDICATORS)]
    streams = "streams: {requests: {spans: 'kind == \"server\"', value: duration}}"
    head = ["watchkeeper: 1", "manual: Long", "defaults: {window: 30d}", streams]
    return "\n".join([*head, "indicators:", *indicators, "objectives:", *objectives]) + "\n"


def _start(folder: Path) -> tuple[float, float]:
    """
    The seconds until a watch answers what it knows, and the processor time that it took for it.
    """
    began = time.perf_counter()
    with watching.running(folder, None) as watch:
        found = watch.asked("/objectives")["objectives"]
        seconds, cpu = time.perf_counter() - began, processes.cpu_seconds(watch.pid)
    least = DAYS * 86_400 * PER_SECOND * 0.9
    if len(found) != INDICATORS or any(one["targets"][0]["events"] < least for one in found):
        raise processes.NotReady("the watch answered without what its folder holds")
    return seconds, cpu


# --- thirty days


def _recorded(path: Path, plan: Plan, now_ns: int) -> float:
    """
    A log with all of it, folded as it would have been meanwhile; KiB that its rings take for an indicator.
    """
    log = DeltaLog(path)
    registry = Registry(log.intern, log.names())
    folder = Folder(log, registry, REAL, plan)
    for delta, at_ns in _history(registry, plan, _good(registry, plan), now_ns):
        log.append([pack(delta)], digests=[], counters=b"", now_ns=at_ns)
        folder.all(at_ns)
    engine = Engine(plan, registry, REAL, now_ns=now_ns)
    restore(log, engine, now_ns=now_ns)
    log.close()
    return _kib(engine)


def _rings_of_thresholds(plan: Plan, now_ns: int) -> float:
    registry = counting_registry()
    engine = Engine(plan, registry, REAL, now_ns=now_ns - DAYS * DAY)
    for delta, at_ns in _history(registry, plan, _under(registry, plan), now_ns):
        engine.advance(at_ns)
        engine.apply(delta)
    engine.advance(now_ns)
    return _kib(engine)


def _kib(engine: Engine) -> float:
    return sum(ring.nbytes for ring in engine.rings.values()) / 1024 / INDICATORS


def _good(registry: Registry, plan: Plan) -> list[tuple[Ints, float]]:
    """
    The rows of every indicator, with the share of events that each counts.
    """
    series = _series(plan)
    return [
        (_ids(registry, [count_row(one) for one in series]), 1.0),
        (_ids(registry, [matched_row(one) for one in series]), 0.99),
    ]


def _under(registry: Registry, plan: Plan) -> list[tuple[Ints, float]]:
    series = _series(plan)
    return [
        (_ids(registry, [count_row(one) for one in series]), 1.0),
        (_ids(registry, [under_row(one, _BOUND) for one in series]), 0.95),
        (_ids(registry, [over_row(one, _BOUND) for one in series]), 0.05),
    ]


def _series(plan: Plan) -> list[str]:
    return [str(Series(meaning=one.meaning)) for one in plan.indicators.values()]


def _ids(registry: Registry, names: list[str]) -> Ints:
    return np.array(registry.ids(names), dtype=np.int64)


def _history(
    registry: Registry, plan: Plan, counted: list[tuple[Ints, float]], now_ns: int
) -> Iterator[tuple[Delta, int]]:
    """
    Deltas in order, each with the instant at which it arrived: coarse long ago, fine lately.
    """
    rng = np.random.default_rng(3)
    heard = _ids(registry, [heard_row(stream.meaning) for stream in plan.streams.values()])
    now_ns = now_ns // HOUR * HOUR
    for begin, end, every_ns in (
        (now_ns - DAYS * DAY, now_ns - DAY, HOUR),
        (now_ns - DAY, now_ns - 2 * HOUR, MINUTE),
        (now_ns - 2 * HOUR, now_ns, 10 * SECOND),
    ):
        for first_ns in range(begin, end, PART_NS):
            last_ns = min(first_ns + PART_NS, end)
            yield _delta(np.arange(first_ns, last_ns, every_ns), every_ns, counted, heard, rng), last_ns


def _delta(
    at_ns: Ints, every_ns: int, counted: list[tuple[Ints, float]], heard: Ints, rng: np.random.Generator
) -> Delta:
    slots = at_ns // REAL.fine.slot_ns
    shape = (INDICATORS, len(slots))
    amounts = [rng.poisson(PER_SECOND * every_ns / SECOND * share, size=shape) for _, share in counted]
    rows = [np.repeat(ids, len(slots)) for ids, _ in counted]
    return Delta(
        rows=np.concatenate([*rows, np.repeat(heard, len(slots))]),
        slots=np.concatenate([*(np.tile(slots, INDICATORS) for _ in counted), np.tile(slots, len(heard))]),
        amounts=np.concatenate([*(part.reshape(-1) for part in amounts), np.ones(len(heard) * len(slots), np.int64)]),
    )
