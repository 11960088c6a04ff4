"""
What does it cost to know how every objective stands?

The peer evaluates Sloth's rules over blocks of recorded samples; we ask our sweep, over the same increments. Before
anything is timed both must give the same error ratios. Ours judges more than the peer's rules do: calendar windows,
bounds of quantiles, distinct values, strikes and X of Y, and burns that hold back others are in what is measured.
"""

import tempfile
import time
from pathlib import Path

import numpy as np

from bench import history, material, processes, sloth
from bench.agreeing import Differs, agreement, swept
from bench.history import History
from bench.peers import prometheus
from bench.peers.prometheus import Prometheus
from bench.processes import Missing
from bench.recorded import EVERY_SECONDS, Recorded, name_of
from bench.rows import Row, ratio, skipped
from bench.setting import Setting
from watchkeeper.manual.model.manual import Manual
from watchkeeper.measure.grid import SECOND
from watchkeeper.measure.plan import plan_of

NAME = "evaluation, 8 windows"
TARGET = 10_000
PER_REPEAT = 20  # evaluations of ours in one repetition
EXTRA = 10  # one objective in so many has alerts of the kinds that the peer's rules do not have
USERS = 500
_LAST = "prometheus_rule_group_last_evaluation_timestamp_seconds"
_LOOK_SECONDS = 0.1
_EARLY_SECONDS = 0.5
_STREAMS = """
watchkeeper: 1
manual: Evaluation
streams:
  requests: {metric: slo_requests}
  times: {metric: slo_time}
  logins: {events: 'name == "login"'}
severities: {P1: {respond: immediate}}
"""


def manual_of(objectives: int) -> Manual:
    """
    For each objective its target, and Sloth's alerts over four pairs of windows; for some also alerts of other kinds.
    """
    indicators, promises, alerts = [], [], []
    for i in range(objectives):
        name = name_of(i)
        indicators.append(f"""  {name}: {{from: requests, only: 'slo == "{name}"', bad: 'outcome == "failed"'}}""")
        promises.append(f"  {name}: {{indicator: {name}, targets: ['<= 1% over 30d']}}")
        for kind, pairs in sloth.PAIRS.items():
            for long, short, factor in pairs:
                alert = f"{{objective: {name}, when: 'burn > {factor:g} over {long} and {short}', severity: P1}}"
                alerts.append(f"  {name}-{kind}-{long}: {alert}")
        alerts.append(f"  {name}-all: {{indicator: {name}, when: '> 1% over 30d', severity: P1}}")
        if i % EXTRA == 0:
            indicators.append(f"  {name}-times: {{from: times}}")
            indicators.append(f"  {name}-logins: {{from: logins}}")
            alerts += [f"  {name}-{kind}: {{{of}, severity: P1}}" for kind, of in _extras(name, i).items()]
    parts = [_STREAMS, "indicators:", *indicators, "objectives:", *promises, "alerts:", *alerts]
    return material.loaded("\n".join(parts))


def _extras(name: str, i: int) -> dict[str, str]:
    return {
        "calendar": f"indicator: {name}, when: '> {2 + i / 1000}% over this month'",
        "bounds": f"indicator: {name}-times, when: 'p95 > {2000 + i}ms over 1h'",
        "distinct": f"indicator: {name}-logins, when: 'distinct user > {USERS + i} over 1h'",
        "strikes": f"indicator: {name}, when: '8 of 10'",
    }


def measure(setting: Setting) -> list[Row]:
    """
    The cost of one evaluation of everything, ours and the peer's.
    """
    name = f"{NAME}, {setting.objectives} objectives x {setting.days} days"
    try:
        peer = f"{prometheus.version()}, Sloth-style rules"
    except Missing as error:
        return [skipped(name, prometheus.NAME, str(error), target=TARGET)]
    now = int(time.time())
    recorded = Recorded.made(setting.objectives, setting.days, now=now)
    manual = manual_of(setting.objectives)
    past = History(plan_of(manual), recorded)
    every = setting.objectives * setting.days // 200 + 2  # seconds: an evaluation, and a pause after it
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        recorded.blocks(folder)
        with prometheus.running(folder, rules=sloth.rules(setting.objectives), every=f"{every}s") as server:
            says = agreement(server, past, recorded, manual, now=now)
            past.until(now)
            ours = Evaluation(manual, past, now=now)
            ours.once()
            _next_evaluation(server, every)
            figures = [(ours.cpu_seconds(), _peers_cpu_seconds(server, every)) for _ in range(setting.repeat)]
            if server.told("prometheus_rule_evaluation_failures_total"):
                raise Differs("a rule of the peer could not be evaluated")
    return [
        ratio(
            name,
            "CPU-ms",
            ours=[mine * 1000 for mine, _ in figures],
            theirs=[other * 1000 for _, other in figures],
            peer=peer,
            target=TARGET,
            more_is_better=False,
            hangs_on="A sweep costs something however few objectives there are; of three days the peer scans a tenth.",
            says=says,
        )
    ]


# --- what it costs


class Evaluation:
    """
    Our evaluation of everything, time and again, each time a second later and with news of every objective.
    """

    def __init__(self, manual: Manual, past: History, *, now: int) -> None:
        self._past, self._now_ns = past, now * SECOND
        self.sweep = swept(manual, past.engine)
        self._rng = np.random.default_rng(2)
        self._objectives = len(manual.objectives)
        for second in range(0, 7200, EVERY_SECONDS):
            self._others(now * SECOND - second * SECOND)

    def cpu_seconds(self) -> float:
        """
        The mean processor time of one evaluation.
        """
        return sum(self.once() for _ in range(PER_REPEAT)) / PER_REPEAT

    def once(self) -> float:
        """
        The processor time of one evaluation, a second after the last.
        """
        self._now_ns += SECOND
        weights = self._rng.poisson(50, size=(2, self._objectives, 1))
        self._past.take(history.requests(weights, np.array([self._now_ns])), self._now_ns)
        self._others(self._now_ns)
        before = processes.cpu_seconds()
        self.sweep.truths(self._now_ns)
        return processes.cpu_seconds() - before

    def _others(self, at_ns: int) -> None:
        times = self._rng.exponential(0.8, size=10)
        users = self._rng.integers(0, USERS, size=10)
        engine, matcher = self._past.engine, self._past.matcher
        at = np.full(10, at_ns, dtype=np.int64)
        for batch in (history.readings("slo_time", times, at), history.logins(users, at, known=USERS)):
            engine.apply(matcher.count(batch, self._now_ns).delta)


def _peers_cpu_seconds(server: Prometheus, every: int) -> float:
    """
    The processor time of the peer from the end of one evaluation to the end of the next.
    """
    before = processes.cpu_seconds(server.pid)
    _next_evaluation(server, every)
    return processes.cpu_seconds(server.pid) - before


def _next_evaluation(server: Prometheus, every: int) -> None:
    last = server.told(_LAST)
    time.sleep(max(every - _EARLY_SECONDS, 0))  # looking costs the peer something: only look when it is due
    processes.wait(lambda: server.told(_LAST) > last, "an evaluation of the peer", look=_LOOK_SECONDS, seconds=300)
