"""
A random life of one indicator over a real log: batches in order and late, slices folded, restarts, exclusions set and
undone. Beside it, what an engine says that was never told of the excluded events.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.answers import Answer, Question, Since, Span
from watchkeeper.measure.deltas import pack
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.exclusions import Exclusion
from watchkeeper.measure.folding import Folder
from watchkeeper.measure.grid import DAY, HOUR, MINUTE, REAL, SECOND
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.plan import plan_of
from watchkeeper.measure.restoring import exclude, restore
from watchkeeper.measure.rows import Registry, counting_registry
from watchkeeper.measure.values import Batch
from watchkeeper.store.log import DeltaLog

NOW = 1_780_000_005 * SECOND
MANUAL = """
watchkeeper: 1
manual: Shop
zone: Asia/Kathmandu
streams: {orders: {events: 'name == "order"', value: price, lateness: 3h}}
indicators: {it: {from: orders, good: 'ok == 1', by: [plan, region]}}
objectives:
  mean: {indicator: it, targets: ['mean < 5 over this week', '>= 90% over this LONG', 'p90 < 7 over 60d']}
severities: {P1: {title: Bad}}
alerts:
  max: {indicator: it, when: 'max > 5 over 5m', severity: P1}
  row: {indicator: it, when: '3 in a row', severity: P1}
  p50: {indicator: it, when: 'p50 > 3 over 1h', severity: P1}
  far: {indicator: it, when: 'count > 5 over 60d', severity: P1}
"""
WINDOWS = (300, 3600, 7200, 6 * 3600, 86_400, 3 * 86_400, 30 * 86_400, 60 * 86_400)
PLANS, REGIONS = ("a", "b"), ("eu", "us")
KEPT = ("start_ns", "end_ns", "count", "matched", "valued", "total", "bucketed", "under", "buckets")
MERGED = ("low", "high", "last", "last_at_ns", "seen_ns", "results")


@dataclass(frozen=True)
class Order:
    at: int
    price: int
    ok: int
    plan: str
    region: str


@dataclass
class Life:
    seed: int
    folder: Path
    long: str = ""
    batches: list[tuple[int, list[Order]]] = field(default_factory=list)
    exclusions: list[Exclusion] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        loaded = load_text(MANUAL.replace("LONG", self.long or self.random.choice(("month", "quarter", "year"))))
        assert isinstance(loaded, Loaded), str(loaded)
        self.plan, self.now = plan_of(loaded.manual), NOW
        self.log = DeltaLog(self.folder / f"log{self.seed}.db")
        self.meaning = self.plan.indicators["it"].meaning
        self.open()

    def open(self) -> None:
        self.registry = Registry(self.log.intern, self.log.names())
        self.engine = Engine(self.plan, self.registry, REAL, now_ns=self.now)
        self.matcher = Matcher(self.plan, self.registry, REAL)
        self.folding = Folder(self.log, self.registry, REAL, self.plan, records=3)
        self.engine.exclude(self.exclusions)
        restore(self.log, self.engine, now_ns=self.now)

    def live(self, steps: int = 12) -> None:
        for _ in range(steps):
            self.now += self.random.choice(
                (SECOND, 20 * SECOND, MINUTE, 10 * MINUTE, HOUR, 5 * HOUR, 3 * DAY, 20 * DAY)
            )
            self.engine.advance(self.now)
            for _ in range(self.random.randint(1, 3)):
                self.take([self.order() for _ in range(self.random.randint(1, 6))])
            if self.random.random() < 0.4:
                self.folding.step(self.now)
            if self.random.random() < 0.25:
                self.restart()
            if self.random.random() < 0.3:
                self.exclude(self.some())

    def restart(self) -> None:
        self.log.close()
        self.log = DeltaLog(self.folder / f"log{self.seed}.db")
        self.open()

    def order(self) -> Order:
        pick = self.random
        at = self.now - pick.choice((-30 * SECOND, 0, 0, SECOND, 90 * SECOND, 20 * MINUTE, 2 * HOUR))
        return Order(at, pick.randint(0, 9), pick.randint(0, 1), pick.choice(PLANS), pick.choice(REGIONS))

    def take(self, orders: list[Order]) -> None:
        self.batches.append((self.now, orders))
        delta = self.matcher.count(batch_of(orders), self.now).delta
        self.log.append([pack(delta)], digests=[], counters=b"", now_ns=self.now)
        self.engine.apply(delta)

    def exclude(self, exclusions: list[Exclusion]) -> None:
        self.exclusions = exclusions
        exclude(self.log, self.engine, exclusions)

    def some(self) -> list[Exclusion]:
        found, pick = [], self.random
        labels = pick.choice(((), ("plan",), ("region",)))
        for i in range(pick.randint(0, 3)):
            begin = (
                self.now
                - pick.choice((0, MINUTE, 5 * MINUTE, HOUR, 3 * HOUR, 2 * DAY, 25 * DAY))
                - pick.randrange(HOUR)
            )
            end = begin + pick.choice((1, 30 * SECOND, 10 * MINUTE, HOUR, 5 * HOUR, 3 * DAY, 40 * DAY))
            label = pick.choice(("", *labels))
            value = pick.choice(PLANS if label == "plan" else REGIONS) if label else ""
            scope = pick.choice((None, frozenset({self.meaning}), frozenset({"another"})))
            found.append(Exclusion(id=i, begin_ns=begin, end_ns=end, label=label, value=value, scope=scope))
        return found

    # --- what is asked

    def questions(self) -> list[Question]:
        series = [("", ""), *(("plan", one) for one in PLANS), *(("region", one) for one in REGIONS)]
        windows: list[Span | Since] = [
            *(Span(ns=one * SECOND) for one in WINDOWS),
            *(Since(period=one) for one in self.plan.periods),
        ]
        return [
            Question(indicator="it", window=window, label=label, value=value)
            for label, value in series
            for window in windows
        ]

    def answers(self) -> list[Answer]:
        self.engine.advance(self.now)
        return self.engine.ask_all(self.questions(), self.now)

    def recomputed(self, questions: list[Question], *, excluded: bool) -> list[Answer]:
        """
        The answers of an engine that was told of no excluded event, or (`excluded`) of no other.
        """
        registry = counting_registry()
        engine = Engine(self.plan, registry, REAL, now_ns=NOW)
        matcher = Matcher(self.plan, registry, REAL)
        for now, orders in self.batches:
            engine.advance(now)
            kept = [one for one in orders if self.is_out(one) is excluded]
            if kept:
                engine.apply(matcher.count(batch_of(kept), now).delta)
        engine.advance(self.now)
        return engine.ask_all(questions, self.now)

    def is_out(self, one: Order) -> bool:
        minute = one.at // MINUTE
        return any(
            each.begin_ns // MINUTE <= minute < -(-each.end_ns // MINUTE)
            and (each.scope is None or self.meaning in each.scope)
            and (not each.label or getattr(one, each.label) == each.value)
            for each in self.exclusions
        )

    @property
    def labels(self) -> set[str]:
        return {one.label for one in self.exclusions if one.scope is None or self.meaning in one.scope} - {""}


def said(answer: Answer, *, merges: bool = True) -> dict[str, Any]:
    return {key: getattr(answer, key) for key in (*KEPT, *(MERGED if merges else ()))}


def batch_of(orders: list[Order]) -> Batch:
    """
    The orders as a decoder hands them on.
    """
    columns = {
        "name": Column(codes=np.zeros(len(orders), dtype=np.int32), values=("order",)),
        **{name: _column([getattr(one, name) for one in orders]) for name in ("price", "ok", "plan", "region")},
    }
    return Batch(signal="events", at_ns=np.array([one.at for one in orders], dtype=np.int64), columns=columns)


def _column(values: list[Any]) -> Column:
    known = tuple(dict.fromkeys(values))
    return Column(codes=np.array([known.index(one) for one in values], dtype=np.int32), values=known)
