"""
Which request does a block describe?

As it goes over the wire: a line with method and address, headers, an empty line, a body.

>>> asked = read_http("POST /api/admin/incidents\\nContent-Type: application/json\\n\\n{}", expect="201")
>>> asked.method, asked.url, asked.headers, asked.body, asked.expect
('POST', '/api/admin/incidents', (('Content-Type', 'application/json'),), '{}', (201,))
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from watchkeeper.manual.model.unfit import Unfit, nearest
from watchkeeper.manual.runbooks.parameters import uses
from watchkeeper.manual.runbooks.values import Http

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")
#: What frames a message or says who is asked; whoever sends the request says these.
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "te", "upgrade"})


class Misread(Unfit):
    """
    The same with the line in the block, from 0.
    """

    def __init__(self, line: int, *, found: str, wanted: str) -> None:
        super().__init__(found=found, wanted=wanted)
        self.line = line


def read_http(text: str, *, expect: str = "") -> Http:
    """
    The request. `expect` is a status, or several with commas between; 2xx where it is empty. Raises Misread.
    """
    head, _, body = text.strip("\n").replace("\r\n", "\n").partition("\n\n")
    first, *rest = head.split("\n")
    method, url = _first(first)
    headers = tuple(_header(line, at) for at, line in enumerate(rest, start=1))
    if uses(body):
        _only_whole_texts(body, len(rest) + 2)
    return Http(method=method, url=url, headers=headers, body=body.strip(), expect=_expect(expect))


def _first(line: str) -> tuple[str, str]:
    method, _, url = line.strip().partition(" ")
    if method not in METHODS:
        wanted = f"a line such as `GET /health`: one of {', '.join(METHODS)}{nearest(method, METHODS)}"
        raise Misread(0, found=f"`{line.strip()[:60]}`", wanted=wanted)
    url = url.strip()
    if not url or re.search(r"\s", url):
        raise Misread(0, found=f"`{url[:60]}`", wanted="one address after the method")
    if url.startswith("/") and not url.startswith("//"):
        return method, url
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misread(0, found=f"`{url[:60]}`", wanted="an address with `https://`, or a path that begins with `/`")
    if uses(parts.netloc) or "$" in parts.netloc:
        raise Misread(0, found=f"`{parts.netloc}`", wanted="a host that is written out: no value may say who is asked")
    if parts.username is not None or parts.password is not None:
        raise Misread(0, found="a name or password in the address", wanted="an address without them")
    return method, url


def _header(line: str, at: int) -> tuple[str, str]:
    found = _HEADER.fullmatch(line.strip())
    if found is None:
        raise Misread(
            at,
            found=f"`{line.strip()[:60]}`",
            wanted="a header such as `Accept: application/json`, or an empty line before the body",
        )
    if found[1].lower() in _OURS:
        raise Misread(at, found=f"the header `{found[1]}`", wanted="none: whoever sends the request says it")
    return found[1], found[2]


def _only_whole_texts(body: str, line: int) -> None:
    try:
        data = json.loads(body)
    except ValueError as error:
        raise Misread(
            line, found="a `$name` in a body that is no JSON", wanted="JSON, where values can stand safely"
        ) from error
    for text in _texts(data):
        if uses(text) and not re.fullmatch(r"\$\{?[A-Za-z_]\w*\}?", text):
            raise Misread(line, found=f'`"{text[:60]}"`', wanted='a `"$name"` by itself, which becomes that text')


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield key + ("" if not uses(key) else " ")  # a key is never a whole value
            yield from _texts(value)
    elif isinstance(data, list):
        for each in data:
            yield from _texts(each)


def _expect(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for part in parts:
        if not re.fullmatch(r"[1-5]\d\d", part):
            raise Unfit(found=f"`expect={text}`", wanted='a status such as `200`, or several: `expect="200,404"`')
    return tuple(int(part) for part in parts)
