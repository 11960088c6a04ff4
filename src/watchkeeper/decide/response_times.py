"""
How long does it take until somebody has it, until it is over, and in which stage does the time go?

MTTA and MTTR are means from the opening, over the incidents that were acknowledged and that were closed; the median
stands beside them, for one long night moves a mean.

>>> times([5, 1, 3, None])
Times(n=3, mean_ns=3, median_ns=3, longest_ns=5)
>>> times([]) is None
True
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low

from watchkeeper.decide.process import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """
    How one incident went: instants in ns; `stages` are the spans spent in each, `clocks` what was owed.
    """

    opened_ns: int
    acknowledged_ns: int | None = None
    closed_ns: int | None = None
    stages: Sequence[tuple[str, int]] = ()
    clocks: Sequence[Clock] = ()


@dataclass(frozen=True, slots=True)
class Times:
    """
    Of so many: the mean, the median and the longest, in ns.
    """

    n: int
    mean_ns: int
    median_ns: int
    longest_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """
    How often a deadline was met in time, and how often not (late or never).
    """

    met: int
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseTimes:
    """
    How the incidents of some time went. None: there was nothing to measure.
    """

    incidents: int
    acknowledge: Times | None  # MTTA
    resolve: Times | None  # MTTR
    stages: Mapping[str, Times]
    clocks: Mapping[str, Kept]


def response_times(courses: Sequence[Course]) -> ResponseTimes:
    """
    All of it, over these incidents.
    """
    spent: dict[str, list[int]] = {}
    owed: dict[str, list[Clock]] = {}
    for course in courses:
        for stage, span_ns in course.stages:
            spent.setdefault(stage, []).append(span_ns)
        for clock in course.clocks:
            owed.setdefault(clock.name, []).append(clock)
    return ResponseTimes(
        incidents=len(courses),
        acknowledge=times(since_opening(one.acknowledged_ns, one.opened_ns) for one in courses),
        resolve=times(since_opening(one.closed_ns, one.opened_ns) for one in courses),
        stages={name: found for name, spans in spent.items() if (found := times(spans)) is not None},
        clocks={name: kept(clocks) for name, clocks in owed.items()},
    )


def since_opening(at_ns: int | None, opened_ns: int) -> int | None:
    """
    How long after the opening; None where it did not happen.
    """
    return None if at_ns is None else at_ns - opened_ns


def times(spans_ns: Iterable[int | None]) -> Times | None:
    """
    The mean (cut off to whole ns), the lower median and the longest; None of nothing.
    """
    found = [span for span in spans_ns if span is not None]
    if not found:
        return None
    return Times(len(found), sum(found) // len(found), median_low(found), max(found))


def kept(clocks: Iterable[Clock]) -> Kept:
    """
    How many were met in time, and how many were not; what still runs counts as neither.
    """
    found = tuple(clocks)
    met = sum(one.met_ns is not None and one.met_ns <= one.due_ns for one in found)
    late = sum(one.missed_ns is not None or (one.met_ns is not None and one.met_ns > one.due_ns) for one in found)
    return Kept(met=met, missed=late)
