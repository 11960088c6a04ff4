"""
What is decoded and matched?

Bodies as real exporters send them: one service each (8 resource attributes), 512 spans of 10 attributes, or 512 points
of sums, gauges and histograms. The manual has an indicator for every route of every service and one for the service as
a whole, so that whatever is counted is counted for two of them.
"""

import random
from collections.abc import Iterable, Mapping

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.manual.model.manual import Manual

SERVICES, ROUTES = 100, 20
ITEMS = 512  # spans or points in a body
STATUSES = (200, 200, 200, 204, 404, 500)
LIMITS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # of histograms, in seconds
_POINTS = {"sum": 320, "gauge": 128, "histogram": 64}  # in a body; 512 in all
SECOND = 10**9
_PART = 2500  # indicators of one text


def loaded(text: str) -> Manual:
    """
    The manual that a text says.
    """
    found = load_text(text)
    if not isinstance(found, Loaded):
        raise ValueError(f"the manual of the bench has mistakes: {found}")
    return found.manual


def manual_of_spans() -> Manual:
    """
    2,100 indicators of spans: a share of good ones for each route, a quantile for each service.
    """
    streams = "streams: {requests: {spans: 'kind == \"server\"', value: duration}}"
    routes = [
        (f"{_name(s, r)}", f'{_of(s)} && http.route == "{_route(r)}"') for s in range(SERVICES) for r in range(ROUTES)
    ]
    indicators = [f"  {name}: {{from: requests, only: '{only}', good: 'status < 500'}}" for name, only in routes]
    indicators += [f"  {_name(s)}: {{from: requests, only: '{_of(s)}'}}" for s in range(SERVICES)]
    objectives = [f"  {name}: {{indicator: {name}, targets: ['>= 99%']}}" for name, _ in routes]
    objectives += [f"  {_name(s)}: {{indicator: {_name(s)}, targets: ['p95 < 1.5s']}}" for s in range(SERVICES)]
    return loaded(_manual(streams, indicators, objectives))


def manual_of_metrics() -> Manual:
    """
    Indicators of three metrics for each route of each service, and one for each service as a whole.
    """
    streams = (
        "streams: {requests: {metric: http.server.requests}, pools: {metric: db.client.connection.utilization}, "
        "times: {metric: http.server.request.duration}}"
    )
    indicators, objectives = [], []
    for s in range(SERVICES):
        for r in range(ROUTES):
            only = f'{_of(s)} && http.route == "{_route(r)}"'
            indicators.append(f"  {_name(s, r)}: {{from: requests, only: '{only}', bad: 'status >= 500'}}")
            objectives.append(f"  {_name(s, r)}: {{indicator: {_name(s, r)}, targets: ['< 1%']}}")
        for stream, target in (("requests", "count > 1"), ("pools", "mean < 90%"), ("times", "p95 < 1s")):
            name = f"{_name(s)}-{stream}"
            indicators.append(f"  {name}: {{from: {stream}, only: '{_of(s)}'}}")
            objectives.append(f"  {name}: {{indicator: {name}, targets: ['{target}']}}")
    return loaded(_manual(streams, indicators, objectives))


def manual_of_size(indicators: int) -> Manual:
    """
    So many indicators in pairs: a shard's share of good events, and its times. An event belongs to one shard.
    """
    parts = [_pairs(first, min(first + _PART, indicators)) for first in range(0, indicators, _PART)]
    update = {
        "indicators": {name: one for part in parts for name, one in part.indicators.items()},
        "objectives": {name: one for part in parts for name, one in part.objectives.items()},
    }
    return parts[0].model_copy(update=update)  # one file is not allowed to hold so many


def _pairs(first: int, end: int) -> Manual:
    lines, objectives = [], []
    for i in range(first, end):
        good, target = (", good: 'status < 500'", ">= 99%") if i % 2 else ("", "p95 < 1.5s")
        lines.append(f"  i{i}: {{from: requests, only: 'shard == {i // 2}'{good}}}")
        objectives.append(f"  i{i}: {{indicator: i{i}, targets: ['{target}']}}")
    streams = "streams: {requests: {spans: 'kind == \"server\"', value: duration}}"
    return loaded(_manual(streams, lines, objectives))


def spans(n: int = ITEMS, *, now_ns: int, seed: int, shards: int = 50) -> bytes:
    """
    An ExportTraceServiceRequest of one service.
    """
    rng = random.Random(seed)
    request = ExportTraceServiceRequest()
    one = request.resource_spans.add(resource=_resource(rng.randrange(SERVICES)))
    scope = one.scope_spans.add()
    for _ in range(n):
        span = scope.spans.add()
        span.name, span.trace_id, span.span_id = "GET /api", rng.randbytes(16), rng.randbytes(8)
        span.kind = Span.SpanKind.SPAN_KIND_SERVER
        span.end_time_unix_nano = now_ns - rng.randrange(20 * SECOND)
        span.start_time_unix_nano = span.end_time_unix_nano - rng.randrange(SECOND // 10, 3 * SECOND)
        attributes: dict[str, object] = {"http.route": _route(rng.randrange(ROUTES)), "shard": rng.randrange(shards)}
        attributes |= {"http.response.status_code": rng.choice(STATUSES), "http.request.method": "GET"}
        span.attributes.extend(_attributes({**attributes, **{f"other.{i}": f"some text {i}" for i in range(6)}}))
    body: bytes = request.SerializeToString()
    return body


def points(*, now_ns: int, step: int, seed: int) -> bytes:
    """
    An ExportMetricsServiceRequest of one service: what it counts after so many steps, every 10 seconds one.
    """
    rng = random.Random(seed)
    request = ExportMetricsServiceRequest()
    one = request.resource_metrics.add(resource=_resource(rng.randrange(SERVICES)))
    scope = one.scope_metrics.add()
    at_ns = now_ns + step * SECOND
    for kind, n in _POINTS.items():
        _FILLED[kind](scope.metrics.add(), n, at_ns, step, rng)
    body: bytes = request.SerializeToString()
    return body


def _sum(metric: Metric, n: int, at_ns: int, step: int, rng: random.Random) -> None:
    metric.name, metric.unit = "http.server.requests", "{request}"
    metric.sum.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    metric.sum.is_monotonic = True
    for i in range(n):
        point = metric.sum.data_points.add(
            time_unix_nano=at_ns, start_time_unix_nano=1, as_int=100 + step * rng.randrange(9)
        )
        point.attributes.extend(_attributes(_places(i)))


def _gauge(metric: Metric, n: int, at_ns: int, step: int, rng: random.Random) -> None:
    metric.name, metric.unit = "db.client.connection.utilization", "1"
    for i in range(n):
        point = metric.gauge.data_points.add(time_unix_nano=at_ns, as_double=(rng.random() + step) % 1)
        point.attributes.extend(_attributes(_places(i)))


def _histogram(metric: Metric, n: int, at_ns: int, step: int, rng: random.Random) -> None:
    metric.name, metric.unit = "http.server.request.duration", "s"
    metric.histogram.aggregation_temporality = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    for i in range(n):
        counts = [step * rng.randrange(5) for _ in range(len(LIMITS) + 1)]
        point = metric.histogram.data_points.add(
            time_unix_nano=at_ns,
            start_time_unix_nano=1,
            explicit_bounds=LIMITS,
            bucket_counts=counts,
            count=sum(counts),
        )
        point.attributes.extend(_attributes(_places(i)))


_FILLED = {"sum": _sum, "gauge": _gauge, "histogram": _histogram}


def _places(i: int) -> dict[str, object]:
    status = (200, 204, 404, 500)[i // ROUTES % 4]
    place: dict[str, object] = {"http.route": _route(i % ROUTES), "http.response.status_code": status}
    return {**place, "http.request.method": "GET", "worker": f"w{i // (4 * ROUTES)}", "network.protocol.version": "1.1"}


def _resource(service: int) -> Resource:
    attributes = {"service.name": f"service-{service:03}", "service.version": "1.4.2", "host.name": "node-17"}
    attributes |= {f"k8s.label.{i}": f"value {i}" for i in range(5)}
    return Resource(attributes=_attributes(attributes))


def _attributes(values: Mapping[str, object]) -> Iterable[KeyValue]:
    return [KeyValue(key=key, value=_value(value)) for key, value in values.items()]


def _value(value: object) -> AnyValue:
    return AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=str(value))


def _manual(streams: str, indicators: list[str], objectives: list[str]) -> str:
    return "\n".join(
        ["watchkeeper: 1", "manual: Bench", streams, "indicators:", *indicators, "objectives:", *objectives]
    )


def _name(service: int, route: int | None = None) -> str:
    return f"service-{service:03}" if route is None else f"service-{service:03}-route-{route:02}"


def _of(service: int) -> str:
    return f'service.name == "service-{service:03}"'


def _route(route: int) -> str:
    return f"/api/v1/resource{route:02}"
