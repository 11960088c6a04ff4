"""
A small manual, and what counts under it, for the tests of measuring.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.measure.cases import Clock, fold
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.measure.answers import Answer, Question, Span
from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.grid import REAL
from watchkeeper.measure.intake import Intake
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.plan import plan_of
from watchkeeper.measure.restoring import restore
from watchkeeper.measure.rows import Registry
from watchkeeper.store.log import DeltaLog

NOW = 1_780_000_005 * 10**9

Answers = Callable[..., Answer]


class Bench:
    """
    An intake over a real log, taken by hand: `take`, `ask`, `restart`.
    """

    def __init__(self, folder: Path, manual: str) -> None:
        self.clock, self._manual, self._path = Clock(at=NOW), manual, folder / "log.db"
        self.open()

    def open(self) -> None:
        loaded = load_text(self._manual)
        assert isinstance(loaded, Loaded), loaded
        self.plan, self.log = plan_of(loaded.manual), DeltaLog(self._path)
        registry, counters = Registry(self.log.intern, self.log.names()), CounterMemory()
        counters.load(self.log.counters())
        engine = Engine(self.plan, registry, REAL, now_ns=self.clock.at)
        restore(self.log, engine, now_ns=self.clock.at)
        self.intake = Intake(
            ground=self.log,
            engine=engine,
            matcher=Matcher(self.plan, registry, REAL),
            counters=counters,
            clock=self.clock,  # type: ignore[arg-type]  # its thread is not started, so nobody sleeps
            seen=self.log.seen(),
        )

    def restart(self, manual: str | None = None) -> None:
        self.log.close()
        self._manual = manual or self._manual
        self.open()

    def fold(self) -> None:
        self.intake.forget(self.clock.at)
        fold(self.log, self.intake.engine, now_ns=self.clock.at, counters=self.intake.counters.snapshot())

    def take(self, deliveries: Sequence[Any]) -> list[Any]:
        self.intake.take(deliveries)
        return [one.done.result(timeout=0) for one in deliveries]

    def ask(self, indicator: str, seconds: int = 900, **more: Any) -> Answer:
        self.intake.engine.advance(self.clock.at)
        question = Question(indicator=indicator, window=Span(ns=seconds * 10**9), **more)
        return self.intake.engine.ask(question, self.clock.at)


@pytest.fixture
def bench(tmp_path: Path):
    opened: list[Bench] = []

    def open_(manual: str) -> Bench:
        opened.append(Bench(tmp_path, manual))
        return opened[-1]

    yield open_
    for one in opened:
        one.log.close()
