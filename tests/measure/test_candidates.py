"""
Does looking indicators up find each one that counts a row, and no other?
"""

import random

import numpy as np
import pytest

from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.manual.predicate.columns import Column
from watchkeeper.manual.predicate.rows import matches
from watchkeeper.measure.candidates import Candidates
from watchkeeper.measure.labels import Labels
from watchkeeper.measure.plan import Plan, plan_of
from watchkeeper.measure.rows import counting_registry

VALUES = (1, 1.0, True, "1", "a", "b", 2)
ONLY = (
    'x == "a"',
    'x == "a" && y == "b"',
    "x == 1",
    "1 == x && y == true",
    'x == "a" && x == "b"',
    'x == "a" || y == "b"',
    'x == "a" && y != "b"',
    "y in [1, 'a']",
    "x == y",
    'x == "a" && (y == 1 || z == 2)',
    "has(z)",
)


def plan() -> Plan:
    lines = [f"  i{i}: {{from: s{i % 3}, only: '{one.replace(chr(39), chr(34))}'}}" for i, one in enumerate(ONLY)]
    lines += ["  e: {from: s0, except: 'x == \"a\"', good: 'y == 1'}"]
    loaded = load_text(
        "watchkeeper: 1\nmanual: Shop\nstreams:\n  s0: {events: 'true'}\n  s1: {events: 'z == 2'}\n"
        "  s2: {events: 'type == \"a\"', where: 'y != 2'}\nindicators:\n" + "\n".join(lines) + "\n"
    )
    assert isinstance(loaded, Loaded), loaded
    return plan_of(loaded.manual)


def table(rng: random.Random, n: int) -> dict[str, Column]:
    return {
        name: Column(codes=np.array([rng.randrange(-1, len(VALUES)) for _ in range(n)], dtype=np.int32), values=VALUES)
        for name in ("type", "x", "y", "z")
    }


@pytest.mark.parametrize("n", [1, 30, 500])
def test_every_row_hits_what_counts_it(n: int) -> None:
    rng, indicators = random.Random(n), plan().of_signal("events")
    columns = table(rng, n)
    found = Candidates(indicators, Labels(counting_registry())).hits(columns, n)
    for i, hits in enumerate(found):
        row = {name: one.values[one.codes[i]] for name, one in columns.items() if one.codes[i] >= 0}
        wanted = set()
        for one in indicators:
            needed = [each for each in (*one.stream.selectors, one.only) if each is not None]
            counts = all(matches(each.expression, row) for each in needed)
            if counts and not (one.except_ and matches(one.except_.expression, row)):
                wanted.add((one.name, bool(one.matched and matches(one.matched.expression, row))))
        assert {(hit.indicator.name, hit.matched) for hit in hits} == wanted
