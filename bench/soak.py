"""
Does memory stay flat under load?

A watch takes remote-write at half the highest rate that was measured just before, for minutes; its resident memory is
read every half minute. The first third warms up; flat means that the rest does not grow by more than a twentieth.
"""

import tempfile
import time
from pathlib import Path
from statistics import linear_regression

from bench import driver, processes, samples, watching
from bench.peers import prometheus
from bench.rows import written

SECONDS, SHORTEST = 600, 300
FIRST_SECONDS = 10.0  # at full speed, to know the highest rate
EVERY_SECONDS = 30.0
GROWTH = 0.05
CONNECTIONS = 8


def soak(seconds: float) -> int:
    """
    Load a watch for so long and say whether its memory is flat; 1 where it is not.
    """
    source = _Source()
    with tempfile.TemporaryDirectory() as folder, watching.running(Path(folder), samples.manual()) as watch:
        highest = _highest(source, watch.address)
        print(f"at most {highest:,.0f} samples/s; {seconds:g} s at half of it", flush=True)
        found = _read(source, watch.pid, watch.address, highest / 2, seconds)
    settled = found[len(found) // 3 :]
    if seconds < SHORTEST:
        print(f"too short to call it flat or not: wanted at least {SHORTEST} s")
        return 0
    slope, start = linear_regression([at for at, _ in settled], [mib for _, mib in settled])
    grown = slope * (settled[-1][0] - settled[0][0]) / start
    flat = grown <= GROWTH
    print(f"{'flat' if flat else 'NOT flat'}: {grown:+.1%} over the last {settled[-1][0] - settled[0][0]:.0f} s")
    return 0 if flat else 1


class _Source:
    """
    Bodies of the fleet, each step later than the one before.
    """

    def __init__(self) -> None:
        self._bodies = [samples.Body(series=shard) for shard in samples.fleet()]
        self._step = 0

    def next(self) -> list[list[bytes]]:
        """
        One sample of every series, of just now, spread over the connections.
        """
        at_ms = time.time_ns() // 10**6
        self._step += 1
        packed = [samples.pack(body.at(self._step, at_ms)) for body in self._bodies]
        return [packed[i::CONNECTIONS] for i in range(CONNECTIONS)]


def _highest(source: _Source, address: str) -> float:
    """
    Samples per second as fast as they are taken; the first round, in which all series are new, does not count.
    """
    driver.send(address, prometheus.WRITE, source.next())
    taken, wall = 0, 0.0
    while wall < FIRST_SECONDS:
        wall += driver.send(address, prometheus.WRITE, source.next()).wall_seconds
        taken += samples.SERIES
    return taken / wall


def _read(source: _Source, pid: int, address: str, rate: float, seconds: float) -> list[tuple[float, float]]:
    """
    (second, MiB) while the load goes on.
    """
    found: list[tuple[float, float]] = []
    began = time.monotonic()
    bodies_a_second = rate / samples.BODY_SERIES
    sent = 0
    while (now := time.monotonic() - began) < seconds:
        if now >= len(found) * EVERY_SECONDS:
            found.append((now, processes.resident_bytes(pid) / 2**20))
            print(
                f"{now:6.0f} s  {written(found[-1][1])} MiB  {sent * samples.BODY_SERIES / max(now, 1):,.0f}/s",
                flush=True,
            )
        bodies = source.next()
        left = (sent + samples.SHARDS) / bodies_a_second - (time.monotonic() - began)  # seconds, until this is due
        driver.send(address, prometheus.WRITE, bodies, per_second=samples.SHARDS / max(left, 0.01))
        sent += samples.SHARDS
    found.append((now, processes.resident_bytes(pid) / 2**20))
    print(f"{now:6.0f} s  {written(found[-1][1])} MiB  {sent * samples.BODY_SERIES / now:,.0f}/s", flush=True)
    return found
