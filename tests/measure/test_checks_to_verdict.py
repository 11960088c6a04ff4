"""
Do the results of checks reach the verdict, through the real log and engine?
"""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.outside.certificates import certificate, server_side
from tests.outside.servers import plain, says, serving
from watchkeeper.decide.conditions import Asked, judge
from watchkeeper.decide.rules import Rule, rules_of
from watchkeeper.decide.values import Finding, Truth
from watchkeeper.manual.load import Loaded, load, load_text
from watchkeeper.manual.model.manual import Manual
from watchkeeper.measure.addressing import addressed
from watchkeeper.measure.answers import Question, Span
from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.grid import MINUTE, REAL, SECOND
from watchkeeper.measure.intake import Intake
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.plan import plan_of
from watchkeeper.measure.polling import Poller
from watchkeeper.measure.probing import Probe, Result, ask, batch_of
from watchkeeper.measure.restoring import restore
from watchkeeper.measure.rows import Registry
from watchkeeper.outside.clock import RealClock
from watchkeeper.outside.http import HttpClient
from watchkeeper.store.log import DeltaLog
from watchkeeper.testing import FakeNetwork, HandClock

JAMFIND = Path(__file__).parents[2] / "examples" / "jamfind"
URL = "http://jamfind.example/api/health"
DAY = 86_400 * SECOND


@dataclass
class Watch:
    manual: Manual
    intake: Intake
    clock: HandClock
    probes: tuple[Probe, ...]
    rules: dict[str, Rule]

    def result(self, probe: Probe, *, ok: bool = True, left_ns: int | None = None, took_ns: int = 50_000_000) -> None:
        result = Result(
            at_ns=self.clock.now_ns(), took_ns=took_ns, status=200 if ok else 503, ok=ok, certificate_left_ns=left_ns
        )
        receipt = self.intake.submit_batch("checks", batch_of(probe, result)).result(timeout=20)
        assert (receipt.items, receipt.left_out, receipt.busy) == (1, {}, None)

    def judge(self, name: str, engine: Engine | None = None) -> Finding:
        rule = self.rules[name]
        engine = engine or self.intake.engine
        now_ns = self.clock.now_ns()
        assert rule.condition is not None

        def of(value: str) -> Asked:
            answers = engine.ask_all(rule.questions(where_value=value), now_ns)
            return Asked(answers=tuple(answers), good=rule.good)

        with self.intake.lock:
            engine.advance(now_ns)
            values = engine.labels(rule.indicator, rule.where) if rule.where else []
            whole = of("")
            by_value = {value: of(value) for value in values}
        return judge(rule.condition, Asked(answers=whole.answers, good=rule.good, by_value=by_value))


@contextmanager
def watching(manual: Manual, folder: Path, **environ: str) -> Iterator[Watch]:
    clock, plan, ground = HandClock(), plan_of(manual), DeltaLog(folder / "log.db")
    registry = Registry(ground.intern, ground.names())
    engine = Engine(plan, registry, REAL, now_ns=clock.now_ns())
    matcher = Matcher(plan, registry, REAL)
    intake = Intake(ground=ground, engine=engine, matcher=matcher, counters=CounterMemory(), clock=clock)
    intake.start()
    found = addressed(manual, environ)
    try:
        yield Watch(manual, intake, clock, found.probes, rules_of(manual))
    finally:
        intake.stop()
        ground.close()


def loaded(found: object) -> Manual:
    assert isinstance(found, Loaded), str(found)
    return found.manual


@pytest.fixture
def jamfind(tmp_path: Path) -> Iterator[Watch]:
    manual = loaded(load(JAMFIND))
    name = manual.base_url_env or manual.services["app"].url_env or ""
    with watching(manual, tmp_path, **{name: "http://jamfind.example"}) as watch:
        yield watch


def test_jamfind_asks_its_health_from_three_regions(jamfind: Watch) -> None:
    assert [(probe.url, probe.region) for probe in jamfind.probes] == [
        (URL, "europe"),
        (URL, "north-america"),
        (URL, "africa"),
    ]


@pytest.mark.parametrize(
    ("bad", "truth"),
    [
        ({}, Truth.CLEAR),
        ({"europe": 2}, Truth.CLEAR),
        ({"europe": 2, "africa": 1}, Truth.CLEAR),
        ({"europe": 2, "africa": 2}, Truth.HOLDS),
        ({"europe": 3, "africa": 3, "north-america": 3}, Truth.HOLDS),
    ],
)
def test_two_in_a_row_in_two_of_three_regions(jamfind: Watch, bad: dict[str, int], truth: Truth) -> None:
    for minute in range(4):
        for probe in jamfind.probes:
            jamfind.result(probe, ok=minute < 4 - bad.get(probe.region, 0))
        jamfind.clock.move(minutes=1)

    finding = jamfind.judge("unreachable")
    assert finding.truth is truth
    assert set(finding.others) == {region for region, n in bad.items() if n >= 2}
    assert jamfind.intake.engine.labels("reachable", "region") == ["africa", "europe", "north-america"]
    answer = jamfind.intake.engine.ask(
        Question(indicator="reachable", window=Span(ns=10 * MINUTE)), jamfind.clock.now_ns()
    )
    assert (answer.count, answer.count - answer.matched) == (12, sum(bad.values()))


def test_a_region_that_recovers_is_no_strike_any_more(jamfind: Watch) -> None:
    for ok in (False, False, False, True):
        for probe in jamfind.probes:
            jamfind.result(probe, ok=ok)
        jamfind.clock.move(minutes=1)

    assert jamfind.judge("unreachable").truth is Truth.CLEAR


def test_before_any_answer_it_is_unknown(jamfind: Watch) -> None:
    assert jamfind.judge("unreachable").truth is Truth.UNKNOWN


class Until(HandClock):
    """
    Simulated time that ends: the poller then waits to be stopped.
    """

    def __init__(self, clock: HandClock, until_ns: int) -> None:
        super().__init__(clock.now())
        self.ended = threading.Event()
        self._shared, self._until_ns = clock, until_ns

    def sleep(self, seconds: float, stop: threading.Event) -> bool:
        if self.monotonic_ns() + round(seconds * SECOND) < self._until_ns:
            self._pass(round(seconds * SECOND))
            self._shared._pass(round(seconds * SECOND))
            return stop.is_set()
        self.ended.set()
        return stop.wait()


@pytest.mark.parametrize(("status", "truth"), [(200, Truth.CLEAR), (503, Truth.HOLDS)])
def test_from_the_address_to_the_verdict(jamfind: Watch, status: int, truth: Truth) -> None:
    network, clock = FakeNetwork(), Until(jamfind.clock, 5 * MINUTE)
    network.answers(URL, 200, 200, 200, status)
    poller = Poller(
        jamfind.probes, client=network.client(clock), intake=jamfind.intake, clock=clock, launch=lambda work: work()
    )
    poller.start()
    assert clock.ended.wait(20)
    poller.stop()
    jamfind.intake.stop()  # takes what has arrived

    assert poller.asked == {"health": 15}
    assert jamfind.judge("unreachable").truth is truth
    assert jamfind.intake.tally.items["checks"] == 15


# E25: the certificate of a check as a number of its own.

ZZIK = """
watchkeeper: 1
manual: Zzik
checks: {certificate: {http: 'https://zzik.example/', every: 6h}}
streams: {certificate: {check: certificate, value: certificate_left}}
indicators: {certificate: {from: certificate}}
severities: {P3: {}}
alerts: {certificate-expiry: {indicator: certificate, when: 'left < 30d', severity: P3}}
"""


def test_a_certificate_nears_its_end_between_two_asks_and_after_a_restart(tmp_path: Path) -> None:
    with watching(loaded(load_text(ZZIK)), tmp_path) as watch:
        assert watch.judge("certificate-expiry").truth is Truth.UNKNOWN
        watch.result(watch.probes[0], left_ns=30 * DAY + 3600 * SECOND)
        assert watch.judge("certificate-expiry").truth is Truth.CLEAR
        watch.clock.move(minutes=59)
        assert watch.judge("certificate-expiry").truth is Truth.CLEAR
        watch.clock.move(minutes=2)
        finding = watch.judge("certificate-expiry")
        assert finding.truth is Truth.HOLDS
        assert finding.numbers.value is not None
        assert 30 * 86_400 - 61 <= finding.numbers.value < 30 * 86_400
        watch.intake.stop()

        ground = watch.intake._ground
        assert isinstance(ground, DeltaLog)
        now_ns = watch.clock.now_ns()
        anew = Engine(plan_of(watch.manual), Registry(ground.intern, ground.names()), REAL, now_ns=now_ns)
        restore(ground, anew, now_ns=now_ns)
        assert watch.judge("certificate-expiry", anew).truth is Truth.HOLDS


@pytest.mark.parametrize(("left_days", "truth"), [(45, Truth.CLEAR), (29, Truth.HOLDS), (-3, Truth.HOLDS)])
def test_a_certificate_that_ends_counts_though_nobody_trusts_it(tmp_path: Path, left_days: int, truth: Truth) -> None:
    now = RealClock().now()
    until = now + timedelta(days=left_days, hours=1)
    made, key = certificate(tmp_path / "c", since=now - timedelta(days=90), until=until)
    client = HttpClient(RealClock(), allow_private=True, tls=ssl.create_default_context())
    with (
        watching(loaded(load_text(ZZIK)), tmp_path) as watch,
        serving(says(plain()), tls=server_side(made, key)) as server,
    ):
        of = replace(watch.probes[0], url=server.url(scheme="https"))
        result = replace(ask(of, client, RealClock(), at_ns=RealClock().now_ns()), at_ns=watch.clock.now_ns())
        watch.intake.submit_batch("checks", batch_of(of, result)).result(timeout=20)
        finding = watch.judge("certificate-expiry")

    assert (result.status, result.ok) == (0, False)
    assert finding.truth is truth
    assert finding.numbers.value is not None
    assert finding.numbers.value // 86_400 == left_days


def test_an_answer_that_breaks_off_is_not_under_any_threshold(tmp_path: Path) -> None:
    manual = loaded(
        load_text(
            "watchkeeper: 1\nmanual: Shop\nchecks: {web: {http: 'https://a.example/', every: 1m}}\n"
            "streams: {probes: {check: web}}\nindicators: {time: {from: probes}}\nseverities: {P3: {}}\n"
            "alerts:\n  slow: {indicator: time, when: 'p50 > 2s over 10m', severity: P3}\n"
            "  mean: {indicator: time, when: 'mean > 2s', severity: P3}\n"
            "  slowest: {indicator: time, when: 'max > 2s', severity: P3}\n"
        )
    )
    with watching(manual, tmp_path) as watch:
        for _ in range(10):
            broke = Result(at_ns=watch.clock.now_ns(), took_ns=1, status=0, ok=False, error="Connection refused")
            watch.intake.submit_batch("checks", batch_of(watch.probes[0], broke)).result(timeout=20)
            watch.clock.move(minutes=1)
        watch.result(watch.probes[0], took_ns=50_000_000)
        question = Question(indicator="time", window=Span(ns=20 * MINUTE))
        answer = watch.intake.engine.ask(question, watch.clock.now_ns())

    (under,) = answer.under.values()
    assert (answer.count, answer.valued, under.sure) == (11, 1, 1)
    assert answer.low == answer.high == 50_000_000
