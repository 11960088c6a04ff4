"""
Do indicators that mean the same share their numbers, each event counted once?
"""

from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.measure.answers import Question, Span
from watchkeeper.measure.decode import events
from watchkeeper.measure.engine import Engine
from watchkeeper.measure.grid import MINUTE, REAL
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.plan import plan_of
from watchkeeper.measure.rows import counting_registry
from watchkeeper.measure.values import Decoded

MANUAL = """
watchkeeper: 1
manual: Shop
streams:
  orders: {events: 'name == "order"', value: price, lateness: 2m}
  patient: {events: 'name == "order"', value: price, lateness: 20m}
indicators: {a: {from: orders, by: [plan]}, b: {from: orders, by: [plan]}, c: {from: patient, by: [plan]}}
severities: {P3: {}}
alerts:
  one: {indicator: a, when: 'p50 > 2 over 5m', severity: P3}
  two: {indicator: b, when: 'p50 > 7 over 5m', severity: P3}
  three: {indicator: c, when: 'max > 5 3 in a row', severity: P3}
"""


def test_two_names_of_one_meaning_count_each_event_once_against_the_thresholds_of_both() -> None:
    loaded = load_text(MANUAL)
    assert isinstance(loaded, Loaded), str(loaded)
    plan, registry, now_ns = plan_of(loaded.manual), counting_registry(), 10**18
    engine, matcher = Engine(plan, registry, REAL, now_ns=now_ns), Matcher(plan, registry, REAL)
    assert len({indicator.meaning for indicator in plan.indicators.values()}) == 1

    body = b'[{"type": "order", "price": 1, "plan": "pro"}, {"type": "order", "price": 3, "plan": "pro"}]'
    found = events.decode(body, wanted=plan.wanted["events"], now_ns=now_ns - 4 * MINUTE)
    assert isinstance(found, Decoded)
    for batch in found.batches:
        counted = matcher.count(batch, now_ns)
        assert counted.left_out == {}
        engine.apply(counted.delta)

    for name, under in (("a", 1), ("b", 2), ("c", 2)):
        for label in ("", "plan"):
            question = Question(indicator=name, window=Span(ns=10 * MINUTE), label=label, value=label and "pro")
            answer = engine.ask(question, now_ns)
            assert answer.count == 2
            assert [each.sure for each in answer.under.values()] == ([] if name == "c" else [under])
