"""
Which observations does a body of OTLP log records hold?

One row per record: the time it says (else the time it was seen at), no value of its own (an attribute may be read as
one), and the attributes that the manual names. `severity`, `severity_number`, `name` (of its event) and `body` (where
it is text) are fields of its own. A record whose time makes no sense is left out and counted.

>>> from watchkeeper.measure.values import Wanted
>>> record = '{"timeUnixNano": "7", "severityText": "warn", "body": {"stringValue": "disk is full"}}'
>>> body = '{"resourceLogs": [{"scopeLogs": [{"logRecords": [%s]}]}]}' % record
>>> found = Logs(Wanted(attributes=frozenset({"severity", "body"}))).decode(body.encode(), json=True)
>>> {name: column.values[0] for name, column in sorted(found.batches[0].columns.items())}
{'body': 'disk is full', 'severity': 'WARN'}
"""

from collections import Counter
from collections.abc import Iterator
from math import nan
from types import ModuleType

import numpy as np

from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.decode.columns_builder import ColumnsBuilder
from watchkeeper.measure.decode.form import (
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
from watchkeeper.measure.decode.severity import severity
from watchkeeper.measure.native import backend
from watchkeeper.measure.values import Batch, Decoded, Rejection, Wanted, halves

_INT32 = 2**31


class Logs:
    """
    Decodes one body after the other. What the codes of a column mean outlives the body (`values.Lexicon`), so keep one
    for as long as the manual asks for the same. Not for two threads at once.

    Protobuf is read by the compiled part where there is one, unless `native` is False; `part` names another one. Both
    walks say the same of every body.
    """

    def __init__(self, wanted: Wanted, *, native: bool = True, part: ModuleType | None = None) -> None:
        self._wanted = wanted
        part = part or (backend.native("logs") if native else None)
        self._records = None if part is None else part.Records(wanted.attributes, trace_ids=wanted.trace_ids)
        self._walks = {json: _Records(form, wanted) for json, form in ((False, PROTOBUF), (True, JSON_FORM))}

    @property
    def native(self) -> bool:
        """
        Whether protobuf is read by the compiled part.
        """
        return self._records is not None

    def decode(self, body: bytes | memoryview, *, json: bool) -> Decoded | Rejection:
        """
        The records of an ExportLogsServiceRequest, in protobuf or JSON; 400 where it is not one, 413 where it holds too
        many.

        A record is rejected as `bad-time` (it says no time, or one beyond 64 bits). Noted is `text-cut` (a text of more
        than 1024 characters, each time it came).
        """
        if not json and self._records is not None:
            return self._compiled(body)
        walk = self._walks[json]
        tree = walk.form.logs(bytes(body))
        return tree if isinstance(tree, Rejection) else too_many(_sizes(tree)) or walk.decoded(tree)

    def _compiled(self, body: bytes | memoryview) -> Decoded | Rejection:
        records = self._records
        assert records is not None
        n = records.read(body)
        if n < 0:
            return malformed("ExportLogsServiceRequest") if n == -1 else too_many_items()
        attributes = records.attributes
        columns = {
            name: Column(codes=codes[:n], values=values)
            for name, codes, values in zip(attributes.names, records.codes, attributes.values, strict=False)
        }
        return _decoded(
            items=records.items,
            bad_time=records.bad_time,
            cuts=attributes.cuts,
            batch=_batch(records.at[:n], columns, records.traces[:n] if self._wanted.trace_ids else None),
        )


def _batch(at_ns: np.ndarray, columns: dict[str, Column], traces: np.ndarray | None) -> Batch:
    return Batch(signal="logs", at_ns=at_ns, value=np.full(len(at_ns), nan), columns=columns, traces=traces)


def _decoded(*, items: int, bad_time: int, cuts: int, batch: Batch) -> Decoded:
    return Decoded(
        batches=[batch] if batch.n else [],
        items=items,
        rejected={"bad-time": bad_time} if bad_time else {},
        noted={"text-cut": cuts} if cuts else {},
    )


def _sizes(tree: Node) -> Iterator[int]:
    yield len(tree.resource_logs or ())
    for resource in tree.resource_logs or ():
        yield len(resource.scope_logs or ())
        for scope in resource.scope_logs or ():
            yield len(scope.log_records or ())


class _Records:
    """
    The walk over a parsed body, in one of the two forms: the reference for the compiled part.
    """

    def __init__(self, form: Form, wanted: Wanted) -> None:
        self.form = form
        self._wanted = wanted
        self._columns = ColumnsBuilder(wanted.attributes, read=form.scalar, own=_OWN)
        self._own = [(column, field) for name, field in _OWN.items() if (column := self._columns.index(name)) >= 0]

    def decoded(self, tree: Node) -> Decoded:
        self._columns.start()
        at: list[int] = []
        traces: list[bytes] = []
        seen: Counter[bool] = Counter()
        for record in self._records(tree):
            at_ns = record.time_unix_nano or record.observed_time_unix_nano or 0
            fits = 0 < at_ns < TOO_BIG
            seen[fits] += 1
            if fits:
                own = [(column, field(self.form, record)) for column, field in self._own]
                self._columns.row(record.attributes or (), own)
                at.append(at_ns)
                traces.append(self.form.identifier(record.trace_id))
        ids = halves(traces) if self._wanted.trace_ids else None
        batch = _batch(np.array(at, dtype=np.int64), self._columns.build(), ids)
        return _decoded(items=seen.total(), bad_time=seen[False], cuts=self._columns.cut, batch=batch)

    def _records(self, tree: Node) -> Iterator[Node]:
        for resource in tree.resource_logs or ():
            self._columns.under(attributes_of(resource.resource))
            for scope in resource.scope_logs or ():
                self._columns.within(attributes_of(scope.scope))
                yield from scope.log_records or ()


def _name(form: Form, record: Node) -> Scalar | None:  # noqa: ARG001 - as the other fields
    return record.event_name or None


def _severity(form: Form, record: Node) -> Scalar | None:  # noqa: ARG001 - as the other fields
    return severity(record.severity_text or "", record.severity_number or 0)


def _severity_number(form: Form, record: Node) -> Scalar | None:  # noqa: ARG001 - as the other fields
    number: int = record.severity_number or 0
    return number if number and -_INT32 <= number < _INT32 else None  # JSON can say more than the protocol means


def _body(form: Form, record: Node) -> Scalar | None:
    said = form.scalar(record.body)
    return said if isinstance(said, str) else None


_OWN = {"name": _name, "severity": _severity, "severity_number": _severity_number, "body": _body}
