"""
How do recorded increments come into an engine?

As batches of metric rows, through the same matcher as anything that arrives. An increment lies five seconds before the
sample that shows it, so that it is inside every window that the peer counts it in, and in no other.
"""

import numpy as np

from bench.recorded import Counts, Recorded, name_of
from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.grid import REAL, SECOND
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.plan import Plan
from watchkeeper.measure.rows import counting_registry
from watchkeeper.measure.values import Batch, Floats, Ints

METRIC = "slo_requests"
BEFORE_NS = 5 * SECOND
TICKS = 60  # of 30 seconds in a batch: half an hour, well within lateness
_OUTCOMES = ("ok", "failed")


class History:
    """
    An engine under a plan, filled up to an instant, which only moves forward.
    """

    def __init__(self, plan: Plan, recorded: Recorded) -> None:
        self._recorded = recorded
        self._next = 1  # the first sample is only a base
        registry = counting_registry()
        self.engine = Engine(plan, registry, REAL, now_ns=int(recorded.times[0]) * SECOND)
        self.matcher = Matcher(plan, registry, REAL)

    def until(self, seconds: int) -> None:
        """
        Count everything up to this instant.
        """
        end = int(np.searchsorted(self._recorded.times, seconds, side="right"))
        for first in range(self._next, end, TICKS):
            self._take(range(first, min(first + TICKS, end)))
        self._next = max(self._next, end)
        self.engine.advance(seconds * SECOND)

    def take(self, batch: Batch, now_ns: int) -> None:
        """
        Count a batch that arrives now.
        """
        self.engine.advance(now_ns)
        self.engine.apply(self.matcher.count(batch, now_ns).delta)

    def _take(self, ticks: range) -> None:
        here = slice(ticks.start, ticks.stop)
        times = self._recorded.times[here]
        failed = self._recorded.failed[:, here]
        weights = np.stack([self._recorded.requests[:, here] - failed, failed])
        self.take(requests(weights, times * SECOND - BEFORE_NS), int(times[-1]) * SECOND)


def requests(weights: Counts, at_ns: Ints) -> Batch:
    """
    A batch of increments: `weights[outcome, objective, tick]` at the instant of its tick.
    """
    outcomes, objectives, ticks = weights.shape
    n = weights.size
    kinds = np.repeat(np.arange(outcomes, dtype=np.int32), objectives * ticks)
    names = np.tile(np.repeat(np.arange(objectives, dtype=np.int32), ticks), outcomes)
    return Batch(
        signal="metrics",
        at_ns=np.tile(at_ns, outcomes * objectives),
        value=np.full(n, np.nan),
        weight=weights.reshape(-1),
        columns={
            "name": _constant(METRIC, n),
            "slo": Column(codes=names, values=[name_of(i) for i in range(objectives)]),
            "outcome": Column(codes=kinds, values=_OUTCOMES),
        },
    )


def readings(metric: str, values: Floats, at_ns: Ints) -> Batch:
    """
    A batch of gauge readings.
    """
    n = len(values)
    return Batch(signal="metrics", at_ns=at_ns, value=values, columns={"name": _constant(metric, n)})


def logins(users: Ints, at_ns: Ints, *, known: int) -> Batch:
    """
    A batch of events, each of a user.
    """
    n = len(users)
    return Batch(
        signal="events",
        at_ns=at_ns,
        value=np.full(n, np.nan),
        columns={
            "name": _constant("login", n),
            "user": Column(codes=users.astype(np.int32), values=[f"user-{i}" for i in range(known)]),
        },
    )


def counted(recorded: Recorded, first_seconds: int, last_seconds: int) -> tuple[Counts, Counts]:
    """
    Requests and failed ones of each objective in (first, last], by plain summing.
    """
    here = (recorded.times > first_seconds) & (recorded.times <= last_seconds) & (np.arange(len(recorded.times)) > 0)
    return recorded.requests[:, here].sum(axis=1), recorded.failed[:, here].sum(axis=1)


def _constant(value: str, n: int) -> Column:
    return Column(codes=np.zeros(n, dtype=np.int32), values=(value,))
