"""
What did the client send, once unpacked?

A body is opened under a limit that holds before and after decompression, so that a small body can never become a large
one in memory. What cannot be opened is answered with a 4xx and a sentence.

>>> import gzip
>>> open_body(gzip.compress(b"{}"), content_type="application/json", content_encoding="gzip", limit=1000)
b'{}'
>>> open_body(gzip.compress(bytes(10**6)), content_type=JSON, content_encoding="gzip", limit=1000).status
413
"""

import zlib
from collections.abc import Collection
from typing import Final

from watchkeeper.measure.values import Rejection

JSON: Final = "application/json"
PROTOBUF: Final = "application/x-protobuf"
#: A gzip body may be several streams end to end (RFC 1952); each costs a copy of the rest, so their number is bounded.
MOST_MEMBERS: Final = 16

_GZIP: Final = 16 + zlib.MAX_WBITS


def media_type(content_type: str) -> str:
    """
    The type without its parameters, in small letters.

    >>> media_type("Application/JSON; charset=utf-8")
    'application/json'
    """
    return content_type.partition(";")[0].strip().lower()


def open_body(
    raw: bytes,
    *,
    content_type: str,
    content_encoding: str,
    limit: int,
    types: Collection[str] = (PROTOBUF, JSON),
) -> bytes | Rejection:
    """
    The body as its sender wrote it, or why it cannot be taken: 415 for its type or encoding, 413 for its size (`limit`
    is in bytes, packed and unpacked), 400 for a broken gzip stream.
    """
    if media_type(content_type) not in types:
        return Rejection(
            status=415, why=f"Content-Type is {_shown(content_type)}; this address takes {' or '.join(types)}"
        )
    if not _utf8(content_type):
        return Rejection(status=415, why=f"Content-Type is {_shown(content_type)}; text must be in UTF-8")
    if len(raw) > limit:
        return _too_large(limit)
    match content_encoding.strip().lower():
        case "" | "identity":
            return raw
        case "gzip" | "x-gzip":
            return _gunzip(raw, limit)
    return Rejection(
        status=415, why=f"Content-Encoding is {_shown(content_encoding)}; this address takes gzip, or none at all"
    )


def _gunzip(raw: bytes, limit: int) -> bytes | Rejection:
    parts: list[bytes] = []
    room = limit + 1  # one more than may be: getting it is the proof that there is too much
    for _ in range(MOST_MEMBERS):
        stream = zlib.decompressobj(_GZIP)
        try:
            parts.append(stream.decompress(raw, room))
        except zlib.error as error:
            return Rejection(status=400, why=f"the body is not gzip as Content-Encoding says: {error}")
        room -= len(parts[-1])
        if room <= 0:
            return _too_large(limit)
        if not stream.eof:
            return Rejection(status=400, why="the gzip body ends too soon; send all of it")
        raw = stream.unused_data
        if not raw:
            return b"".join(parts)
    return Rejection(status=400, why=f"the gzip body has more than {MOST_MEMBERS} members; send it as one")


def _utf8(content_type: str) -> bool:
    for parameter in content_type.split(";")[1:]:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            return value.strip().strip('"').lower() in ("utf-8", "utf8", "us-ascii")
    return True


def _too_large(limit: int) -> Rejection:
    return Rejection(status=413, why=f"the body is larger than {limit} bytes; send it in smaller batches")


def _shown(header: str) -> str:
    return repr(header[:80]) if header.strip() else "missing"
