"""
What does a sender of telemetry hear back?

OTLP/HTTP fixes it: the answer has the content type of the request, says in `partial_success` what was left out, and
tells an error as a google.rpc.Status (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response).

>>> refused(400, "found no spans", json=True).body
b'{"code":3,"message":"found no spans"}'
>>> refused(400, "no", json=False).body
b'\\x08\\x03\\x12\\x02no'
"""

from collections.abc import Callable, Mapping
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from starlette.responses import JSONResponse, PlainTextResponse, Response

from watchkeeper.measure.decode.body import PROTOBUF

#: The google.rpc.Code that an HTTP status stands for.
CODES: Final = {400: 3, 403: 7, 404: 5, 408: 4, 413: 8, 415: 3, 429: 8, 500: 13, 503: 14}
AGAIN_SECONDS: Final = 1

#: Makes the answer to a body that was not taken, of a status and a sentence.
Refusal = Callable[[int, str], Response]

#: Of each signal: its answer, the field of its partial success, and how JSON writes that.
_SAYS: Final = {
    "traces": (ExportTraceServiceResponse, "rejected_spans", "rejectedSpans"),
    "metrics": (ExportMetricsServiceResponse, "rejected_data_points", "rejectedDataPoints"),
    "logs": (ExportLogsServiceResponse, "rejected_log_records", "rejectedLogRecords"),
}

#: How a sender reads why something was left out, where the reason is not in words already.
_WORDS: Final = {
    "bad-histogram": "with a bad histogram",
    "bad-labels": "with bad labels",
    "bad-temporality": "with a bad temporality",
    "bad-time": "with a bad time",
    "bad-value": "with a bad value",
    "bad-weight": "with a bad weight",
    "duplicate": "heard before",
    "duplicate-label": "with a label twice",
    "no-name": "without a name",
    "not-supported-yet": "of a kind that is not read",
    "replica": "of a replica that is not listened to",
}


def taken(signal: str, left_out: Mapping[str, int], *, json: bool) -> Response:
    """
    The answer to a body that was taken; `left_out` counts what of it was not, by reason.
    """
    n, why = sum(left_out.values()), in_words(left_out)
    answer, field, camel = _SAYS[signal]
    if json:
        return JSONResponse({"partialSuccess": {camel: str(n), "errorMessage": why}} if n else {})
    message = answer()
    if n:
        setattr(message.partial_success, field, n)
        message.partial_success.error_message = why
    return Response(message.SerializeToString(), media_type=PROTOBUF)


def refused(status: int, why: str, *, json: bool) -> Response:
    """
    The answer to a body of OTLP that was not taken. 429 and 503 ask to send it again.
    """
    headers = retry_after(status)
    code = CODES.get(status, 2)
    if json:
        return JSONResponse({"code": code, "message": why}, status_code=status, headers=headers)
    text = why.encode()
    body = b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text
    return Response(body, status_code=status, media_type=PROTOBUF, headers=headers)


def event_refused(status: int, why: str) -> Response:
    """
    The answer to events that were not taken.
    """
    return JSONResponse({"error": why}, status_code=status, headers=retry_after(status))


def written() -> Response:
    """
    The answer to a remote-write request that was taken: what of it was left out is counted, not told, for a sender can
    do nothing about it.
    """
    return Response(status_code=204)


def written_not(status: int, why: str) -> Response:
    """
    The answer to a remote-write request that was not taken: its sender logs the first line of it.
    """
    return PlainTextResponse(why, status_code=status, headers=retry_after(status))


def retry_after(status: int) -> dict[str, str] | None:
    """
    When a sender is asked to come again; None where coming again would not help.
    """
    return {"Retry-After": str(AGAIN_SECONDS)} if status in (429, 503) else None


def in_words(left_out: Mapping[str, int]) -> str:
    """
    What was left out, and why.

    >>> in_words({"too old": 2, "bad-time": 2, "in the future": 1})
    '2 with a bad time, 1 in the future, 2 too old'
    """
    return ", ".join(f"{n} {_WORDS.get(reason, reason)}" for reason, n in sorted(left_out.items()))


def _varint(number: int) -> bytes:
    """
    A number as protobuf writes it: seven bits a byte, the lowest first.
    """
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes([*written, number])
