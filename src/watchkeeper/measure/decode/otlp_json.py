"""
How is OTLP in JSON read?

As the OTLP specification says ("JSON Protobuf Encoding"): lowerCamelCase names, 64-bit integers as text or number,
ids in hex, enums as numbers, unknown fields ignored; null stands for "not sent". Only the fields that the walk looks
at are built.

>>> body = b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "a", "endTimeUnixNano": "12"}]}]}]}'
>>> JSON_FORM.traces(body).resource_spans[0].scope_spans[0].spans[0].end_time_unix_nano
12
>>> JSON_FORM.traces(b'{"resourceSpans": 5}').why
'the body is not OTLP in JSON: Expected `array | null`, got `int` - at `$.resourceSpans`'
"""

from base64 import b64decode
from typing import Any, Final

import msgspec

from watchkeeper.measure.decode.form import DEEPEST, LONGEST_REASON, TOO_BIG, Form, Node, Scalar, too_dense
from watchkeeper.measure.values import Rejection


class _Json(msgspec.Struct, rename="camel", gc=False):
    """
    A JSON object of OTLP: fields in camel case, strangers ignored.
    """


class _AnyValue(_Json):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | None = None
    double_value: float | None = None
    array_value: "_ArrayValue | None" = None
    kvlist_value: "_KeyValueList | None" = None
    bytes_value: str | None = None


class _KeyValue(_Json):
    key: str | None = None
    value: _AnyValue | None = None


class _ArrayValue(_Json):
    values: list[_AnyValue | None] | None = None


class _KeyValueList(_Json):
    values: list[_KeyValue] | None = None


class _Attributed(_Json):
    attributes: list[_KeyValue] | None = None


class _Scope(_Attributed):
    name: str | None = None
    version: str | None = None


class _Status(_Json):
    code: int | None = None


class _Span(_Attributed):
    trace_id: str | None = None
    trace_state: str | None = None
    name: str | None = None
    kind: int | None = None
    start_time_unix_nano: int | None = None
    end_time_unix_nano: int | None = None
    status: _Status | None = None


class _ScopeSpans(_Json):
    scope: _Scope | None = None
    spans: list[_Span] | None = None


class _ResourceSpans(_Json):
    resource: _Attributed | None = None
    scope_spans: list[_ScopeSpans] | None = None


class _Traces(_Json):
    resource_spans: list[_ResourceSpans] | None = None


class _LogRecord(_Attributed):
    time_unix_nano: int | None = None
    observed_time_unix_nano: int | None = None
    severity_number: int | None = None
    severity_text: str | None = None
    body: _AnyValue | None = None
    trace_id: str | None = None
    event_name: str | None = None


class _ScopeLogs(_Json):
    scope: _Scope | None = None
    log_records: list[_LogRecord] | None = None


class _ResourceLogs(_Json):
    resource: _Attributed | None = None
    scope_logs: list[_ScopeLogs] | None = None


class _Logs(_Json):
    resource_logs: list[_ResourceLogs] | None = None


class _Point(_Attributed):
    start_time_unix_nano: int | None = None
    time_unix_nano: int | None = None
    flags: int | None = None
    as_double: float | None = None
    as_int: int | None = None


class _HistogramPoint(_Attributed):
    start_time_unix_nano: int | None = None
    time_unix_nano: int | None = None
    flags: int | None = None
    count: int | None = None
    bucket_counts: list[int] | None = None
    explicit_bounds: list[float] | None = None


class _Spread(_Json):
    offset: int | None = None
    bucket_counts: list[int] | None = None


class _ExponentialPoint(_Attributed):
    start_time_unix_nano: int | None = None
    time_unix_nano: int | None = None
    flags: int | None = None
    count: int | None = None
    scale: int | None = None
    zero_count: int | None = None
    zero_threshold: float | None = None
    positive: _Spread | None = None
    negative: _Spread | None = None


class _Gauge(_Json):
    data_points: list[_Point] | None = None


class _Sum(_Gauge):
    aggregation_temporality: int | None = None
    is_monotonic: bool | None = None


class _Histogram(_Json):
    data_points: list[_HistogramPoint] | None = None
    aggregation_temporality: int | None = None


class _ExponentialHistogram(_Json):
    data_points: list[_ExponentialPoint] | None = None
    aggregation_temporality: int | None = None


class _Opaque(_Json):
    data_points: list[_Json] | None = None


class _Metric(_Json):
    name: str | None = None
    unit: str | None = None
    gauge: _Gauge | None = None
    sum: _Sum | None = None
    histogram: _Histogram | None = None
    exponential_histogram: _ExponentialHistogram | None = None
    summary: _Opaque | None = None


class _ScopeMetrics(_Json):
    scope: _Scope | None = None
    metrics: list[_Metric] | None = None


class _ResourceMetrics(_Json):
    resource: _Attributed | None = None
    scope_metrics: list[_ScopeMetrics] | None = None


class _Metrics(_Json):
    resource_metrics: list[_ResourceMetrics] | None = None


# Not strict: the specification wants 64-bit integers, NaN and Infinity taken from text.
_TRACES: Final = msgspec.json.Decoder(_Traces, strict=False)
_LOGS: Final = msgspec.json.Decoder(_Logs, strict=False)
_METRICS: Final = msgspec.json.Decoder(_Metrics, strict=False)
_DATA: Final = ("gauge", "sum", "histogram", "exponential_histogram", "summary")


def _traces(body: bytes) -> Node | Rejection:
    return _parsed(_TRACES, body)


def _metrics(body: bytes) -> Node | Rejection:
    return _parsed(_METRICS, body)


def _logs(body: bytes) -> Node | Rejection:
    return _parsed(_LOGS, body)


def _parsed(decoder: msgspec.json.Decoder[Any], body: bytes) -> Node | Rejection:
    if dense := too_dense(body):
        return dense
    try:
        return decoder.decode(body)
    except RecursionError:
        return Rejection(status=400, why="the JSON is nested too deeply")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Rejection(status=400, why=f"the body is not OTLP in JSON: {str(error)[:LONGEST_REASON]}")


def _scalar(value: Node) -> Scalar | None:
    if value is None:
        return None
    if value.string_value is not None:
        text: str = value.string_value
        return text
    if value.bool_value is not None:
        return bool(value.bool_value)
    if value.int_value is not None:
        return _int64(value.int_value)
    double: float | None = value.double_value
    return double


def _plain(value: Node, depth: int = 0) -> object:
    if value is None or depth > DEEPEST:
        return None
    scalar = _scalar(value)
    if scalar is not None:
        return scalar
    if value.array_value is not None:
        return [_plain(one, depth + 1) for one in value.array_value.values or ()]
    if value.kvlist_value is not None:
        pairs = value.kvlist_value.values or ()
        return tuple((one.key or "", _plain(one.value, depth + 1)) for one in pairs)
    return None if value.bytes_value is None else _bytes(value.bytes_value)


def _bytes(text: str) -> object:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return {"not base64": text}


def _int64(number: int) -> int | None:
    return number if -TOO_BIG <= number < TOO_BIG else None


def _identifier(text: str | None) -> bytes:
    if text is None or len(text) != 32:
        return b""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return b""
    return raw if len(raw) == 16 else b""  # fromhex skips blanks


def _number(point: Node) -> float | None:
    if point.as_double is not None:
        double: float = point.as_double
        return double
    return None if point.as_int is None else _int64(point.as_int)


def _data(metric: Node) -> str | None:
    return next((kind for kind in _DATA if getattr(metric, kind) is not None), None)


JSON_FORM: Final = Form(
    traces=_traces,
    metrics=_metrics,
    logs=_logs,
    scalar=_scalar,
    plain=_plain,
    identifier=_identifier,
    number=_number,
    data=_data,
)
