"""
How is OTLP in protobuf read?

>>> PROTOBUF.traces(b"").resource_spans
[]
>>> PROTOBUF.traces(b"nonsense").status
400
"""

from typing import Final

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from watchkeeper.measure.decode.form import DEEPEST, Form, Node, Scalar, malformed
from watchkeeper.measure.values import Rejection

_SCALARS: Final = frozenset({"string_value", "bool_value", "int_value", "double_value"})


def _traces(body: bytes) -> Node | Rejection:
    return _parsed(ExportTraceServiceRequest, body)


def _metrics(body: bytes) -> Node | Rejection:
    return _parsed(ExportMetricsServiceRequest, body)


def _logs(body: bytes) -> Node | Rejection:
    return _parsed(ExportLogsServiceRequest, body)


def _parsed(message: type[Message], body: bytes) -> Node | Rejection:
    try:
        return message.FromString(body)
    except DecodeError:
        return malformed(message.DESCRIPTOR.name)


def _scalar(value: Node) -> Scalar | None:
    text: str = value.string_value
    if text:
        return text
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind in _SCALARS else None


def _plain(value: Node, depth: int = 0) -> object:
    kind = value.WhichOneof("value")
    if kind is None or depth > DEEPEST:
        return None
    if kind == "array_value":
        return [_plain(one, depth + 1) for one in value.array_value.values]
    if kind == "kvlist_value":
        return tuple((one.key, _plain(one.value, depth + 1)) for one in value.kvlist_value.values)
    return getattr(value, kind) if kind in _SCALARS or kind == "bytes_value" else None


def _identifier(raw: bytes) -> bytes:
    return raw if len(raw) == 16 else b""


def _number(point: Node) -> float | None:
    kind = point.WhichOneof("value")
    return None if kind is None else getattr(point, kind)


def _data(metric: Node) -> str | None:
    kind: str | None = metric.WhichOneof("data")
    return kind


PROTOBUF: Final = Form(
    traces=_traces,
    metrics=_metrics,
    logs=_logs,
    scalar=_scalar,
    plain=_plain,
    identifier=_identifier,
    number=_number,
    data=_data,
)
