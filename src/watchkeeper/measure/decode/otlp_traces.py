"""
Which observations does a body of OTLP spans hold?

One row per span: its duration in nanoseconds as value, its end as time, its sampling weight, and the attributes that
the manual names. A span whose times make no sense is left out and counted.

>>> from watchkeeper.measure.values import Wanted
>>> span = '{"name": "parse", "startTimeUnixNano": "5", "endTimeUnixNano": "12"}'
>>> body = '{"resourceSpans": [{"scopeSpans": [{"spans": [%s]}]}]}' % span
>>> batch = decode(body.encode(), json=True, wanted=Wanted(attributes=frozenset({"name"}))).batches[0]
>>> batch.value.tolist(), batch.at_ns.tolist(), batch.columns["name"].values
([7], [12], ['parse'])
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from watchkeeper.measure.decode.columns_builder import ColumnsBuilder
from watchkeeper.measure.decode.form import MOST_SAMPLED, TOO_BIG, Form, Node, Scalar, attributes_of, too_many
from watchkeeper.measure.decode.otlp_json import JSON_FORM
from watchkeeper.measure.decode.otlp_protobuf import PROTOBUF
from watchkeeper.measure.decode.sampling import weight_of
from watchkeeper.measure.names import SPAN_KINDS
from watchkeeper.measure.values import Batch, Decoded, Rejection, Wanted, halves

_ERROR = 2  # Status.STATUS_CODE_ERROR


def decode(body: bytes, *, json: bool, wanted: Wanted) -> Decoded | Rejection:
    """
    The spans of an ExportTraceServiceRequest, in protobuf or JSON; 400 where it is not one, 413 where it holds too
    many.

    A span is rejected as `bad-time` (no start or end, or an end before its start) or `bad-weight` (it says that it
    stands for more than 2^20 spans). An unreadable sampling threshold is noted as `bad-threshold` and weighs 1.
    """
    form = JSON_FORM if json else PROTOBUF
    tree = form.traces(body)
    if isinstance(tree, Rejection):
        return tree
    return too_many(_sizes(tree)) or _Spans(form, wanted).decoded(tree)


def _sizes(tree: Node) -> Iterator[int]:
    yield len(tree.resource_spans or ())
    for resource in tree.resource_spans or ():
        yield len(resource.scope_spans or ())
        for scope in resource.scope_spans or ():
            yield len(scope.spans or ())


class _Spans:
    """
    The rows of one body while it is being read.
    """

    def __init__(self, form: Form, wanted: Wanted) -> None:
        self._form = form
        self._columns = ColumnsBuilder(wanted.attributes, read=form.scalar)
        self._own = [(column, field) for name, field in _OWN.items() if (column := self._columns.index(name)) >= 0]
        self._at: list[int] = []
        self._took: list[int] = []
        self._weights: list[int] = []
        self._traces: list[bytes] | None = [] if wanted.trace_ids else None
        self._items = 0
        self._rejected: Counter[str] = Counter()
        self._noted: Counter[str] = Counter()

    def decoded(self, tree: Node) -> Decoded:
        for resource in tree.resource_spans or ():
            self._columns.under(attributes_of(resource.resource))
            for scope in resource.scope_spans or ():
                self._columns.within(attributes_of(scope.scope))
                for span in scope.spans or ():
                    self._span(span)
        if self._columns.cut:
            self._noted["text-cut"] = self._columns.cut
        batches = [self._batch()] if self._at else []
        return Decoded(batches=batches, items=self._items, rejected=dict(self._rejected), noted=dict(self._noted))

    def _span(self, span: Node) -> None:
        self._items += 1
        start, end = span.start_time_unix_nano or 0, span.end_time_unix_nano or 0
        if not 0 < start <= end < TOO_BIG:
            self._rejected["bad-time"] += 1
            return
        weight = self._weight(span.trace_state) if span.trace_state else 1
        if weight > MOST_SAMPLED:
            self._rejected["bad-weight"] += 1
            return
        self._columns.row(span.attributes or (), [(column, field(span)) for column, field in self._own])
        self._at.append(end)
        self._took.append(end - start)
        self._weights.append(weight)
        if self._traces is not None:
            self._traces.append(self._form.identifier(span.trace_id))

    def _weight(self, trace_state: str) -> int:
        weight = weight_of(trace_state)
        if weight is None:
            self._noted["bad-threshold"] += 1
            return 1
        return weight

    def _batch(self) -> Batch:
        return Batch(
            signal="spans",
            at_ns=np.array(self._at, dtype=np.int64),
            value=np.array(self._took, dtype=np.int64),
            weight=np.array(self._weights, dtype=np.int64),
            columns=self._columns.build(),
            traces=None if self._traces is None else halves(self._traces),
        )


def _name(span: Node) -> Scalar | None:
    name: str = span.name or ""
    return name


def _kind(span: Node) -> Scalar | None:
    return SPAN_KINDS.get(span.kind or 0)


def _error(span: Node) -> Scalar | None:
    return span.status is not None and span.status.code == _ERROR


def _duration(span: Node) -> Scalar | None:
    return float((span.end_time_unix_nano - span.start_time_unix_nano) / 1e9)  # seconds, as conditions are


_OWN = {"name": _name, "kind": _kind, "error": _error, "duration": _duration}
