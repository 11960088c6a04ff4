"""
CloudEvents in their three forms become plain events, each recognised by its source and id.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.measure.decode.cloudevents import BINARY, ONE, SEVERAL, decode, kind_of, name_of
from watchkeeper.measure.values import Decoded, Rejection, Wanted

NOW = 1_795_168_800_000_000_000
EVENT: dict[str, Any] = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order"}
WANTED = Wanted(attributes=frozenset({"name", "status", "source", "region"}))


def found(told: Any, kind: str = ONE, headers: Mapping[str, str] | None = None) -> Decoded | Rejection:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return decode(body, kind=kind, headers=headers or {}, wanted=WANTED, now_ns=NOW)


def taken(told: Any, kind: str = ONE, headers: Mapping[str, str] | None = None) -> Decoded:
    answer = found(told, kind, headers)
    assert isinstance(answer, Decoded), answer
    return answer


def why(told: Any, kind: str = ONE) -> str:
    answer = found(told, kind)
    assert isinstance(answer, Rejection), answer
    assert answer.status == 400
    return answer.why


def column(answer: Decoded, name: str) -> list[object]:
    one = answer.batches[0].columns[name]
    return [None if code < 0 else one.values[code] for code in one.codes]


def test_its_context_and_the_members_of_its_data_are_attributes():
    answer = taken({**EVENT, "time": "2026-11-20T11:00:00+01:00", "region": "eu", "data": {"status": "ok", "value": 2}})
    assert [column(answer, name) for name in sorted(WANTED.attributes)] == [["order"], ["eu"], ["/shop"], ["ok"]]
    assert answer.batches[0].at_ns.tolist() == [NOW]
    assert answer.batches[0].value is not None
    assert answer.batches[0].value.tolist() == [2.0]


def test_an_extension_goes_before_a_member_of_the_data_of_the_same_name():
    assert column(taken({**EVENT, "region": "eu", "data": {"region": "us"}}), "region") == ["eu"]


@pytest.mark.parametrize(("data", "value"), [(2.5, 2.5), ("2.5", None), (None, None), ([1], None), (True, None)])
def test_data_that_is_a_number_is_the_value(data: object, value: float | None):
    values = taken({**EVENT, "data": data}).batches[0].value
    assert values is not None
    assert [None if np.isnan(one) else one for one in values.tolist()] == [value]


def test_a_batch_keeps_a_name_for_each_of_its_events():
    answer = taken([EVENT, {**EVENT, "id": "2"}, EVENT], SEVERAL)
    assert answer.names == (name_of("/shop", "1"), name_of("/shop", "2"), name_of("/shop", "1"))
    assert answer.parts is not None
    assert (answer.items, answer.parts.tolist()) == (3, [0, 1, 2])
    assert taken([], SEVERAL).batches == []


def test_binary_mode_reads_headers_and_the_body_where_it_is_json():
    headers = {"content-type": "application/json", **{f"ce-{key}": value for key, value in EVENT.items()}}
    answer = taken({"status": "ok"}, BINARY, {**headers, "ce-region": "S%C3%BCd"})
    assert (column(answer, "status"), column(answer, "region")) == (["ok"], ["Süd"])
    assert column(taken(b"\xff\x00", BINARY, {**headers, "content-type": "image/png"}), "status") == [None]
    assert isinstance(found(b"{", BINARY, headers), Rejection)


def test_the_trace_of_its_extension_is_kept():
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    traces = taken({**EVENT, "traceparent": parent}).batches[0].traces
    assert traces is not None
    assert traces.tolist() == [[0x0AF7651916CD43DD, 0x8448EB211C80319C]]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({**EVENT, "specversion": "0.3"}, 'event 0, `specversion`: found "0.3"; wanted "1.0"'),
        ({**EVENT, "id": ""}, 'event 0, `id`: found ""; wanted a text'),
        ({**EVENT, "source": 7}, "event 0, `source`: found 7; wanted a text"),
        ({key: told for key, told in EVENT.items() if key != "type"}, "event 0, `type`: found nothing; wanted a text"),
        ({**EVENT, "time": "yesterday"}, 'event 0, `time`: found "yesterday"; wanted RFC 3339'),
        ([EVENT], "event 0: found"),
        (b"{", "the body is not JSON"),
    ],
)
def test_what_is_wrong_is_said_with_its_field(told: Any, said: str):
    assert why(told).startswith(said)


def test_one_wrong_event_refuses_the_batch_and_a_batch_is_a_list():
    assert why([EVENT, {**EVENT, "id": None}], SEVERAL).startswith("event 1, `id`")
    assert why(EVENT, SEVERAL).endswith("wanted a list of CloudEvents")


def test_a_source_and_an_id_cannot_be_confused_with_another_pair():
    assert len({name_of("a", "bc"), name_of("ab", "c"), name_of("abc", ""), name_of("", "abc")}) == 4


def test_the_form_is_told_by_the_content_type_or_the_headers():
    assert kind_of("Application/CloudEvents-Batch+JSON", {}) == SEVERAL
    assert kind_of("application/json", {"ce-specversion": "1.0"}) == BINARY
    assert kind_of("application/json", {}) is None


@given(st.binary(max_size=200), st.sampled_from([ONE, SEVERAL, BINARY]))
def test_no_body_makes_it_fail(body: bytes, kind: str):
    found(body, kind, {"ce-id": "1", "content-type": "application/json"})
