import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.measure.decode.events import decode
from watchkeeper.measure.decode.form import MOST_MARKS, MOST_NODES, MOST_SAMPLED
from watchkeeper.measure.values import Decoded, Rejection, Wanted, halves

NOW = 1_795_168_800_000_000_000
WANTED = Wanted(attributes=frozenset({"name", "plan", "amount"}))


def answer(told, wanted=WANTED):
    return decode(json.dumps(told).encode(), wanted=wanted, now_ns=NOW)


def taken(told, wanted=WANTED):
    found = answer(told, wanted)
    assert isinstance(found, Decoded), found
    return found


def why(told):
    found = answer(told)
    assert isinstance(found, Rejection), found
    assert found.status == 400
    return found.why


def column(batch, name):
    found = batch.columns[name]
    return [None if code < 0 else found.values[code] for code in found.codes]


def test_an_event_is_a_row_with_its_value_weight_time_and_what_the_manual_names():
    told = {
        "type": "signup",
        "at": "2026-11-20T11:00:00+01:00",
        "value": 2,
        "weight": 3,
        "attributes": {"plan": "pro", "x": 1},
    }
    (batch,) = taken(told).batches
    assert (batch.signal, batch.at_ns.tolist(), batch.value.tolist(), batch.weight.tolist()) == (
        "events",
        [NOW],
        [2.0],
        [3],
    )
    assert (batch.value.dtype, batch.at_ns.dtype, batch.weight.dtype) == (np.float64, np.int64, np.int64)
    assert {name: column(batch, name) for name in batch.columns} == {
        "name": ["signup"],
        "plan": ["pro"],
        "amount": [None],
    }


def test_what_is_not_said_is_now_once_and_no_number():
    (batch,) = taken({"name": "signup"}).batches
    assert (batch.at_ns.tolist(), batch.weight.tolist(), [*map(list, batch.traces)]) == ([NOW], [1], [[0, 0]])
    assert np.isnan(batch.value[0])


def test_null_is_the_same_as_not_said():
    told = {"type": "signup", "at": None, "value": None, "weight": None, "attributes": None, "plan": None}
    assert repr(taken(told)) == repr(taken({"type": "signup"}))


@pytest.mark.parametrize("wrap", [lambda one: one, lambda one: {"events": one}], ids=["a list", "under `events`"])
def test_many_come_as_a_list(wrap):
    found = taken(wrap([{"type": "a", "plan": "x"}, {"type": "b"}, {"type": "a", "attributes": {"plan": 1}}]))
    assert found.items == 3
    assert column(found.batches[0], "name") == ["a", "b", "a"]
    assert column(found.batches[0], "plan") == ["x", None, 1]


def test_no_events_are_no_batch():
    assert taken([]) == taken({"events": []}) == Decoded(batches=[], items=0)


def test_attributes_stand_under_their_key_or_beside_it_and_lists_are_absent():
    found = taken(
        [{"type": "a", "plan": "beside", "attributes": {"plan": "under"}}, {"type": "a", "plan": [1], "amount": {}}]
    )
    assert column(found.batches[0], "plan") == ["under", None]
    assert column(found.batches[0], "amount") == [None, None]


def test_traces_are_read_only_where_wanted():
    assert taken([{"type": "a"}], Wanted(trace_ids=False)).batches[0].traces is None


def test_a_trace_id_in_hex_is_kept_and_another_is_none():
    told = [{"type": "a", "trace_id": one} for one in ("0af7651916cd43dd8448eb211c80319c", "x" * 32, " " * 32, 5, "0a")]
    assert (
        taken(told).batches[0].traces.tolist()
        == halves([bytes.fromhex("0af7651916cd43dd8448eb211c80319c"), b"", b"", b"", b""]).tolist()
    )


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (5, "event 1: found 5; wanted an object"),
        ({}, "event 1, `type`: found nothing; wanted the name of what happened"),
        ({"type": ""}, 'event 1, `type`: found ""; wanted the name of what happened'),
        ({"type": 5}, "event 1, `type`: found 5; wanted the name of what happened"),
        ({"type": "a", "value": "2"}, 'event 1, `value`: found "2"; wanted a number'),
        ({"type": "a", "value": True}, "event 1, `value`: found true; wanted a number"),
        ({"type": "a", "weight": 0}, "event 1, `weight`: found 0; wanted how many events it stands for: 1, 2, ..."),
        (
            {"type": "a", "weight": True},
            "event 1, `weight`: found true; wanted how many events it stands for: 1, 2, ...",
        ),
        ({"type": "a", "weight": 1.5}, "event 1, `weight`: found 1.5; wanted how many events it stands for: 1, 2, ..."),
        ({"type": "a", "weight": MOST_SAMPLED + 1}, f"event 1, `weight`: found {MOST_SAMPLED + 1}; wanted"),
        ({"type": "a", "attributes": []}, "event 1, `attributes`: found []; wanted an object"),
        (
            {"type": "a", "at": "noon"},
            'event 1, `at`: found "noon"; wanted RFC 3339 with a zone (2026-11-20T10:00:00Z)',
        ),
        (
            {"type": "a", "at": 1795168800000},
            "event 1, `at`: found 1795168800000, which looks like milliseconds; wanted",
        ),
    ],
)
def test_one_wrong_event_refuses_all_and_is_named(event, sentence):
    assert why([{"type": "good"}, event]).startswith(sentence)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1,]", b"\xff", b'"\\ud800"', b'[{"type": "a", "x": "\xff"}]', b"[" * 100_000]
)
def test_what_is_not_json_is_answered_with_400(body):
    found = decode(body, wanted=WANTED, now_ns=NOW)
    assert isinstance(found, Rejection)
    assert found.status == 400


def test_a_sentence_does_not_repeat_a_long_value():
    assert len(why({"type": "a", "value": "x" * 10_000})) < 150


def test_too_many_events_are_answered_with_413():
    found = decode(b"[" + b"1," * MOST_NODES + b"1]", wanted=WANTED, now_ns=NOW)
    assert isinstance(found, Rejection)
    assert found.status == 413


@pytest.mark.parametrize("value", [b"{},", b"[],", b"1,"])
def test_a_small_body_that_would_be_large_in_memory_is_not_parsed(value):
    found = decode(b'{"type": "a", "plan": [' + value * MOST_MARKS + b"{}]}", wanted=WANTED, now_ns=NOW)
    assert isinstance(found, Rejection)
    assert (found.status, found.why) == (
        413,
        f"the body holds more than {MOST_MARKS} values; send it in smaller batches",
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
fields = st.sampled_from(["type", "name", "at", "value", "weight", "attributes", "plan", "trace_id", "events"])


@given(json_values | st.dictionaries(fields, json_values) | st.lists(st.dictionaries(fields, json_values), max_size=3))
@settings(max_examples=500)
def test_any_json_is_decoded_or_refused(told):
    check(answer(told))


def check(found):
    assert isinstance(found, Decoded | Rejection)
    if isinstance(found, Rejection):
        assert found.status in (400, 413)
        assert found.why
    else:
        assert sum(batch.n for batch in found.batches) == found.items


SAMPLE = json.dumps(
    [{"type": "a", "at": "2026-11-20T11:00:00.5Z", "value": 1.5, "weight": 2, "plan": "é", "attributes": {"amount": 5}}]
    * 2
).encode()


def test_a_body_cut_at_any_byte_is_refused():
    assert all(
        isinstance(decode(SAMPLE[:length], wanted=WANTED, now_ns=NOW), Rejection) for length in range(len(SAMPLE))
    )


def fuzz(cases, seed):
    chance = random.Random(seed)
    taken = 0
    for _ in range(cases):
        body = bytearray(SAMPLE)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(body))
            body[at : at + chance.randint(0, 2)] = chance.choice(
                [b"0", b"e9", b"-", b'"', b"{", b"[", b"\xff", b"null", b""]
            )
        found = decode(bytes(body), wanted=WANTED, now_ns=NOW)
        check(found)
        taken += isinstance(found, Decoded)
    assert 0 < taken < cases


def test_damaged_bodies_never_raise():
    fuzz(2000, seed=1)


@pytest.mark.torture
def test_a_million_damaged_bodies_never_raise():
    fuzz(1_000_000, seed=2)
