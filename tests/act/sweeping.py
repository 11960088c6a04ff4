"""Random manuals and random numbers, judged one by one and swept all at once."""

import random
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np

from watchkeeper.act.asking import gather, keys_of, posed_of
from watchkeeper.decide.conditions import judge
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.rules import Rule, rules_of
from watchkeeper.decide.values import Finding, Truth
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.manual.model.manual import Manual
from watchkeeper.measure import distinct
from watchkeeper.measure.deltas import Delta
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.exclusions import Exclusion
from watchkeeper.measure.grid import REAL
from watchkeeper.measure.merges import Merge
from watchkeeper.measure.plan import IndicatorPlan, plan_of
from watchkeeper.measure.rows import Series, counting_registry, heard_row
from watchkeeper.measure.sweep import ASK, CLEAR, HOLDS, NO_EVENTS, TOO_FEW, UNKNOWN, Sweep

S = 10**9
VALUES = ("eu", "us", "a|b=c")
WINDOWS = ("5m", "15m", "1h", "2h", "6h", "1d", "3d", "30d", "45d")
PAIRS = ("1h and 5m", "6h and 30m", "3d and 6h", "20m and 10m")
PERIODS = ("this day", "this week", "this month")
AGES = (0, 1, 5, 60, 600, 3600, 7200, 86400, 3 * 86400, 20 * 86400)


def code_of(found: Finding) -> int:
    match found.truth, found.reason:
        case Truth.CLEAR, _:
            return CLEAR
        case Truth.HOLDS, _:
            return HOLDS
        case _, Reason.NO_EVENTS:
            return NO_EVENTS
        case _, Reason.TOO_FEW:
            return TOO_FEW
    return UNKNOWN


class Writer:
    """Writes a manual in which every kind of condition may stand."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def manual(self) -> str:
        pick = self.random.choice
        delay = pick(("", "", ", delay: 10m"))
        alerts = [self.alert(i) for i in range(24)]
        return f"""
watchkeeper: 1
manual: Random
zone: {pick(("UTC", "Europe/Berlin", "Asia/Kathmandu"))}
streams:
  jobs: {{spans: 'name == "job"', value: duration{pick(("", ", delay: 30s"))}}}
  load: {{metric: load, unit: "1"{delay}}}
  home: {{check: home}}
checks: {{home: {{http: "https://example.com", every: 30s}}}}
indicators:
  good: {{from: jobs, good: 'outcome == "ok"', by: [region]}}
  bad: {{from: jobs, bad: 'outcome == "no"', by: [region]}}
  time: {{from: jobs, by: [region]}}
  load: {{from: load, by: [region]}}
  up: {{from: home, good: ok, by: [region]}}
objectives:
  good: {{indicator: good, targets: ["{pick((">= 99%", ">= 99.9%", "> 95%"))}"]}}
  bad: {{indicator: bad, targets: ["{pick(("< 1%", "<= 5%"))}"]}}
  time: {{indicator: time, targets: ["{pick(("p95 < 2s", "p99 <= 1500ms", "p50 > 10ms"))}"]}}
alerts:
  {chr(10).join(alerts).replace(chr(10), chr(10) + "  ")}
"""

    def alert(self, i: int) -> str:
        pick = self.random.choice
        name, measure = self.measure()
        over = pick((*WINDOWS, *WINDOWS, *PAIRS, *PERIODS))
        op = pick(("<", "<=", ">", ">="))
        if "burn" in measure and over.startswith("this"):
            over = "1h and 5m"
        if name == "up-strikes":
            when = pick(("3 in a row", "2 of 3", "8 of 10", "1 in a row", "20 of 32"))
        elif name in ("age", "left"):
            when = f"{measure} {pick(('<', '>'))} {pick(('10m', '26h', '30s'))}"
        else:
            when = measure.replace("OP", op) + f" over {over}"
            when += pick(("", "", "", "", "", " 3 in a row")) if "last" not in measure else ""
        where = pick(
            ("", "", "", "in any region", "in all region", "in 2 of region", "in 2 of 3 region", "in 1 of 3 region")
        )
        each = "each: region, " if not where and pick((True, False)) else ""
        at_least = pick(("", "", "at_least: 5 events, ", "at_least: 20 events, "))
        burns = "burn" in measure
        of = "objective" if burns else "indicator"
        at_least = (
            ""
            if any(word in measure for word in ("count", "rate")) or name in ("up-strikes", "age", "left")
            else at_least
        )
        indicator = {"up-strikes": "up", "age": "time", "left": "load"}.get(name, name)
        return f'a{i}: {{{of}: {indicator}, {each}{at_least}when: "{when} {where}"}}'.replace(' "}', '"}')

    def measure(self) -> tuple[str, str]:
        pick = self.random.choice
        share = pick(("0%", "1%", "33.3%", "50%", "95%", "100%"))
        return pick(
            [
                ("good", f"OP {share}"),
                ("bad", f"OP {share}"),
                ("good", "burn OP " + pick(("1", "14.4", "2.5"))),
                ("bad", "burn OP 2"),
                ("time", "burn OP 3"),
                ("time", f"mean OP {pick(('1s', '200ms'))}"),
                ("time", f"p95 OP {pick(('1s', '2s', '200ms'))}"),
                ("time", f"p50 OP {pick(('1s', '2s'))}"),
                ("time", f"max OP {pick(('1s', '2s'))}"),
                ("time", f"min OP {pick(('1s', '2s'))}"),
                ("load", f"OP {pick(('70%', '-0.5', '0', '3'))}"),
                ("load", "last OP 50%"),
                ("good", f"count OP {pick(('0', '20', '1000'))}"),
                ("time", f"rate OP {pick(('1/s', '5/m', '100/h'))}"),
                ("good", f"distinct user OP {pick(('3', '300'))}"),
                ("good", f"distinct user where outcome == 'no' / distinct user OP {pick(('5%', '50%'))}"),
                ("good", f"count OP {pick(('50%', '150%'))} of previous 1h"),
                ("up-strikes", ""),
                ("age", "age"),
                ("left", "left"),
                ("up", "OP 99%"),
            ]
        )


@lru_cache(maxsize=4)
def manual_of(seed: int) -> tuple[Manual, dict[str, Rule]]:
    loaded = load_text(Writer(seed).manual())
    assert isinstance(loaded, Loaded), f"{Writer(seed).manual()}\n{loaded}"
    return loaded.manual, rules_of(loaded.manual)


class Life:
    """An engine that is fed at random, with the sweeps that follow it."""

    def __init__(self, seed: int, *, per_manual: int = 50, pure_only: bool = False) -> None:
        self.random = random.Random(seed)
        manual, self.rules = manual_of(seed // per_manual)
        self.now_ns = int(datetime(2026, 3, 28, 21, tzinfo=UTC).timestamp()) * S + self.random.randrange(86400 * S)
        self.registry = counting_registry()
        self.plan = plan_of(manual)
        self.engine = Engine(self.plan, self.registry, REAL, now_ns=self.now_ns)
        self.big = self.random.random() < 0.15
        self.sweeps: list[Sweep] = []
        self.posed: list[Any] = []
        self.pure_only = pure_only
        self.asked = self.judged = 0

    def run(self) -> None:
        for _ in range(self.random.randint(2, 4)):
            for _ in range(self.random.randint(1, 3)):
                self.feed()
            self.compare()
            self.now_ns += self.random.randrange(self.random.choice((2, 20, 200, 4000, 90_000, 3 * 86400)) * S)
            self.engine.advance(self.now_ns)
            if self.random.random() < 0.05:
                self.exclude()
            self.compare()

    def exclude(self) -> None:
        begin = self.now_ns - self.random.randrange(7200 * S)
        one = Exclusion(id=1, begin_ns=begin, end_ns=begin + self.random.randrange(1, 5400 * S))
        self.engine.exclude([one] if self.random.random() < 0.7 else [])

    # --- what comes in

    def feed(self) -> None:
        delta = Delta()
        rows, slots, amounts = [], [], []
        for plan in self.plan.indicators.values():
            if self.random.random() < 0.7:
                for at_ns in self.times(plan):
                    slot = at_ns // REAL.fine.slot_ns
                    for label, value in [("", ""), *self.labels(plan)]:
                        series = str(Series(meaning=plan.meaning, label=label, value=value))
                        for end, amount in self.counted(plan).items():
                            rows.append(f"{series}|{end}")
                            slots.append(slot)
                            amounts.append(amount)
                        delta.merges[series, slot] = self.merge(plan, at_ns)
            for at_ns in self.heard(plan):
                rows.append(heard_row(plan.stream.meaning))
                slots.append(at_ns // REAL.fine.slot_ns)
                amounts.append(1)
        delta.rows = np.array(self.registry.ids(rows), dtype=np.int64)
        delta.slots, delta.amounts = np.array(slots, dtype=np.int64), np.array(amounts, dtype=np.int64)
        self.engine.apply(delta)

    def times(self, plan: IndicatorPlan) -> list[int]:
        del plan
        ages = [self.random.choice(AGES) for _ in range(self.random.randint(1, 4))]
        return [self.now_ns - self.random.randrange(max(1, age) * S) for age in ages]

    def heard(self, plan: IndicatorPlan) -> list[int]:
        age, every = self.random.choice(((300, 60), (900, 60), (7200, 60), (86400, 3000), (1, 1)))
        share = self.random.choice((0.3, 0.5, 1))
        del plan
        return [self.now_ns - back * S for back in range(0, age, every) if self.random.random() < share]

    def labels(self, plan: IndicatorPlan) -> list[tuple[str, str]]:
        values = self.random.sample(VALUES, self.random.randint(0, 3))
        return [("region", value) for value in values] if "region" in plan.by else []

    def counted(self, plan: IndicatorPlan) -> dict[str, int]:
        n = self.random.choice((0, 1, 2, 5, 20, 1000, 10**12 if self.big else 7))
        matched, valued = self.part(n), self.random.choice((n, n, self.part(n)))
        bucketed = self.random.choice((0, 0, 0, 0, 0, 0, 0, self.part(n)))
        counted = {"n": n, "g": matched, "v": valued, "b": bucketed}
        low = self.random.randrange(2**32) * min(valued, 3)
        counted |= {"s": low, "S": self.random.choice((0, 0, 1, -1, valued if valued < 10**9 else 2**29))}
        for limit, _ in plan.bounds:
            under = self.part(n)
            over = n - under if self.random.random() < 0.7 else self.part(n - under)
            counted |= {f"u{limit}": under, f"o{limit}": over}
        return {end: amount for end, amount in counted.items() if amount}

    def part(self, n: int) -> int:
        return self.random.choice((0, n, self.random.randint(0, n), n // 2, n // 20))

    def merge(self, plan: IndicatorPlan, at_ns: int) -> Merge:
        slot_ns = REAL.fine.slot_ns
        begin = at_ns // slot_ns * slot_ns
        times = [
            begin + self.random.randrange(min(slot_ns, max(1, self.now_ns - begin)))
            for _ in range(self.random.randint(1, 5))
        ]
        value = self.random.choice((0, S, 2 * S, S // 2, -S, 700_000))
        left = at_ns + self.random.randrange(40 * 86400 * S)
        merge = Merge.of(value=value if plan.scale != S or self.random.random() < 0.5 else left, at_ns=max(times))
        if self.random.random() < 0.2:
            merge = Merge(seen_ns=max(times))
        merge.results = sorted((at, self.random.randint(0, 1)) for at in times)
        for name in ("user", "user where outcome == 'no'", 'user where outcome == "no"'):
            many = self.random.choice((0, 1, 3, 250, 400))
            hashes = np.array([self.random.getrandbits(64) for _ in range(many)], dtype=np.uint64)
            if many:
                merge.distinct[name] = distinct.seen(hashes)
        return merge

    # --- what is said of it

    def compare(self) -> None:
        keys, posed = [], []
        for rule in self.rules.values():
            for key in keys_of(rule, self.engine):
                keys.append(key)
                posed.append(posed_of(rule, key, self.engine))
        if posed != self.posed:
            for sweep in self.sweeps:
                sweep.close()
            self.posed = posed
            self.sweeps = [Sweep(self.engine, posed, native=False)]
            if not self.pure_only:
                self.sweeps.append(Sweep(self.engine, posed))
        asked, _ = gather(self.rules, self.engine, now_ns=self.now_ns)
        said = ((self.rules[key.rule].condition, asked[key]) for key in keys)
        wanted = [code_of(judge(condition, one)) for condition, one in said if condition is not None]
        for number, sweep in enumerate(self.sweeps):
            found = sweep.codes(self.now_ns).tolist()
            for key, want, said, one in zip(keys, wanted, found, posed, strict=True):
                self.judged += 1
                self.asked += said == ASK
                assert said in (want, ASK), (
                    f"{['numpy', 'native'][number]} {key}: {said}, not {want}\n{one}\n{asked[key]}"
                )
            assert found == self.sweeps[0].codes(self.now_ns).tolist()
