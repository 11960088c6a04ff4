"""
In which two forms does OTLP come, and what do they share?

Protobuf messages and JSON are parsed into trees with the same field names (`resource_spans`, `scope_spans`, ...), so
that one walk reads both. A `Form` holds the few things that differ: how a body is parsed, how a value, an id or a
oneof is read.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from watchkeeper.measure.values import Rejection

#: A protobuf message, or the JSON struct of the same name: both have the field names of opentelemetry-proto.
Node = Any
Scalar = str | int | float | bool

#: A weight above it is a mistake of the sender, and sums of such weights would not fit 64 bits.
MOST_WEIGHT: Final = 2**36
#: How many one sampled event may stand for: its value is summed that many times, and 2,000 of the heaviest must fit.
MOST_SAMPLED: Final = 2**20
#: Times and counts from here on do not fit a signed 64-bit integer.
TOO_BIG: Final = 2**63
#: A body with more nodes than this is not a batch: an empty one costs two bytes on the wire and far more in memory.
MOST_NODES: Final = 100_000
#: Commas, braces and brackets in a JSON body: a value of two bytes on the wire becomes two hundred in memory.
MOST_MARKS: Final = 2_000_000
#: Values nested deeper than this are not told apart.
DEEPEST: Final = 32
#: Words in an error message that a parser wrote.
LONGEST_REASON: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """
    How one encoding of OTLP is read. None of these raises on a tree that `traces`, `metrics` or `logs` returned.
    """

    traces: Callable[[bytes], Node | Rejection]
    metrics: Callable[[bytes], Node | Rejection]
    logs: Callable[[bytes], Node | Rejection]
    scalar: Callable[[Node], Scalar | None]  # of an AnyValue; None for none, lists, maps and bytes
    plain: Callable[[Node], object]  # of an AnyValue: any value, as Python says it; a map is a tuple of its pairs
    identifier: Callable[[Node], bytes]  # trace id: 16 bytes, or empty
    number: Callable[[Node], float | None]  # of a NumberDataPoint
    data: Callable[[Node], str | None]  # of a Metric: which of gauge, sum, histogram ... it holds


def attributes_of(node: Node | None) -> Iterable[Node]:
    """
    The attributes of a resource, scope or item; none where it was not sent.
    """
    return () if node is None else node.attributes or ()


def too_dense(body: bytes) -> Rejection | None:
    """
    Why a JSON body is refused before it is parsed: it would hold more values than a batch does; None where it is not.
    """
    if len(body) <= MOST_MARKS or sum(body.count(mark) for mark in b",{[") <= MOST_MARKS:
        return None
    return Rejection(status=413, why=f"the body holds more than {MOST_MARKS} values; send it in smaller batches")


def too_many(counts: Iterable[int]) -> Rejection | None:
    """
    Why a body with so many nodes is refused; None where it is not.
    """
    seen = 0
    for count in counts:
        seen += count
        if seen > MOST_NODES:
            return too_many_items()
    return None


def too_many_items() -> Rejection:
    """
    Why a body with more than `MOST_NODES` nodes is refused.
    """
    return Rejection(status=413, why=f"the body holds more than {MOST_NODES} items; send it in smaller batches")


def malformed(message: str) -> Rejection:
    """
    Why a body is refused that is not this message in protobuf.

    >>> malformed("WriteRequest").why
    'the body is not a WriteRequest in protobuf: its wire format is broken'
    """
    article = "an" if message[0] in "AEIOU" else "a"
    return Rejection(status=400, why=f"the body is not {article} {message} in protobuf: its wire format is broken")
