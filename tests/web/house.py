"""A real watch for the doors: state in memory, a log on disk, a clock moved by hand."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from starlette.testclient import TestClient

from tests.web.signing import signed_in
from watchkeeper.act.turn import Standing, take_turn
from watchkeeper.act.watch import Watch
from watchkeeper.decide.rules import rules_of
from watchkeeper.manual.load import Loaded, load, load_text
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.deliveries import Delivery
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.folding import Folder
from watchkeeper.measure.grid import REAL
from watchkeeper.measure.intake import Intake
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.plan import plan_of
from watchkeeper.measure.rows import Registry
from watchkeeper.measure.upkeep import Upkeep
from watchkeeper.measure.values import Batch, Decoded, halves
from watchkeeper.store.log import DeltaLog
from watchkeeper.store.state import State, open_memory
from watchkeeper.testing import HandClock
from watchkeeper.web.app import create_app
from watchkeeper.web.doors import Doors

EXAMPLES = Path(__file__).parents[2] / "examples"
ADDRESS = "http://127.0.0.1:8400"
PLATFORMS = ("spotify", "apple", "deezer", "youtube")
SECOND = 10**9
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

Columns = Mapping[str, str | int | bool]
Took = int | Callable[[int], int]


@dataclass(kw_only=True)
class House:
    """
    A watch with everything below it, and what a test does to it.
    """

    manual: Manual
    clock: HandClock
    log: DeltaLog
    state: State
    intake: Intake
    watch: Watch

    @classmethod
    def of(cls, manual: Manual, log: Path, *, start: str = "2026-11-20T12:00:00Z") -> "House":
        clock, ground, plan = HandClock(start), DeltaLog(log), plan_of(manual)
        registry = Registry(ground.intern, ground.names())
        rules = rules_of(manual)
        meanings = {
            name: plan.indicators[rule.indicator].meaning
            for name, rule in rules.items()
            if rule.indicator in plan.indicators
        }
        intake = Intake(
            ground=ground,
            engine=Engine(plan, registry, REAL, now_ns=clock.now_ns()),
            matcher=Matcher(plan, registry, REAL),
            counters=CounterMemory(),
            clock=clock,
        )
        standing = Standing(manual=manual, rules=rules, meanings=meanings, revision=1)
        state = open_memory()
        folder = Folder(ground, registry, REAL, plan)
        upkeep = Upkeep(ground=ground, folder=folder, intake=intake, clock=clock)
        watch = Watch(standing=standing, intake=intake, state=state, clock=clock, recount=upkeep.exclude)
        return cls(manual=manual, clock=clock, log=ground, state=state, intake=intake, watch=watch)

    def close(self) -> None:
        self.intake.stop()
        self.log.close()
        self.state.close()

    def turn(self) -> None:
        take_turn(self.watch.standing, self.intake, self.state, now_ns=self.clock.now_ns())

    def spans(self, n: int, columns: Columns, *, over_ns: int = MINUTE, took_ns: Took = 200 * 10**6) -> None:
        """
        n spans with the same attributes, spread over the middle of the last `over_ns`.
        """
        self.deliver(self.batch(n, columns, over_ns=over_ns, took_ns=took_ns))

    def batch(self, n: int, columns: Columns, *, over_ns: int = MINUTE, took_ns: Took = 200 * 10**6) -> Batch:
        """
        The same as a batch, to be delivered together with others.
        """
        at = self.clock.now_ns() - over_ns // 4 - (np.arange(n, dtype=np.int64) * (over_ns // 2)) // max(1, n)
        took = [took_ns(i) if callable(took_ns) else took_ns for i in range(n)]
        zeros = np.zeros(n, dtype=np.int32)
        return Batch(
            signal="spans",
            at_ns=at,
            value=np.array(took, dtype=np.int64),
            columns={name: Column(codes=zeros, values=(value,)) for name, value in columns.items()},
            traces=halves([bytes([i % 250 + 1]) * 16 for i in range(n)]),
        )

    def deliver(self, *batches: Batch) -> None:
        """
        One body with these batches; returns when it is counted.
        """
        decoded = Decoded(batches=[batch for batch in batches if batch.n], items=sum(batch.n for batch in batches))
        delivery = Delivery(kind="traces", client="test", body=b"", decode=lambda *_: decoded)
        assert self.intake.submit(delivery).result(timeout=5).busy is None

    def app(self, **doors: object):
        return create_app(self.watch, Doors(**{"address": ADDRESS, **doors}))  # type: ignore[arg-type]  # a test may pass anything

    def client(self, **doors: object) -> TestClient:
        """A client whose person is signed in, as an admin."""
        return signed_in(TestClient(self.app(**doors), base_url=ADDRESS), self.watch)

    def stranger(self, **doors: object) -> TestClient:
        """A client of whom nothing is known."""
        return TestClient(self.app(**doors), base_url=ADDRESS)


def jamfind() -> Manual:
    loaded = load(EXAMPLES / "jamfind")
    assert isinstance(loaded, Loaded), loaded
    return loaded.manual


def calm(house: House, *, minutes: int = 20) -> None:
    """Traffic in which nothing is wrong, minute by minute, with a turn after each."""
    for _ in range(minutes):
        house.clock.move(minutes=1)
        house.deliver(
            *requests(house), *parses(house, failed={}), *(payments(house, name) for name in ("stripe", "paystack"))
        )
        house.turn()


def storm(house: House, *, minutes: int = 6) -> None:
    """Spotify answers half of the parses with an error; everything else goes on."""
    for _ in range(minutes):
        house.clock.move(minutes=1)
        house.deliver(*requests(house), *parses(house, failed={"spotify": 5}))
        house.turn()


def requests(house: House) -> list[Batch]:
    return [house.batch(30, {"name": "GET /", "kind": "server", "status": 200})]


def parses(house: House, *, failed: Mapping[str, int]) -> Iterator[Batch]:
    for platform in PLATFORMS:
        columns = {"name": "parse_playlist", "kind": "internal", "platform": platform}
        bad = failed.get(platform, 0)
        yield house.batch(10 - bad, {**columns, "outcome": "ok"})
        yield house.batch(bad, {**columns, "outcome": "failed"}, took_ns=SECOND)


def payments(house: House, provider: str) -> Batch:
    return house.batch(10, {"name": "payment", "kind": "internal", "provider": provider, "status": "ok"})


def manual_of(text: str) -> Manual:
    loaded = load_text(text)
    assert isinstance(loaded, Loaded), loaded
    return loaded.manual
