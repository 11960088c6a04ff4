import json
from math import isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from tests.measure.native.needed import need
from watchkeeper.measure.decode.otlp_logs import Logs
from watchkeeper.measure.values import Decoded, Rejection, Wanted, halves

OWN = ("name", "severity", "severity_number", "body")
WANTED = Wanted(attributes=frozenset({*OWN, "service", "platform"}))


@pytest.fixture(params=["compiled", "reference"])
def logs(request):
    if request.param == "compiled":
        need("logs")
    return Logs(WANTED, native=request.param == "compiled")


def text(key, value):
    return KeyValue(key=key, value=AnyValue(string_value=value))


def request_of(*records, resource=None, scope=None):
    scopes = ScopeLogs(scope=scope, log_records=records)
    return ExportLogsServiceRequest(resource_logs=[ResourceLogs(resource=resource, scope_logs=[scopes])])


def decoded(logs, message):
    answer = logs.decode(message.SerializeToString(), json=False)
    assert isinstance(answer, Decoded)
    return answer


def column(batch, name):
    found = batch.columns[name]
    return [None if code < 0 else found.values[code] for code in found.codes]


def test_a_record_is_a_row_with_its_time_and_what_the_manual_names(logs):
    full = LogRecord(
        time_unix_nano=7, observed_time_unix_nano=9, severity_number=SeverityNumber.SEVERITY_NUMBER_ERROR,
        severity_text="Err", event_name="disk.full",
        body=AnyValue(string_value="no room"), attributes=[text("platform", "spotify"), text("name", "not this")],
        trace_id=b"0123456789abcdef",
    )  # fmt: skip
    resource = Resource(attributes=[text("service.name", "parser")])
    answer = decoded(logs, request_of(full, LogRecord(observed_time_unix_nano=9), resource=resource))
    (batch,) = answer.batches
    assert (batch.signal, batch.at_ns.tolist(), batch.weight.tolist()) == ("logs", [7, 9], [1, 1])
    assert all(isnan(value) for value in batch.value.tolist())
    assert {name: column(batch, name) for name in WANTED.attributes} == {
        "name": ["disk.full", None], "severity": ["ERR", None], "severity_number": [17, None],
        "body": ["no room", None], "platform": ["spotify", None], "service": ["parser", "parser"],
    }  # fmt: skip
    assert batch.traces.tolist() == halves([b"0123456789abcdef", b""]).tolist()
    assert (answer.items, answer.rejected, answer.noted) == (2, {}, {})


@pytest.mark.parametrize(
    ("text", "number", "severity"),
    [("", 0, None), ("", 1, "TRACE"), ("", 4, "TRACE"), ("", 5, "DEBUG"), ("", 9, "INFO"), ("", 13, "WARN"),
     ("", 16, "WARN"), ("", 17, "ERROR"), ("", 24, "FATAL"), ("", 25, None), ("", -1, None), ("Warning", 9, "WARNING"),
     ("straße", 0, "STRASSE")],
)  # fmt: skip
def test_severity_is_what_the_source_wrote_else_the_range_of_its_number(logs, text, number, severity):
    record = LogRecord(time_unix_nano=1, severity_text=text, severity_number=number)
    for _ in range(2):  # the second time it is remembered
        assert column(decoded(logs, request_of(record, record)).batches[0], "severity") == [severity] * 2


@pytest.mark.parametrize("body", [AnyValue(int_value=5), AnyValue(bytes_value=b"a"), AnyValue(), None])
def test_a_body_that_is_no_text_is_absent(logs, body):
    assert column(decoded(logs, request_of(LogRecord(time_unix_nano=1, body=body))).batches[0], "body") == [None]


@pytest.mark.parametrize(
    ("at", "observed", "taken"),
    [(0, 0, None), (2**63, 5, None), (0, 2**63, None), (2**63 - 1, 0, 2**63 - 1), (0, 5, 5)],
)
def test_a_record_without_a_time_is_rejected_and_counted(logs, at, observed, taken):
    answer = decoded(logs, request_of(LogRecord(time_unix_nano=at, observed_time_unix_nano=observed)))
    assert (answer.items, answer.rejected) == (1, {} if taken else {"bad-time": 1})
    assert [one for batch in answer.batches for one in batch.at_ns.tolist()] == ([taken] if taken else [])


def test_a_body_that_is_none_is_400_and_an_empty_one_holds_nothing(logs):
    assert logs.decode(b"", json=False) == Decoded(batches=[], items=0)
    assert logs.decode(b"{}", json=True) == Decoded(batches=[], items=0)
    for body, as_json in ((b"nonsense", False), (b"nonsense", True), (b'{"resourceLogs": {}}', True)):
        answer = logs.decode(body, json=as_json)
        assert isinstance(answer, Rejection)
        assert answer.status == 400


def test_numbers_that_only_json_can_say_are_absent(logs):
    record = {"timeUnixNano": 1, "severityNumber": 2**31, "body": {"intValue": "5"}, "stranger": []}
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()
    answer = logs.decode(body, json=True)
    assert isinstance(answer, Decoded)
    assert [column(answer.batches[0], name) for name in ("severity_number", "severity", "body")] == [[None]] * 3


values = st.one_of(
    st.builds(lambda one: AnyValue(string_value=one), st.text(max_size=4)),
    st.builds(lambda one: AnyValue(int_value=one), st.integers(-(2**63), 2**63 - 1)),
    st.builds(lambda one: AnyValue(double_value=one), st.floats()),
    st.just(AnyValue()),
)
attributes = st.lists(
    st.builds(KeyValue, key=st.sampled_from(["platform", "service.name", "service", "body", "x"]), value=values),
    max_size=4,
)
records = st.builds(
    LogRecord,
    time_unix_nano=st.sampled_from([0, 1, 5, 2**63]),
    observed_time_unix_nano=st.sampled_from([0, 7]),
    severity_number=st.integers(0, 30),
    severity_text=st.sampled_from(["", "info", "é"]),
    event_name=st.sampled_from(["", "a"]),
    body=st.none() | values,
    attributes=attributes,
    trace_id=st.sampled_from([b"", b"0123456789abcdef", b"short"]),
)
scopes = st.builds(
    ScopeLogs,
    scope=st.none() | st.builds(InstrumentationScope, attributes=attributes),
    log_records=st.lists(records, max_size=4),
)
resources = st.builds(
    ResourceLogs,
    resource=st.none() | st.builds(Resource, attributes=attributes),
    scope_logs=st.lists(scopes, max_size=2),
)


@given(st.builds(ExportLogsServiceRequest, resource_logs=st.lists(resources, max_size=2)))
@settings(max_examples=200)
def test_protobuf_by_either_walk_and_json_say_the_same(as_json, view, message):
    in_json = view(Logs(WANTED).decode(as_json(message), json=True))
    assert view(decoded(Logs(WANTED, native=False), message)) == in_json
    assert view(decoded(Logs(WANTED), message)) == in_json
