"""
What is measured with?

Bodies as real senders make them (512 spans with 10 attributes each), and manuals of any size.
"""

import json
import random

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.manual.model.manual import Manual

PLATFORMS = ("spotify", "apple", "deezer", "youtube")


def manual_of(indicators: int) -> Manual:
    """
    A manual with so many indicators, each with an objective; every fourth has a threshold of its own.
    """
    lines = ["watchkeeper: 1", "manual: Bench"]
    lines += ["streams:", "  parses: {spans: 'name == \"parse_playlist\"', value: duration}", "indicators:"]
    for i in range(indicators):
        good = ", good: 'outcome == \"ok\"', by: [platform]" if i % 4 else ""
        only = f'shard == {i % 50} && version != "{i}"'  # a meaning of its own: equal ones share their numbers
        lines.append(f"  i{i}: {{from: parses, only: '{only}'{good}}}")
    lines.append("objectives:")
    for i in range(indicators):
        target = ">= 97%" if i % 4 else "p95 < 1.5s"
        lines.append(f"  o{i}: {{indicator: i{i}, targets: ['{target}']}}")
    loaded = load_text("\n".join(lines))
    assert isinstance(loaded, Loaded), loaded
    return loaded.manual


def spans(n: int, *, now_ns: int, seed: int = 1) -> bytes:
    """
    An ExportTraceServiceRequest of n spans with 10 attributes each.
    """
    rng = random.Random(seed)
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.extend(_attributes({f"service.r{i}": f"value {i}" for i in range(8)}))
    scope = resource.scope_spans.add()
    for _ in range(n):
        span = scope.spans.add()
        span.name, span.trace_id, span.span_id = "parse_playlist", rng.randbytes(16), rng.randbytes(8)
        span.end_time_unix_nano = now_ns - rng.randrange(20 * 10**9)
        span.start_time_unix_nano = span.end_time_unix_nano - rng.randrange(10**8, 3 * 10**9)
        platform, outcome = rng.choice(PLATFORMS), rng.choice(("ok", "ok", "ok", "failed"))
        fields = {"platform": platform, "outcome": outcome, "shard": rng.randrange(50), "version": "v1"}
        span.attributes.extend(_attributes({**fields, **{f"other.{i}": f"text {i}" for i in range(6)}}))
    body: bytes = request.SerializeToString()
    return body


def events(n: int, *, seed: int = 1) -> bytes:
    """
    A JSON array of n plain events.
    """
    rng = random.Random(seed)
    plans = [rng.choice(("free", "paid")) for _ in range(n)]
    return json.dumps(
        [{"type": "signup", "value": rng.random(), "attributes": {"plan": plan}} for plan in plans]
    ).encode()


def _attributes(values: dict[str, object]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_value(value)) for key, value in values.items()]


def _value(value: object) -> AnyValue:
    return AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=str(value))
