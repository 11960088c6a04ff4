"""
What was counted in the past that both evaluate?

Two counters for each objective, all requests and failed ones, sampled every 30 seconds over days; the peer gets them as
blocks on its disk, the engine as the increments between one sample and the next.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from bench.peers import prometheus

EVERY_SECONDS = 30
DAY_SECONDS = 86_400
AHEAD_SECONDS = 20 * 60  # beyond now, so that the shortest windows still hold samples while rules are evaluated
FIRST_VALUE = 10_000_000  # far from zero, so that no rate is bent towards it (promql: extrapolation stops at zero)
TOTAL, FAILED = "slo_requests_total", "slo_errors_total"

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """
    Increments of each objective: `requests[i, k]` in the 30 seconds up to `times[k]`; the first only sets the base.
    """

    objectives: int
    times: Counts  # seconds since 1970, multiples of 30
    requests: Counts = field(repr=False)
    failed: Counts = field(repr=False)

    @classmethod
    def made(cls, objectives: int, days: int, *, now: float, seed: int = 1) -> "Recorded":
        """
        So many days up to now, and a little beyond.
        """
        rng = np.random.default_rng(seed)
        end = int(now) // EVERY_SECONDS * EVERY_SECONDS + AHEAD_SECONDS
        first = int(now) // EVERY_SECONDS * EVERY_SECONDS - days * DAY_SECONDS
        times = np.arange(first, end + 1, EVERY_SECONDS, dtype=np.int64)
        shape = (objectives, len(times))
        requests = rng.poisson(rng.uniform(30, 300, size=(objectives, 1)), size=shape).astype(np.int64)
        failed = rng.binomial(requests, rng.uniform(0.0005, 0.02, size=(objectives, 1)))
        requests[:, 0] = failed[:, 0] = FIRST_VALUE
        return cls(objectives=objectives, times=times, requests=requests, failed=failed.astype(np.int64))

    def blocks(self, folder: Path) -> None:
        """
        The peer's blocks in `folder/data`: one text file for each block, so that none is read over and over.
        """
        text = folder / "recorded.txt"
        totals, failures = np.cumsum(self.requests, axis=1), np.cumsum(self.failed, axis=1)
        span = self.times // prometheus.BLOCK_SECONDS
        for block in np.unique(span):
            here = np.flatnonzero(span == block)
            with text.open("w", encoding="utf-8") as file:
                for name, counters in ((TOTAL, totals), (FAILED, failures)):
                    self._write(file, name, counters, here)
                file.write("# EOF\n")
            prometheus.backfill(text, folder)
        text.unlink()

    def _write(self, file: TextIO, name: str, counters: Counts, here: Counts) -> None:
        file.write(f"# TYPE {name.removesuffix('_total')} counter\n")
        times = self.times[here].tolist()
        for i in range(self.objectives):
            head = f'{name}{{slo="{name_of(i)}",service="shop"}} '
            pairs = zip(counters[i, here].tolist(), times, strict=True)
            file.write("".join(f"{head}{value} {at}\n" for value, at in pairs))


def name_of(i: int) -> str:
    """
    The name of an objective.
    """
    return f"objective-{i:04}"
