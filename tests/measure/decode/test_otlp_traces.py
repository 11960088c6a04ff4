import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from tests.measure.native.needed import need
from watchkeeper.measure.decode.form import MOST_NODES
from watchkeeper.measure.decode.otlp_traces import Traces
from watchkeeper.measure.names import SPAN_KINDS, candidates
from watchkeeper.measure.native import backend
from watchkeeper.measure.values import Decoded, Rejection, Wanted, halves

S = 10**9


@pytest.fixture(params=["compiled", "reference"], scope="module", autouse=True)
def walk(request):
    """
    Every test of this module holds for both walks.
    """
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "reference":
            patch.setenv(backend.PURE, "1")
        else:
            need("traces")
        yield


FAILED = Status(code=Status.STATUS_CODE_ERROR)
WANTED = Wanted(
    attributes=frozenset({"name", "kind", "error", "duration", "status", "service", "platform", "http.route"})
)
KEYS = [
    "status",
    "http.status_code",
    "http.response.status_code",
    "service.name",
    "service",
    "platform",
    "http.route",
    "name",
    "x",
]

scalars = st.one_of(
    st.builds(lambda one: AnyValue(string_value=one), st.text(max_size=4)),
    st.builds(lambda one: AnyValue(int_value=one), st.integers(-(2**63), 2**63 - 1)),
    st.builds(lambda one: AnyValue(double_value=one), st.floats()),
    st.builds(lambda one: AnyValue(bool_value=one), st.booleans()),
)
values = scalars | st.one_of(
    st.just(AnyValue()),
    st.builds(lambda one: AnyValue(bytes_value=one), st.binary(max_size=3)),
    st.builds(lambda one: AnyValue(array_value=ArrayValue(values=one)), st.lists(scalars, max_size=2)),
    st.just(AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="platform", value=AnyValue(int_value=1))]))),
)
attributes = st.lists(st.builds(KeyValue, key=st.sampled_from(KEYS), value=values), max_size=5)
times = st.sampled_from([0, 1, 5, S, 2**63 - 1, 2**63, 2**64 - 1])
spans = st.builds(
    Span,
    name=st.sampled_from(["", "parse", "pay"]),
    kind=st.integers(0, 7),
    start_time_unix_nano=times,
    end_time_unix_nano=times,
    trace_state=st.sampled_from(["", "ot=th:8", "ot=th:zz", "ot=th:ffffffffffffff", "a=b"]),
    trace_id=st.sampled_from([b"", b"0123456789abcdef", b"short"]),
    status=st.none() | st.builds(Status, code=st.integers(0, 2)),
    attributes=attributes,
)
scopes = st.builds(
    ScopeSpans,
    scope=st.none() | st.builds(InstrumentationScope, attributes=attributes),
    spans=st.lists(spans, max_size=4),
)
resources = st.builds(
    ResourceSpans,
    resource=st.none() | st.builds(Resource, attributes=attributes),
    scope_spans=st.lists(scopes, max_size=2),
)
requests = st.builds(ExportTraceServiceRequest, resource_spans=st.lists(resources, max_size=2))


def request(*spans, resource=None):
    scope = ScopeSpans(spans=spans)
    return ExportTraceServiceRequest(resource_spans=[ResourceSpans(resource=resource, scope_spans=[scope])])


def span(start=1 * S, end=3 * S, **fields):
    told = fields.pop("attributes", {})
    return Span(
        start_time_unix_nano=start, end_time_unix_nano=end, attributes=[text(*one) for one in told.items()], **fields
    )


def text(key, value):
    return KeyValue(key=key, value=AnyValue(string_value=value))


def decode(body, *, json, wanted):
    return Traces(wanted).decode(body, json=json)


def decoded(message, wanted=WANTED):
    answer = decode(message.SerializeToString(), json=False, wanted=wanted)
    assert isinstance(answer, Decoded)
    return answer


def column(batch, name):
    found = batch.columns[name]
    return [None if code < 0 else found.values[code] for code in found.codes]


def test_a_span_is_a_row_with_its_duration_its_end_and_what_the_manual_names():
    told = {"http.route": "/parse", "unwanted": "x"}
    answer = decoded(
        request(
            span(name="parse", kind=2, status=FAILED, attributes=told, trace_id=b"0123456789abcdef"),
            span(end=4 * S, name="other", kind=0),
            resource=Resource(attributes=[text("service.name", "parser")]),
        )
    )
    (batch,) = answer.batches
    assert (batch.signal, batch.value.tolist(), batch.at_ns.tolist()) == ("spans", [2 * S, 3 * S], [3 * S, 4 * S])
    assert (batch.value.dtype, batch.at_ns.dtype, batch.weight.dtype) == (np.int64, np.int64, np.int64)
    assert set(batch.columns) == WANTED.attributes
    assert column(batch, "name") == ["parse", "other"]
    assert column(batch, "kind") == ["server", None]
    assert column(batch, "error") == [True, False]
    assert column(batch, "duration") == [2.0, 3.0]
    assert column(batch, "service") == ["parser", "parser"]
    assert column(batch, "http.route") == ["/parse", None]
    assert batch.traces is not None
    assert batch.traces.tolist() == halves([b"0123456789abcdef", b""]).tolist()
    assert (answer.items, answer.rejected, answer.noted) == (2, {}, {})


def test_old_and_new_http_names_both_work():
    old = {"http.method": "GET", "http.route": "/a", "http.target": "/a"}
    new = {"http.request.method": "GET", "http.route": "/a", "url.path": "/a"}
    wanted = Wanted(attributes=frozenset({"method", "route", "path", "http.request.method"}))
    (batch,) = decoded(request(span(attributes=old), span(attributes=new)), wanted).batches
    assert {name: column(batch, name) for name in wanted.attributes} == {
        "method": ["GET", "GET"], "route": ["/a", "/a"], "path": ["/a", "/a"], "http.request.method": ["GET", "GET"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "taken"),
    [(1, 1, True), (1, 2, True), (2, 1, False), (1, 0, False), (0, 5, False), (0, 0, False), (1, 2**63 - 1, True),
     (1, 2**63, False), (2**64 - 1, 2**64 - 1, False)],
)  # fmt: skip
def test_times_that_make_no_sense_reject_the_span(start, end, taken):
    answer = decoded(request(span(start, end), span()))
    assert answer.items == 2
    assert answer.rejected == ({} if taken else {"bad-time": 1})
    assert answer.batches[0].n == 1 + taken


def test_a_sampled_span_weighs_as_much_as_it_stands_for():
    states = ["ot=th:c", "", "ot=th:?", "ot=th:ffffffffffffff"]
    answer = decoded(request(*(span(trace_state=state) for state in states)))
    assert answer.batches[0].weight.tolist() == [4, 1, 1]
    assert (answer.rejected, answer.noted) == ({"bad-weight": 1}, {"bad-threshold": 1})


def test_trace_ids_are_read_only_where_wanted():
    assert decoded(request(span()), Wanted(trace_ids=False)).batches[0].traces is None


def test_an_empty_body_holds_nothing():
    assert decode(b"", json=False, wanted=WANTED) == Decoded(batches=[], items=0)
    assert decode(b"{}", json=True, wanted=WANTED) == Decoded(batches=[], items=0)


def test_a_body_with_too_many_spans_is_answered_with_413():
    answer = decode(request(*[Span()] * (MOST_NODES + 1)).SerializeToString(), json=False, wanted=WANTED)
    assert isinstance(answer, Rejection)
    assert answer.status == 413


def plain(value):
    kind = value.WhichOneof("value")
    return None if kind in (None, "bytes_value", "array_value", "kvlist_value") else getattr(value, kind)


def looked_up(name, levels):
    """
    The rule of the names, written down anew: each level in turn, each name in turn, the first that has a value.
    """
    for level in levels:
        for wire in candidates(name):
            for attribute in level:
                if attribute.key == wire and plain(attribute.value) is not None:
                    return plain(attribute.value)
    return None


def own(name, span):
    if name == "name":
        return span.name
    if name == "kind":
        return SPAN_KINDS.get(span.kind)
    if name == "error":
        return span.status.code == 2
    return (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9


@given(requests)
@settings(max_examples=300)
def test_columns_equal_a_look_up_of_each_name_in_each_span(message):
    wanted = []
    for resource in message.resource_spans:
        for scope in resource.scope_spans:
            for one in scope.spans:
                fits = 0 < one.start_time_unix_nano <= one.end_time_unix_nano < 2**63
                if fits and one.trace_state != "ot=th:ffffffffffffff":
                    levels = (one.attributes, scope.scope.attributes, resource.resource.attributes)
                    wanted.append(
                        {
                            name: repr(
                                own(name, one)
                                if name in ("name", "kind", "error", "duration")
                                else looked_up(name, levels)
                            )
                            for name in sorted(WANTED.attributes)
                        }
                    )
    answer = decoded(message)
    rows: list[dict[str, str]] = [{} for _ in wanted]
    for batch in answer.batches:
        for name in sorted(batch.columns):
            for row, value in zip(rows, column(batch, name), strict=True):
                row[name] = repr(value)
    assert rows == wanted
    assert len(wanted) + sum(answer.rejected.values()) == answer.items


@given(requests)
@settings(max_examples=300)
def test_protobuf_and_json_say_the_same(as_json, view, message):
    in_json = decode(as_json(message), json=True, wanted=WANTED)
    assert view(in_json) == view(decoded(message))


def test_json_takes_numbers_or_text_for_integers_null_for_nothing_and_ignores_strangers(view):
    def body(start, end, extra):
        one = {"name": "a", "startTimeUnixNano": start, "endTimeUnixNano": end, "kind": 2, **extra}
        return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [one]}], "stranger": {"a": [1]}}]}).encode()

    nothing = {"attributes": None, "status": None, "traceState": None, "traceId": None, "links": [{"x": 1}]}
    texts = decode(body("5", "12", {}), json=True, wanted=WANTED)
    numbers = decode(body(5, 12, nothing), json=True, wanted=WANTED)
    assert view(texts) == view(numbers)
    assert isinstance(texts, Decoded)
    assert texts.batches[0].at_ns.tolist() == [12]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b'"a"', b"{", b'{"resourceSpans": {}}', b'{"resourceSpans": [5]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": 5}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"endTimeUnixNano": "x"}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"kind": "SPAN_KIND_SERVER"}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": {"a": 1}}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "\xff"}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "\\ud800"}]}]}]}',
        b'{"x": ' + b"[" * 100_000, b'{"x":' * 50_000,
    ],
)  # fmt: skip
def test_json_of_another_shape_is_answered_with_400(body):
    answer = decode(body, json=True, wanted=WANTED)
    assert isinstance(answer, Rejection)
    assert answer.status == 400
    assert answer.why.startswith(("the body is not OTLP in JSON", "the JSON is nested"))


def test_values_nested_deeply_are_400_or_absent_never_more():
    for depth in (10, 40, 200, 5000):
        value = b'{"stringValue": "a"}'
        for _ in range(depth):
            value = b'{"arrayValue": {"values": [' + value + b"]}}"
        attribute = b'{"key": "platform", "value": ' + value + b"}"
        one = b'{"startTimeUnixNano": 1, "endTimeUnixNano": 2, "attributes": [' + attribute + b"]}"
        answer = decode(b'{"resourceSpans": [{"scopeSpans": [{"spans": [' + one + b"]}]}]}", json=True, wanted=WANTED)
        assert (
            answer.status == 400 if isinstance(answer, Rejection) else column(answer.batches[0], "platform") == [None]
        )


def test_json_that_protobuf_could_not_carry_is_absent():
    told = [{"intValue": one} for one in (2**63 - 1, str(-(2**63)), 2**63, -(2**63) - 1)]
    ids = ["0AF7651916CD43DD8448EB211C80319C", " " * 32, "0a " * 10 + "0a", "x" * 32]
    times = {"startTimeUnixNano": 1, "endTimeUnixNano": 2}
    spans = [
        {**times, "traceId": one, "attributes": [{"key": "platform", "value": value}]}
        for one, value in zip(ids, told, strict=True)
    ]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()
    answer = decode(body, json=True, wanted=WANTED)
    assert isinstance(answer, Decoded)
    assert column(answer.batches[0], "platform") == [2**63 - 1, -(2**63), None, None]
    assert answer.batches[0].traces is not None
    assert answer.batches[0].traces.tolist() == halves([bytes.fromhex(ids[0]), b"", b"", b""]).tolist()


SAMPLE = request(
    span(name="parse", kind=2, status=FAILED, trace_state="ot=th:8", trace_id=b"0123456789abcdef",
         attributes={"platform": "spotify", "http.route": "/é"}),
    span(attributes={"x": "y"}),
    resource=Resource(attributes=[text("service.name", "parser")]),
)  # fmt: skip


@pytest.mark.parametrize("json", [False, True])
def test_a_body_cut_at_any_byte_is_decoded_or_refused(as_json, json):
    body = as_json(SAMPLE) if json else SAMPLE.SerializeToString()
    for length in range(len(body)):
        check(decode(body[:length], json=json, wanted=WANTED), never_taken=json)


def check(answer, *, never_taken=False):
    assert isinstance(answer, Rejection if never_taken else Decoded | Rejection)
    if isinstance(answer, Rejection):
        assert 400 <= answer.status < 500
        assert answer.why
    else:
        assert sum(batch.n for batch in answer.batches) + sum(answer.rejected.values()) == answer.items


def damaged(body, chance):
    """
    The body with a few bits flipped, bytes dropped, doubled or replaced.
    """
    body = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(body))
        match chance.randrange(4):
            case 0:
                body[at] ^= 1 << chance.randrange(8)
            case 1:
                del body[at : at + chance.randint(1, 3)]
            case 2:
                body[at:at] = body[at : at + chance.randint(1, 9)]
            case _:
                body[at] = chance.randrange(256)
    return bytes(body)


def fuzz(as_json, cases, seed):
    chance = random.Random(seed)
    bodies = {False: SAMPLE.SerializeToString(), True: as_json(SAMPLE)}
    taken = 0
    for case in range(cases):
        form = bool(case % 2)
        body = chance.randbytes(chance.randint(0, 80)) if case % 10 == 0 else damaged(bodies[form], chance)
        answer = decode(body, json=form, wanted=WANTED)
        check(answer)
        taken += isinstance(answer, Decoded)
    assert 0 < taken < cases  # damage of both kinds was met


def test_damaged_bodies_never_raise(as_json):
    fuzz(as_json, 2000, seed=1)


@pytest.mark.torture
def test_a_million_damaged_bodies_never_raise(as_json):
    fuzz(as_json, 1_000_000, seed=2)


def wrong_types(tree, chance):
    """
    The tree with one of its places holding something of another type.
    """
    places = []

    def walk(node):
        for key in node if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], dict | list):
                walk(node[key])

    walk(tree)
    node, key = chance.choice(places)
    node[key] = chance.choice([None, True, 5, -1, 10**30, 1.5, "x", "NaN", [], {}, [None], [[]], {"a": {}}, [5]])
    return tree


def test_json_with_wrong_types_never_raises(as_json):
    chance = random.Random(3)
    for _ in range(2000):
        tree = wrong_types(json.loads(as_json(SAMPLE)), chance)
        check(decode(json.dumps(tree).encode(), json=True, wanted=WANTED))
