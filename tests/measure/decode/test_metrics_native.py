"""
The compiled walk over metrics gives what the reference gives, whatever comes in.
"""

import random
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import NumberDataPoint

from tests.measure.decode import metric_bodies as bodies
from tests.measure.decode.metric_bodies import MESSAGES, WANTED, S, T, World, changed, group, holding, joined, varint
from tests.measure.native import wire
from tests.measure.native.guard import Guard
from tests.measure.native.needed import need
from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.decode.form import MOST_NODES, MOST_WEIGHT
from watchkeeper.measure.decode.otlp_metrics import MOST_ODD, Metrics
from watchkeeper.measure.native.backend import native
from watchkeeper.measure.values import Decoded

walks: Any = native("metrics")
CUMULATIVE: Any = 2  # an enum
#: What the fields of random messages hold.
POOLS = {
    "KeyValue.key": tuple(key.encode() for key in bodies.KEYS),
    "AnyValue.string_value": tuple(text.encode() for text in bodies.TEXTS),
    "Metric.name": (b"m", b"m", b"n", b"", b"other"),
    "Metric.unit": (b"", b"1", b"s", b"ms", b"{request}"),
    "aggregation_temporality": (0, 1, 1, 2, 2, 2, 3, 2**32 + 2),
    "flags": (0, 0, 1, 2, 2**32 + 1),
    "time_unix_nano": (T, T, T + S, T + 2 * S, 0, 2**63),
    "start_time_unix_nano": (0, T - S, T - 3600 * S, T, 2**63),
    "count": (0, 1, 3, 3, 6),
    "scale": (0, 1, 3, 20, 21, -10, -11),
    "offset": (0, 1, -3, 2**31 - 1),
    "bucket_counts": (0, 1, 1, 2, 3),
    "explicit_bounds": (1.0, 2.0, 2.0, 5.0, -1.0),
    "zero_threshold": (0.0, 0.0, -0.0, 1.5, -1.0),
    "as_int": (0, 1, 5, -1, 2**53 + 1),
    "as_double": (0.0, 0.5, 7.0, -0.5, float("nan")),
}


@pytest.fixture(autouse=True)
def _compiled():
    need("metrics")


class Both:
    """
    The two side by side, each with a memory of its own.
    """

    def __init__(self, view, guard):
        self.view, self.guard = view, guard
        self.compiled, self.reference = Metrics(WANTED), Metrics(WANTED, native=False)
        self.here, self.there = CounterMemory(), CounterMemory()
        self.accepted = self.seen = 0

    def agree(self, body, *, plain=False):
        """
        `plain`: a body of which the compiled walk must make something by itself.
        """
        left = self.left
        self.here.begin()
        self.there.begin()
        found = self.compiled.decode(self.guard.put(body), json=False, counters=self.here)
        wanted = self.reference.decode(body, json=False, counters=self.there)
        assert self.view(found) == self.view(wanted), body.hex()
        assert self.here.patch() == self.there.patch(), body.hex()
        self.here.commit()
        self.there.commit()
        assert not plain or self.left == left, body.hex()
        self.seen += 1
        self.accepted += isinstance(found, Decoded)

    @property
    def left(self):
        """
        How many bodies were left to the reference.
        """
        return self.compiled.left


@pytest.fixture
def both(view):
    with Guard(1 << 23) as guard:
        yield Both(view, guard)


def stories(both, cases, seed):
    """
    Worlds of 50 bodies each: as they are, disturbed, damaged.
    """
    for story in range(cases // 50):
        world = World(seed + story)
        for _ in range(50):
            body = world.body().SerializeToString()
            match world.chance.randrange(10):
                case 0 | 1 | 2:
                    both.agree(bodies.disturbed(world.chance, body))
                case 3:
                    both.agree(bodies.disturbed(world.chance, bodies.disturbed(world.chance, body)))
                case 4:
                    both.agree(bodies.damaged(world.chance, body))
                case _:
                    both.agree(body, plain=True)


def test_ten_thousand_bodies(both):
    stories(both, 10_000, seed=0)
    assert both.accepted > 8_000


@pytest.mark.torture
def test_a_million_bodies(both):
    stories(both, 1_000_000, seed=10**6)


def test_what_senders_send_is_never_left_to_the_reference(both):
    world = World(1)
    for _ in range(500):
        both.agree(world.body().SerializeToString(), plain=True)
    assert both.accepted == 500


def test_bodies_at_every_edge_of_every_message(both):
    for body in wire.sweep(ExportMetricsServiceRequest.DESCRIPTOR, wire.Maker(random.Random(1), POOLS)):
        both.agree(body)
    assert both.seen > 15_000


def test_random_messages(both):
    chance = random.Random(7)
    makers = [wire.Maker(chance, POOLS, odd=odd) for odd in (0.0, 0.0, 0.01, 0.05)]
    for _ in range(3_000):
        body = chance.choice(makers).message(ExportMetricsServiceRequest.DESCRIPTOR)
        both.agree(body)
        if chance.random() < 0.5:
            both.agree(wire.damaged(body, chance))
    assert 1_000 < both.accepted < both.seen
    assert both.seen - both.left > 1_000


def sample():
    """
    A body in which every message of `MESSAGES` is found.
    """
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    resource.resource.attributes.append(text("service.name", "api"))
    scope = resource.scope_metrics.add()
    scope.scope.name = "lib"
    scope.scope.attributes.append(text("x", "1"))
    moments = {"time_unix_nano": T, "start_time_unix_nano": T - S, "attributes": [text("k", "a"), text("status", "b")]}
    of = {"as_int": 5, **moments}
    scope.metrics.add(name="m").gauge.data_points.add(**of)
    total = scope.metrics.add(name="m")
    total.sum.aggregation_temporality = CUMULATIVE
    total.sum.is_monotonic = True
    total.sum.data_points.add(**of).exemplars.add(as_int=1)
    histogram = scope.metrics.add(name="m", unit="ms").histogram
    histogram.aggregation_temporality = CUMULATIVE
    histogram.data_points.add(count=6, bucket_counts=[1, 2, 3], explicit_bounds=[1.0, 2.0], **moments)
    spread = scope.metrics.add(name="m").exponential_histogram
    spread.aggregation_temporality = CUMULATIVE
    point = spread.data_points.add(count=10, zero_count=1, scale=3, zero_threshold=0.25, **moments)
    point.positive.offset, point.negative.offset = -3, 7
    point.positive.bucket_counts.extend([1, 300])
    point.negative.bucket_counts.extend([2, 5])
    point.count = 309
    scope.metrics.add(name="m").summary.data_points.add(time_unix_nano=T).quantile_values.add(quantile=0.5)
    scope.metrics.add(name="other").gauge.data_points.add(**of)
    return request.SerializeToString()


def text(key, value):
    return KeyValue(key=key, value=AnyValue(string_value=value))


SAMPLE = sample()
#: Which metric of the sample holds its data in which field.
PLACES = {5: 0, 7: 1, 9: 2, 10: 3, 11: 4}


def everywhere(change):
    """
    The sample with one message changed, for each kind of message.
    """
    for path in MESSAGES:
        which = PLACES[path[3]] if len(path) > 3 and path[:3] == (1, 2, 2) else 0
        body = list(changed_at(SAMPLE, path, change, which))
        yield from body


def changed_at(body, path, change, metric):
    if path[:3] != (1, 2, 2) or len(path) == 3:
        yield changed(body, path, change)
        return
    yield changed(body, path[:3], lambda told: changed(told, path[3:], change), metric)


def test_the_sample_holds_every_kind_of_message(both):
    both.agree(SAMPLE)
    assert (both.accepted, both.left) == (1, 0)
    assert all(body != SAMPLE for body in everywhere(lambda message: message + varint(60 << 3) + b"\x01"))


def test_a_body_cut_anywhere(both):
    for length in range(len(SAMPLE)):
        both.agree(SAMPLE[:length])


def test_strange_tags_anywhere(both):
    strange = [
        b"\x00",
        b"\x01\x00",
        b"\x04",
        b"\x0c",
        b"\x06",
        b"\x07",
        b"\x0e\x01",
        b"\x0f\x01",
        b"\xff" * 4 + b"\x0f",
    ]
    strange += [
        varint(2**32 + 8) + b"\x01",
        varint(2**35),
        group(60, b""),
        group(60, b"\x00\x01"),
        group(60, b"\x03\x04"),
    ]
    strange += [
        group(60, b"\x0c"),
        b"\x0b",
        b"\x0b\x14",
        varint(60 << 3 | 2) + b"\x05",
        group(0, b""),
        group(1, b"\x08\x01"),
    ]
    for one in strange:
        for body in everywhere(lambda message, one=one: message + one):
            both.agree(body)
        for body in everywhere(lambda message, one=one: one + message):
            both.agree(body)
    assert 0 < both.accepted < both.seen


def test_every_field_number_with_every_wire_type(both):
    rest = {
        0: (b"\x05", b"\x80"),
        1: (bytes(8), bytes(7)),
        2: (b"\x00", b"\x01\x05", b"\x02\x08\x01", b"\x08" + bytes(8)),
        5: (bytes(4),),
    }
    for number in range(1, 17):
        for kind, contents in rest.items():
            for content in contents:
                one = varint(number << 3 | kind) + content
                for body in everywhere(lambda message, one=one: message + one):
                    both.agree(body)
    assert 0 < both.accepted < both.seen


@pytest.mark.parametrize("deep", [*range(1, 5), *range(90, 103)])
def test_groups_and_values_nested_to_the_limit(both, deep):
    nest = b""
    for _ in range(deep):
        nest = group(60, nest)
    for body in everywhere(lambda message: message + nest):
        both.agree(body)


@pytest.mark.parametrize("deep", [1, 2, 30, 31, 32, 33, 34, *range(43, 51)])
@pytest.mark.parametrize("map_", [False, True])
def test_values_nested_to_the_limit(both, deep, map_):
    value = b"\x18\x05"
    for _ in range(deep):
        inner = holding(1, joined([holding(1, b"a"), holding(2, value)]) if map_ else value)
        value = joined([holding(6 if map_ else 5, joined([inner]))])
    told = joined([holding(1, b"status"), holding(2, value)])
    for path, number in ATTRIBUTED:
        metric = PLACES[path[3]] if len(path) > 3 else 0
        for body in changed_at(SAMPLE, path, lambda message, n=number: message + joined([holding(n, told)]), metric):
            both.agree(body)


#: Messages that hold attributes, and in which field.
ATTRIBUTED = (
    ((1, 1), 1), ((1, 2, 1), 3), ((1, 2, 2, 5, 1), 7), ((1, 2, 2, 7, 1), 7), ((1, 2, 2, 9, 1), 9),
    ((1, 2, 2, 10, 1), 1), ((1, 2, 2, 11, 1), 7), ((1, 2, 2, 7, 1, 5), 7), ((1, 2, 2), 12),
)  # fmt: skip


def test_what_is_said_of_all_points_is_said_in_numbers_of_any_size(both):
    numbers = (0, 1, 2, 3, 2**31, 2**32, 2**32 + 1, 2**32 + 2, 2**63, 2**64 - 1)
    for path, field in (((7,), 3), ((7,), 2), ((9,), 2), ((10,), 2), ((5, 1), 8), ((9, 1), 10), ((10, 1), 6)):
        for value in numbers:
            told = varint(field << 3) + varint(value)
            for body in changed_at(SAMPLE, (1, 2, 2, *path), lambda message, one=told: message + one, PLACES[path[0]]):
                both.agree(body)
    assert both.accepted == both.seen


def test_varints_of_every_width(both):
    for width in (1, 2, 5, 6, 10, 11):
        for value in (0, 1, 2, 2**31, 2**32, 2**32 + 1, 2**32 + 2, 2**63, 2**64 - 1):
            for number in (1, 2, 3, 6, 8, 10):
                told = varint(number << 3) + varint(value, width)
                for body in everywhere(lambda message, one=told: message + one):
                    both.agree(body)
        for body in everywhere(lambda message, w=width: message + varint(60 << 3 | 2, w) + varint(0, w)):
            both.agree(body)
    assert 0 < both.accepted < both.seen


def histogram(*parts):
    """
    The sample, with these fields for the buckets of its explicit histogram, in this order.
    """

    def change(point):
        kept = [part for part in bodies.fields(point) if part[0] not in (4, 6, 7)]
        return joined([*kept, (4, 1, bodies.packed64([6])), *parts])

    return changed(SAMPLE, (1, 2, 2), lambda metric: changed(metric, (9, 1), change), PLACES[9])


def one(number, value):
    return number, 1, value


def test_packed_numbers_in_one_piece_in_several_and_one_by_one(both):
    counts = [bodies.packed64([n]) for n in (1, 2, 3)]
    limits = [NumberDataPoint(as_double=n).SerializeToString()[1:] for n in (1.0, 2.0)]
    packed, bounds = holding(6, b"".join(counts)), holding(7, b"".join(limits))
    for parts in (
        (packed, bounds),
        (bounds, packed),
        tuple(one(6, count) for count in counts) + (bounds,),
        (packed, *(one(7, limit) for limit in limits)),
        (holding(6, counts[0]), bounds, holding(6, counts[1] + counts[2])),
        (holding(6, b""), packed, bounds, holding(7, b"")),
        (packed, one(6, counts[0]), bounds),
        (holding(6, b"".join(counts)[:-1]), bounds),
        (holding(6, b"".join(counts)[:-4]), bounds),
        (holding(6, b"".join(counts) + b"\x00"), bounds),
        (packed, holding(7, b"".join(limits)[:-3])),
        (packed,),
        (bounds,),
        (),
    ):
        both.agree(histogram(*parts))
    assert (both.seen, both.accepted) == (14, 10)


def test_what_stands_once_may_come_twice_or_in_pieces(both):
    def pieces(number, at):
        def change(message):
            parts = list(bodies.fields(message))
            place = next(i for i, part in enumerate(parts) if part[0] == number)
            inside = list(bodies.fields(bodies.inside(parts[place])))
            halves = [holding(number, joined(inside[:at])), holding(number, joined(inside[at:]))]
            return joined([*parts[:place], halves[0], *parts[place + 1 :], halves[1]])

        return change

    for path, number in (
        ((1,), 1), ((1, 2), 1), ((1, 1, 1), 2), ((1, 2, 2), 5), ((1, 2, 2, 10, 1), 8), ((1, 2, 2, 10, 1), 9),
        ((1, 2, 2, 5, 1, 7), 2), ((1, 2, 2, 7, 1), 7), ((1, 2, 2, 9, 1), 9),
    ):  # fmt: skip
        for at in range(3):
            metric = PLACES[path[3]] if len(path) > 3 else 0
            for body in changed_at(SAMPLE, path, pieces(number, at), metric):
                both.agree(body)
    for first in (5, 7, 9, 10, 11):
        for second in (5, 7, 9, 10, 11):
            for empty in (False, True):
                metrics = [bodies.inside(part) for part in metrics_of(SAMPLE)]
                data = [
                    next(part for part in bodies.fields(metrics[PLACES[n]]) if part[0] == n) for n in (first, second)
                ]
                both.agree(with_metric(joined([holding(1, b"m"), data[0], holding(second, b"") if empty else data[1]])))
    assert both.accepted == both.seen
    assert both.left


def metrics_of(body):
    parts: list[bodies.Field] = []

    def look(scope):
        parts.extend(part for part in bodies.fields(scope) if part[0] == 2)
        return scope

    changed(body, (1, 2), look)
    return parts


def with_metric(metric):
    return changed(SAMPLE, (1, 2), lambda scope: scope + joined([holding(2, metric)]))


def test_fields_in_any_order(both):
    for path in MESSAGES:
        for body in changed_at(
            SAMPLE, path, lambda m: joined(list(bodies.fields(m))[::-1]), PLACES.get((*path, 0, 0, 0, 0)[3], 0)
        ):
            both.agree(body)
    assert both.accepted == both.seen
    assert both.left <= 1  # attributes with other fields between them


def test_attributes_may_have_other_fields_between_them(both):
    for path, field in ATTRIBUTED:
        for other in (holding(5, b"\x11" + bytes(8)), holding(8, b""), (3, 1, bodies.packed64([T])), holding(60, b"x")):

            def change(message, field=field, other=other):
                return message + joined([other, holding(field, text("status", "7").SerializeToString())])

            for body in changed_at(SAMPLE, path, change, PLACES[path[3]] if len(path) > 3 else 0):
                both.agree(body)
    assert both.accepted


def many(points, attributes=(), values=None):
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="m")
    metric.sum.is_monotonic, metric.sum.aggregation_temporality = True, CUMULATIVE
    for i in range(points):
        told = [text("k", (values or str)(i)), *attributes]
        metric.sum.data_points.add(time_unix_nano=T, start_time_unix_nano=T - S, as_int=i, attributes=told)
    return request.SerializeToString()


@pytest.mark.parametrize("temporality", [1, CUMULATIVE])
def test_points_of_no_weight_are_kept_behind_the_heaviest(both, temporality):
    for at, weight in ((T, 0), (T + S, MOST_WEIGHT)):
        request = ExportMetricsServiceRequest()
        metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="m")
        metric.sum.is_monotonic, metric.sum.aggregation_temporality = True, temporality
        for i, heavy in enumerate([weight] * 20 + [0, 5, 0]):
            told = [text("k", str(i))]
            metric.sum.data_points.add(time_unix_nano=at, start_time_unix_nano=T - S, as_int=heavy, attributes=told)
        both.agree(request.SerializeToString(), plain=True)


def test_a_body_with_too_many_points_touches_nothing(both):
    both.agree(many(MOST_NODES))
    assert (both.accepted, len(both.here)) == (0, 0)


def test_what_is_crowded_and_broken_is_broken(both):
    crowd = many(MOST_NODES)
    assert crowded(both, crowd) == 413
    for broken in (b"\x0b", b"\x0a\x05", b"\x0a\x03\x12\x01\x0b", b"\x0a\x05\x12\x03\x12\x01\x0b"):
        assert crowded(both, crowd + broken) == 400
    assert crowded(both, crowd + b"\x0a\x00" + SAMPLE) == 413
    scopes = [holding(2, joined([holding(1, joined([holding(1, str(i).encode())]))])) for i in range(MOST_NODES)]
    assert crowded(both, joined([holding(1, joined(scopes[1:]))])) == 200
    assert crowded(both, joined([holding(1, joined(scopes))])) == 413
    assert both.left == 0


def crowded(both, body):
    both.agree(body)
    both.here.begin()
    answer = both.compiled.decode(body, json=False, counters=both.here)
    return getattr(answer, "status", 200)


def test_a_large_body_in_an_unusual_form_is_refused(both):
    odd = changed(SAMPLE, (1,), lambda resource: joined([*bodies.fields(resource), holding(1, b"")]))
    both.agree(odd)
    assert both.left == 1
    both.here.begin()
    large = odd + joined([holding(60, bytes(MOST_ODD))])
    answer = both.compiled.decode(large, json=False, counters=both.here)
    assert (answer.status, both.here.patch()) == (413, b"")


def test_series_that_are_too_many_to_remember_are_read_anew(both):
    both.compiled._compiled = walks.Walk(WANTED, most_series=10)
    for start in (0, 5, 0, 20):
        both.agree(many(8, values=lambda i, start=start: str(start + i)))
    walk = both.compiled._compiled
    assert (walk.forgotten, walk.known, walk.reference) == (1, 16, 0)


def test_a_column_that_begins_anew_takes_its_codes_with_it(both):
    both.agree(many(40_000))
    both.agree(many(40_000, values=lambda i: f"{i}!"))
    both.agree(many(3))
    both.agree(many(3))
    assert (both.accepted, both.left) == (4, 0)


def test_a_series_has_its_name_whatever_the_order_and_the_number_of_its_attributes(both):
    extra = [text(f"x{i}", "y" * i) for i in range(100)]
    both.agree(many(2, attributes=extra))
    before = len(both.here)
    both.agree(many(2, attributes=extra[::-1]))
    both.agree(many(2, attributes=extra[:3] + extra[:3]))
    both.agree(many(2, attributes=extra[:3][::-1] + extra[:3]))
    assert (before, len(both.here)) == (2, 4)


def test_long_texts_are_cut_and_counted_each_time_they_come(both):
    for _ in range(3):
        both.agree(many(3, values=lambda _: "é" * 2000))
    both.here.begin()
    found = both.compiled.decode(many(3, values=lambda _: "é" * 2000), json=False, counters=both.here)
    assert found.noted == {"text-cut": 3}
