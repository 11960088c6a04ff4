"""
What do we tell Prometheus about ourselves?

`METRICS` is the whole list; `/metrics` prints it in the text format 0.0.4. Names and labels are a promise.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from watchkeeper.act.watch import Watch
from watchkeeper.decide.objectives import Standing
from watchkeeper.decide.values import State
from watchkeeper.store import incidents, notices
from watchkeeper.web.doors import Doors
from watchkeeper.web.ingest import Ingest


@dataclass(frozen=True, slots=True)
class Metric:
    """
    One metric: its name, its type (counter or gauge), what it says, and its labels.
    """

    name: str
    kind: str
    help: str
    labels: tuple[str, ...] = ()


BODIES: Final = Metric(
    "watchkeeper_bodies_total", "counter", "Bodies of telemetry, by what became of them.", ("kind", "outcome")
)
ITEMS: Final = Metric("watchkeeper_items_total", "counter", "Spans, points and events taken.", ("kind",))
LEFT_OUT: Final = Metric(
    "watchkeeper_observations_left_out_total", "counter", "Observations not counted, by reason.", ("reason",)
)
NOTED: Final = Metric(
    "watchkeeper_observations_noted_total",
    "counter",
    "What was taken, but changed or passed over, by what it was (text cut, an unreadable sampling threshold).",
    ("what",),
)
OTHER: Final = Metric(
    "watchkeeper_label_overflow_total",
    "counter",
    "Sets of attributes counted as (other), for their label had its hundred values.",
    ("indicator",),
)
ASKED: Final = Metric(
    "watchkeeper_checks_total",
    "counter",
    "Points in time at which a check was asked, or skipped.",
    ("check", "outcome"),
)
REFUSED: Final = Metric(
    "watchkeeper_checks_refused", "gauge", "1 for a check that gives no result: it may not be asked.", ("check",)
)
TURNS: Final = Metric("watchkeeper_turns_total", "counter", "Turns, by outcome.", ("outcome",))
COMMITS: Final = Metric("watchkeeper_log_commits_total", "counter", "Commits to the log, by outcome.", ("outcome",))
OBJECTIVES: Final = Metric(
    "watchkeeper_objective_standing", "gauge", "1 for the standing that an objective has.", ("objective", "standing")
)
BUDGET: Final = Metric(
    "watchkeeper_budget_left_ratio",
    "gauge",
    "Share of the error budget that is left; below 0 overspent.",
    ("objective",),
)
ALERTS: Final = Metric("watchkeeper_alerts", "gauge", "Alerts in each state.", ("state",))
NOTICES: Final = Metric("watchkeeper_notices", "gauge", "Messages in each state of the outbox.", ("state",))
INCIDENTS: Final = Metric("watchkeeper_incidents_open", "gauge", "Incidents that are open.")
INFO: Final = Metric("watchkeeper_info", "gauge", "Always 1; the labels say what runs.", ("version", "manual"))
METRICS: Final = (
    *(INFO, BODIES, ITEMS, LEFT_OUT, NOTED, OTHER, COMMITS, ASKED, REFUSED, TURNS),
    *(OBJECTIVES, BUDGET, ALERTS, NOTICES, INCIDENTS),
)

Samples = Mapping[tuple[str, ...], float | int]


class Exposition:
    """
    The `/metrics` address.
    """

    def __init__(self, watch: Watch, doors: Doors, ingest: Ingest) -> None:
        self._watch, self._doors, self._ingest = watch, doors, ingest

    def routes(self) -> list[Route]:
        """
        The route.
        """
        return [Route("/metrics", self._metrics)]

    def _metrics(self, _: Request) -> PlainTextResponse:
        text = written(self.samples().items())
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    def _bodies(self) -> dict[tuple[str, ...], int]:
        found: Counter[tuple[str, ...]] = Counter()
        for counter in (self._watch.intake.tally.bodies, self._ingest.bodies):
            for key, n in list(counter.items()):
                found[key] += n
        return found

    def samples(self) -> dict[Metric, Samples]:
        """
        Every metric with its samples, by the values of its labels.
        """
        tally, work = self._watch.intake.tally, self._doors.work()
        objectives, alerts = self._watch.objectives(), self._watch.alerts()
        with self._watch.state.reading() as view:
            told, opened = notices.counts(view), len(incidents.in_states(view, "open"))
        budgets = {one.name: one.targets[0].budget for one in objectives if one.targets}
        return {
            INFO: {(self._doors.version, self._watch.standing.manual.manual): 1},
            BODIES: self._bodies(),
            ITEMS: {(kind,): n for kind, n in tally.items.items()},
            LEFT_OUT: {(reason,): n for reason, n in tally.left_out.items()},
            NOTED: {(what,): n for what, n in tally.noted.items()},
            OTHER: {(name,): n for name, n in self._watch.intake.matcher.labels.overflow.items()},
            ASKED: {
                (name, outcome): n
                for outcome, counts in (("asked", work.asked), ("skipped", work.skipped))
                for name, n in counts.items()
            },
            REFUSED: {(name,): 1 for name in work.refused},
            TURNS: {("taken",): work.turns, ("failed",): work.failed_turns},
            COMMITS: {("written",): tally.commits, ("failed",): tally.failed_commits},
            OBJECTIVES: {(one.name, said.value): int(one.standing is said) for one in objectives for said in Standing},
            BUDGET: {(name,): float(one.left) for name, one in budgets.items() if one and one.left is not None},
            ALERTS: {(state.value,): sum(one.memory.state is state for one in alerts) for state in State},
            NOTICES: {(state,): n for state, n in told.items()},
            INCIDENTS: {(): opened},
        }


def written(metrics: Iterable[tuple[Metric, Samples]]) -> str:
    """
    The text format: HELP, TYPE, then one line per sample.

    >>> print(written([(ITEMS, {("traces",): 3})]), end="")
    # HELP watchkeeper_items_total Spans, points and events taken.
    # TYPE watchkeeper_items_total counter
    watchkeeper_items_total{kind="traces"} 3
    """
    lines = []
    for metric, samples in metrics:
        lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
        for values, number in sorted(samples.items()):
            pairs = ",".join(f'{name}="{_escaped(said)}"' for name, said in zip(metric.labels, values, strict=True))
            lines.append(f"{metric.name}{{{pairs}}} {number}" if pairs else f"{metric.name} {number}")
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
