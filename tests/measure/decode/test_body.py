import gzip
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.measure.decode.body import JSON, MOST_MEMBERS, PROTOBUF, open_body
from watchkeeper.measure.values import Rejection

LIMIT = 1000


def opened(raw: bytes, *, kind: str = JSON, encoding: str = "", limit: int = LIMIT) -> bytes | Rejection:
    return open_body(raw, content_type=kind, content_encoding=encoding, limit=limit)


def status(answer: bytes | Rejection) -> int:
    return answer.status if isinstance(answer, Rejection) else 200


@pytest.mark.parametrize(
    "kind", [JSON, PROTOBUF, "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"']
)
def test_a_known_type_is_taken(kind):
    assert opened(b"x", kind=kind) == b"x"


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/jsonp", "application/json; charset=utf-16", "multipart/form-data"]
)
def test_another_type_is_answered_with_415(kind):
    assert status(opened(b"x", kind=kind)) == 415


def test_an_address_can_take_fewer_types():
    answer = open_body(b"", content_type=PROTOBUF, content_encoding="", limit=LIMIT, types=(JSON,))
    assert answer == Rejection(
        status=415, why="Content-Type is 'application/x-protobuf'; this address takes application/json"
    )


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_no_encoding_leaves_the_body_as_it_is(encoding):
    assert opened(b"\x1f\x8b", encoding=encoding) == b"\x1f\x8b"


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip"])
def test_another_encoding_is_answered_with_415(encoding):
    assert status(opened(b"x", encoding=encoding)) == 415


@given(st.binary(max_size=1200), st.integers(0, 1200))
def test_gzip_gives_back_the_body_or_says_that_it_is_too_large(body, limit):
    packed = gzip.compress(body, mtime=0)
    answer = opened(packed, encoding="gzip", limit=limit)
    assert (status(answer) == 413) if len(body) > limit or len(packed) > limit else answer == body


def test_the_limit_itself_is_allowed_and_one_more_is_not():
    assert opened(gzip.compress(bytes(LIMIT)), encoding="gzip") == bytes(LIMIT)
    assert status(opened(gzip.compress(bytes(LIMIT + 1)), encoding="gzip")) == 413
    assert opened(bytes(LIMIT)) == bytes(LIMIT)
    assert status(opened(bytes(LIMIT + 1))) == 413


def test_a_gzip_bomb_never_expands():
    bomb = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    try:
        answer = opened(bomb, encoding="gzip", limit=100_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert status(answer) == 413
    assert peak < 2_000_000


def test_gzip_cut_at_any_byte_is_answered_with_400():
    packed = gzip.compress(b"a body that was cut" * 3)
    assert {status(opened(packed[:length], encoding="gzip")) for length in range(len(packed))} == {400}


def test_what_is_not_gzip_is_answered_with_400():
    assert status(opened(b'{"a": 1}', encoding="gzip")) == 400
    assert status(opened(gzip.compress(b"a") + b"rubbish", encoding="gzip")) == 400


def test_members_end_to_end_are_one_body_but_not_without_end():
    assert opened(gzip.compress(b"a") + gzip.compress(b"b"), encoding="gzip") == b"ab"
    assert status(opened(gzip.compress(b"") * (MOST_MEMBERS + 1), encoding="gzip")) == 400
    assert status(opened(gzip.compress(bytes(600)) * 2, encoding="gzip")) == 413


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_random_bytes_as_gzip_never_raise(raw):
    assert status(opened(gzip.compress(b"x")[:10] + raw, encoding="gzip")) in (200, 400)
