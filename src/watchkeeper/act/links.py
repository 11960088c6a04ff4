"""
How does a link in a message say who may do what with which page, and until when?

The token in it is signed (HMAC-SHA-256) and bound to one person, one action, these pages and an end. Whoever holds it
can do this one thing, once; opening it does nothing by itself (mail scanners open links), a pressed button does.

>>> links = Links(b"k" * 32, "https://watch.example")
>>> url = links.make(Action.ACKNOWLEDGE, 7, "ada", 2 * 10**9)
>>> url.startswith("https://watch.example/answer/")
True
>>> token = url.rpartition("/")[2]
>>> links.read(token, 10**9)
Link(action=<Action.ACKNOWLEDGE: 'acknowledge'>, pages=(7,), person='ada', expires_ns=2000000000)
>>> links.read(token, 3 * 10**9), links.read(token[:-1] + "A", 10**9)
(None, None)
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Final

_VERSION: Final = "1"
_SIGNED_FOR: Final = b"watchkeeper answer link\0"  # keeps this use of the secret apart from any other
_MAC_BYTES: Final = 32
_MOST: Final = 4096  # characters of a token that are looked at
#: A link works so long after the message was written.
LIFETIME_NS: Final = 3 * 24 * 3600 * 10**9
KEY_BYTES: Final = 32


class Action(StrEnum):
    """
    What can be done about a page from within a message.
    """

    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    ESCALATE = "escalate"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """
    What a link lets its person do: one action, on these pages, before `expires_ns`.
    """

    action: Action
    pages: tuple[int, ...]
    person: str
    expires_ns: int


class Links:
    """
    Makes and reads such links, with one secret of at least 32 bytes. They begin with `base`.
    """

    def __init__(self, secret: bytes, base: str) -> None:
        if len(secret) < KEY_BYTES:
            raise ValueError(f"found a secret of {len(secret)} bytes; wanted at least {KEY_BYTES}")
        self._secret, self._base = secret, base.rstrip("/")

    def make(self, action: Action, pages: int | Sequence[int], person: str, expires_ns: int) -> str:
        """
        The address of the page that asks whether to do it. The same arguments give the same address.
        """
        numbers = (pages,) if isinstance(pages, int) else tuple(pages)
        fields = (_VERSION, action.value, ",".join(map(str, numbers)), str(expires_ns), person)
        content = "\n".join(fields).encode()
        return f"{self._base}/answer/{_written(self._mac(content) + content)}"

    def read(self, token: str, now_ns: int) -> Link | None:
        """
        What a token lets somebody do; None when it was not made here, was changed, or is over.
        """
        read = _read(token)
        if read is None or not hmac.compare_digest(self._mac(read[_MAC_BYTES:]), read[:_MAC_BYTES]):
            return None
        version, action, pages, expires, person = read[_MAC_BYTES:].decode().split("\n", 4)
        if version != _VERSION or int(expires) <= now_ns:
            return None
        numbers = tuple(int(number) for number in pages.split(","))
        return Link(action=Action(action), pages=numbers, person=person, expires_ns=int(expires))

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self._secret, _SIGNED_FOR + content, "sha256")

    def __repr__(self) -> str:
        return f"Links({self._base})"


def digest_of(token: str) -> str:
    """
    Under which a used token is remembered (store/links.py); the token itself is stored nowhere. One token can be
    written in several ways, so it is taken of what it says.
    """
    return blake2b(_read(token) or token.encode(), digest_size=16).hexdigest()


def _written(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _read(token: str) -> bytes | None:
    """
    What a token says; None when it is written as none is.
    """
    if not token.isascii() or len(token) > _MOST:
        return None
    try:
        content = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if len(content) > _MAC_BYTES and _written(content) == token else None
