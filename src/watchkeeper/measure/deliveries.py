"""
What is handed in, and what is said of it?

A delivery is one body on its way in; a receipt is what became of it. What a body (or each part of it) is recognised by
when it is sent again belongs to the delivery:

>>> digest("traces", b"body") == digest("traces", b"body"), digest("traces", b"body") == digest("logs", b"body")
(True, False)
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from hashlib import blake2b

from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.values import Decoded, Name, Rejection

#: Decodes one body; told the counters' memory and the present instant.
Decode = Callable[[bytes, CounterMemory, int], Decoded | Rejection]


@dataclass(slots=True, kw_only=True)
class Delivery:
    """
    One body on its way in, already unpacked.

    `name` recognises the whole of it when it is sent again; None promises nothing, unless its parts have names of their
    own (`Decoded.names`).
    """

    kind: str
    client: str
    body: bytes
    decode: Decode
    name: Name | None = None
    done: "Future[Receipt]" = field(default_factory=Future)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """
    What became of a body: taken (with what was left out, by reason), seen before, refused, or not possible just now.

    `busy` says why it could not be taken; `by_share`, that it was this client's own doing.
    """

    items: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    seen_before: bool = False
    refused: Rejection | None = None
    busy: str | None = None
    by_share: bool = False


@dataclass(slots=True)
class Tally:
    """
    What came in since the start, for `/metrics`.
    """

    bodies: Counter[tuple[str, str]] = field(default_factory=Counter)  # by kind and outcome
    items: Counter[str] = field(default_factory=Counter)  # by kind
    left_out: Counter[str] = field(default_factory=Counter)  # by reason
    noted: Counter[str] = field(default_factory=Counter)  # taken, but changed or passed over; by what
    commits: int = 0
    failed_commits: int = 0
    writes: bool = True  # whether the last commit went through


def digest(kind: str, body: bytes) -> bytes:
    """
    What a body is recognised by when it is sent again: 16 bytes.
    """
    return blake2b(body, digest_size=16, person=kind.encode()[:16]).digest()
