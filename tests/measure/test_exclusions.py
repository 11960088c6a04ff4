"""
Which minutes do not count?
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.measure.lives import Life, Order, said
from watchkeeper.measure.answers import Question, Span
from watchkeeper.measure.exclusions import Exclusion, minutes_of
from watchkeeper.measure.grid import MINUTE, SECOND


@pytest.mark.parametrize("seed", range(20))
def test_an_exclusion_equals_a_recomputation_without_its_events_and_undoing_restores_the_number(
    tmp_path: Path, seed: int
) -> None:
    life = Life(seed, tmp_path)
    life.live()
    asked, found = life.questions(), life.answers()
    without, only = (life.recomputed(asked, excluded=one) for one in (False, True))
    labels = life.labels
    for question, answer, wanted, apart in zip(asked, found, without, only, strict=True):
        if question.label and labels - {question.label}:
            continue  # nobody counted the two labels together
        merges = bool(question.label) or not labels
        assert said(answer, merges=merges) == said(wanted, merges=merges), (question, life.exclusions)
        assert answer.excluded == apart.count, (question, life.exclusions)
        assert {one[0] for one in answer.worst} <= {one.at for _, orders in life.batches for one in orders}

    life.exclude([])
    everything = life.answers()
    life.exclusions = []
    assert [said(one) for one in everything] == [said(one) for one in life.recomputed(asked, excluded=False)]
    assert all((one.excluded, one.excluded_ns) == (0, 0) for one in everything)


def minutes(life: Life, first: int, last: int, **more: Any) -> Exclusion:
    start = life.now // MINUTE * MINUTE
    return Exclusion(id=1, begin_ns=start - first * MINUTE, end_ns=start - last * MINUTE, **more)


def orders(life: Life, minutes_ago: int, n: int, *, plan: str = "a", ok: int = 0) -> list[Order]:
    at = life.now // MINUTE * MINUTE - minutes_ago * MINUTE + 5 * SECOND
    return [Order(at + i, 1, ok, plan, "eu") for i in range(n)]


def ask(life: Life, seconds: int = 3600, label: str = "", value: str = ""):
    return life.engine.ask(
        Question(indicator="it", window=Span(ns=seconds * SECOND), label=label, value=value), life.now
    )


def test_what_comes_late_into_an_excluded_minute_is_counted_apart(tmp_path: Path) -> None:
    life = Life(0, tmp_path)
    life.exclude([minutes(life, 20, 10)])
    life.take(orders(life, 15, 3))
    life.take(orders(life, 5, 2))
    answer = ask(life)
    assert (answer.count, answer.excluded, answer.excluded_ns) == (2, 3, 10 * MINUTE)
    assert sum(n for row, _, n in life.engine.take_late() if row == life.registry.find(f"{life.meaning}||n")) == 2
    life.restart()
    assert (ask(life).count, ask(life).excluded) == (2, 3)


def test_a_label_takes_its_events_out_of_itself_and_of_the_whole_but_not_of_others(tmp_path: Path) -> None:
    life = Life(0, tmp_path)
    life.take([*orders(life, 15, 3, plan="a"), *orders(life, 15, 4, plan="b")])
    life.exclude([minutes(life, 20, 10, label="plan", value="a")])
    found = [ask(life), ask(life, label="plan", value="a"), ask(life, label="plan", value="b")]
    assert [(one.count, one.excluded) for one in found] == [(4, 3), (0, 3), (4, 0)]
    assert ask(life, label="region", value="eu").count == 7  # nobody counted the two together


def test_excluded_slots_are_neither_known_nor_unknown(tmp_path: Path) -> None:
    life = Life(0, tmp_path)
    before = ask(life)
    life.take(orders(life, 0, 1))
    assert before.slots == 361
    life.exclude([minutes(life, 50, 20)])
    answer = ask(life)
    assert answer.slots == 361 - 180
    assert answer.known == 5  # a minute before now, of ten-second slots


def test_an_indicator_out_of_scope_counts_all(tmp_path: Path) -> None:
    life = Life(0, tmp_path)
    life.take(orders(life, 15, 3))
    one = minutes(life, 20, 10)
    life.exclude([Exclusion(id=1, begin_ns=one.begin_ns, end_ns=one.end_ns, scope=frozenset({"another"}))])
    assert (ask(life).count, ask(life).excluded, ask(life).excluded_ns) == (3, 0, 0)


def test_intervals_that_overlap_or_touch_become_one_and_can_be_taken_from_each_other() -> None:
    all_ = minutes_of([(50, 60), (10, 20), (15, 30), (30, 40), (70, 70)])
    assert all_.edges.tolist() == [10, 40, 50, 60]
    assert all_.hold(np.array([9, 10, 39, 40, 55, 60])).tolist() == [False, True, True, False, True, False]
    assert all_.without(minutes_of([(0, 12), (20, 25), (39, 55)])).edges.tolist() == [12, 20, 25, 39, 55, 60]
    assert all_.within(35, 52) == [(35, 40), (50, 52)]
