"""
Which observations does a body of OTLP metrics hold?

Only metrics that a stream reads are looked at. A walk makes columns of points (`metric_points.py`, or compiled:
`native/metrics.pyx`); then the memory of cumulative series says how much they grew, and points become rows
(`metric_rows.py`).

>>> from watchkeeper.measure.counters import CounterMemory
>>> from watchkeeper.measure.values import Wanted
>>> point = '{"timeUnixNano": "7", "asDouble": 250}'
>>> metric = '{"name": "wait", "unit": "ms", "gauge": {"dataPoints": [%s]}}' % point
>>> body = '{"resourceMetrics": [{"scopeMetrics": [{"metrics": [%s]}]}]}' % metric
>>> metrics = Metrics(Wanted(metrics=frozenset({"wait"})))
>>> metrics.decode(body.encode(), json=True, counters=CounterMemory()).batches[0].value.tolist()
[0.25]
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Final

from watchkeeper.measure.decode.columns_builder import ColumnsBuilder
from watchkeeper.measure.decode.form import Form, Node, attributes_of, malformed, too_many, too_many_items
from watchkeeper.measure.decode.identity import context_of, identifier_of
from watchkeeper.measure.decode.metric_points import PointsBuilder
from watchkeeper.measure.decode.metric_rows import Counters, batches_of
from watchkeeper.measure.decode.otlp_json import JSON_FORM
from watchkeeper.measure.decode.otlp_protobuf import PROTOBUF
from watchkeeper.measure.native import backend
from watchkeeper.measure.values import Batch, Decoded, Rejection, Wanted

if TYPE_CHECKING:
    from watchkeeper.measure.native.metrics import Walk

#: Bytes of a body that the reference has to read because of its form: it parses before it counts, and may make 30 times
#: as much of it in memory.
MOST_ODD: Final = 8 * 2**20

_BROKEN, _CROWDED = 1, 2  # outcomes of the compiled walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """
    The points of one body, as what makes rows of them (and says how many were too heavy), and what was left out.
    """

    rows: Callable[[Counters], tuple[list[Batch], int]]
    items: int
    rejected: dict[str, int]
    noted: dict[str, int]


class Metrics:
    """
    Reads bodies for one plan, one after the other: what codes of attributes mean outlives a body. `native`: by the
    compiled walk, where it was built; it hands unusual bodies, and JSON, to the reference.
    """

    def __init__(self, wanted: Wanted, *, native: bool = True, part: ModuleType | None = None) -> None:
        part = part or (backend.native("metrics") if native else None)
        self._wanted = wanted
        self._compiled: Walk | None = None if part is None else part.Walk(wanted)
        self._columns = {json: _columns(json, wanted) for json in (False, True)}

    @property
    def native(self) -> bool:
        """
        Whether protobuf is read by the compiled part.
        """
        return self._compiled is not None

    @property
    def left(self) -> int:
        """
        How many bodies the compiled part left to the reference.
        """
        return 0 if self._compiled is None else self._compiled.reference

    def decode(self, body: bytes | memoryview, *, json: bool, counters: Counters) -> Decoded | Rejection:
        """
        The points of an ExportMetricsServiceRequest, in protobuf or JSON; 400 where it is not one, 413 where it holds
        too many. A body that is refused has not touched `counters`.

        Values and bucket rows come as separate batches; the metric's name is always the column `name`. Why a point is
        rejected say `metric_points.py` and `metric_rows.py`.
        """
        walked = self._walk(body, json)
        if isinstance(walked, Rejection):
            return walked
        batches, heavy = walked.rows(counters)
        rejected = {**walked.rejected, "bad-weight": heavy} if heavy else walked.rejected
        return Decoded(batches=batches, items=walked.items, rejected=rejected, noted=walked.noted)

    def _walk(self, body: bytes | memoryview, json: bool) -> Walked | Rejection:
        if self._compiled is not None and not json:
            found = self._compiled.walk(body)
            if found is not None:
                points, items, rejected, noted = found
                rows = partial(batches_of, points) if self._compiled.spreads else partial(_rows, self._compiled)
                return Walked(rows=rows, items=items, rejected=rejected, noted=noted)
            if refused := _refused(self._compiled.outcome, len(body)):
                return refused
        form = JSON_FORM if json else PROTOBUF
        tree = form.metrics(bytes(body))
        if isinstance(tree, Rejection):
            return tree
        return too_many(_sizes(form, tree)) or _walked(form, tree, self._wanted, self._columns[json])


def _rows(walk: "Walk", counters: Counters) -> tuple[list[Batch], int]:
    """
    As `batches_of`, of the body that was walked last.
    """
    asked = walk.asked()
    return walk.rows(None if asked is None else counters.grown(*asked).values)


def _refused(outcome: int, size: int) -> Rejection | None:
    """
    Why a body is refused that the compiled walk did not read; None where the reference should read it.
    """
    if outcome == _BROKEN:
        return malformed("ExportMetricsServiceRequest")
    if outcome == _CROWDED:
        return too_many_items()
    if size > MOST_ODD:
        return Rejection(
            status=413,
            why=f"the body is larger than {MOST_ODD} bytes and sends parts in pieces; send it in smaller batches",
        )
    return None


def _sizes(form: Form, tree: Node) -> Iterator[int]:
    yield len(tree.resource_metrics or ())
    for resource in tree.resource_metrics or ():
        yield len(resource.scope_metrics or ())
        for scope in resource.scope_metrics or ():
            yield len(scope.metrics or ())
            for metric in scope.metrics or ():
                yield _points(form, metric)


def _points(form: Form, metric: Node) -> int:
    kind = form.data(metric)
    return 0 if kind is None else len(getattr(metric, kind).data_points or ())


def _columns(json: bool, wanted: Wanted) -> ColumnsBuilder:
    form = JSON_FORM if json else PROTOBUF
    return ColumnsBuilder({*wanted.attributes, "name"}, read=form.scalar, own=("name",))


def _walked(form: Form, tree: Node, wanted: Wanted, columns: ColumnsBuilder) -> Walked:
    columns.start()
    builder = PointsBuilder(form, columns)
    items = 0
    for resource in tree.resource_metrics or ():
        columns.under(attributes_of(resource.resource))
        for scope in resource.scope_metrics or ():
            columns.within(attributes_of(scope.scope))
            for metric in scope.metrics or ():
                items += _points(form, metric)
                kind = form.data(metric)
                if kind is not None and metric.name in wanted.metrics:
                    context = context_of(form, resource.resource, scope.scope, metric, kind)
                    builder.add(metric, identifier_of(form, context))
    if columns.cut:
        builder.noted["text-cut"] = columns.cut
    points = builder.build()
    return Walked(
        rows=partial(batches_of, points), items=items, rejected=dict(builder.rejected), noted=dict(builder.noted)
    )
