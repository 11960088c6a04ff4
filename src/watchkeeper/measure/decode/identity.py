"""
Which series does a point belong to?

A series is one combination of resource, scope, metric and attributes: all attributes, in any order, whether the manual
names them or not, because two sources that differ in one of them count apart. Its identity is the first 16 bytes of
BLAKE2b (`digest_size=16`) over a canonical form. What is remembered about a series outlives the process, so this form
is part of what is on disk:

    series     = attributes(resource) text(scope name) text(scope version) attributes(scope)
                 text(metric name) text(unit) text(kind) attributes(point) limits
    text       = its length in UTF-8 as 4 bytes, the bytes
    attributes = how many as 4 bytes, then each as text(key) value, in the order of these bytes
    limits     = how many as 4 bytes, then each as a double: upper limits of an explicit histogram, in SI units
    value      = one letter and what belongs to it
                 n nothing | s text | y bytes, like a text | b one byte, 0 or 1 | i 8 bytes, signed | d a double
                 a how many as 4 bytes, values | m attributes | x text that should have been base64

All numbers are little-endian; every NaN is the quiet one without payload. `kind` is the field of the metric that holds
its points (`sum`, `histogram`, `exponential_histogram`). What is nested deeper than 32 values is nothing.

>>> canonical("a"), canonical(True), canonical(-1), canonical(None)
(b's\\x01\\x00\\x00\\x00a', b'b\\x01', b'i\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff', b'n')
"""

from collections.abc import Callable, Iterable
from hashlib import blake2b
from math import isnan
from struct import pack

from watchkeeper.measure.decode.form import Form, Node, attributes_of

SIZE = 16

_NAN = bytes.fromhex("000000000000f87f")


def context_of(form: Form, resource: Node, scope: Node, metric: Node, kind: str) -> bytes:
    """
    The canonical form of what the points of a metric have in common.
    """
    name, version = (scope.name or "", scope.version or "") if scope is not None else ("", "")
    told = (text(name), text(version), attributes(form, attributes_of(scope)))
    about = (text(metric.name or ""), text(metric.unit or ""), text(kind))
    return b"".join((attributes(form, attributes_of(resource)), *told, *about))


def identifier_of(form: Form, context: bytes) -> Callable[[Node, Iterable[float]], bytes]:
    """
    The function that names the series of a metric's points; bucket limits are part of the name, since other limits
    count apart.
    """
    prefix = blake2b(context, digest_size=SIZE)

    def identity(point: Node, limits: Iterable[float] = ()) -> bytes:
        digest = prefix.copy()
        digest.update(attributes(form, attributes_of(point)))
        digest.update(doubles(limits))
        return digest.digest()

    return identity


def attributes(form: Form, nodes: Iterable[Node]) -> bytes:
    """
    Attributes on the wire in canonical form.
    """
    told = sorted(text(one.key or "") + canonical(form.plain(one.value)) for one in nodes)
    return len(told).to_bytes(4, "little") + b"".join(told)


def doubles(numbers: Iterable[float]) -> bytes:
    """
    Numbers in canonical form.
    """
    told = [_double(one) for one in numbers]
    return len(told).to_bytes(4, "little") + b"".join(told)


def text(told: str) -> bytes:
    """
    A text in canonical form.
    """
    raw = told.encode("utf-8", "surrogatepass")
    return len(raw).to_bytes(4, "little") + raw


def canonical(value: object) -> bytes:
    """
    A value as `Form.plain` gives it, in canonical form.
    """
    match value:
        case str():
            return b"s" + text(value)
        case bool():
            return b"b\x01" if value else b"b\x00"
        case int():
            return b"i" + value.to_bytes(8, "little", signed=True)
        case float():
            return b"d" + _double(value)
        case bytes():
            return b"y" + len(value).to_bytes(4, "little") + value
        case list():
            return b"a" + len(value).to_bytes(4, "little") + b"".join(map(canonical, value))
        case dict():  # what JSON called bytes and is none
            return b"x" + text(value["not base64"])
        case tuple():  # the pairs of a map
            told = sorted(text(key) + canonical(one) for key, one in value)
            return b"m" + len(told).to_bytes(4, "little") + b"".join(told)
    return b"n"


def _double(number: float) -> bytes:
    return _NAN if isnan(number) else pack("<d", number)
