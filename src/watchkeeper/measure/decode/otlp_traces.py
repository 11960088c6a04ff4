"""
Which observations does a body of OTLP spans hold?

One row per span: its duration in nanoseconds as value, its end as time, its sampling weight, and the attributes that
the manual names. A span whose times make no sense is left out and counted.

>>> from watchkeeper.measure.values import Wanted
>>> span = '{"name": "parse", "startTimeUnixNano": "5", "endTimeUnixNano": "12"}'
>>> body = '{"resourceSpans": [{"scopeSpans": [{"spans": [%s]}]}]}' % span
>>> traces = Traces(Wanted(attributes=frozenset({"name"})))
>>> batch = traces.decode(body.encode(), json=True).batches[0]
>>> batch.value.tolist(), batch.at_ns.tolist(), batch.columns["name"].values
([7], [12], ['parse'])
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType

import numpy as np

from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.decode.columns_builder import ColumnsBuilder
from watchkeeper.measure.decode.form import (
    MOST_SAMPLED,
    TOO_BIG,
    Form,
    Node,
    Scalar,
    attributes_of,
    malformed,
    too_many,
    too_many_items,
)
from watchkeeper.measure.decode.otlp_json import JSON_FORM
from watchkeeper.measure.decode.otlp_protobuf import PROTOBUF
from watchkeeper.measure.decode.sampling import weight_of
from watchkeeper.measure.decode.seconds import seconds_column
from watchkeeper.measure.names import SPAN_KINDS
from watchkeeper.measure.native import backend
from watchkeeper.measure.values import Batch, Decoded, Ints, Rejection, Wanted, halves

_ERROR = 2  # Status.STATUS_CODE_ERROR


class Traces:
    """
    Decodes one body after the other. What the codes of a column mean outlives the body (`values.Lexicon`), so keep one
    for as long as the manual asks for the same. Not for two threads at once.

    Protobuf is read by the compiled part where there is one, unless `native` is False; `part` names another one. Both
    walks say the same of every body.
    """

    def __init__(self, wanted: Wanted, *, native: bool = True, part: ModuleType | None = None) -> None:
        self._wanted = wanted
        self._duration = "duration" in wanted.attributes  # each row has its own: made of its value when somebody looks
        names = wanted.attributes - {"duration"}
        part = part or (backend.native("traces") if native else None)
        self._spans = None if part is None else part.Spans(names, trace_ids=wanted.trace_ids)
        self._walks = {json: _Spans(form, wanted) for json, form in ((False, PROTOBUF), (True, JSON_FORM))}

    @property
    def native(self) -> bool:
        """
        Whether protobuf is read by the compiled part.
        """
        return self._spans is not None

    def decode(self, body: bytes | memoryview, *, json: bool) -> Decoded | Rejection:
        """
        The spans of an ExportTraceServiceRequest, in protobuf or JSON; 400 where it is not one, 413 where it holds too
        many.

        A span is rejected as `bad-time` (no start or end, or an end before its start) or `bad-weight` (it says that it
        stands for more than 2^20 spans). Noted are `bad-threshold` (a sampling threshold that cannot be read; the span
        weighs 1) and `text-cut` (a text of more than 1024 characters, each time it came).
        """
        if not json and self._spans is not None:
            return self._compiled(body)
        walk = self._walks[json]
        tree = walk.form.traces(bytes(body))
        return tree if isinstance(tree, Rejection) else too_many(_sizes(tree)) or walk.decoded(tree)

    def _compiled(self, body: bytes | memoryview) -> Decoded | Rejection:
        spans = self._spans
        assert spans is not None
        n = spans.read(body)
        if n < 0:
            return malformed("ExportTraceServiceRequest") if n == -1 else too_many_items()
        counted = {"bad-time": spans.bad_time, "bad-weight": spans.bad_weight}
        noted = {"bad-threshold": spans.bad_threshold, "text-cut": spans.attributes.cuts}
        found = Decoded(batches=[], items=spans.items, rejected=_some(counted), noted=_some(noted))
        if n:
            attributes = spans.attributes
            columns = {
                name: Column(codes=codes[:n], values=values)
                for name, codes, values in zip(attributes.names, spans.codes, attributes.values, strict=False)
            }
            batch = Batch(
                signal="spans",
                at_ns=spans.at[:n],
                value=spans.took[:n],
                weight=spans.weight[:n],
                columns=columns,
                traces=spans.traces[:n] if self._wanted.trace_ids else None,
            )
            found.batches.append(_with_duration(batch, spans.took[:n]) if self._duration else batch)
        return found


def _some(counts: dict[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in counts.items() if count}


def _sizes(tree: Node) -> Iterator[int]:
    yield len(tree.resource_spans or ())
    for resource in tree.resource_spans or ():
        yield len(resource.scope_spans or ())
        for scope in resource.scope_spans or ():
            yield len(scope.spans or ())


class _Spans:
    """
    The walk over a parsed body, in one of the two forms: the reference for the compiled part.
    """

    def __init__(self, form: Form, wanted: Wanted) -> None:
        self.form = form
        self._wanted = wanted
        self._columns = ColumnsBuilder(wanted.attributes - {"duration"}, read=form.scalar, own=_OWN)
        self._own = [(column, field) for name, field in _OWN.items() if (column := self._columns.index(name)) >= 0]

    def _start(self) -> None:
        self._columns.start()
        self._at: list[int] = []
        self._took: list[int] = []
        self._weights: list[int] = []
        self._traces: list[bytes] | None = [] if self._wanted.trace_ids else None
        self._items = 0
        self._rejected: Counter[str] = Counter()
        self._noted: Counter[str] = Counter()

    def decoded(self, tree: Node) -> Decoded:
        self._start()
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
            self._traces.append(self.form.identifier(span.trace_id))

    def _weight(self, trace_state: str) -> int:
        weight = weight_of(trace_state)
        if weight is None:
            self._noted["bad-threshold"] += 1
            return 1
        return weight

    def _batch(self) -> Batch:
        took = np.array(self._took, dtype=np.int64)
        batch = Batch(
            signal="spans",
            at_ns=np.array(self._at, dtype=np.int64),
            value=took,
            weight=np.array(self._weights, dtype=np.int64),
            columns=self._columns.build(),
            traces=None if self._traces is None else halves(self._traces),
        )
        return _with_duration(batch, took) if "duration" in self._wanted.attributes else batch


def _with_duration(batch: Batch, took: Ints) -> Batch:
    return replace(batch, columns={**batch.columns, "duration": seconds_column(took)})


def _name(span: Node) -> Scalar | None:
    name: str = span.name or ""
    return name


def _kind(span: Node) -> Scalar | None:
    return SPAN_KINDS.get(span.kind or 0)


def _error(span: Node) -> Scalar | None:
    return span.status is not None and span.status.code == _ERROR


_OWN = {"name": _name, "kind": _kind, "error": _error}
