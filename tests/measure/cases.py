"""
A random case for the oracle: a manual, a life of batches, resends, restarts and reloads, and questions at random
instants.
"""

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from shutil import copyfile
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from tests.measure.oracle import Event, Oracle, Said, Spoke
from watchkeeper.manual.condition.ast import Period
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.answers import Answer, Question, Since, Span
from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.deliveries import Delivery, Receipt
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.fixed import bound
from watchkeeper.measure.folding import Counters, Folder
from watchkeeper.measure.grid import REAL
from watchkeeper.measure.intake import Intake
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.plan import Plan, plan_of
from watchkeeper.measure.restoring import restore
from watchkeeper.measure.rows import Registry
from watchkeeper.measure.values import Batch, Decoded, halves
from watchkeeper.store.log import DeltaLog

S = 10**9
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe")
STARTS = ("2026-03-28T21:10", "2026-03-31T17:50", "2026-06-30T22:00", "2026-08-31T18:00", "2026-11-01T01:20")
PLATFORMS = ("spotify", "apple", "a|b=c", "")
STATUSES = (200, 429, 429.0, 500, 503.0, "500", True, 1, 1.0)
WANTS = ("quantiles", "extremes", "newest", "distinct")
WINDOWS = (300, 900, 3600, 7200, 6 * 3600, 24 * 3600, 3 * 86400)
LIMITS = (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(1))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """
    An indicator as the manual writes it and as the oracle takes it.
    """

    stream: str
    indicator: str
    said: Said
    labels: tuple[str, ...] = ()
    strikes: str = ""
    distinct: tuple[str, ...] = ()  # as conditions write it
    sets: Mapping[str, tuple[str, Any]] = field(default_factory=dict)  # as the oracle takes it


SHAPES: Mapping[str, Shape] = {
    "good": Shape(
        stream="spans: 'name == \"job\"'",
        indicator="good: 'outcome == \"ok\"', by: [platform, status]",
        labels=("platform", "status"),
        distinct=("platform", 'status where kind == "server" / distinct status'),
        sets={
            "platform": ("platform", None),
            "status": ("status", None),
            'status where kind == "server"': ("status", lambda a: a.get("kind") == "server"),
        },
        said=Said(
            signal="spans",
            counts=lambda a: a.get("name") == "job",
            holds=lambda a: a.get("outcome") == "ok",
            good=True,
        ),
    ),
    "errors": Shape(
        stream="spans: 'kind == \"server\"'",
        indicator="only: 'route.startsWith(\"/api/\")', except: 'status == 429', bad: 'status >= 500'",
        said=Said(
            signal="spans",
            counts=lambda a: (
                a.get("kind") == "server"
                and a.get("route", "").startswith("/api/")
                and not (_is_number(a.get("status")) and a["status"] == 429)
            ),
            holds=lambda a: _is_number(a.get("status")) and a["status"] >= 500,
            good=False,
        ),
    ),
    "strikes": Shape(
        stream="check: home",
        indicator="good: ok, by: [region]",
        labels=("region",),
        strikes="3 in a row",
        said=Said(
            signal="checks",
            metric="home",
            counts=lambda a: a.get("check") == "home",
            holds=lambda a: a.get("ok") is True,
            good=True,
            strikes=True,
        ),
    ),
    "amounts": Shape(
        stream="events: 'type == \"pay\"', value: amount",
        distinct=('amount where platform != "apple"',),
        sets={
            'amount where platform != "apple"': ("amount", lambda a: a.get("platform", "apple") != "apple"),
        },
        indicator="by: [platform]",
        labels=("platform",),
        said=Said(signal="events", counts=lambda a: a.get("type") == "pay", number="amount", scale=10**6),
    ),
    "gauge": Shape(
        stream='metric: cpu, unit: "1"',
        indicator="by: [platform]",
        labels=("platform",),
        said=Said(signal="metrics", metric="cpu", counts=lambda a: a.get("name") == "cpu", scale=10**6),
    ),
    "waits": Shape(
        stream="metric: wait, unit: s",
        indicator="bad: 'outcome == \"late\"'",
        said=Said(
            signal="metrics",
            metric="wait",
            counts=lambda a: a.get("name") == "wait",
            holds=lambda a: a.get("outcome") == "late",
            good=False,
        ),
    ),
}


@dataclass(kw_only=True)
class Clock:
    """
    Stands where it is put.
    """

    at: int

    def now_ns(self) -> int:
        return self.at


class Case:
    """
    One random life. `run` raises AssertionError at the first answer that differs.
    """

    def __init__(self, seed: int, folder: Path) -> None:
        # Cases share manuals, because reading one costs more than a whole life under it.
        self._write_manual(random.Random(seed // 10))
        self.random = random.Random(seed)
        start = datetime.fromisoformat(self.random.choice(STARTS)).replace(tzinfo=ZoneInfo(self.zone))
        self.clock = Clock(at=int(start.timestamp()) * S + self.random.randrange(3600 * S))
        self.oracle = Oracle(zone=ZoneInfo(self.zone))
        self.path = folder / f"log{seed}.db"
        self.sent: list[tuple[bytes, Batch]] = []
        self.keys = 0

    def _write_manual(self, random_: random.Random) -> None:
        pick = random_.choice
        self.zone, self.period = pick(ZONES), pick(("week", "month"))
        names = random_.sample(sorted(SHAPES), pick((1, 1, 2)))
        self.shapes = {name: _with_times(SHAPES[name], random_) for name in names}
        self.revisions = [{name: _some_limits(random_) for name in names} for _ in range(3)]
        self.limits = self.revisions[0]

    # --- the life

    def run(self) -> None:
        """
        Live it.
        """
        self._open()
        try:
            for _ in range(self.random.randint(2, 6)):
                self._pass_time()
                self._send()
                if self.random.random() < 0.4:
                    self._send_again()
                if self.random.random() < 0.3:
                    self._restart()
                if self.random.random() < 0.6:
                    self._compare()
            self._pass_time()
            self._compare()
        finally:
            self.log.close()

    def _open(self) -> None:
        empty = self.path.with_name("empty.db")
        if not empty.exists():
            DeltaLog(empty).close()
        if not self.path.exists():
            copyfile(empty, self.path)
        self.log = DeltaLog(self.path)
        self.log._writer.execute("PRAGMA synchronous = OFF")  # a crash of the machine is not what is tested here
        self.intake = self._intake()

    def _intake(self) -> Intake:
        self.plan = self._plan()
        registry = Registry(self.log.intern, self.log.names())
        engine = Engine(self.plan, registry, REAL, now_ns=self.clock.at)
        restore(self.log, engine, now_ns=self.clock.at)
        return Intake(
            ground=self.log,
            engine=engine,
            matcher=Matcher(self.plan, registry, REAL),
            counters=CounterMemory(),
            clock=self.clock,  # type: ignore[arg-type]  # the thread inside is not started, so nobody sleeps
            seen=self.log.seen(),
        )

    def _restart(self) -> None:
        """
        Perhaps fold, perhaps name other thresholds, then begin anew from the file.
        """
        if self.random.random() < 0.7:
            self.intake.forget(self.clock.at)
            counters = self.intake.counters.snapshot()
            fold(self.log, self.intake.engine, now_ns=self.clock.at, counters=counters)
        if self.random.random() < 0.5:
            self._pass_time()
        self.limits = self.random.choice(self.revisions)
        self.log.close()
        self._open()

    def _pass_time(self) -> None:
        longest = self.random.choice((5, 60, 600, 3600, 8000, 86400, 5 * 86400))
        self.clock.at += self.random.randrange(longest * S)

    # --- what comes in

    def _send(self) -> None:
        for signal in sorted({shape.said.signal for shape in self.shapes.values()}):
            for _ in range(self.random.randint(1, 2)):
                self._send_batch(signal)

    def _send_batch(self, signal: str) -> None:
        kind = self.random.choice(("numbers", "buckets")) if signal == "metrics" else "numbers"
        events = [self._event(signal, kind) for _ in range(self.random.randint(1, 8))]
        if self.random.random() < 0.2:  # much of the same at once
            events += [
                replace(events[0], at=events[0].at + i, number=one.number, weight=one.weight, trace=one.trace)
                for i, one in enumerate(self._event(signal, kind) for _ in range(8))
            ]
        self.keys += 1
        key = self.keys.to_bytes(16, "big")
        self._deliver([(key, batch_of(events))])
        self.sent.append((key, batch_of(events)))
        self.oracle.events += events
        name = "check" if signal == "checks" else "name"
        rows = tuple((one.at, str(one.attributes.get(name, ""))) for one in events)
        self.oracle.batches.append(Spoke(signal=signal, arrived=self.clock.at, rows=rows))

    def _send_again(self) -> None:
        again = self.random.choice(self.sent)
        assert all(receipt.seen_before for receipt in self._deliver([again, again]))

    def _deliver(self, bodies: Sequence[tuple[bytes, Batch]]) -> list[Receipt]:
        deliveries = [_delivery(key, batch) for key, batch in bodies]
        self.intake.take(deliveries)
        return [one.done.result(timeout=0) for one in deliveries]

    def _event(self, signal: str, kind: str) -> Event:
        pick, now = self.random.choice, self.clock.at
        ago = pick((0, 3, 30, 300, 3600, 4000, 9000, 86400)) * S
        at = (
            now - self.random.randrange(ago + 1) if self.random.random() < 0.85 else now + self.random.randrange(80 * S)
        )
        if self.random.random() < 0.3:
            at -= at % (10 * S)
        return Event(
            signal=signal,
            at=at,
            arrived=now,
            attributes=self._attributes(signal, kind),
            number=self._number(signal, kind),
            weight=pick((1, 1, 1, 7, 0)),
            trace=self.random.randbytes(2).hex() * 8 if signal == "spans" and self.random.random() < 0.7 else "",
            named=frozenset((name, *one) for name, limits in self.limits.items() for one in limits),
        )

    def _attributes(self, signal: str, kind: str) -> dict[str, Any]:
        found = getattr(self, f"_of_{signal}")(kind)
        needed = ("name", "check") if signal in ("checks", "metrics") else ()
        return {name: value for name, value in found.items() if name in needed or self.random.random() < 0.9}

    def _of_spans(self, _kind: str) -> dict[str, Any]:
        pick = self.random.choice
        return {
            "name": pick(("job", "job", "other")),
            "kind": pick(("server", "server", "client")),
            "route": pick(("/api/a", "/api/b", "/x")),
            "outcome": pick(("ok", "ok", "failed")),
            "status": pick(STATUSES),
            "platform": pick(PLATFORMS),
        }

    def _of_checks(self, _kind: str) -> dict[str, Any]:
        pick = self.random.choice
        return {"check": pick(("home", "home", "away")), "ok": pick((True, False, 1)), "region": pick(("eu", "us"))}

    def _of_events(self, _kind: str) -> dict[str, Any]:
        pick = self.random.choice
        amount = pick((1, 2.5, "7", True, -3, 0.25))
        return {"type": pick(("pay", "pay", "other")), "amount": amount, "platform": pick(PLATFORMS)}

    def _of_metrics(self, kind: str) -> dict[str, Any]:
        pick = self.random.choice
        name = "wait" if kind == "buckets" else pick(("cpu", "wait"))
        return {"name": name, "platform": pick(PLATFORMS), "outcome": pick(("late", "fine"))}

    def _number(self, signal: str, kind: str) -> Any:
        if kind == "buckets":
            edges = [None, Fraction(1, 8), Fraction(1, 4), Fraction(1, 2), Fraction(1), None]
            i = self.random.randrange(len(edges) - 1)
            return edges[i], edges[i + 1]
        if signal in ("spans", "checks"):
            return Fraction(self.random.choice((0, 1, 249_999_999, 250_000_000, 500_000_001, S, 40 * S)), S)
        return self.random.choice((None, *(Fraction(n, 8) for n in (-8, 0, 2, 4, 8, 80))))

    # --- the manual

    def _plan(self) -> Plan:
        return _plan_of(self._text())

    def _text(self) -> str:
        lines = [f"watchkeeper: 1\nmanual: Case\nzone: {self.zone}\nstreams:"]
        for name, shape in self.shapes.items():
            said = shape.said
            more = f"delay: {said.delay // S}s, lateness: {said.lateness // S}s, speaks_every: {said.speaks // S}s"
            lines.append(f"  {name}: {{{shape.stream}, {more}}}")
        lines.append("indicators:")
        for name, shape in self.shapes.items():
            lines.append(f"  {name}: {{{', '.join(filter(None, (f'from: {name}', shape.indicator)))}}}")
        lines.append(
            "checks: {home: {http: 'http://127.0.0.1:1/', every: 1m}}\nseverities: {P1: {title: Bad}}\nobjectives:"
        )
        for name, shape in self.shapes.items():
            target = f"mean < {_written(Fraction(9), shape.said.scale)} over this {self.period}"
            lines.append(f"  {name}: {{indicator: {name}, targets: '{target}'}}")
        lines.append("alerts:")
        for name in self.shapes:
            for i, condition in enumerate(self._conditions(name)):
                lines.append(f"  {name}-{i}: {{indicator: {name}, when: '{condition}', severity: P1}}")
        return "\n".join(lines) + "\n"

    def _conditions(self, name: str) -> list[str]:
        shape = self.shapes[name]
        held = [
            (("<=" if inclusive else "<"), _written(limit, shape.said.scale)) for limit, inclusive in self.limits[name]
        ]
        strikes = [shape.strikes] if shape.strikes else []
        nine = _written(Fraction(9), shape.said.scale)
        wanted = {
            "quantiles": [f"p50 > {nine} over 15m"],
            "extremes": [f"max > {nine} over 15m"],
            "newest": [f"last > {nine}"],
            "distinct": [f"distinct {one} > {'10%' if '/' in one else 9} over 15m" for one in shape.distinct],
        }
        asked = [one for want in sorted(shape.said.wants) for one in wanted[want]]
        return [*sorted(f"p90 {op} {limit} over 15m" for op, limit in held), *strikes, *asked, "count > 1 over 5m"]

    # --- what is asked

    def _compare(self) -> None:
        now = self.clock.at
        self.intake.engine.advance(now)
        for name, shape in self.shapes.items():
            labels: list[tuple[str, str] | None] = [None]
            for label in shape.labels:
                labels += [(label, value) for value in self.intake.engine.labels(name, label)]
            for one in labels:
                window = self.random.choice(WINDOWS) * S
                self._compare_one(name, shape.said, one, window=window)
                self._compare_one(name, shape.said, one, period=self.period)

    def _compare_one(
        self, name: str, said: Said, label: tuple[str, str] | None, *, window: int | None = None, period: str = ""
    ) -> None:
        now, (key, value) = self.clock.at, label or ("", "")
        asked = Span(ns=window) if window is not None else Since(period=Period(period))
        answer = self.intake.engine.ask(Question(indicator=name, window=asked, label=key, value=value), now)
        if window is not None:
            wanted = self.oracle.rolling(said, window, now, label)
        else:
            wanted = self.oracle.calendar(said, period, now, label)
        found = {key: getattr(answer, key) for key in wanted}
        assert found == wanted, _difference(name, asked, label, found, wanted)
        self._compare_limits(
            name, said, label, answer, self.oracle.seen(said, now, label, window=window, period=period)
        )

    def _compare_limits(
        self, name: str, said: Said, label: tuple[str, str] | None, answer: Answer, events: list[Event]
    ) -> None:
        for limit, inclusive in self.limits[name]:
            under = answer.under[bound(limit, inclusive=inclusive, scale=said.scale)]
            wanted = self.oracle.under(said, events, (name, limit, inclusive))
            assert (under.sure, under.most) == wanted, (name, label, limit, inclusive, under, wanted)


def fold(log: DeltaLog, engine: Engine, *, now_ns: int, counters: bytes) -> int:
    """
    Fold all of it, where nobody appends meanwhile.
    """
    snapshot = Counters(seq=max((seq for seq, _ in log.tail()), default=0), body=counters)
    return Folder(log, engine.registry, engine.grid, engine.plan).all(now_ns, snapshot)


def _with_times(shape: Shape, random_: random.Random) -> Shape:
    wants = frozenset(want for want in WANTS if random_.random() < 0.5)
    said = replace(
        shape.said,
        delay=random_.choice((0, 0, 45, 1800)) * S,
        lateness=random_.choice((600, 3600, 3600, 10_000)) * S,
        speaks=random_.choice((10, 60, 3600)) * S,
        wants=wants,
        sets=shape.sets if "distinct" in wants else {},
    )
    return replace(shape, said=said)


def _some_limits(random_: random.Random) -> set[tuple[Fraction, bool]]:
    return {(random_.choice(LIMITS), random_.random() < 0.5) for _ in range(random_.randint(0, 2))}


@lru_cache(maxsize=8)
def _plan_of(text: str) -> Plan:
    loaded = load_text(text)
    assert isinstance(loaded, Loaded), loaded
    return plan_of(loaded.manual)


def batch_of(events: Sequence[Event]) -> Batch:
    """
    The events as decoders hand them on.
    """
    signal = events[0].signal
    names = sorted({name for one in events for name in one.attributes})
    buckets = isinstance(events[0].number, tuple)
    low, high = ([one.number[side] if isinstance(one.number, tuple) else None for one in events] for side in (0, 1))
    return Batch(
        signal=signal,
        at_ns=np.array([one.at for one in events], dtype=np.int64),
        weight=np.array([one.weight for one in events], dtype=np.int64),
        value=None if buckets else _values(events),
        low=np.array([-np.inf if one is None else float(one) for one in low]) if buckets else None,
        high=np.array([np.inf if one is None else float(one) for one in high]) if buckets else None,
        columns={name: _column([one.attributes.get(name) for one in events]) for name in names},
        traces=halves([bytes.fromhex(one.trace) for one in events]) if signal == "spans" else None,
    )


def _values(events: Sequence[Event]) -> Any:
    if events[0].signal in ("spans", "checks"):
        return np.array([int(one.number * S) for one in events if isinstance(one.number, Fraction)], dtype=np.int64)
    return np.array([float(one.number) if isinstance(one.number, Fraction) else np.nan for one in events])


def _column(values: Sequence[Any]) -> Column:
    known: list[Any] = []
    codes = []
    for value in values:
        same = [i for i, one in enumerate(known) if type(one) is type(value) and one == value]
        if value is not None and not same:
            known.append(value)
            same = [len(known) - 1]
        codes.append(-1 if value is None else same[0])
    return Column(codes=np.array(codes, dtype=np.int32), values=tuple(known))


def _delivery(key: bytes, batch: Batch) -> Delivery:
    decoded = Decoded(batches=[batch], items=batch.n)
    done: Future[Receipt] = Future()
    return Delivery(
        kind="test",
        client="case",
        body=b"",
        decode=lambda *_: decoded,
        name=None if key is None else ("case", key),
        done=done,
    )


def _written(limit: Fraction, scale: int) -> str:
    return f"{float(limit):g}{'s' if scale == S else ''}"


def _difference(name: str, asked: Any, label: Any, found: dict[str, Any], wanted: dict[str, Any]) -> str:
    lines = [f"{key}: {found[key]} where by hand {wanted[key]}" for key in wanted if found[key] != wanted[key]]
    return f"{name} over {asked} for {label}:\n" + "\n".join(lines)
