"""
Bodies of OTLP metrics for the tests that hold the compiled walk to the reference: random stories of processes that
count, and what can be done to such a body on the wire.
"""

import random
import struct
from collections.abc import Callable, Iterator
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    InstrumentationScope,
    KeyValue,
    KeyValueList,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    Exemplar,
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

from watchkeeper.measure.decode.form import MOST_WEIGHT
from watchkeeper.measure.values import Wanted

S = 10**9
T = 1_780_000_000 * S
#: `http.status_code` also fills `status`; `k` is of many kinds; `name` as an attribute fills nothing.
WANTED = Wanted(
    attributes=frozenset({"platform", "status", "service", "k", "name"}), metrics=frozenset({"m", "n", "é", ""})
)
NAMES = ("m", "m", "m", "n", "é", "", "other")
UNITS = ("", "1", "{request}", "s", "ms", "By", "h", "TiBy/ns", "%", "furlong")
KEYS = ("platform", "status", "http.status_code", "service.name", "k", "name", "x", "")
TEXTS = ("a", "b", "", "é" * 3, "x" * 1024, "y" * 1025, "é" * 1030)
NUMBERS = (0, 1, -1, 7, 2**31, 2**53 + 1, 2**62, -(2**63), 2**63 - 1)
REALS = (0.0, -0.0, 0.5, 2.5, 7.0, -3.25, 1e-320, 1e300, 1.7e308, float("inf"), float("-inf"), float("nan"))
LIMITS = ((), (1.0,), (0.5, 1.0, 2.5), (-1.0, 0.0, 5.0), (1.0, 1.0), (2.0, 1.0), (float("nan"),), (1.0, float("inf")))


class World:
    """
    Processes that count, and sometimes begin anew; each body tells of some of them.
    """

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._at = T
        self._counts: dict[Any, list[int]] = {}
        self._starts: dict[Any, int] = {}

    def body(self) -> ExportMetricsServiceRequest:
        """
        The next body.
        """
        self._at += self.chance.choice((S, S, 10 * S, 600 * S))
        some = range(self.chance.choice((0, 1, 1, 2)))
        return ExportMetricsServiceRequest(resource_metrics=[self._resource() for _ in some])

    def _resource(self) -> ResourceMetrics:
        chance, instance = self.chance, self.chance.randrange(3)
        resource = Resource(attributes=[_text("service.instance.id", str(instance)), *self._attributes(2)])
        told = None if chance.random() < 0.2 else resource
        scopes = [self._scope(instance) for _ in range(chance.choice((0, 1, 1, 2)))]
        return ResourceMetrics(resource=told, scope_metrics=scopes, schema_url=chance.choice(("", "u")))

    def _scope(self, instance: int) -> ScopeMetrics:
        chance = self.chance
        scope = InstrumentationScope(
            name=chance.choice(("", "lib")), version=chance.choice(("", "2")), attributes=self._attributes(1)
        )
        metrics = [self._metric(instance) for _ in range(chance.choice((0, 1, 2, 4)))]
        return ScopeMetrics(scope=None if chance.random() < 0.2 else scope, metrics=metrics)

    def _metric(self, instance: int) -> Metric:
        chance = self.chance
        metric = Metric(name=chance.choice(NAMES), unit=chance.choice(UNITS), description=chance.choice(("", "é")))
        if chance.random() < 0.1:
            metric.metadata.append(_text("a", "b"))
        temporality: Any = chance.choice((1, 2, 2, 2, 0, 3) if chance.random() < 0.3 else (1, 2, 2))
        some = range(chance.choice((0, 1, 2, 3, 5)))
        match chance.randrange(7):
            case 0:
                metric.gauge.CopyFrom(Gauge(data_points=[self._number(None) for _ in some]))
            case 1 | 2:
                series = (instance, metric.name, "sum")
                points = [self._number((*series, chance.randrange(3))) for _ in some]
                monotonic = chance.random() < 0.8
                metric.sum.CopyFrom(
                    Sum(data_points=points, aggregation_temporality=temporality, is_monotonic=monotonic)
                )
            case 3 | 4:
                series = (instance, metric.name, "histogram")
                told = [self._histogram((*series, chance.randrange(3))) for _ in some]
                metric.histogram.CopyFrom(Histogram(data_points=told, aggregation_temporality=temporality))
            case 5:
                series = (instance, metric.name, "exponential")
                spread = [self._exponential((*series, chance.randrange(2))) for _ in some]
                metric.exponential_histogram.CopyFrom(
                    ExponentialHistogram(data_points=spread, aggregation_temporality=temporality)
                )
            case 6 if chance.random() < 0.5:
                quantiles = [SummaryDataPoint(attributes=self._attributes(1), count=3) for _ in some]
                metric.summary.CopyFrom(Summary(data_points=quantiles))
        return metric

    def _number(self, series: Any) -> NumberDataPoint:
        chance = self.chance
        point = NumberDataPoint(**self._common(series))
        if series is not None and chance.random() < 0.8:
            count = self._count(series, 1)[0]
            if chance.random() < 0.5:
                point.as_int = count
            else:
                point.as_double = count + chance.choice((0.0, 0.0, 0.5))
        elif chance.random() < 0.5:
            point.as_int = chance.choice(NUMBERS)
        elif chance.random() < 0.9:
            point.as_double = chance.choice(REALS)
        if chance.random() < 0.1:
            point.exemplars.append(Exemplar(as_double=1.0, filtered_attributes=self._attributes(1)))
        return point

    def _histogram(self, series: Any) -> HistogramDataPoint:
        chance = self.chance
        limits = chance.choice(LIMITS[1:3]) if chance.random() < 0.8 else chance.choice(LIMITS)
        counts = self._count((*series, limits), len(limits) + 1)
        point = HistogramDataPoint(
            **self._common(series), count=sum(counts), bucket_counts=counts, explicit_bounds=limits, sum=2.0
        )
        match chance.randrange(12):
            case 0:
                del point.bucket_counts[:]
            case 1:
                point.bucket_counts.append(1)
            case 2:
                point.count = chance.choice((0, 2**63, 2**64 - 1))
            case 3:
                point.bucket_counts[0] = 2**63
            case 4:
                point.bucket_counts[:] = [2**63 - 1] * len(counts)
                point.count = sum(point.bucket_counts) % 2**64
        return point

    def _exponential(self, series: Any) -> ExponentialHistogramDataPoint:
        chance = self.chance
        counts = self._count(series, 5)
        point = ExponentialHistogramDataPoint(
            **self._common(series),
            scale=chance.choice((0, 0, 1, 1, 2, -1, 3, 20, -10)) if chance.random() < 0.9 else chance.choice((21, -11)),
            zero_count=counts[0],
            zero_threshold=chance.choice((0.0, 0.0, 0.0, 1.5, -0.0)) if chance.random() < 0.9 else chance.choice(REALS),
            sum=1.0,
        )
        if chance.random() < 0.9:
            point.positive.offset = chance.choice((0, 0, -2, 3, 2**31 - 1, -(2**31)))
            point.positive.bucket_counts.extend([0] * chance.randrange(2) + counts[1:3])
        if chance.random() < 0.5:
            point.negative.offset = chance.choice((0, 1, -1000))
            point.negative.bucket_counts.extend(counts[3:] + [0] * chance.randrange(2))
        point.count = point.zero_count + sum(point.positive.bucket_counts) + sum(point.negative.bucket_counts)
        match chance.randrange(20):
            case 0:
                point.count += 1
            case 1:
                point.positive.bucket_counts.extend([0] * chance.choice((1019, 1021, 1022, 2000)))
            case 2:
                point.zero_count = 2**63
            case 3:
                point.zero_count, point.count = 2, 0
                point.positive.bucket_counts[:] = [2**63 - 1] * 2
                del point.negative.bucket_counts[:]
        return point

    def _common(self, series: Any) -> dict[str, Any]:
        chance = self.chance
        at = self._at + (0 if chance.random() < 0.9 else chance.choice((-20 * S, S)))
        if chance.random() < 0.03:
            at = chance.choice((0, 2**63, 2**64 - 1))
        start = 0 if chance.random() < 0.1 else self._starts.get(series, T - 3600 * S)
        if chance.random() < 0.03:
            start = chance.choice((at, max(at - 1, 0), min(at + 1, 2**64 - 1)))
        which = series[-1] if series is not None else chance.randrange(3)
        attributes = self._attributes(1) if chance.random() < 0.1 else []
        return {
            "time_unix_nano": at,
            "start_time_unix_nano": start,
            "flags": 1 if chance.random() < 0.03 else chance.choice((0, 0, 2)),
            "attributes": [_text("k", str(which)), _text("http.status_code", "x"), *attributes],
        }

    def _count(self, series: Any, how_many: int) -> list[int]:
        chance = self.chance
        counts = self._counts.setdefault(series, [chance.randrange(50) for _ in range(how_many)])
        if chance.random() < 0.05:
            counts = [0] * how_many
            self._starts[series] = self._at - S
        jump = chance.choice((0, 1, 5)) if chance.random() < 0.97 else MOST_WEIGHT
        self._counts[series] = [count + chance.choice((0, jump)) for count in counts]
        return self._counts[series]

    def _attributes(self, most: int) -> list[KeyValue]:
        return [self._attribute() for _ in range(self.chance.randint(0, most))]

    def _attribute(self) -> KeyValue:
        return KeyValue(key=self.chance.choice(KEYS), value=self._value(2))

    def _value(self, depth: int) -> AnyValue | None:
        chance = self.chance
        match chance.randrange(9):
            case 0 | 1 | 2:
                return AnyValue(string_value=chance.choice(TEXTS))
            case 3:
                return AnyValue(bool_value=chance.random() < 0.5)
            case 4:
                return AnyValue(int_value=chance.choice(NUMBERS))
            case 5:
                return AnyValue(double_value=chance.choice(REALS))
            case 6:
                return AnyValue(bytes_value=b"\xff")
            case 7 if depth:
                some = [self._value(depth - 1) or AnyValue() for _ in range(2)]
                pairs = [KeyValue(key=chance.choice(KEYS), value=one) for one in some]
                if chance.random() < 0.5:
                    return AnyValue(array_value=ArrayValue(values=some))
                return AnyValue(kvlist_value=KeyValueList(values=pairs))
        return chance.choice((None, AnyValue()))


def _text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


# --- on the wire

Field = tuple[int, int, bytes]  # number, wire type, what is behind the tag


def varint(number: int, width: int = 0) -> bytes:
    """
    A varint, of at least `width` bytes.
    """
    out = bytearray()
    while number > 127 or len(out) < width - 1:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def fields(body: bytes) -> Iterator[Field]:
    """
    The fields of a well-formed message without groups.
    """
    at = 0
    while at < len(body):
        key, at = _varint(body, at)
        wire = key & 7
        if wire == 2:
            size, behind = _varint(body, at)
            end = behind + size
        elif wire == 0:
            end = _varint(body, at)[1]
        else:
            end = at + (8 if wire == 1 else 4)
        yield key >> 3, wire, body[at:end]
        at = end


def _varint(body: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = body[at]
        at += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, at


def joined(parts: list[Field]) -> bytes:
    """
    Fields as a message again.
    """
    return b"".join(varint(number << 3 | wire) + rest for number, wire, rest in parts)


def inside(field: Field) -> bytes:
    """
    What a length-delimited field holds.
    """
    return field[2][_varint(field[2], 0)[1] :]


def holding(number: int, content: bytes) -> Field:
    """
    A length-delimited field.
    """
    return number, 2, varint(len(content)) + content


#: Paths to the messages of a body: field numbers, from the outside in.
_METRIC = (1, 2, 2)
MESSAGES: tuple[tuple[int, ...], ...] = (
    (), (1,), (1, 1), (1, 1, 1), (1, 1, 1, 2), (1, 2), (1, 2, 1), (1, 2, 1, 3), _METRIC,
    *((*_METRIC, data) for data in (5, 7, 9, 10, 11)),
    *((*_METRIC, data, 1) for data in (5, 7, 9, 10, 11)),
    (*_METRIC, 5, 1, 7), (*_METRIC, 7, 1, 7), (*_METRIC, 7, 1, 7, 2), (*_METRIC, 9, 1, 9), (*_METRIC, 9, 1, 9, 2),
    (*_METRIC, 10, 1, 1), (*_METRIC, 10, 1, 8), (*_METRIC, 10, 1, 9), (*_METRIC, 7, 1, 5),
)  # fmt: skip


def changed(body: bytes, path: tuple[int, ...], change: Callable[[bytes], bytes], which: int = 0) -> bytes:
    """
    The body with one message changed: the one at this path, of several the one with this number, modulo how many.
    """
    if not path:
        return change(body)
    parts = list(fields(body))
    places = [i for i, (number, wire, _) in enumerate(parts) if number == path[0] and wire == 2]
    if not places:
        return body
    place = places[which % len(places)]
    parts[place] = holding(path[0], changed(inside(parts[place]), path[1:], change, which // len(places)))
    return joined(parts)


def packed64(numbers: list[int]) -> bytes:
    """
    Fixed numbers of 8 bytes.
    """
    return struct.pack(f"<{len(numbers)}Q", *numbers)


def group(number: int, content: bytes) -> bytes:
    """
    A group.
    """
    return varint(number << 3 | 3) + content + varint(number << 3 | 4)


def disturbed(chance: random.Random, body: bytes) -> bytes:
    """
    The body with one thing done to it that a sender of its own mind might do.
    """
    path, which = chance.choice(MESSAGES), chance.randrange(4)
    try:
        return changed(body, path, lambda message: _disturbed(chance, message), which)
    except (IndexError, KeyError):  # it was disturbed before, and cannot be read any more
        return damaged(chance, body)


def _disturbed(chance: random.Random, message: bytes) -> bytes:
    parts = list(fields(message))
    match chance.randrange(12):
        case 0:
            chance.shuffle(parts)
        case 1 if parts:
            parts.append(chance.choice(parts))
        case 2 if parts:
            del parts[chance.randrange(len(parts))]
        case 3:
            parts.insert(
                chance.randint(0, len(parts)), holding(chance.choice((0, 1, 2, 3, 15, 63, 64, 5000)), b"\x08\x01")
            )
        case 4:
            number = chance.choice((0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 15, 2**29 - 1))
            return message + group(number, b"" if chance.random() < 0.5 else joined(parts))
        case 5 if parts:  # the same field with another wire type
            place = chance.randrange(len(parts))
            fitting = {0: b"\x05", 1: bytes(8), 2: b"\x01\x05", 5: bytes(4)}
            kind = chance.choice((0, 1, 2, 5))
            parts[place] = (parts[place][0], kind, fitting[kind])
        case 6:  # cut a length-delimited field in two, each with the same number
            places = [i for i, part in enumerate(parts) if part[1] == 2 and len(inside(part)) > 1]
            if places:
                place = chance.choice(places)
                inner, number = inside(parts[place]), parts[place][0]
                at = chance.choice((8 * chance.randint(0, len(inner) // 8), chance.randint(0, len(inner))))
                parts[place : place + 1] = [holding(number, inner[:at]), holding(number, inner[at:])]
        case 7:  # packed numbers, each by itself
            places = [i for i, part in enumerate(parts) if part[1] == 2 and len(inside(part)) % 8 == 0]
            if places:
                place = chance.choice(places)
                inner, number = inside(parts[place]), parts[place][0]
                parts[place : place + 1] = [(number, 1, inner[i : i + 8]) for i in range(0, len(inner), 8)]
        case 8 if parts:  # wide varints
            number, wire, rest = parts.pop()
            width = chance.choice((2, 5, 6, 10, 11))
            if wire == 0:
                return joined(parts) + varint(number << 3) + varint(_varint(rest, 0)[0], width)
            if wire == 2:
                content = inside((number, wire, rest))
                return joined(parts) + varint(number << 3 | 2) + varint(len(content), width) + content
            return joined(parts) + varint(number << 3 | wire, width) + rest
        case 9:
            number = chance.choice((1, 2, 3, 6, 7, 8, 10))
            parts.append(
                (number, 0, varint(chance.choice((0, 1, 2, 3, 2**31, 2**32 - 1, 2**32 + 2, 2**63, 2**64 - 1))))
            )
        case 10:
            places = [i for i, part in enumerate(parts) if part[1] == 2 and len(inside(part))]
            if places:  # not UTF-8, or not what it was
                place = chance.choice(places)
                wrong = bytearray(inside(parts[place]))
                wrong[chance.randrange(len(wrong))] = chance.choice((0x80, 0xC0, 0xFF, 0xED))
                parts[place] = holding(parts[place][0], bytes(wrong))
        case 11:
            return message + chance.choice((b"\x00", b"\x07", b"\x80", b"\x0c", b"\x0b", b"\xff" * 5))
    return joined(parts)


def damaged(chance: random.Random, body: bytes) -> bytes:
    """
    The body with some of its bytes gone wrong.
    """
    told = bytearray(body)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(told) + 1)
        told[at : at + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 2))
    return bytes(told)
