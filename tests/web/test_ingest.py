"""Telemetry comes in; what is wrong with a body is the sender's to know, and never ours to fall over."""

import gzip
import json
import struct
from contextlib import suppress
from typing import Any

import anyio
import cramjam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from starlette.requests import Request

from tests.web.house import SECOND, House, jamfind
from watchkeeper.measure.answers import Question, Span
from watchkeeper.measure.deliveries import Receipt
from watchkeeper.measure.values import Rejection
from watchkeeper.web import bodies as reading
from watchkeeper.web.bodies import SMALL, Hold, Room, read_capped

JSON = {"content-type": "application/json"}
PROTOBUF = {"content-type": "application/x-protobuf"}
ADDRESSES = ("/v1/traces", "/v1/metrics", "/v1/logs", "/v1/events")


def span(
    house: House, *, outcome: str = "ok", starts_ns: int | None = None, ends_ns: int | None = None
) -> dict[str, Any]:
    now = house.clock.now_ns()
    return {
        "name": "parse_playlist",
        "kind": 1,
        "traceId": "0102030405060708090a0b0c0d0e0f10",
        "spanId": "0102030405060708",
        "startTimeUnixNano": str(now - 2 * SECOND if starts_ns is None else starts_ns),
        "endTimeUnixNano": str(now - SECOND if ends_ns is None else ends_ns),
        "attributes": [
            {"key": "platform", "value": {"stringValue": "spotify"}},
            {"key": "outcome", "value": {"stringValue": outcome}},
        ],
    }


def traces(*spans: dict[str, Any]) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}).encode()


def counted(house: House, indicator: str = "parse-success") -> int:
    return house.watch.ask([Question(indicator=indicator, window=Span(ns=60 * SECOND))])[0].count


def bodies(client) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    found = (line.rpartition(" ") for line in lines if line.startswith("watchkeeper_bodies_total{"))
    return {name.partition("{")[2].rstrip("}"): float(number) for name, _, number in found}


def test_spans_in_json_are_counted_and_answered_in_json(house, client):
    answer = client.post("/v1/traces", content=traces(span(house), span(house, outcome="failed")), headers=JSON)

    assert (answer.status_code, answer.json()) == (200, {})
    assert counted(house) == 2


def test_spans_in_protobuf_are_answered_in_protobuf(house, client):
    request = ExportTraceServiceRequest()
    one = request.resource_spans.add().scope_spans.add().spans.add(name="parse_playlist")
    one.start_time_unix_nano, one.end_time_unix_nano = house.clock.now_ns() - SECOND, house.clock.now_ns()
    for key, value in (("platform", "apple"), ("outcome", "ok")):
        one.attributes.add(key=key).value.string_value = value

    answer = client.post("/v1/traces", content=request.SerializeToString(), headers=PROTOBUF)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-protobuf")
    assert not ExportTraceServiceResponse.FromString(answer.content).HasField("partial_success")
    assert counted(house) == 1


def test_a_packed_body_is_unpacked(house, client):
    packed = gzip.compress(traces(*[span(house)] * 1000))
    answer = client.post("/v1/traces", content=packed, headers={**JSON, "content-encoding": "gzip"})

    assert (answer.status_code, counted(house)) == (200, 1000)


def test_what_is_left_out_is_said_as_partial_success(house, client):
    wrong = span(house, starts_ns=5, ends_ns=1)
    body = traces(span(house), wrong, wrong)

    told = client.post("/v1/traces", content=body, headers=JSON).json()["partialSuccess"]

    assert told["rejectedSpans"] == "2"
    assert "2 with a bad time" in told["errorMessage"]


def test_what_is_left_out_is_said_in_protobuf_too(client):
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.add(name="x", start_time_unix_nano=5, end_time_unix_nano=1)

    answer = client.post("/v1/traces", content=request.SerializeToString(), headers=PROTOBUF)

    assert ExportTraceServiceResponse.FromString(answer.content).partial_success.rejected_spans == 1


def test_metrics_are_taken(house, client):
    point = {"timeUnixNano": str(house.clock.now_ns() - SECOND), "asDouble": 0.5}
    metric = {"name": "system.cpu.utilization", "unit": "1", "gauge": {"dataPoints": [point]}}
    body = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]})

    answer = client.post("/v1/metrics", content=body, headers=JSON)

    assert (answer.status_code, answer.json()) == (200, {})
    assert counted(house, "cpu") == 1
    empty = client.post("/v1/metrics", content=b"", headers=PROTOBUF)
    assert ExportMetricsServiceResponse.FromString(empty.content) == ExportMetricsServiceResponse()


def test_a_body_sent_again_counts_once(house, client):
    body = traces(span(house))
    answers = [client.post("/v1/traces", content=body, headers=JSON).status_code for _ in range(3)]

    assert (answers, counted(house)) == ([200, 200, 200], 1)


def test_events_say_how_many_were_taken(client):
    answer = client.post("/v1/events", json=[{"type": "signup"}, {"type": "signup"}])

    assert answer.status_code == 202
    assert answer.json() == {"taken": 2, "left_out": {}, "seen_before": False}


def test_an_idempotency_key_makes_events_count_once(client):
    first, second = (client.post("/v1/events", json={"type": "x"}, headers={"idempotency-key": "7"}) for _ in "ab")

    assert (first.json()["seen_before"], second.json()["seen_before"]) == (False, True)
    other = client.post("/v1/events", json={"type": "x"}, headers={"idempotency-key": "8"})
    assert other.json()["taken"] == 1


def test_events_without_a_key_are_new_every_time(client):
    answers = [client.post("/v1/events", json={"type": "x"}).json()["taken"] for _ in range(2)]

    assert answers == [1, 1]


def test_logs_are_taken_and_what_is_left_out_is_said(client):
    record = {"timeUnixNano": "0", "body": {"stringValue": "no time at all"}}
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]})

    told = client.post("/v1/logs", content=body, headers=JSON).json()["partialSuccess"]

    assert (told["rejectedLogRecords"], "with a bad time" in told["errorMessage"]) == ("1", True)
    assert client.post("/v1/logs", content=b"", headers=PROTOBUF).content == b""


CLOUD = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order"}


def test_cloudevents_in_each_form_count_once_whoever_sends_them(client):
    one = {"content-type": "application/cloudevents+json"}
    several = {"content-type": "application/cloudevents-batch+json"}
    binary = {"content-type": "text/plain", **{f"ce-{key}": value for key, value in CLOUD.items()}}

    assert client.post("/v1/events", json=CLOUD, headers=one).json()["taken"] == 1
    again = client.post("/v1/events", json=[CLOUD, {**CLOUD, "id": "2"}, {**CLOUD, "id": "2"}], headers=several).json()
    assert (again["taken"], again["seen_before"]) == (1, False)
    assert client.post("/v1/events", content=b"hello", headers=binary).json()["seen_before"]
    assert client.post("/v1/events", json={**CLOUD, "id": ""}, headers=one).status_code == 400


WRITE = {"content-type": "application/x-protobuf", "content-encoding": "snappy"}


def written(house: House, *values: float, name: str = "system.cpu.utilization") -> bytes:
    """
    A remote-write request of one series, its samples a millisecond apart, written by hand.
    """

    def field(number: int, kind: int, told: bytes) -> bytes:
        return bytes([number << 3 | kind]) + (bytes([len(told)]) if kind == 2 else b"") + told

    def varint(n: int) -> bytes:
        return bytes([n & 127 | 128]) + varint(n >> 7) if n > 127 else bytes([n])

    label = field(1, 2, field(1, 2, b"__name__") + field(2, 2, name.encode()))
    now_ms = house.clock.now_ns() // 10**6 - 1000
    samples = b"".join(
        field(2, 2, field(1, 1, struct.pack("<d", value)) + field(2, 0, varint(now_ms + i)))
        for i, value in enumerate(values)
    )
    return bytes(cramjam.snappy.compress_raw(field(1, 2, label + samples)))


def test_remote_write_is_taken_and_a_sample_sent_again_counts_once(house, client):
    body = written(house, 0.5, 0.7)

    answers = [client.post("/api/v1/write", content=body, headers=WRITE) for _ in range(2)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
    assert counted(house, "cpu") == 2


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"\x00", {**WRITE, "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}, 415),
        (b"\x00", {**WRITE, "content-encoding": "gzip"}, 415),
        (b"\x00", {"content-type": "application/x-protobuf"}, 415),
        (b"\xff\xff\xff\xff\x0f", WRITE, 413),
        (b"\x05\x10abcde", WRITE, 400),
        (bytes(cramjam.snappy.compress_raw(b"\xff\xff")), WRITE, 400),
    ],
    ids=["version-2", "gzip", "not-packed", "too-much", "no-snappy", "no-protobuf"],
)
def test_a_remote_write_that_cannot_be_taken_is_told_why(client, content, headers, status):
    answer = client.post("/api/v1/write", content=content, headers=headers)

    assert (answer.status_code, bool(answer.text)) == (status, True)


def test_a_client_over_its_share_hears_429_and_remote_write_never_does(house, client, monkeypatch):
    def busy(delivery):
        delivery.done.set_result(Receipt(busy="it has more waiting than its share", by_share=True))
        return delivery.done

    monkeypatch.setattr(house.intake, "submit", busy)
    answer = client.post("/v1/traces", content=b"{}", headers=JSON)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, 8, "1")
    answer = client.post("/api/v1/write", content=written(house, 1), headers=WRITE)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")  # a 429 would make Prometheus drop it


@pytest.mark.parametrize("address", ["/v1/traces", "/v1/metrics"])
@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"\xff\xff", PROTOBUF, 400),
        (b"{", JSON, 400),
        (b"[1]", JSON, 400),
        (b"hello", {"content-type": "text/plain"}, 415),
        (b"hello", {}, 415),
        (b"{}", {**JSON, "content-encoding": "zstd"}, 415),
        (b"not gzip", {**JSON, "content-encoding": "gzip"}, 400),
        (gzip.compress(b"{}")[:-6], {**JSON, "content-encoding": "gzip"}, 400),
        (gzip.compress(bytes(65 * 2**20)), {**JSON, "content-encoding": "gzip"}, 413),
        (bytes(16 * 2**20 + 1), PROTOBUF, 413),
        (
            gzip.compress(b"\x0a\x00" * 5 * 2**20),
            {**PROTOBUF, "content-encoding": "gzip"},
            413,
        ),  # small, yet a million parts
    ],
    ids=["no-protobuf", "no-json", "a-list", "text", "no-type", "zstd", "no-gzip", "cut", "bomb", "large", "dense"],
)
def test_what_cannot_be_taken_gets_a_clear_answer_and_is_counted(client, address, content, headers, status):
    answer = client.post(address, content=content, headers={**headers, "origin": "http://127.0.0.1:8400"})

    assert answer.status_code == status
    assert answer.content
    kind = address.rpartition("/")[2]
    assert bodies(client) == {f'kind="{kind}",outcome="refused"': 1.0}


def test_an_error_in_protobuf_is_a_status_message(client):
    content = client.post("/v1/traces", content=b"\xff", headers=PROTOBUF).content

    assert content[:2] == b"\x08\x03"  # code 3: INVALID_ARGUMENT
    assert b"the body is not" in content


def test_a_sender_comes_back_when_we_cannot_write(house, client, monkeypatch):
    def busy(delivery):
        delivery.done.set_result(Receipt(busy="the disk is full"))
        return delivery.done

    monkeypatch.setattr(house.intake, "submit", busy)
    for address, body in (("/v1/traces", b"{}"), ("/v1/events", b'{"type": "x"}')):
        answer = client.post(address, content=body, headers=JSON)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "the disk is full" in answer.text


def test_a_body_that_does_not_arrive_is_given_up(monkeypatch):
    monkeypatch.setattr(reading, "READ_SECONDS", 0.0)

    async def never() -> dict[str, Any]:
        await anyio.sleep_forever()
        raise AssertionError

    async def read() -> bytes | Rejection:
        return await read_capped(Request({"type": "http", "headers": [], "method": "POST"}, never))

    found = anyio.run(read)
    assert isinstance(found, Rejection)
    assert found.status == 503


def test_large_bodies_share_their_room_and_small_ones_always_have_it():
    room = Room(most=3 * SMALL)

    async def piece() -> dict[str, Any]:
        return {"type": "http.request", "body": bytes(2 * SMALL), "more_body": False}

    async def read() -> bytes | Rejection:
        with Hold(room) as hold:
            return await read_capped(Request({"type": "http", "headers": [], "method": "POST"}, piece), hold=hold)

    with Hold(room) as slow, Hold(room) as small:
        assert slow.grown(SMALL)
        assert slow.grown(2 * SMALL)
        refused = anyio.run(read)
        assert isinstance(refused, Rejection)
        assert refused.status == 503
        assert small.grown(SMALL)
        assert slow.grown(3 * SMALL)
        assert not slow.grown(3 * SMALL + 1)
    assert anyio.run(read) == bytes(2 * SMALL)
    assert room.left == 3 * SMALL


@pytest.mark.parametrize("size", [reading.UNPACK_ASIDE // 2, reading.UNPACK_ASIDE * 4])
def test_packed_bodies_of_every_size_are_unpacked(client, size):
    noise = json.dumps([{"type": "x", "n": i * 7919 % 10_007} for i in range(size // 8)]).encode()
    packed = gzip.compress(noise)
    answer = client.post("/v1/events", content=packed, headers=JSON | {"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["taken"]) == (202, size // 8)


_TYPES = st.sampled_from(
    ["application/json", "application/x-protobuf", "text/plain", "", "application/json; charset=x"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["resourceSpans", "scopeSpans", "spans", "resourceMetrics", "scopeMetrics", "metrics", "sum", "gauge"]
                + ["dataPoints", "attributes", "key", "value", "name", "type", "events", "at", "timeUnixNano", "asInt"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One house for all the fuzzing: starting one for each body would take the longest."""
    built = House.of(jamfind(), tmp_path_factory.mktemp("fuzz") / "log.db")
    built.intake.start()
    with built.client() as client:
        yield client
    built.close()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    address=st.sampled_from(ADDRESSES),
    body=st.binary(max_size=60) | _JSON.map(lambda value: json.dumps(value).encode()),
    kind=_TYPES,
    packed=st.sampled_from(["", "gzip", "gzip-cut", "deflate"]),
)
def test_no_body_makes_it_fail(shared, address, body, kind, packed):
    content = gzip.compress(body) if packed.startswith("gzip") else body
    content = content[: len(content) // 2] if packed == "gzip-cut" else content
    encoding = {"content-encoding": packed.partition("-")[0]} if packed else {}
    answer = shared.post(
        address, content=content, headers={"content-type": kind, "origin": "http://127.0.0.1:8400", **encoding}
    )

    assert answer.status_code in (200, 202, 400, 404, 413, 415)
    with suppress(json.JSONDecodeError, UnicodeDecodeError):
        answer.json()
