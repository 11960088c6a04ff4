"""
Which rows does a batch count for, and by how much?
"""

from fractions import Fraction

import numpy as np
import pytest

from tests.measure.conftest import NOW
from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure import labels, lanes
from watchkeeper.measure.answers import Under
from watchkeeper.measure.batches import batch_of
from watchkeeper.measure.decode.form import MOST_SAMPLED
from watchkeeper.measure.deliveries import Delivery
from watchkeeper.measure.grid import REAL
from watchkeeper.measure.matching import Matcher
from watchkeeper.measure.rows import Registry
from watchkeeper.measure.values import Batch, Decoded, halves

S = 10**9
HEAD = "watchkeeper: 1\nmanual: Shop\nseverities: {P1: {title: Bad}}\n"


def send(shop, *batches):
    for batch in batches:
        decoded = Decoded(batches=[batch], items=batch.n)
        shop.take([Delivery(kind="x", client="a", body=b"", decode=lambda *_, d=decoded: d)])


def manual(stream, indicator="", *conditions):
    alerts = "".join(f"  a{i}: {{indicator: it, when: '{one}', severity: P1}}\n" for i, one in enumerate(conditions))
    it = ", ".join(part for part in ("from: it", indicator) if part)
    return f"{HEAD}streams: {{it: {{{stream}}}}}\nindicators: {{it: {{{it}}}}}\nalerts:\n{alerts or '  {}'}\n"


def values_of(shop, column):
    values = tuple(column)
    batch = batch_of("events", [NOW] * len(values), None, {})
    batch.columns = {"v": Column(codes=np.arange(len(values), dtype=np.int32), values=values)}
    send(shop, batch)


def test_one_and_true_and_one_point_zero_are_three_values(bench):
    shop = bench(manual("events: 'true'", "good: 'v == 1', by: [v]"))
    for value in (1, True, 1.0, "1"):
        values_of(shop, [value])
    assert (shop.ask("it").count, shop.ask("it").matched) == (4, 2)
    assert shop.intake.engine.labels("it", "v") == ["1", "1.0", "true"]


def test_beyond_the_cap_label_values_are_counted_as_other_also_after_a_restart(bench, monkeypatch):
    monkeypatch.setattr(labels, "LABEL_VALUES", 2)
    shop = bench(manual("events: 'true'", "by: [v]"))
    values_of(shop, ["a", "b", "c"])
    shop.restart()
    values_of(shop, ["a", "d"])
    assert shop.intake.engine.labels("it", "v") == ["(other)", "a", "b"]
    assert [shop.ask("it", label="v", value=one).count for one in ("(other)", "a", "b")] == [2, 2, 1]
    assert shop.intake.matcher.labels.overflow["it"] == 1


def test_the_heaviest_events_that_a_sender_may_send_add_up(bench):
    shop = bench(manual("events: 'true', value: value, unit: s"))
    batch = batch_of("events", [NOW] * 2000, 4.2, {})
    batch.weight = np.full(2000, MOST_SAMPLED, dtype=np.int64)
    send(shop, batch)
    assert shop.ask("it").total == 4_200_000_000 * 2000 * MOST_SAMPLED


def test_a_value_beyond_all_bounds_is_held_at_the_limit(bench):
    shop = bench(manual("events: 'true', value: value, unit: s", "", "max > 1s over 15m"))
    send(shop, batch_of("events", [NOW], 1e308, {}))
    assert shop.ask("it").high == 2**62


def test_a_memory_of_signatures_that_overflows_begins_anew_and_counts_the_same(bench, monkeypatch):
    monkeypatch.setattr(lanes, "SIGNATURES", 5)
    shop = bench(manual("events: 'true'", "good: 'v > 10'"))
    for first in range(0, 40, 10):
        values_of(shop, range(first, first + 10))
    values_of(shop, [*range(40), *range(40)])
    assert (shop.ask("it").count, shop.ask("it").matched) == (120, 29 * 3)


def test_a_weight_counts_as_often_and_a_row_of_none_only_speaks(bench):
    shop = bench(manual("metric: m", "", *("max > 1 over 15m", "mean > 1 over 15m", "age > 1h")))
    batch = batch_of("metrics", [NOW, NOW], 2.0, {"name": "m"})
    batch.weight = np.array([1000, 0])
    send(shop, batch)
    answer = shop.ask("it")
    assert (answer.count, answer.valued, answer.mean, answer.known > 0) == (1000, 1000, 2, True)
    shop.clock.at += 3600 * S
    batch = batch_of("metrics", [shop.clock.at], 7.0, {"name": "m"})
    batch.weight = np.array([0])
    send(shop, batch)
    answer = shop.ask("it", seconds=60)
    assert (answer.count, answer.low, answer.seen_ns, answer.known > 0) == (0, None, None, True)


@pytest.mark.parametrize("seconds", [1, 9, 10, 3600, 86_400 * 400])
def test_a_long_duration_is_as_long_as_it_was(bench, seconds):
    shop = bench(manual("spans: 'true'", "", "max > 1s over 15m", "mean > 1s over 15m"))
    send(shop, batch_of("spans", [NOW, NOW], seconds * S, {}))
    assert (shop.ask("it").mean, shop.ask("it").high) == (seconds, seconds * S)


def test_sums_of_large_values_do_not_leave_sixty_four_bits(bench):
    shop = bench(manual("events: 'true'"))
    large = float(2**42)  # in millionths close to the largest number that is held
    send(shop, *(batch_of("events", [NOW] * 20, sign * large, {}) for sign in (1, 1, -1)))
    assert shop.ask("it").total == 20 * 2**42 * 10**6


@pytest.mark.parametrize(
    ("unit", "raw", "mean"),
    [("ms", 250, Fraction(1, 4)), ("'%'", 70, Fraction(7, 10)), ("MB", 3, 3_000_000), ("'1'", 5, 5), ("s", 2, 2)],
)
def test_a_number_is_read_in_the_unit_that_the_manual_says(bench, unit, raw, mean):
    shop = bench(manual(f"events: 'true', value: v, unit: {unit}"))
    values_of(shop, [raw, "text", True])
    assert (shop.ask("it").mean, shop.ask("it").valued, shop.ask("it").count) == (mean, 1, 3)


def under(shop, *bounds):
    answer = shop.ask("it")
    return [answer.under[bound] for bound in bounds]


def test_a_threshold_is_counted_exactly_for_less_and_for_at_most(bench):
    shop = bench(manual("spans: 'true'", "", "p90 < 1s over 15m", "p90 <= 1s over 15m"))
    for value in (S - 1, S, S + 1):
        send(shop, batch_of("spans", [NOW], value, {}))
    assert under(shop, S, S + 1) == [Under(sure=1, most=1), Under(sure=2, most=2)]


def test_a_bucket_is_under_a_threshold_at_its_end_and_open_when_the_threshold_lies_inside(bench):
    shop = bench(manual("metric: m, unit: s", "", "p90 < 1s over 15m", "p90 < 700ms over 15m"))
    name = {"name": Column(codes=np.zeros(3, dtype=np.int32), values=("m",))}
    low, high = np.array([-np.inf, 0.5, 1.0]), np.array([0.5, 1.0, np.inf])
    at = np.full(3, NOW)
    send(shop, Batch(signal="metrics", at_ns=at, low=low, high=high, weight=np.array([4, 2, 1]), columns=name))
    assert under(shop, S, 700_000_000) == [Under(sure=6, most=6), Under(sure=4, most=6)]
    assert (shop.ask("it").bucketed, shop.ask("it").mean) == (7, None)


def test_a_threshold_named_later_gives_bounds_until_what_came_before_has_left_the_window(bench):
    shop = bench(manual("spans: 'true'"))
    send(shop, batch_of("spans", [NOW] * 3, S // 2, {}))
    named = manual("spans: 'true'", "", "p90 < 1s over 15m")
    shop.restart(named)
    send(shop, batch_of("spans", [NOW] * 4, S // 2, {}), batch_of("spans", [NOW] * 2, 2 * S, {}))
    assert under(shop, S) == [Under(sure=4, most=7)]
    shop.restart(manual("spans: 'true'"))  # and while it is not named nothing is held against it
    send(shop, batch_of("spans", [NOW], S // 2, {}))
    shop.restart(named)
    assert under(shop, S) == [Under(sure=4, most=8)]
    shop.clock.at += 1000 * S
    assert under(shop, S) == [Under(sure=0, most=0)]


def test_the_worst_are_the_same_however_they_were_batched(bench, tmp_path):
    rows = [(NOW - i, 100 - i % 3, bytes([i + 1]) * 16 if i % 4 else b"") for i in range(20)]
    found = []
    for size in (1, 7, 20):
        (tmp_path / str(size)).mkdir()
        shop = bench(manual("spans: 'true'", "", "count > 1 over 15m"))
        shop.log.close()
        shop._path = tmp_path / str(size) / "log.db"
        shop.open()
        for i in range(0, 20, size):
            some = rows[i : i + size]
            batch = batch_of("spans", [at for at, _, _ in some], 0, {})
            batch.value, batch.traces = (
                np.array([value for _, value, _ in some]),
                halves([trace for _, _, trace in some]),
            )
            send(shop, batch)
        found.append(shop.ask("it").worst)
    assert found[0] == found[1] == found[2]
    assert [value for _, value, _ in found[0]] == [100, 100, 100]
    assert all(trace for _, _, trace in found[0])


def test_an_event_of_a_rule_reaches_its_indicator_through_what_decoders_are_told(bench):
    shop = bench(f"{HEAD}alerts: {{deployed: {{on: release, severity: P1}}}}\n")
    assert "name" in shop.plan.wanted["events"].attributes
    send(shop, batch_of("events", [NOW], None, {"name": "release"}), batch_of("events", [NOW], None, {"name": "other"}))
    assert shop.ask("on:release").count == 1


@pytest.mark.parametrize("native", [True, False])
def test_only_what_no_stream_takes_is_left_out_as_too_old(native, bench):
    shop = bench(
        f"{HEAD}streams: {{a: {{events: 'true', lateness: 10m}}, b: {{events: 'v != 1', lateness: 2h}}}}\n"
        "indicators: {a: {from: a}, b: {from: b}}\n"
    )
    matcher = Matcher(shop.plan, Registry(shop.log.intern, shop.log.names()), REAL, native=native)
    ages = [0, 600 * S, 600 * S + 1, 7200 * S, 7200 * S + 1, 9000 * S]
    counted = matcher.count(batch_of("events", [NOW - age for age in ages], None, {}), NOW)
    assert (counted.left_out, counted.noted) == ({"too old": 2}, {"too old for some streams": 2})
