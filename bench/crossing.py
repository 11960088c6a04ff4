"""
How long is it from the sample that crosses a threshold to the message at its receiver?

Real servers in processes of their own, one real receiver, real HTTP. Each crossing is one sample, sent by remote-write,
of a series of its own; the time runs from just before it is sent until the message about it has arrived. A few go on at
once, each after a pause of random length, so that they meet the turns of either server at any phase. The peer is tuned
as fast as it goes: no wait before a group's first message, each alert a group of its own, and its one rule evaluated
every 50 ms, below which it got no faster here. Beside it stands one that evaluates every second, which is as often as
anybody does with more than a few rules.
"""

import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import asking, driver, processes, samples, watching
from bench.peers import alertmanager, prometheus
from bench.processes import Missing
from bench.receiving import Receiver, receiving
from bench.rows import Row, nearest_rank, ratio, skipped
from bench.setting import Setting

NAME = "crossing to notification, p99"
SECOND = "the same, the peer's rule every second"
COST = "CPU of the servers for a crossing"
TARGET = 5
BLOCKS = 5  # taken in turn
AT_ONCE = 10
PAUSE_SECONDS = 1.0  # the slower of the two rhythms
SETTLE_SECONDS = 1.5  # each has seen the series below the threshold
WARM, WARMING = 10, "warm"  # crossings before it counts: the peer must have found its Alertmanager
METRIC = "bench_level"
FASTEST, SLOWER = "50ms", "1s"  # how often the peer evaluates
_MANUAL = f"""
watchkeeper: 1
manual: Crossing
streams: {{levels: {{metric: {METRIC}}}}}
severities: {{P1: {{respond: immediate}}}}
channels: {{team: {{kind: webhook, address_env: BENCH_RECEIVER}}}}
routes: [{{tell: [team]}}]
"""
_RULES = f"""
groups:
  - name: crossing
    rules:
      - {{alert: Crossing, expr: '{METRIC} > 0.5'}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """
    Some crossings: how long each took, and what one cost.
    """

    waits: list[float]  # seconds
    cpu_ms: float

    @property
    def tail(self) -> float:
        """
        The 99th percentile of the waits.
        """
        return nearest_rank(self.waits, 0.99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """
    One of the two: where samples go, who hears of it, and which processes it has.
    """

    address: str
    receiver: Receiver
    pids: tuple[int, ...]

    def block(self, runs: Sequence[str]) -> Block:
        """
        So many crossings, a few at once, of series that were below the threshold before.
        """
        for run in runs:
            self.send(run, 0.0)
        time.sleep(SETTLE_SECONDS)
        before = self.cpu_seconds()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            waits = list(pool.map(self.cross, runs))
        return Block(waits=waits, cpu_ms=(self.cpu_seconds() - before) * 1000 / len(runs))

    def cpu_seconds(self) -> float:
        """
        The processor time of its servers so far.
        """
        return sum(processes.cpu_seconds(pid) for pid in self.pids)

    def cross(self, run: str) -> float:
        """
        The seconds from a sample above the threshold to its message.
        """
        time.sleep(random.uniform(0, PAUSE_SECONDS))
        began = time.perf_counter()
        self.send(run, 1.0)
        return self.receiver.wait(run) - began

    def send(self, run: str, value: float) -> None:
        """
        Send one sample of just now.
        """
        body = samples.gauge(METRIC, value, time.time_ns() // 10**6, run=run, group=group_of(run))
        asking.post(self.address, prometheus.WRITE, headers=driver.HEADERS, body=body)


def group_of(run: str) -> str:
    """
    The indicator that a run belongs to: a breakdown has a hundred values at most.
    """
    return run.rpartition("-")[0]


def manual(groups: list[str]) -> str:
    """
    An indicator and an alert for each group of runs.
    """
    indicators = [f"  {name}: {{from: levels, only: 'group == \"{name}\"', by: [run]}}" for name in groups]
    alerts = [f"  {name}: {{indicator: {name}, when: 'last > 0.5', each: run, severity: P1}}" for name in groups]
    return "\n".join([_MANUAL, "indicators:", *indicators, "alerts:", *alerts])


def measure(setting: Setting) -> list[Row]:
    """
    The tail of the time to a message, and what a crossing costs.
    """
    try:
        peer = f"{prometheus.version()} + {alertmanager.version()}"
    except Missing as error:
        return [skipped(NAME, prometheus.NAME, str(error), target=TARGET)]
    blocks = [[f"block{n}-{i:03}" for i in range(setting.crossings // BLOCKS)] for n in range(BLOCKS)]
    with tempfile.TemporaryDirectory() as place, ExitStack() as opened:
        folder, groups = Path(place), [*(group_of(block[0]) for block in blocks), WARMING]
        sides = [
            opened.enter_context(side)
            for side in (
                _ours(folder / "ours", groups),
                _theirs(folder / "fast", FASTEST),
                _theirs(folder / "slower", SLOWER),
            )
        ]
        for side in sides:
            side.block([f"{WARMING}-{i}" for i in range(WARM)])
        ours, fast, slower = zip(*([side.block(block) for side in sides] for block in blocks), strict=True)
    return [
        _row(NAME, ours, fast, f"{peer}, rule every {FASTEST}"),
        _row(SECOND, ours, slower, f"{peer}, rule every {SLOWER}"),
        ratio(
            COST,
            "CPU-ms",
            ours=[block.cpu_ms for block in ours],
            theirs=[block.cpu_ms for block in slower],
            peer=f"{peer}, rule every {SLOWER}",
            more_is_better=False,
            says="What either does meanwhile is in it.",
        ),
    ]


def _row(name: str, ours: Sequence[Block], theirs: Sequence[Block], peer: str) -> Row:
    waits = [[wait for block in blocks for wait in block.waits] for blocks in (ours, theirs)]
    mine, other = (f"{median(one):.3f} s, p99 {nearest_rank(one, 0.99):.3f} s" for one in waits)
    return ratio(
        name,
        "s",
        ours=[block.tail for block in ours],
        theirs=[block.tail for block in theirs],
        peer=peer,
        target=TARGET,
        more_is_better=False,
        hangs_on="Sample and message are each committed to disk before anything is sent; the peer waits for no disk.",
        says=f"Of all {len(waits[0])} crossings: median {mine}; the peer's median {other}.",
    )


@contextmanager
def _ours(folder: Path, groups: list[str]) -> Iterator[Side]:
    with (
        receiving() as receiver,
        watching.running(folder, manual(groups), {"BENCH_RECEIVER": receiver.address}) as watch,
    ):
        yield Side(address=watch.address, receiver=receiver, pids=(watch.pid,))


@contextmanager
def _theirs(folder: Path, every: str) -> Iterator[Side]:
    with (
        receiving() as receiver,
        alertmanager.running(folder / "alertmanager", receiver=receiver.address) as (pid, told),
        prometheus.running(folder / "prometheus", rules=_RULES, alertmanager=told, every=every) as server,
    ):
        processes.wait(lambda: server.told("prometheus_notifications_alertmanagers_discovered") > 0, "its Alertmanager")
        yield Side(address=server.address, receiver=receiver, pids=(server.pid, pid))
