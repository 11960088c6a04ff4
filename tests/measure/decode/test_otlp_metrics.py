import json
import random
from math import inf, nextafter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
    Summary,
    SummaryDataPoint,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.decode.form import MOST_NODES, MOST_WEIGHT
from watchkeeper.measure.decode.metric_rows import MOST_TOGETHER
from watchkeeper.measure.decode.otlp_metrics import Metrics
from watchkeeper.measure.values import Decoded, Rejection, Wanted

S = 10**9


def decode(body, *, json, wanted, counters):
    """
    One body; both walks say the same of it (`test_metrics_native.py`), here the reference speaks.
    """
    return Metrics(wanted, native=False).decode(body, json=json, counters=counters)


OLD, T = 1 * S, 10_000 * S
DELTA, CUMULATIVE = 1, 2
WANTED = Wanted(attributes=frozenset({"platform", "service"}), metrics=frozenset({"m", "n"}))


def text(key, value):
    return KeyValue(key=key, value=AnyValue(string_value=value))


def request(*metrics, resource=None):
    scope = ScopeMetrics(metrics=metrics)
    return ExportMetricsServiceRequest(resource_metrics=[ResourceMetrics(resource=resource, scope_metrics=[scope])])


def number(value, at=T, start=OLD, flags=0, **told):
    kind = {"as_int": value} if isinstance(value, int) else {} if value is None else {"as_double": value}
    attributes = [text(*one) for one in told.items()]
    return NumberDataPoint(time_unix_nano=at, start_time_unix_nano=start, flags=flags, attributes=attributes, **kind)


def total(*points, unit="", monotonic=True, temporality=CUMULATIVE, name="m"):
    told = Sum(data_points=points, is_monotonic=monotonic, aggregation_temporality=temporality)
    return Metric(name=name, unit=unit, sum=told)


def gauge(*points, unit="", name="m"):
    return Metric(name=name, unit=unit, gauge=Gauge(data_points=points))


def buckets(counts, bounds, at=T, start=OLD, count=None, **told):
    return HistogramDataPoint(
        time_unix_nano=at,
        start_time_unix_nano=start,
        count=sum(counts) if count is None else count,
        bucket_counts=counts,
        explicit_bounds=bounds,
        attributes=[text(*one) for one in told.items()],
    )


def histogram(*points, unit="s", temporality=CUMULATIVE):
    return Metric(name="m", unit=unit, histogram=Histogram(data_points=points, aggregation_temporality=temporality))


def spread(positive, negative=None, zero=0, scale=0, threshold=0.0, at=T, start=OLD, count=None, **told):
    """
    A point of an exponential histogram, given the counts by bucket.
    """
    negative = negative or {}
    return ExponentialHistogramDataPoint(
        time_unix_nano=at,
        start_time_unix_nano=start,
        count=sum(positive.values()) + sum(negative.values()) + zero if count is None else count,
        scale=scale,
        zero_count=zero,
        zero_threshold=threshold,
        positive=side(positive),
        negative=side(negative),
        attributes=[text(*one) for one in told.items()],
    )


def side(counts):
    if not counts:
        return None
    first = min(counts)
    dense = [counts.get(index, 0) for index in range(first, max(counts) + 1)]
    return ExponentialHistogramDataPoint.Buckets(offset=first, bucket_counts=dense)


def exponential(*points, unit="s", temporality=CUMULATIVE):
    told = ExponentialHistogram(data_points=points, aggregation_temporality=temporality)
    return Metric(name="m", unit=unit, exponential_histogram=told)


@pytest.fixture
def memory():
    opened = CounterMemory()
    opened.begin()
    return opened


def decoded(memory, *metrics, wanted=WANTED, resource=None):
    body = request(*metrics, resource=resource).SerializeToString()
    answer = decode(body, json=False, wanted=wanted, counters=memory)
    assert isinstance(answer, Decoded)
    return answer


def rows(answer):
    """
    (value or (low, high), weight) of each row; None for no value.
    """
    found = []
    for batch in answer.batches:
        assert batch.signal == "metrics"
        weights = batch.weight.tolist()
        if batch.value is not None:
            found += [
                (None if one != one else one, weight) for one, weight in zip(batch.value.tolist(), weights, strict=True)
            ]
        else:
            limits = zip(batch.low.tolist(), batch.high.tolist(), strict=True)
            found += list(zip(limits, weights, strict=True))
    return found


def column(batch, name):
    found = batch.columns[name]
    return [None if code < 0 else found.values[code] for code in found.codes]


def test_a_gauge_is_its_value_in_si_units(memory):
    assert rows(decoded(memory, gauge(number(35), number(2.5), unit="ms"))) == [(0.035, 1), (0.0025, 1)]
    assert rows(decoded(memory, gauge(number(55.0), unit="%"))) == [(0.55, 1)]


def test_a_sum_that_may_fall_is_a_gauge(memory):
    assert rows(decoded(memory, total(number(7), monotonic=False))) == [(7.0, 1)]


def test_a_delta_that_may_fall_is_its_signed_amount(memory):
    deltas = total(number(7), number(-2.5), number(0), monotonic=False, temporality=DELTA, unit="ms")
    assert rows(decoded(memory, deltas)) == [(0.007, 1), (-0.0025, 1), (0.0, 1)]
    assert len(memory) == 0


def test_a_delta_of_things_weighs_and_one_of_an_amount_is_a_value(memory):
    def of(value, unit):
        return rows(decoded(memory, total(number(value), unit=unit, temporality=DELTA)))

    assert of(3, "{request}") == [(None, 3)]
    assert of(3.0, "") == [(None, 3)]
    assert of(0, "1") == [(None, 0)]
    assert of(0.5, "1") == [(0.5, 1)]
    assert of(3, "ms") == [(0.003, 1)]
    assert of(2, "KiBy") == [(2048.0, 1)]


def test_a_cumulative_sum_is_what_it_grew_by_for_each_series(memory):
    assert rows(decoded(memory, total(number(100, p="a"), number(10, p="b")))) == [(None, 0), (None, 0)]
    assert rows(decoded(memory, total(number(104, T + S, p="a"), number(11, T + S, p="b")))) == [(None, 4), (None, 1)]
    assert rows(decoded(memory, total(number(104, T + S, p="a")))) == [(None, 0)]  # sent again
    assert rows(decoded(memory, total(number(3, T + 2 * S, p="a")))) == [(None, 3)]  # a reset


def test_instances_have_counters_and_resets_of_their_own(memory):
    def of(instance, value, at):
        resource = Resource(attributes=[text("service.instance.id", instance), text("service.name", "api")])
        return rows(decoded(memory, total(number(value, at)), resource=resource))

    assert [of("1", 100, T), of("2", 50, T)] == [[(None, 0)], [(None, 0)]]
    assert [of("1", 5, T + S), of("2", 51, T + S)] == [[(None, 5)], [(None, 1)]]


def test_a_process_that_has_just_begun_counts_whole(memory):
    assert rows(decoded(memory, total(number(12, start=T - S)))) == [(None, 12)]


def test_the_order_of_attributes_is_not_part_of_the_series_but_each_of_them_is(memory):
    def of(at, *told):
        point = number(at // S, at)
        point.attributes.extend(told)
        return rows(decoded(memory, total(point)))

    one, two = text("a", "1"), KeyValue(key="b", value=AnyValue(array_value=ArrayValue(values=[AnyValue(int_value=1)])))
    assert of(T, one, two) == [(None, 0)]
    assert of(T + S, two, one) == [(None, 1)]
    assert of(T + 2 * S, two) == [(None, 0)]
    assert of(T + 2 * S, one, KeyValue(key="b", value=AnyValue(int_value=1))) == [(None, 0)]
    assert of(T + 3 * S, one, two) == [(None, 2)]


def test_scope_metric_and_unit_are_part_of_the_series(memory):
    def of(name, unit, scope):
        scoped = ScopeMetrics(scope=InstrumentationScope(name=scope), metrics=[total(number(9), unit=unit, name=name)])
        body = ExportMetricsServiceRequest(resource_metrics=[ResourceMetrics(scope_metrics=[scoped])])
        decode(body.SerializeToString(), json=False, wanted=WANTED, counters=memory)

    for told in (("m", "1", "a"), ("n", "1", "a"), ("m", "", "a"), ("m", "1", "b"), ("m", "1", "a")):
        of(*told)
    assert len(memory) == 4


def test_a_histogram_is_a_row_for_each_bucket_that_grew(memory):
    answer = decoded(memory, histogram(buckets([2, 0, 3, 1], [10, 250, 1000]), unit="ms", temporality=DELTA))
    assert rows(answer) == [((-inf, 0.01), 2), ((0.25, 1.0), 3), ((1.0, inf), 1)]
    assert answer.batches[0].at_ns.tolist() == [T] * 3


def test_a_cumulative_histogram_grows_bucket_by_bucket(memory):
    assert rows(decoded(memory, histogram(buckets([2, 0, 3], [1, 2])))) == [((-inf, 1.0), 0)]
    assert rows(decoded(memory, histogram(buckets([2, 1, 5], [1, 2], T + S)))) == [((1.0, 2.0), 1), ((2.0, inf), 2)]
    assert rows(decoded(memory, histogram(buckets([2, 1, 5], [1, 2], T + 2 * S)))) == [((-inf, 1.0), 0)]
    assert rows(decoded(memory, histogram(buckets([3, 0, 0], [1, 2], T + 3 * S)))) == [((-inf, 1.0), 3)]


def test_other_limits_are_another_series(memory):
    decoded(memory, histogram(buckets([2, 2], [1])))
    assert rows(decoded(memory, histogram(buckets([9, 9], [2], T + S)))) == [((-inf, 2.0), 0)]


def test_a_histogram_without_buckets_says_only_how_many(memory):
    assert rows(decoded(memory, histogram(buckets([], [], count=7), temporality=DELTA))) == [((-inf, inf), 7)]
    assert rows(decoded(memory, histogram(buckets([7], []), temporality=DELTA))) == [((-inf, inf), 7)]


@pytest.mark.parametrize(
    ("counts", "bounds", "count"),
    [
        ([1, 2], [1, 2], 3),
        ([1, 2, 3], [2, 1], 6),
        ([1, 2, 3], [1, 1], 6),
        ([1, 2, 3], [1, float("nan")], 6),
        ([1, 2], [1], 4),
        ([1] * 1025, range(1024), 1025),
        ([2**63, 0], [1], 2**63),
    ],
    ids=["bucket missing", "falling", "equal", "not a number", "does not add up", "too many buckets", "too large"],
)
def test_a_histogram_that_makes_no_sense_is_rejected(memory, counts, bounds, count):
    answer = decoded(memory, histogram(buckets(counts, bounds, count=count), temporality=DELTA))
    assert (answer.batches, answer.rejected) == ([], {"bad-histogram": 1})


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        (gauge(number(None)), "bad-value"),
        (gauge(number(float("nan"))), "bad-value"),
        (gauge(number(inf)), "bad-value"),
        (gauge(number(1.0, at=0, start=0)), "bad-time"),
        (gauge(number(1.0, at=2**63)), "bad-time"),
        (gauge(number(1.0, at=T, start=T + 1)), "bad-time"),
        (total(number(-1)), "bad-value"),
        (total(number(float("nan"))), "bad-value"),
        (total(number(1), temporality=0), "bad-temporality"),
        (total(number(MOST_WEIGHT + 1), temporality=DELTA), "bad-weight"),
        (histogram(buckets([1], []), temporality=0), "bad-temporality"),
        (histogram(buckets([MOST_WEIGHT, 1], [1]), temporality=DELTA), "bad-weight"),
        (Metric(name="m", summary=Summary(data_points=[SummaryDataPoint()])), "not-supported-yet"),
        (exponential(spread({}, at=0, start=0)), "bad-time"),
        (exponential(spread({}), temporality=0), "bad-temporality"),
        (exponential(spread({0: 1}, count=2)), "bad-histogram"),
        (exponential(spread({0: 1}, scale=21)), "bad-histogram"),
        (exponential(spread({0: 1}, scale=-11)), "bad-histogram"),
        (exponential(spread({0: 1, 1023: 1})), "bad-histogram"),
        (exponential(spread({0: 1}, threshold=-1.0)), "bad-histogram"),
        (exponential(spread({0: 1}, threshold=float("nan"))), "bad-histogram"),
        (exponential(spread({0: MOST_WEIGHT, 1: 1}), temporality=DELTA), "bad-weight"),
    ],
)  # fmt: skip
def test_a_point_that_cannot_be_taken_is_counted_by_reason(memory, metric, reason):
    answer = decoded(memory, metric, gauge(number(1), name="n"))
    assert (answer.items, answer.rejected, rows(answer)) == (2, {reason: 1}, [(1.0, 1)])


def test_points_of_one_body_weigh_no_more_together_than_sums_can_hold(memory):
    heavy = [number(MOST_WEIGHT)] * 20
    answer = decoded(memory, total(*heavy, temporality=DELTA), histogram(buckets([5], []), temporality=DELTA))
    assert sum(weight for _, weight in rows(answer)) == MOST_TOGETHER
    assert answer.rejected == {"bad-weight": 5}
    silent = total(*heavy, number(0), temporality=DELTA), histogram(buckets([0], []), temporality=DELTA)
    answer = decoded(memory, *silent)
    assert sorted(rows(answer), key=lambda row: row[1])[:2] == [(None, 0), ((-inf, inf), 0)]  # their sources spoke
    assert answer.rejected == {"bad-weight": 4}
    one_too_heavy = total(number(2**62), number(3), temporality=DELTA)
    assert rows(decoded(memory, one_too_heavy)) == [(None, 3)]


def test_a_point_without_recorded_value_is_passed_over(memory):
    answer = decoded(memory, gauge(number(0, flags=1)))
    assert (answer.batches, answer.items, answer.rejected, answer.noted) == ([], 1, {}, {"no-recorded-value": 1})


def before(number):
    return nextafter(number, -inf)


def test_an_exponential_histogram_is_a_row_for_each_bucket_that_grew(memory):
    told = spread({0: 2, 2: 1}, {1: 3}, zero=4, threshold=0.5)
    assert rows(decoded(memory, exponential(told, temporality=DELTA))) == [
        ((before(-4.0), before(-2.0)), 3),
        ((before(-0.5), 0.5), 4),
        ((1.0, 2.0), 2),
        ((4.0, 8.0), 1),
    ]
    assert rows(decoded(memory, exponential(spread({0: 1}, scale=1), unit="ms", temporality=DELTA))) == [
        ((0.001, 2**0.5 / 1000), 1)
    ]


def test_a_cumulative_exponential_histogram_grows_through_scales_buckets_and_resets(memory):
    def of(after, positive, negative=None, **more):
        return rows(decoded(memory, exponential(spread(positive, negative, **{**more, "at": T + after * S}))))

    assert of(0, {0: 1}, scale=2) == [((before(0.0), 0.0), 0)]  # a base
    assert of(1, {0: 1, 3: 2}, {5: 1}, scale=2) == [
        ((before(-(2**1.5)), before(-(2**1.25))), 1),
        ((2**0.75, 2.0), 2),
    ]
    assert of(2, {0: 4, 1: 1}, {1: 1}, zero=1) == [((before(0.0), 0.0), 1), ((1.0, 2.0), 1), ((2.0, 4.0), 1)]  # coarser
    assert of(3, {0: 4, 3: 2}, {2: 1}, zero=1, scale=1) == [((2.0, 4.0), 1)]  # finer again: known at the coarser one
    assert of(4, {0: 4, 3: 2}, {2: 1}, zero=1, scale=1) == [((before(-(2**1.5)), before(-2.0)), 0)]  # nothing new
    assert of(4, {0: 9, 3: 2}, {2: 1}, zero=1, scale=1) == [((before(-(2**1.5)), before(-2.0)), 0)]  # not newer
    assert of(5, {0: 3}, scale=1) == [((1.0, 2**0.5), 3)]  # fewer: a reset
    assert of(6, {0: 2}, scale=1, start=T + 5 * S) == [((1.0, 2**0.5), 2)]  # another process
    assert of(7, {}, zero=3, threshold=1.2, scale=1, start=T + 5 * S) == [
        ((before(-(2**0.5)), 2**0.5), 1)
    ]  # wider zero
    assert len(memory) == 1


def test_metrics_that_no_stream_reads_are_only_counted(memory):
    answer = decoded(memory, total(number(1), number(2), name="other"), Metric(name="m"))
    assert (answer.batches, answer.items, answer.rejected, len(memory)) == ([], 2, {}, 0)


def test_values_and_buckets_come_apart_each_with_its_own_attributes(memory):
    answer = decoded(
        memory,
        histogram(buckets([1, 1], [1], platform="h"), temporality=DELTA),
        gauge(number(1, platform="g"), number(2), name="n"),
        resource=Resource(attributes=[text("service.name", "api")]),
    )
    numbers, bucketed = answer.batches
    assert (numbers.low, numbers.high, bucketed.value) == (None, None, None)
    assert [column(numbers, name) for name in ("name", "platform", "service")] == [["n"] * 2, ["g", None], ["api"] * 2]
    assert [column(bucketed, name) for name in ("name", "platform", "service")] == [["m"] * 2, ["h"] * 2, ["api"] * 2]


def test_a_refused_body_has_not_touched_the_counters(memory):
    body = request(total(number(1)), *[gauge(*[NumberDataPoint()] * 1000)] * (MOST_NODES // 1000)).SerializeToString()
    answer = decode(body, json=False, wanted=WANTED, counters=memory)
    assert isinstance(answer, Rejection)
    assert (answer.status, len(memory)) == (413, 0)


attributes = st.lists(
    st.builds(
        text, st.sampled_from(["platform", "service.name", "x"]), st.sampled_from(["a", "b"]),
    ), max_size=3,
)  # fmt: skip
moments = {
    "time_unix_nano": st.sampled_from([0, T, T + S, T + 2 * S, 2**63]),
    "start_time_unix_nano": st.sampled_from([0, OLD, T - S]),
    "flags": st.sampled_from([0, 0, 0, 1]),
    "attributes": attributes,
}
numbers = st.one_of(
    st.builds(NumberDataPoint, as_int=st.sampled_from([0, 3, 9, -1, 2**62]), **moments),
    st.builds(NumberDataPoint, as_double=st.sampled_from([0.0, 2.5, 7.0, -0.5, inf, float("nan")]), **moments),
    st.builds(NumberDataPoint, **moments),
)
histograms = st.builds(
    HistogramDataPoint,
    count=st.sampled_from([0, 3, 6]),
    bucket_counts=st.sampled_from([[], [3], [1, 2], [1, 2, 3], [2, 2, 2], [0, 0]]),
    explicit_bounds=st.sampled_from([[], [1.5], [250.0, 500.0], [2.0, 1.0], [inf]]),
    **moments,
)
sides = st.none() | st.builds(
    ExponentialHistogramDataPoint.Buckets,
    offset=st.sampled_from([0, -3, 5]),
    bucket_counts=st.sampled_from([[], [3], [1, 2], [0, 3, 0], [0, 0]]),
)
exponentials = st.builds(
    ExponentialHistogramDataPoint,
    count=st.sampled_from([0, 3, 6]),
    scale=st.sampled_from([0, 1, 2, -1, 20, 21]),
    zero_count=st.sampled_from([0, 0, 3]),
    zero_threshold=st.sampled_from([0.0, 1.5, float("nan")]),
    positive=sides,
    negative=sides,
    **moments,
)
temporalities = st.integers(0, 2)
data: list[dict[str, st.SearchStrategy[object]]] = [
    {"gauge": st.builds(Gauge, data_points=st.lists(numbers, max_size=3))},
    {
        "sum": st.builds(
            Sum,
            data_points=st.lists(numbers, max_size=3),
            aggregation_temporality=temporalities,
            is_monotonic=st.booleans(),
        )
    },
    {
        "histogram": st.builds(
            Histogram, data_points=st.lists(histograms, max_size=3), aggregation_temporality=temporalities
        )
    },
    {
        "exponential_histogram": st.builds(
            ExponentialHistogram, data_points=st.lists(exponentials, max_size=3), aggregation_temporality=temporalities
        )
    },
    {"summary": st.builds(Summary, data_points=st.lists(st.builds(SummaryDataPoint), max_size=2))},
    {},
]
metrics = st.one_of(
    [
        st.builds(
            Metric, name=st.sampled_from(["m", "n", "other"]), unit=st.sampled_from(["", "ms", "{request}"]), **one
        )
        for one in data
    ]
)
requests = st.builds(
    ExportMetricsServiceRequest,
    resource_metrics=st.lists(
        st.builds(
            ResourceMetrics,
            resource=st.none() | st.builds(Resource, attributes=attributes),
            scope_metrics=st.lists(
                st.builds(
                    ScopeMetrics,
                    scope=st.none() | st.builds(InstrumentationScope, name=st.sampled_from(["", "s"])),
                    metrics=st.lists(metrics, max_size=3),
                ),
                max_size=2,
            ),
        ),
        max_size=2,
    ),
)


@given(st.lists(requests, max_size=2))
@settings(max_examples=200)
def test_protobuf_and_json_say_the_same_and_remember_the_same(as_json, view, messages):
    here, there = CounterMemory(), CounterMemory()
    here.begin()
    there.begin()
    for message in messages:
        in_protobuf = decode(message.SerializeToString(), json=False, wanted=WANTED, counters=here)
        in_json = decode(as_json(message), json=True, wanted=WANTED, counters=there)
        assert view(in_json) == view(in_protobuf)
        check(in_json)
    assert here.patch() == there.patch()


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1, max_size=12), st.sets(st.integers(0, 11))
)
@settings(max_examples=60)
def test_cumulative_and_delta_tell_the_same_story_over_restarts(steps, restarts):
    memory = CounterMemory()
    memory.begin()
    start, counts = T, [0, 0, 0]
    heard: dict[object, int] = {}
    happened: dict[object, int] = {}
    limits = [(-inf, 1.0), (1.0, 2.0), (2.0, inf)]
    for index, step in enumerate(steps):
        if index in restarts:
            start, counts = T + index * S, [0, 0, 0]
        counts = [a + b for a, b in zip(counts, step, strict=True)]
        at = T + (index + 1) * S
        for one, weight in rows(decoded(memory, histogram(buckets(counts, [1, 2], at, start)))):
            heard[one] = heard.get(one, 0) + weight
        for one, weight in zip(limits, step, strict=True):
            happened[one] = happened.get(one, 0) + weight
    assert {one: weight for one, weight in heard.items() if weight} == {one: n for one, n in happened.items() if n}


SAMPLE = request(
    total(number(5, platform="a"), number(2.5)),
    gauge(number(35), unit="ms", name="n"),
    histogram(buckets([1, 2, 3], [1.0, 2.0], platform="é"), unit="ms"),
    histogram(buckets([1, 2], [1.0]), temporality=DELTA),
    exponential(spread({3: 2, 5: 1}, {-4: 1}, zero=1, scale=2, threshold=0.25, platform="x")),
    resource=Resource(attributes=[text("service.name", "api")]),
)


def check(answer):
    assert isinstance(answer, Decoded | Rejection)
    if isinstance(answer, Rejection):
        assert 400 <= answer.status < 500
        assert answer.why
        return
    assert sum(answer.rejected.values()) + answer.noted.get("no-recorded-value", 0) <= answer.items
    for batch in answer.batches:
        assert (batch.weight >= 0).all()
        assert (batch.at_ns > 0).all()
        assert all(len(one.codes) == batch.n for one in batch.columns.values())


@pytest.mark.parametrize("json", [False, True])
def test_a_body_cut_at_any_byte_is_decoded_or_refused(as_json, memory, json):
    body = as_json(SAMPLE) if json else SAMPLE.SerializeToString()
    for length in range(len(body)):
        check(decode(body[:length], json=json, wanted=WANTED, counters=memory))


def fuzz(as_json, cases, seed):
    chance = random.Random(seed)
    bodies = {False: SAMPLE.SerializeToString(), True: as_json(SAMPLE)}
    memory = CounterMemory(limit=1000)
    taken = 0
    for case in range(cases):
        form = bool(case % 2)
        body = bytearray(bodies[form])
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(body))
            body[at : at + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 2))
        memory.begin()
        answer = decode(bytes(body), json=form, wanted=WANTED, counters=memory)
        memory.commit()
        check(answer)
        taken += isinstance(answer, Decoded)
    assert 0 < taken < cases


def test_damaged_bodies_never_raise(as_json):
    fuzz(as_json, 2000, seed=1)


@pytest.mark.torture
def test_a_million_damaged_bodies_never_raise(as_json):
    fuzz(as_json, 1_000_000, seed=2)


def places(node):
    for key in node if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from places(node[key])


def test_json_with_wrong_types_never_raises(as_json, memory):
    chance = random.Random(3)
    strangers: list[object] = [
        None,
        True,
        5,
        -1,
        2**63,
        10**30,
        1.5,
        1e308,
        "x",
        "NaN",
        "-5",
        [],
        {},
        [None],
        [[]],
        {"a": {}},
        [5],
        [-1],
    ]
    for _ in range(2000):
        tree = json.loads(as_json(SAMPLE))
        node, key = chance.choice(list(places(tree)))
        node[key] = chance.choice(strangers)
        check(decode(json.dumps(tree).encode(), json=True, wanted=WANTED, counters=memory))
