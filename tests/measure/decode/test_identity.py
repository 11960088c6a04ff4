"""
The canonical form of a series is on disk: it must not change.
"""

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.metrics.v1.metrics_pb2 import HistogramDataPoint, Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from watchkeeper.measure.decode.identity import attributes, canonical, context_of, identifier_of
from watchkeeper.measure.decode.otlp_json import JSON_FORM
from watchkeeper.measure.decode.otlp_protobuf import PROTOBUF


def pair(key, **value):
    return KeyValue(key=key, value=AnyValue(**value))


ALL = [
    pair("t", string_value="é"),
    pair("b", bool_value=True),
    pair("i", int_value=-2),
    pair("d", double_value=0.5),
    pair("n", double_value=float("nan")),
    pair("y", bytes_value=b"\xff"),
    pair("a", array_value=ArrayValue(values=[AnyValue(int_value=1), AnyValue()])),
    pair("m", kvlist_value=KeyValueList(values=[pair("z", int_value=1), pair("a", int_value=2)])),
    KeyValue(key="nothing"),
]


def test_a_series_has_the_name_that_it_always_had():
    metric = Metric(name="took", unit="ms")
    metric.histogram.SetInParent()
    context = context_of(
        PROTOBUF, Resource(attributes=ALL), InstrumentationScope(name="lib", version="1"), metric, "histogram"
    )
    identity = identifier_of(PROTOBUF, context)(HistogramDataPoint(attributes=ALL[:2]), [0.25, 1.0])
    assert (len(context), identity.hex()) == (189, "07d4043bdbb4c925f09830c6449f0293")


def test_every_value_has_a_form_of_its_own():
    forms = {attributes(PROTOBUF, [pair("k", **{field: value})]) for field, value in (
        ("string_value", "1"), ("int_value", 1), ("double_value", 1.0), ("bool_value", True), ("bytes_value", b"1"),
        ("string_value", ""), ("bytes_value", b""), ("double_value", 0.0), ("double_value", -0.0),
        ("array_value", ArrayValue()), ("kvlist_value", KeyValueList()),
        ("array_value", ArrayValue(values=[AnyValue()])),
    )}  # fmt: skip
    assert len(forms) == 12


def test_order_is_not_part_of_it():
    assert attributes(PROTOBUF, ALL) == attributes(PROTOBUF, ALL[::-1])
    pairs = [pair("z", int_value=1), pair("a", int_value=2)]
    forms = [canonical(PROTOBUF.plain(AnyValue(kvlist_value=KeyValueList(values=one)))) for one in (pairs, pairs[::-1])]
    assert forms[0] == forms[1]


def test_what_should_have_been_base64_is_told_apart():
    assert canonical({"not base64": "?"}) == b"x\x01\x00\x00\x00?"
    assert JSON_FORM is not PROTOBUF
