"""
How many samples of remote-write does one CPU second take in, over HTTP, and what do they take in memory?

Both servers are started anew for each repetition and get the same bytes over as many connections. First every series is
new, then all are known; then instances come and go. After each part both must have counted every sample.
"""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench import driver, processes, samples, watching
from bench.churning import LIVES, ROUNDS, SHARDS, Churn
from bench.peers import prometheus
from bench.peers.prometheus import Prometheus
from bench.processes import Missing
from bench.rows import Row, ratio, skipped
from bench.setting import Setting
from bench.watching import Watch

STEP_MS = 100  # between two samples of a series: all of a repetition is of the last seconds, as it is in life
STEADY = "remote-write over HTTP, steady series, durable"
NEW = "remote-write over HTTP, all series new"
CHURN = "remote-write over HTTP, instances that live a minute"
MEMORY = "resident memory after the same data"
TARGETS: dict[str, float | None] = {STEADY: 10, NEW: 5, CHURN: None, MEMORY: 2}
UNIT = "samples per CPU-s"
HANGS_ON = {
    STEADY: "HTTP, unpacking and the commit of the log cost the same however fast a body is read.",
    NEW: "Each new series is matched once, and its name and first state are written to the log.",
    MEMORY: "Python and its libraries take their share before the first sample.",
}


class Wrong(Exception):
    """
    A server has not counted what it was sent.
    """


@dataclass(slots=True)
class Figures:
    """
    What one server did in each repetition.
    """

    new: list[float] = field(default_factory=list)  # samples per CPU second
    steady: list[float] = field(default_factory=list)
    churn: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)  # MiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    Bodies for each connection, and how many samples they hold.
    """

    bodies: list[list[bytes]]
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """
    What is sent in one repetition; all is of just now.
    """

    new: Part
    steady: Part
    churn: Part


class Fleet:
    """
    The series and their bodies, laid out once.
    """

    def __init__(self, rounds: int) -> None:
        series = samples.fleet()
        self.rounds = rounds
        self._bodies = [samples.Body(series=shard) for shard in series]
        self._churn = Churn(shards=series[:SHARDS])
        self.steady = samples.expected((one, rounds) for shard in series for one in shard)
        self.churned = _added(self.steady, self._churn.expected())

    @property
    def churn_samples(self) -> int:
        """
        How many samples the part with churn has.
        """
        return self._churn.samples

    def work(self) -> Work:
        """
        The bodies of one repetition.
        """
        first_ms = time.time_ns() // 10**6 - (self.rounds + 1 + ROUNDS) * STEP_MS
        return Work(
            new=self._part(range(1), first_ms),
            steady=self._part(range(1, self.rounds + 1), first_ms + STEP_MS),
            churn=Part(
                bodies=self._churn.rounds(first_ms=first_ms + (self.rounds + 1) * STEP_MS, step_ms=STEP_MS),
                samples=self._churn.samples,
            ),
        )

    def _part(self, steps: range, first_ms: int) -> Part:
        bodies = samples.rounds(self._bodies, steps, first_ms=first_ms, step_ms=STEP_MS)
        return Part(bodies=bodies, samples=len(steps) * samples.SERIES)


def measure(setting: Setting) -> list[Row]:
    """
    Rows for steady series, new series, churn, and memory.
    """
    try:
        peer = prometheus.version()
    except Missing as error:
        return [skipped(name, prometheus.NAME, str(error), target=target) for name, target in TARGETS.items()]
    ours, theirs = Figures(), Figures()
    fleet = Fleet(setting.rounds)
    for turn in range(setting.repeat):
        work = fleet.work()
        for mine in (turn % 2 == 0, turn % 2 == 1):  # who goes first changes
            _of_ours(work, fleet, ours) if mine else _of_theirs(work, fleet, theirs)
    return [
        _row(STEADY, ours.steady, theirs.steady, peer, says="Bytes in, durable, until the last is acknowledged."),
        _row(NEW, ours.new, theirs.new, peer),
        _row(CHURN, ours.churn, theirs.churn, peer, says=f"One in {LIVES} series of each round is new."),
        _row(MEMORY, ours.memory, theirs.memory, peer, unit="MiB"),
    ]


def _row(name: str, ours: list[float], theirs: list[float], peer: str, *, unit: str = UNIT, says: str = "") -> Row:
    return ratio(
        name,
        unit,
        ours=ours,
        theirs=theirs,
        peer=peer,
        target=TARGETS[name],
        more_is_better=unit == UNIT,
        hangs_on=HANGS_ON.get(name, ""),
        says=says,
    )


def _of_ours(work: Work, fleet: Fleet, figures: Figures) -> None:
    def check(watch: Watch, wanted: Mapping[str, tuple[int, int]]) -> None:
        found = counted(watch)
        wrong = {name: (found.get(name), told) for name, told in wanted.items() if found.get(name) != told}
        if wrong:
            raise Wrong(f"of {len(wanted)} objectives {len(wrong)} are not as sent: {dict(list(wrong.items())[:3])}")

    with tempfile.TemporaryDirectory() as folder, watching.running(Path(folder), samples.manual()) as watch:
        wanted = (dict.fromkeys(fleet.steady, (0, 0)), fleet.steady, fleet.churned)
        _send(work, figures, watch.pid, watch.address, [partial(check, watch, one) for one in wanted])


def _of_theirs(work: Work, fleet: Fleet, figures: Figures) -> None:
    def check(server: Prometheus, wanted: int) -> None:
        found = server.number(f"sum(count_over_time({samples.METRIC}[30m]))")
        if found != wanted:
            raise Wrong(f"Prometheus holds {found} samples of {wanted}")

    steady = samples.SERIES * (1 + fleet.rounds)
    with tempfile.TemporaryDirectory() as folder, prometheus.running(Path(folder)) as server:
        wanted = steady + fleet.churn_samples
        _send(work, figures, server.pid, server.address, [_unasked, _unasked, partial(check, server, wanted)])


def _unasked() -> None:
    """
    Nothing: what the peer holds is asked once, at the end, for the question itself takes it seconds.
    """


def _send(work: Work, figures: Figures, pid: int, address: str, checks: Sequence[Callable[[], None]]) -> None:
    """
    Send the parts one after the other, and after each look whether all of it was counted.
    """
    parts = ((work.new, figures.new), (work.steady, figures.steady), (work.churn, figures.churn))
    for (part, figure), check in zip(parts, checks, strict=True):
        figure.append(per_cpu_second(part, pid, address))
        if part is work.steady:
            figures.memory.append(processes.resident_bytes(pid) / 2**20)
        check()


def per_cpu_second(part: Part, pid: int, address: str) -> float:
    """
    Samples per CPU second of a server, from the first byte until the last body is acknowledged.
    """
    before = processes.cpu_seconds(pid)
    driver.send(address, prometheus.WRITE, part.bodies)
    return part.samples / (processes.cpu_seconds(pid) - before)


def counted(watch: Watch) -> dict[str, tuple[int, int]]:
    """
    What each objective has counted: events, and bad ones among them.
    """
    found = {one["name"]: one["targets"][0] for one in watch.asked("/objectives")["objectives"]}
    return {name: (target["events"], target["hits"] or 0) for name, target in found.items()}


def _added(one: Mapping[str, tuple[int, int]], other: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    names = {*one, *other}
    return {name: _sum(one.get(name, (0, 0)), other.get(name, (0, 0))) for name in names}


def _sum(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]
