"""
How does the application tell what it does?

With the real OpenTelemetry SDK: spans in batches and metrics at an interval, as OTLP/HTTP protobuf with gzip. Without a
receiver nothing is recorded; with one that does not answer the application goes on and says so in one line.
"""

import logging
import math
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from uuid import uuid4

import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Meter, NoOpMeterProvider, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NoOpTracerProvider, Tracer

from standin.faults import Faults
from standin.scenario import Gauge, Scalar, Scenario
from standin.semconv import HttpNames, names

SWING_SECONDS = 97.0
QUEUE = 20_000  # spans kept while the receiver is away; older ones are lost, as in any application


class Telemetry:
    """
    The application's tracer and instruments; `point_at` connects them to a receiver, also while running.
    """

    def __init__(self, scenario: Scenario, faults: Faults, *, fast: bool) -> None:
        self.http: HttpNames = names(scenario.semconv)
        self.instance = str(uuid4())
        self.target: str | None = None
        self.tracer: Tracer = NoOpTracerProvider().get_tracer("standin")
        self._scenario, self._faults = scenario, faults
        self._span_delay = scenario.fast.export if fast else scenario.export
        self._metric_delay = scenario.fast.metrics if fast else scenario.metrics
        self._providers: tuple[TracerProvider, MeterProvider] | None = None
        self._instrument(NoOpMeterProvider().get_meter("standin"))
        _say_only_once()

    def point_at(self, target: str | None, token: str = "") -> None:
        """
        Sends everything from now on to this base URL (None: nowhere), with a token where the receiver wants one. Blocks
        while the former receiver gets the rest.
        """
        self.stop()
        self.target = target
        if target is not None:
            tracers, meters = self._providers = self._start(
                target.rstrip("/"), {"Authorization": f"Bearer {token}"} if token else None
            )
            self.tracer = tracers.get_tracer("standin")
            self._instrument(meters.get_meter("standin"))

    def stop(self, *, within: float = 0.8) -> None:
        """
        Flushes what is recorded, for at most `within` seconds.
        """
        if self._providers is None:
            return
        tracers, meters = self._providers
        self._providers = None
        self.tracer = NoOpTracerProvider().get_tracer("standin")
        self._instrument(NoOpMeterProvider().get_meter("standin"))
        flushes = [threading.Thread(target=provider.shutdown, daemon=True) for provider in (tracers, meters)]
        deadline = time.monotonic() + within
        for flush in flushes:
            flush.start()
        for flush in flushes:
            flush.join(max(0.0, deadline - time.monotonic()))

    def answered(self, attributes: Mapping[str, Scalar], *, seconds: float) -> None:
        """
        Counts one answered request in the server histogram.
        """
        self._duration.record(seconds * self.http.duration_per_second, attributes)

    def count(self, metric: str, attributes: Mapping[str, Scalar]) -> None:
        """
        Adds one to an operation's own counter.
        """
        self._counters[metric].add(1, attributes)

    def _start(self, target: str, headers: dict[str, str] | None) -> tuple[TracerProvider, MeterProvider]:
        resource = Resource.create(
            {"service.name": self._scenario.service, "service.instance.id": self.instance, **self._scenario.resource}
        )
        spans = OTLPSpanExporter(
            f"{target}/v1/traces", headers=headers, compression=Compression.Gzip, timeout=5, session=_direct_session()
        )
        metrics = OTLPMetricExporter(
            f"{target}/v1/metrics", headers=headers, compression=Compression.Gzip, timeout=5, session=_direct_session()
        )
        tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
        tracers.add_span_processor(
            BatchSpanProcessor(
                spans,
                max_queue_size=QUEUE,
                schedule_delay_millis=1000 * self._span_delay,
                max_export_batch_size=512,
                export_timeout_millis=5000,
            )
        )
        reader = PeriodicExportingMetricReader(metrics, 1000 * self._metric_delay, export_timeout_millis=5000)
        return tracers, MeterProvider([reader], resource=resource, shutdown_on_exit=False)

    def _instrument(self, meter: Meter) -> None:
        http = self.http
        self._duration: Histogram = meter.create_histogram(
            http.duration, http.duration_unit, explicit_bucket_boundaries_advisory=http.buckets
        )
        counted = {operation.counts for operation in self._scenario.operations.values() if operation.counts}
        self._counters: dict[str, Counter] = {name: meter.create_counter(name, "{event}") for name in sorted(counted)}
        for name, gauge in self._scenario.gauges.items():
            meter.create_observable_gauge(name, [self._sampler(name, gauge)], gauge.unit)

    def _sampler(self, name: str, gauge: Gauge) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def sample(_: CallbackOptions) -> Iterable[Observation]:
            forced = self._faults.gauge(name)
            value = forced if forced is not None else swing(gauge, at=time.monotonic())
            return [Observation(value, gauge.attributes)]

        return sample


def swing(gauge: Gauge, *, at: float) -> float:
    """
    The gauge's value at a moment in seconds: a slow wave round its middle; a ratio stays within 0 and 1.

    >>> swing(Gauge(value=0.9, swing=0.2), at=SWING_SECONDS / 4)
    1.0
    """
    value = gauge.value + gauge.swing * math.sin(2 * math.pi * at / SWING_SECONDS)
    return min(1.0, max(0.0, value)) if gauge.unit == "1" else max(0.0, value)


def _direct_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a proxy of the surroundings has no business between two loopback ports
    return session


class _OneLine(logging.Handler):
    """
    Prints the first complaint of the exporter and keeps the others.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said = False

    def emit(self, record: logging.LogRecord) -> None:
        if not self._said:
            self._said = True
            first = record.getMessage().splitlines()[0][:160]
            print(f"telemetry is not received, the application goes on ({first})", file=sys.stderr, flush=True)


def _say_only_once() -> None:
    handler = _OneLine()
    for name in ("opentelemetry", "urllib3", "requests"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
