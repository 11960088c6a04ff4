"""
What is asked further back than a month?
"""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.measure.lives import Life, Order
from watchkeeper.manual.condition.ast import Period
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.measure.answers import Question, Since, Span
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.grid import DAY, HOUR, MINUTE, REAL, SECOND
from watchkeeper.measure.plan import plan_of
from watchkeeper.measure.rows import count_row, counting_registry, heard_row

NEW_YEAR = int(datetime(2027, 1, 1, tzinfo=ZoneInfo("Asia/Kathmandu")).timestamp()) * SECOND  # a quarter past an hour


def order(at: int, price: int) -> Order:
    return Order(at, price, 1, "a", "eu")


def ask(life: Life, window: Span | Since):
    life.engine.advance(life.now)
    return life.engine.ask(Question(indicator="it", window=window), life.now)


def test_a_long_window_is_the_open_day_and_the_whole_days_back_to_its_beginning(tmp_path: Path) -> None:
    life = Life(0, tmp_path, long="month")
    begin, times = life.now, []
    for day in range(70):
        life.now = begin + day * DAY + 5 * HOUR
        times += [life.now - HOUR, life.now]
        life.take([order(one, day % 10) for one in times[-2:]])
        if day % 9 == 0:
            life.folding.all(life.now)
    for _ in range(2):
        for days in (33, 60):
            answer = ask(life, Span(ns=days * DAY))
            first = (life.now - days * DAY) // DAY
            mine = [one for one in times if one // DAY >= first]
            assert (answer.count, answer.start_ns) == (len(mine), first * DAY)
            assert sum(answer.buckets.values()) == len(mine)
            assert (answer.low, answer.high) == (0, 9 * 10**6)
            assert (answer.known, answer.slots) == (days + 1, days + 1)
        life.restart()


@pytest.mark.parametrize("period", ["year", "quarter"])
def test_a_long_period_begins_at_its_local_midnight_to_the_second_however_long_ago(tmp_path: Path, period: str) -> None:
    life = Life(0, tmp_path, long=period)
    since = Since(period=Period(period))
    life.now = NEW_YEAR - MINUTE
    life.take([order(NEW_YEAR - MINUTE, 9)])
    life.now = NEW_YEAR + 2 * MINUTE
    life.take([order(NEW_YEAR - 1, 9), order(NEW_YEAR, 2)])
    for later in (3 * MINUTE, 5 * HOUR, 20 * DAY, 33 * DAY, 80 * DAY):
        life.now = NEW_YEAR + later
        life.take([order(life.now, 3)])
        wanted = [order_ for _, orders in life.batches for order_ in orders if order_.at >= NEW_YEAR]
        for _ in range(3):
            answer = ask(life, since)
            assert (answer.count, answer.start_ns) == (len(wanted), NEW_YEAR)
            assert (answer.low, answer.high) == (2 * 10**6, 3 * 10**6)
            assert sum(answer.buckets.values()) == len(wanted)
            life.folding.all(life.now)
            life.restart()
    life.now = NEW_YEAR + 80 * DAY
    before = life.engine.ask(Question(indicator="it", window=since, ago_ns=80 * DAY + MINUTE), life.now)
    assert (before.count, before.slots) == (0, 0)  # further back than can be told exactly: nothing is known


MANUAL = """
watchkeeper: 1
manual: Shop
streams:
  a: {events: 'name == "a"'}
  b: {events: 'name == "b"'}
indicators: {near: {from: a}, far: {from: b}}
severities: {P1: {}}
alerts:
  one: {indicator: near, when: 'count > 2 over 30d', severity: P1}
  two: {indicator: far, when: 'count > 2 over 90d', severity: P1}
"""


def test_only_rows_of_indicators_that_look_far_back_are_in_the_ring_of_days() -> None:
    loaded = load_text(MANUAL)
    assert isinstance(loaded, Loaded), str(loaded)
    plan, registry, now = plan_of(loaded.manual), counting_registry(), 10**18
    engine = Engine(plan, registry, REAL, now_ns=now)
    near, far = plan.indicators["near"], plan.indicators["far"]
    names = [count_row(f"{one.meaning}|") for one in (near, far)]
    names += [heard_row(one.stream.meaning) for one in (near, far)]
    rows = registry.ids(names)
    assert engine.far.of(np.array(rows)).tolist() == [False, True, False, True]
    assert (engine.grid.coarse.length, REAL.coarse.length) == (768, 768)
    asked = engine.ask(Question(indicator="near", window=Span(ns=60 * DAY)), now)
    assert (asked.count, asked.slots) == (0, 0)
