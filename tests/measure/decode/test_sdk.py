"""
What the real OpenTelemetry SDK sends over HTTP is understood.
"""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from tests.measure.native.needed import need
from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.decode.body import open_body
from watchkeeper.measure.decode.otlp_metrics import Metrics
from watchkeeper.measure.decode.otlp_traces import Traces
from watchkeeper.measure.values import Decoded, Wanted, halves

RESOURCE = Resource({"service.name": "parser", "service.instance.id": "one"})


@pytest.fixture
def receiver():
    """
    An address on loopback, and the bodies that arrived there, opened.
    """
    bodies = []

    class Receives(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(
                open_body(
                    self.rfile.read(int(self.headers["Content-Length"])),
                    content_type=self.headers["Content-Type"],
                    content_encoding=self.headers.get("Content-Encoding", ""),
                    limit=1_000_000,
                )
            )
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Receives)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", bodies
    server.shutdown()
    thread.join()
    server.server_close()


def column(batch, name):
    found = batch.columns[name]
    return [None if code < 0 else found.values[code] for code in found.codes]


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_spans_of_the_sdk(receiver, compression):
    address, bodies = receiver
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{address}/v1/traces", compression=compression)))
    span = provider.get_tracer("t").start_span("parse", kind=SpanKind.SERVER, start_time=1_000)
    span.set_attributes({"http.status_code": 500, "http.route": "/parse", "platforms": ["a", "b"]})
    span.set_status(StatusCode.ERROR)
    span.end(end_time=4_000)
    provider.shutdown()

    wanted = Wanted(attributes=frozenset({"name", "kind", "error", "status", "route", "service", "platforms"}))
    answer = Traces(wanted).decode(bodies[0], json=False)
    assert isinstance(answer, Decoded)
    (batch,) = answer.batches
    assert batch.value is not None
    assert (batch.value.tolist(), batch.at_ns.tolist()) == ([3_000], [4_000])
    assert {name: column(batch, name)[0] for name in wanted.attributes} == {
        "name": "parse", "kind": "server", "error": True, "status": 500, "route": "/parse", "service": "parser",
        "platforms": None,
    }  # fmt: skip
    assert batch.traces is not None
    assert batch.traces.tolist() == halves([span.get_span_context().trace_id.to_bytes(16, "big")]).tolist()


@pytest.mark.parametrize("native", [True, False])
def test_metrics_of_the_sdk(receiver, native):
    if native:
        need("metrics")
    address, bodies = receiver
    reader = PeriodicExportingMetricReader(
        OTLPMetricExporter(f"{address}/v1/metrics"), export_interval_millis=float("inf")
    )
    views = [View(instrument_name="size", aggregation=ExponentialBucketHistogramAggregation())]
    provider = MeterProvider(metric_readers=[reader], resource=RESOURCE, views=views)
    meter = provider.get_meter("t")
    size = meter.create_histogram("size", unit="kBy")
    counter, took = meter.create_counter("parses", unit="{parse}"), meter.create_histogram("took", unit="ms")
    meter.create_up_down_counter("depth").add(4)
    for rounds in (3, 2):
        for _ in range(rounds):
            counter.add(1, {"platform": "spotify"})
            took.record(30)
            size.record(rounds)
        provider.force_flush()
    provider.shutdown()

    memory = CounterMemory()
    memory.begin()
    names = frozenset({"parses", "took", "depth", "size"})
    metrics = Metrics(Wanted(attributes=frozenset({"platform", "instance"}), metrics=names), native=native)
    seen = []
    for body in bodies[:2]:
        answer = metrics.decode(body, json=False, counters=memory)
        assert isinstance(answer, Decoded)
        assert answer.rejected == {}
        numbers, buckets = answer.batches
        assert column(numbers, "instance") == ["one", "one"]
        assert column(buckets, "name") == ["took", "size"]
        assert buckets.low is not None
        assert buckets.high is not None
        assert numbers.value is not None
        row = dict(
            zip(
                column(numbers, "name"),
                zip(numbers.weight, numbers.value, column(numbers, "platform"), strict=True),
                strict=True,
            )
        )
        seen.append(
            (row["parses"][0], row["parses"][2], row["depth"][1], buckets.low[0], buckets.high[0], buckets.weight[0])
        )
        rounds = seen[-1][0]
        assert buckets.low[1] < 1000 * rounds <= buckets.high[1] < 1001 * rounds
        assert buckets.weight[1] == rounds
    assert seen == [(3, "spotify", 4.0, 0.025, 0.05, 3), (2, "spotify", 4.0, 0.025, 0.05, 2)]
