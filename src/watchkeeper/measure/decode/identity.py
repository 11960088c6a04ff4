"""
Which series does a point belong to?

A series is one combination of resource, scope, metric and attributes: all attributes, in any order, whether the
manual names them or not, because two sources that differ in one of them count apart. Its identity is a digest of 16
bytes.
"""

from collections.abc import Callable, Iterable
from hashlib import blake2b

from watchkeeper.measure.decode.form import Form, Node, attributes_of

SIZE = 16


def identifier_of(form: Form, resource: Node, scope: Node, metric: Node) -> Callable[[Node, Iterable[float]], bytes]:
    """
    The function that names the series of a metric's points; bucket limits are part of the name, since other limits
    count apart.
    """
    prefix = blake2b(digest_size=SIZE)
    name, version = (scope.name or "", scope.version or "") if scope is not None else ("", "")
    told = (
        _canonical(form, attributes_of(resource)), name, version, _canonical(form, attributes_of(scope)),
        metric.name or "", metric.unit or "", form.data(metric),
    )  # fmt: skip
    prefix.update(_bytes(repr(told)))

    def identity(point: Node, bounds: Iterable[float] = ()) -> bytes:
        digest = prefix.copy()
        digest.update(_bytes(repr((_canonical(form, attributes_of(point)), list(bounds)))))
        return digest.digest()

    return identity


def _canonical(form: Form, attributes: Iterable[Node]) -> list[tuple[str, str]]:
    return sorted((one.key or "", repr(form.plain(one.value))) for one in attributes)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
