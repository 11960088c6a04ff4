import os
import random
from itertools import islice

import pytest

from tests.measure.native import otlp, wire
from tests.measure.native.needed import need
from watchkeeper.measure.decode.form import MOST_NODES
from watchkeeper.measure.decode.otlp_logs import Logs
from watchkeeper.measure.decode.otlp_traces import Traces
from watchkeeper.measure.values import Decoded, Rejection, Wanted

SIGNALS = ("traces", "logs")
RANDOM = 5_000  # of each signal; with those made by hand more than 20,000 in all
TORTURE = int(os.environ.get("WATCHKEEPER_TORTURE_INPUTS", "1000000"))


@pytest.fixture(params=SIGNALS)
def signal(request):
    need(request.param)
    return request.param


def test_bodies_at_every_edge_are_taken_or_refused_alike_and_say_the_same(signal):
    bodies: list[bytes] = []
    assert otlp.first_difference(otlp.pairs(signal), otlp.swept(signal, 1), 10**6, bodies.append) is None
    assert len(bodies) > 15_000


def test_random_and_damaged_bodies_are_taken_or_refused_alike_and_say_the_same(signal):
    assert otlp.first_difference(otlp.pairs(signal), otlp.randomly(signal, 7), RANDOM) is None


def test_the_random_bodies_meet_what_they_are_meant_to_meet(signal):
    (pair, *_) = otlp.pairs(signal)
    rows, taken, seen = 0, 0, set()
    for body in islice(otlp.randomly(signal, 7), 2000):
        answer = pair.reference.decode(body, json=False)
        if isinstance(answer, Decoded):
            taken += 1
            rows += sum(batch.n for batch in answer.batches)
            seen |= {*answer.rejected, *answer.noted}
    wanted = {"bad-time", "text-cut"} | ({"bad-weight", "bad-threshold"} if signal == "traces" else set())
    assert seen == wanted
    assert 500 < taken < 1900
    assert rows > 500


@pytest.mark.torture
def test_a_million_random_and_damaged_bodies_say_the_same(signal):
    seed = random.SystemRandom().randrange(2**32)
    assert otlp.first_difference(otlp.pairs(signal), otlp.randomly(signal, seed), TORTURE) is None, seed


def scoped(item):
    """
    A body with one item, given as its bytes.
    """
    return wire.field(1, wire.field(2, wire.field(2, item)))


def attribute(key, value):
    return wire.field(9, wire.field(1, key) + wire.field(2, value))


TIMES = b"\x39" + (5).to_bytes(8, "little") + b"\x41" + (9).to_bytes(8, "little")


def read(decoder, body):
    answer = decoder.decode(body, json=False)
    assert isinstance(answer, Decoded), answer
    return answer.batches[0]


def column(decoder, body, name="x"):
    found = read(decoder, body).columns[name]
    return [None if code < 0 else found.values[code] for code in found.codes.tolist()]


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize(
    ("value", "found"),
    [
        (wire.field(1, b"a"), "a"),
        (b"\x10\x01", True), (b"\x10\x02", True), (b"\x10\x00", False), (b"\x10" + wire.number(2**63), True),
        (b"\x18\x01", 1), (b"\x18" + wire.number(2**64 - 1), -1), (b"\x18" + b"\xff" * 9 + b"\x7f", -1),
        (b"\x21" + bytes(6) + b"\xf0\x3f", 1.0),
        (b"", None), (wire.field(7, b"a"), None), (wire.field(5, b""), None), (b"\x40\x01", None),
        (wire.field(1, b"a") + b"\x10\x00", False),  # the last of a oneof counts
        (wire.field(5, b"") + wire.field(1, b""), ""),
        (wire.field(1, b"a") + wire.field(6, b""), None),
        (wire.field(1, b"a") + b"\x15\0\0\0\0", "a"),  # a bool of four bytes is a stranger
        (wire.field(1, b"a") + wire.field(99, b"\xff"), "a"),
    ],
)  # fmt: skip
def test_a_value_is_what_the_protocol_says(native, value, found):
    if native:
        need("traces")
    traces = Traces(Wanted(attributes=frozenset({"x"})), native=native)
    (got,) = column(traces, scoped(TIMES + attribute(b"x", value)))
    assert (type(got), got) == (type(found), found)


@pytest.mark.parametrize("native", [True, False])
def test_a_message_that_comes_in_pieces_is_one(native):
    if native:
        need("traces")
    traces = Traces(Wanted(attributes=frozenset({"x", "y"})), native=native)

    def told(key, value):
        return wire.field(1, wire.field(1, key) + wire.field(2, wire.field(1, value)))

    spans = wire.field(2, wire.field(2, TIMES))
    body = wire.field(1, wire.field(1, told(b"x", b"1")) + spans + wire.field(1, told(b"y", b"2") + told(b"x", b"3")))
    assert (column(traces, body, "x"), column(traces, body, "y")) == (["1"], ["2"])  # the resource comes last, in two
    value = wire.field(2, wire.field(1, b"a")) + wire.field(2, b"\x18\x07")
    assert column(traces, scoped(TIMES + wire.field(9, value + wire.field(1, b"x")))) == [7]
    other = wire.field(1, spans)
    assert column(traces, body + other, "x") == ["1", None]  # and ends with its own spans


def test_what_codes_mean_is_kept_from_body_to_body_and_forgotten_when_it_is_too_much():
    need("traces")
    for native in (True, False):
        traces = Traces(Wanted(attributes=frozenset({"x"})), native=native)
        first = read(traces, scoped(TIMES + attribute(b"x", wire.field(1, b"a"))))
        second = read(traces, scoped(TIMES + attribute(b"x", wire.field(1, b"b"))))
        assert first.columns["x"].values is second.columns["x"].values
        assert (first.columns["x"].codes.tolist(), second.columns["x"].codes.tolist()) == ([0], [1])
        spans = (wire.field(2, TIMES + attribute(b"x", b"\x18" + wire.number(i))) for i in range(70_000))
        full = read(traces, wire.field(1, wire.field(2, b"".join(spans))))
        assert full.columns["x"].values is first.columns["x"].values
        assert len(full.columns["x"].values) == 70_002
        after = read(traces, scoped(TIMES + attribute(b"x", wire.field(1, b"c"))))
        assert (list(after.columns["x"].values), after.columns["x"].codes.tolist()) == (["c"], [0])
        assert column(traces, scoped(TIMES + attribute(b"x", b"\x18\x07"))) == [7]


@pytest.mark.parametrize("native", [True, False])
def test_a_body_of_too_many_items_is_413_and_400_where_it_is_broken_too(signal, native):
    decoder = (Traces if signal == "traces" else Logs)(Wanted(attributes=frozenset({"name"})), native=native)
    crowd = wire.field(2, b"") * (MOST_NODES - 2)
    fits = decoder.decode(wire.field(1, wire.field(2, crowd)), json=False)
    assert isinstance(fits, Decoded)
    assert fits.items == MOST_NODES - 2
    for behind, status in ((wire.field(2, b""), 413), (wire.field(2, b"\x0b"), 400)):
        answer = decoder.decode(wire.field(1, wire.field(2, crowd + behind)), json=False)
        assert isinstance(answer, Rejection)
        assert answer.status == status


def test_pure_python_is_chosen_where_it_is_asked_for(monkeypatch):
    need("traces", "logs")
    assert Traces(Wanted()).native
    assert Logs(Wanted()).native
    assert not Traces(Wanted(), native=False).native
    monkeypatch.setenv("WATCHKEEPER_PURE", "1")
    assert not Traces(Wanted()).native
    assert not Logs(Wanted()).native
