"""
What does it cost to know how every objective stands?

The peer evaluates Sloth's rules over blocks of recorded samples; we ask our sweep, over the same increments. Before
anything is timed both must give the same error ratios. Ours judges more than the peer's rules do: calendar windows,
bounds of quantiles, distinct values, strikes and X of Y, and burns that hold back others are in what is measured.
"""

import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

from bench import history, material, processes, sloth
from bench.history import History
from bench.peers import prometheus
from bench.peers.prometheus import Prometheus
from bench.processes import Missing
from bench.recorded import EVERY_SECONDS, Recorded, name_of
from bench.rows import Row, ratio, skipped
from bench.setting import Setting
from watchkeeper.act.asking import gather
from watchkeeper.decide.rules import rules_of
from watchkeeper.manual.model.manual import Manual
from watchkeeper.measure.answers import Question, Span
from watchkeeper.measure.grid import REAL, SECOND
from watchkeeper.measure.plan import plan_of

NAME = "evaluation, 8 windows"
TARGET = 10_000
EXACT = 4 * 2**-53  # PromQL rounds two rates and their ratio, we round once: each by half of a float's last digit
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


class Differs(Exception):
    """
    The two do not give the same answers, or ours are not what was recorded.
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
            says = agreement(server, past, recorded, now=now)
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
            hangs_on="A sweep is some numpy calls, however few objectives there are.",
            says=says,
        )
    ]


# --- the same answers


def agreement(server: Prometheus, past: History, recorded: Recorded, *, now: int) -> str:
    """
    How well the two agree, at an hour and in between; raises Differs where it is not as said.
    """
    hour = now // 3600 * 3600
    between = hour - 61 * EVERY_SECONDS
    worst, exact = dict[str, float](), 0.0
    for at in (between, hour):
        past.until(at)
        for window, seconds in sloth.WINDOWS.items():
            apart = _apart(server, past, recorded, window, at)
            begin = at - seconds
            slot = _slot_seconds(seconds)
            if begin % slot:
                worst[window] = apart
            elif apart > EXACT:
                raise Differs(f"{window} at {at}: {apart:.2g} apart, though no slot is cut")
            else:
                exact = max(exact, apart)
    inexact = ", ".join(f"{window} {apart:.2%} (slots of {_slot(window)})" for window, apart in worst.items())
    return (
        f"The same error ratios to {exact:.1e} in windows that cut no slot; where they do, apart by at most {inexact}."
    )


def _apart(server: Prometheus, past: History, recorded: Recorded, window: str, at: int) -> float:
    """
    The largest difference between the two, relative to the peer's; ours is first held to what was recorded.
    """
    seconds = sloth.WINDOWS[window]
    slot = _slot_seconds(seconds)
    requests, failed = history.counted(recorded, (at - seconds) // slot * slot, at)
    theirs = {dict(labels)["slo"]: ratio for labels, ratio in server.query(sloth.ratio(window), at=at).items()}
    questions = [
        Question(indicator=name_of(i), window=Span(ns=seconds * SECOND), merges=False)
        for i in range(recorded.objectives)
    ]
    apart = 0.0
    for i, answer in enumerate(past.engine.ask_all(questions, at * SECOND)):
        if (answer.count, answer.matched) != (int(requests[i]), int(failed[i])):
            raise Differs(
                f"{name_of(i)} over {window}: {answer.matched} of {answer.count}, recorded {failed[i]} of {requests[i]}"
            )
        mine, other = float(Fraction(answer.matched, answer.count)), theirs[name_of(i)]
        apart = max(apart, abs(mine - other) / (other or 1.0))
    return apart


def _slot_seconds(window_seconds: int) -> int:
    return REAL.tier_for(window_seconds * SECOND).slot_ns // SECOND


def _slot(window: str) -> str:
    seconds = _slot_seconds(sloth.WINDOWS[window])
    return f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h"


# --- what it costs


class Evaluation:
    """
    Our evaluation of everything, time and again, each time a second later and with news of every objective.
    """

    def __init__(self, manual: Manual, past: History, *, now: int) -> None:
        self._past, self._now_ns = past, now * SECOND
        self._rules = rules_of(manual)
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
        gather(self._rules, self._past.engine, now_ns=self._now_ns)
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
