"""
Which observations does a body of OTLP metrics hold?

Only metrics that a stream reads are looked at; how their points become rows says `metric_rows.py`. Cumulative series
need the memory of what they counted before: `counters`.

>>> from watchkeeper.measure.counters import CounterMemory
>>> from watchkeeper.measure.values import Wanted
>>> point = '{"timeUnixNano": "7", "asDouble": 250}'
>>> metric = '{"name": "wait", "unit": "ms", "gauge": {"dataPoints": [%s]}}' % point
>>> body = '{"resourceMetrics": [{"scopeMetrics": [{"metrics": [%s]}]}]}' % metric
>>> wanted = Wanted(metrics=frozenset({"wait"}))
>>> decode(body.encode(), json=True, wanted=wanted, counters=CounterMemory()).batches[0].value.tolist()
[0.25]
"""

from collections.abc import Iterator

from watchkeeper.measure.decode.columns_builder import ColumnsBuilder
from watchkeeper.measure.decode.form import Form, Node, attributes_of, too_many
from watchkeeper.measure.decode.identity import identifier_of
from watchkeeper.measure.decode.metric_rows import MetricRows
from watchkeeper.measure.decode.otlp_json import JSON_FORM
from watchkeeper.measure.decode.otlp_protobuf import PROTOBUF
from watchkeeper.measure.values import Counters, Decoded, Rejection, Wanted


def decode(body: bytes, *, json: bool, wanted: Wanted, counters: Counters) -> Decoded | Rejection:
    """
    The points of an ExportMetricsServiceRequest, in protobuf or JSON; 400 where it is not one, 413 where it holds too
    many.

    Values and bucket rows come as separate batches; the metric's name is always the column `name`. A point is
    rejected as `bad-time`, `bad-value` (none, not finite, or a falling counter's negative), `bad-weight`,
    `bad-histogram`, `bad-temporality`, or `not-supported-yet` (exponential histograms, summaries, deltas of sums that
    may fall). A body that is refused has not touched `counters`.
    """
    form = JSON_FORM if json else PROTOBUF
    tree = form.metrics(body)
    if isinstance(tree, Rejection):
        return tree
    return too_many(_sizes(form, tree)) or _decoded(form, tree, wanted, counters)


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


def _decoded(form: Form, tree: Node, wanted: Wanted, counters: Counters) -> Decoded:
    columns = ColumnsBuilder({*wanted.attributes, "name"}, read=form.scalar)
    rows = MetricRows(form=form, columns=columns, counters=counters)
    items = 0
    for resource in tree.resource_metrics or ():
        columns.under(attributes_of(resource.resource))
        for scope in resource.scope_metrics or ():
            columns.within(attributes_of(scope.scope))
            for metric in scope.metrics or ():
                items += _points(form, metric)
                if metric.name in wanted.metrics:
                    rows.add(metric, identifier_of(form, resource.resource, scope.scope, metric))
    if columns.cut:
        rows.noted["text-cut"] = columns.cut
    batches = [one.batch(columns) for one in (rows.numbers, rows.buckets) if one.at]
    return Decoded(batches=batches, items=items, rejected=dict(rows.rejected), noted=dict(rows.noted))
