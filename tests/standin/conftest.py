"""
The stand-in as a real process, and a small OTLP receiver that keeps what it is sent.
"""

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

EXAMPLES = Path(__file__).parents[2] / "examples"
JAMFIND = EXAMPLES / "jamfind" / "scenario.yaml"
PATIENCE = 12.0  # seconds until a test gives up waiting; none waits that long when the code is right


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """
    One received span, as plain values.
    """

    name: str
    kind: int
    start_ns: int
    attributes: dict[str, Any]
    resource: dict[str, Any]
    trace: bytes
    parent: bytes


class Sink:
    """
    An OTLP/HTTP receiver for protobuf with gzip.
    """

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.metrics: dict[str, Any] = {}
        self.encodings: set[tuple[str | None, str | None]] = set()
        self._came = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait_for(self, wanted: Callable[[], bool], what: str) -> None:
        with self._came:
            assert self._came.wait_for(wanted, PATIENCE), f"never came: {what}"

    def take(self, path: str, body: bytes) -> None:
        with self._came:
            if path == "/v1/traces":
                self.spans += spans_in(ExportTraceServiceRequest.FromString(body))
            else:
                for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                    for scope in resource.scope_metrics:
                        self.metrics.update({metric.name: metric for metric in scope.metrics})
            self._came.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:  # the name that http.server asks for
                body = self.rfile.read(int(self.headers["content-length"]))
                sink.encodings.add((self.headers["content-type"], self.headers["content-encoding"]))
                sink.take(self.path, gzip.decompress(body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                del format, args

        return Handler


def spans_in(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Span(
                    name=span.name,
                    kind=span.kind,
                    start_ns=span.start_time_unix_nano,
                    attributes=plain(span.attributes),
                    resource=plain(resource.resource.attributes),
                    trace=span.trace_id,
                    parent=span.parent_span_id,
                )


def plain(attributes: Any) -> dict[str, Any]:
    def value(pair: KeyValue) -> Any:
        kind = pair.value.WhichOneof("value")
        return getattr(pair.value, kind) if kind else None

    return {pair.key: value(pair) for pair in attributes}


@dataclass(slots=True)
class Running:
    """
    A started stand-in and its addresses.
    """

    process: subprocess.Popen[str]
    ready: dict[str, Any]
    client: httpx2.Client = field(default_factory=lambda: httpx2.Client(trust_env=False, timeout=PATIENCE))

    def get(self, door: str, path: str, **options: Any) -> httpx2.Response:
        return self.client.get(self.ready[door] + path, **options)

    def post(self, door: str, path: str, **options: Any) -> httpx2.Response:
        return self.client.post(self.ready[door] + path, **options)

    def switch(self, fault: str, *, on: bool) -> dict[str, Any]:
        answer = self.post("control", f"/faults/{fault}", json={"on": on})
        assert answer.status_code == 200, answer.text
        switched: dict[str, Any] = answer.json()
        return switched

    def stop(self) -> str:
        """
        Ends it and returns what it wrote on stderr.
        """
        self.client.close()
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.communicate(timeout=PATIENCE)[1]


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "standin", str(JAMFIND), *options]


def start(*options: str) -> Running:
    process = subprocess.Popen(
        command(*options), cwd=EXAMPLES, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate(timeout=PATIENCE)[1]
    return Running(process, json.loads(line))


@pytest.fixture
def starts() -> Iterator[Callable[..., Running]]:
    """
    Starts stand-ins that are ended with the test.
    """
    running: list[Running] = []

    def begin(*options: str) -> Running:
        running.append(start(*options))
        return running[-1]

    yield begin
    for standin in running:
        standin.stop()


@pytest.fixture
def sink() -> Iterator[Sink]:
    receiver = Sink()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="session")
def shared_sink() -> Iterator[Sink]:
    receiver = Sink()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="session")
def jamfind(shared_sink: Sink) -> Iterator[Running]:
    """
    One fast JamFind for all of these files; whoever breaks it mends it.
    """
    running = start("--fast", "--otlp", shared_sink.url)
    yield running
    running.stop()
