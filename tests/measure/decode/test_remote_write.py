"""
Which observations does a body of remote-write hold? On the reference and on the compiled walk.
"""

import random
import tracemalloc
from collections import Counter
from math import inf
from typing import Any

import cramjam
import numpy as np
import pytest

from tests.measure.decode.remote_bodies import ATTRIBUTES, NOW, STALE, WANTED, MadeUp, S, body, series
from watchkeeper.measure import matching
from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.decode.form import MOST_WEIGHT
from watchkeeper.measure.decode.metric_rows import MOST_TOGETHER
from watchkeeper.measure.decode.remote_heard import AHEAD_NS
from watchkeeper.measure.decode.remote_names import COUNTER, GAUGE, HISTOGRAM, SUMMARY
from watchkeeper.measure.decode.remote_protobuf import WriteRequest
from watchkeeper.measure.decode.remote_write import RemoteWrite, unpack
from watchkeeper.measure.native.backend import native
from watchkeeper.measure.values import Batch, Decoded, Rejection, Wanted

BUILT = native("remote_write") is not None and native("series") is not None


class Way:
    """
    A decoder and its counters; each body is one change.
    """

    def __init__(self, *, compiled, metrics=WANTED, attributes=ATTRIBUTES):
        self.compiled = compiled
        self.wanted = Wanted(metrics=frozenset(metrics), attributes=frozenset(attributes))
        self.counters = CounterMemory(native=compiled)
        self.remote = RemoteWrite(self.wanted, native=compiled)
        assert self.remote.native == compiled
        self.kept = []

    def take(self, raw, *, now=NOW, commit=True):
        self.counters.begin()
        found = self.remote.decode(raw, counters=self.counters, now_ns=now)
        if commit:
            self.kept.append(self.counters.patch())
            self.counters.commit()
        else:
            self.counters.rollback()
        return found

    def restart(self):
        self.counters = CounterMemory(native=self.compiled)
        self.counters.load(self.kept)
        self.remote = RemoteWrite(self.wanted, native=self.compiled)


@pytest.fixture(params=["reference", "compiled"])
def make(request):
    if request.param == "compiled" and not BUILT:
        pytest.skip("the extension is not built")
    return lambda **more: Way(compiled=request.param == "compiled", **more)


@pytest.fixture
def way(make):
    return make()


def rows(found):
    """
    The rows of all batches: metric, seconds since NOW, weight, value or (low, high).
    """
    assert isinstance(found, Decoded)
    told = []
    for batch in found.batches:
        names = [batch.columns["name"].values[code] for code in batch.columns["name"].codes.tolist()]
        limits: Any = (batch.low, batch.high)
        values = batch.value if batch.value is not None else zip(*limits, strict=True)
        for name, at, weight, value in zip(names, batch.at_ns.tolist(), batch.weight.tolist(), values, strict=True):
            said = tuple(map(float, value)) if isinstance(value, tuple) else None if value != value else float(value)
            told.append((name, (at - NOW) / S, weight, said))
    return told


def column(found, name):
    (batch,) = found.batches
    column = batch.columns[name]
    return [None if code < 0 else column.values[code] for code in column.codes.tolist()]


def test_a_counter_is_what_it_grew_by(way):
    first = way.take(body(("jobs_total", [(-30, 100.0)], {"queue": "a"})))
    assert rows(first) == [("jobs_total", -30, 0, None)]
    second = way.take(body(("jobs_total", [(-20, 103.0), (-10, 103.0), (0, 2.0)], {"queue": "a"})))
    assert rows(second) == [("jobs_total", -20, 3, None), ("jobs_total", -10, 0, None), ("jobs_total", 0, 2, None)]
    assert column(second, "queue") == ["a", "a", "a"]
    assert (second.items, second.rejected, second.noted) == (3, {}, {})


def test_amounts_and_gauges_are_values_in_si_units(way):
    told: Any = [
        ("cpu_seconds_total", [(-1, 1.0), (0, 3.0)], {}),
        ("load", [(0, 0.25)], {}),
        ("took_milliseconds", [(0, 35.0)], {}),
    ]
    assert sorted(rows(way.take(body(*told)))) == [
        ("cpu_seconds_total", -1, 0, None),
        ("cpu_seconds_total", 0, 1, 2.0),
        ("load", 0, 1, 0.25),
        ("took_milliseconds", 0, 1, 0.035),
    ]


def test_a_growth_that_is_not_whole_is_an_amount(way):
    assert rows(way.take(body(("jobs_total", [(-1, 1.0), (0, 2.5)], {}))))[1] == ("jobs_total", 0, 1, 1.5)


def test_metadata_says_what_the_name_does_not(way):
    load: Any = ("load", [(-1, 5.0), (0, 9.0)], {})
    assert rows(way.take(body(load, metadata=[("load", COUNTER, "")]))) == [("load", -1, 0, None), ("load", 0, 4, None)]
    jobs: Any = ("jobs_total", [(0, 5.0)], {})
    assert rows(way.take(body(jobs, metadata=[("jobs_total", GAUGE, "ms")]))) == [("jobs_total", 0, 1, 0.005)]
    assert rows(way.take(body(("load", [(1, 11.0)], {})))) == [("load", 1, 2, None)]  # it is remembered


def test_metadata_counts_for_the_samples_of_its_own_body_too(way):
    found = way.take(body(("load", [(0, -1.0)], {}), metadata=[("load", COUNTER, "")]))
    assert (found.batches, found.rejected) == ([], {"bad-value": 1})


def test_a_gauge_is_taken_once_and_only_forward_in_time(way):
    assert rows(way.take(body(("load", [(-10, 1.0)], {})))) == [("load", -10, 1, 1.0)]
    again = way.take(body(("load", [(-20, 2.0), (-10, 1.0), (-5, 3.0)], {})))
    assert (rows(again), again.rejected) == ([("load", -5, 1, 3.0)], {"duplicate": 2})


def test_a_body_sent_again_counts_nothing(way):
    raw = body(("jobs_total", [(-10, 1.0), (0, 5.0)], {}), ("load", [(0, 1.0)], {}))
    way.take(raw)
    again = way.take(raw)
    assert (again.batches, again.items, again.rejected) == ([], 3, {"duplicate": 3})


def test_a_body_taken_back_counts_when_it_is_sent_again(way):
    way.take(body(("jobs_total", [(-10, 1.0)], {})))
    raw = body(("jobs_total", [(0, 5.0)], {}))
    way.take(raw, commit=False)
    assert rows(way.take(raw)) == [("jobs_total", 0, 4, None)]


def test_counters_outlive_a_restart(way):
    way.take(body(("jobs_total", [(-10, 1.0)], {"queue": "a"})))
    way.restart()
    assert rows(way.take(body(("jobs_total", [(0, 5.0)], {"queue": "a"})))) == [("jobs_total", 0, 4, None)]


@pytest.mark.parametrize(
    ("sample", "rejected", "noted"),
    [
        ((0, float("nan")), {"bad-value": 1}, {}),
        ((0, inf), {"bad-value": 1}, {}),
        ((0, -1.0), {"bad-value": 1}, {}),
        ((0, STALE), {}, {"stale": 1}),
        ((-NOW / S, 1.0), {"bad-time": 1}, {}),
        ((61, 1.0), {"in the future": 1}, {}),
    ],
    ids=["not a number", "infinite", "a counter below zero", "the series ended", "no time", "too far ahead"],
)
def test_what_is_no_sample_is_counted_and_changes_nothing(way, sample, rejected, noted):
    way.take(body(("jobs_total", [(-10, 1.0)], {})))
    found = way.take(body(("jobs_total", [sample], {})))
    assert (found.batches, found.rejected, found.noted) == ([], rejected, noted)
    assert rows(way.take(body(("jobs_total", [(0, 2.0)], {})))) == [("jobs_total", 0, 1, None)]


def test_a_growth_that_no_sum_can_hold_is_refused(way):
    found = way.take(body(("jobs_total", [(-1, 0.0), (0, float(MOST_WEIGHT + 1))], {})))
    assert (rows(found), found.rejected) == ([("jobs_total", -1, 0, None)], {"bad-weight": 1})


def test_growths_that_no_sum_can_hold_together_are_refused(way):
    way.take(body(*(("jobs_total", [(-2, 0.0)], {"queue": str(i)}) for i in range(20))))
    found = way.take(body(*(("jobs_total", [(-1, float(MOST_WEIGHT))], {"queue": str(i)}) for i in range(20))))
    assert (sum(weight for _, _, weight, _ in rows(found)), found.rejected) == (MOST_TOGETHER, {"bad-weight": 4})

    def limits(at, n):
        edges = ("1", "+Inf")
        return [("took_milliseconds_bucket", [(at, n)], {"queue": str(i), "le": le}) for i in range(20) for le in edges]

    way.take(body(*limits(-2, 0.0)))
    found = way.take(body(*limits(-1, float(MOST_WEIGHT))))
    assert (sum(weight for _, _, weight, _ in rows(found)), found.rejected) == (MOST_TOGETHER, {"bad-weight": 8})


def test_ahead_means_what_it_means_to_the_matcher():
    assert AHEAD_NS == matching.AHEAD_NS


def labelled(*labels):
    request = WriteRequest()
    told = request.timeseries.add()
    for name, value in labels:
        told.labels.add(name=name, value=value)
    told.samples.add(value=1.0, timestamp=NOW // 1_000_000)
    series(request, "load", (0, 2.0))
    return request.SerializeToString()


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ([(b"queue", b"a")], "no-name"),
        ([(b"__name__", b"")], "no-name"),
        ([(b"__name__", b"load"), (b"a", b"1"), (b"a", b"1")], "duplicate-label"),
        ([(b"__name__", b"load"), (b"__name__", b"load")], "duplicate-label"),
        ([(b"__name__", b"load"), (b"a", b"\xff")], "bad-labels"),
        ([(b"__name__", b"load"), (b"", b"a")], "bad-labels"),
        ([(b"__name__", b"load"), *((f"l{i}".encode(), b"a") for i in range(128))], "bad-labels"),
        ([(b"__name__", b"wait_seconds_bucket"), (b"le", b"many")], "bad-histogram"),
        ([(b"__name__", b"wait_seconds_bucket")], "bad-histogram"),
    ],
)
def test_a_series_that_cannot_be_told_from_others_is_refused_and_the_rest_is_taken(way, labels, why):
    for _ in range(2):
        found = way.take(labelled(*labels), commit=False)
        assert (rows(found), found.items, found.rejected) == ([("load", 0, 1, 2.0)], 2, {why: 1})


def test_labels_without_a_value_and_in_any_order_are_the_same_series(way):
    way.take(labelled((b"__name__", b"jobs_total"), (b"a", b"1"), (b"b", b"2")))
    found = way.take(labelled((b"b", b"2"), (b"empty", b""), (b"__name__", b"jobs_total"), (b"a", b"1")))
    assert found.rejected == {"duplicate": 2}


def test_attributes_are_found_under_the_names_of_labels(way):
    labels = [
        ("__name__", "load"),
        ("http_route", "/a"),
        ("http_status_code", "200"),
        ("name", "no"),
        ("queue", "x" * 1025),
    ]
    request = WriteRequest()
    told = request.timeseries.add()
    for name, value in labels:
        told.labels.add(name=name.encode(), value=value.encode())
    told.samples.add(value=1.0, timestamp=NOW // 1_000_000)
    found = way.take(request.SerializeToString())
    assert column(found, "http.route") == ["/a"]
    assert column(found, "status") == ["200"]
    assert column(found, "queue") == ["x" * 1024]
    assert column(found, "name") == ["load"]
    assert found.noted == {"text-cut": 1}


def test_what_cannot_be_read_yet_is_noted(way):
    request = WriteRequest()
    told = series(request, "load", (0, 1.0))
    told.exemplars.append(b"")
    told.histograms.append(b"")
    series(request, "up", (0, 1.0)).exemplars.append(b"")
    assert way.take(request.SerializeToString()).noted == {"not-supported-yet": 2}


def test_one_of_a_pair_is_listened_to_and_both_tell_the_same_series(way):
    def told(replica, at, value):
        return body(("jobs_total", [(at, value)], {"cluster": "eu", "__replica__": replica}))

    way.take(told("a", -60, 1.0), now=NOW - 60 * S)
    other = way.take(told("b", -59, 2.0), now=NOW - 59 * S)
    assert (other.batches, other.items, other.rejected) == ([], 1, {"replica": 1})
    way.take(told("a", -45, 3.0), now=NOW - 45 * S)
    assert way.take(told("b", -15, 4.0), now=NOW - 15 * S).rejected == {"replica": 1}
    assert rows(way.take(told("b", -14, 8.0), now=NOW - 14 * S)) == [("jobs_total", -14, 5, None)]
    assert way.take(told("a", -13, 9.0), now=NOW - 13 * S).rejected == {"replica": 1}
    assert rows(way.take(body(("jobs_total", [(0, 9.0)], {"cluster": "eu"})))) == [("jobs_total", 0, 1, None)]


def test_a_replica_without_a_cluster_is_a_label_like_others(way):
    for replica in ("a", "b"):
        assert rows(way.take(body(("load", [(0, 1.0)], {"__replica__": replica})))) == [("load", 0, 1, 1.0)]


def test_a_broken_body_is_refused_and_has_changed_nothing(way):
    raw = body(("jobs_total", [(-10, 1.0), (0, 2.0)], {}), metadata=[("jobs_total", GAUGE, "")])
    assert way.take(raw + b"\x0a").status == 400
    assert (len(way.counters), way.kept) == (0, [b""])
    assert rows(way.take(body(("jobs_total", [(-10, 1.0), (0, 2.0)], {}))))[1] == ("jobs_total", 0, 1, None)


# --- histograms


LIMITS = [0.1, 0.5, 1.0, inf]


def written(limit):
    return "+Inf" if limit == inf else str(limit)


def buckets(at, counts, *, limits=None, name="wait_seconds", **labels):
    """
    The series of a histogram whose buckets counted these: name, samples, labels.
    """
    totals = np.cumsum(counts).tolist()
    return [
        (f"{name}_bucket", [(at, float(total))], {"le": written(limit), **labels})
        for limit, total in zip(limits or LIMITS, totals, strict=True)
    ]


def histogram(found, name="wait_seconds"):
    return [
        (at, weight, *said) for metric, at, weight, said in rows(found) if metric == name and isinstance(said, tuple)
    ]


@pytest.fixture
def waits(make):
    return make(metrics=["wait_seconds", "took_milliseconds"], attributes=["route"])


def test_a_classic_histogram_becomes_its_buckets(waits):
    assert histogram(waits.take(body(*buckets(-60, [5, 5, 0, 1])))) == []  # which limits there are shows by the next
    assert histogram(waits.take(body(*buckets(-45, [6, 5, 2, 1])))) == [
        (-60, 0, -inf, 0.1), (-45, 1, -inf, 0.1), (-45, 2, 0.5, 1.0)
    ]  # fmt: skip
    assert histogram(waits.take(body(*buckets(-30, [6, 5, 2, 1])))) == [(-30, 0, -inf, 0.1)]
    assert histogram(waits.take(body(*buckets(-15, [0, 1, 0, 2])))) == [(-15, 1, 0.1, 0.5), (-15, 2, 1.0, inf)]


def test_limits_are_in_si_units(waits):
    for at in (-60, -45):
        waits.take(body(*buckets(at, [0, 0], limits=[250.0, inf], name="took_milliseconds")))
    found = waits.take(body(*buckets(-30, [1, 2], limits=[250.0, inf], name="took_milliseconds")))
    assert histogram(found, "took_milliseconds") == [(-30, 1, -inf, 0.25), (-30, 2, 0.25, inf)]


def test_a_histogram_sent_again_counts_nothing(waits):
    for at, more in ((-60, 0), (-45, 1)):
        waits.take(body(*buckets(at, [more] * 4)))
    again = waits.take(body(*buckets(-45, [1] * 4)))
    assert (again.batches, again.rejected) == ([], {"duplicate": 4})


def test_what_is_held_when_the_process_ends_counts_with_the_next_point(waits):
    for at, more in ((-90, 0), (-75, 1)):
        waits.take(body(*buckets(at, [more] * 4)))
    first, *others = buckets(-60, [3] * 4)
    assert waits.take(body(first)).batches == []
    waits.restart()
    assert waits.take(body(*others)).batches == []
    counted: Counter[float] = Counter()
    for at, more in ((-45, 5), (-30, 6)):
        for _, weight, _, high in histogram(waits.take(body(*buckets(at, [more] * 4)))):
            counted[high] += weight
    assert counted == dict.fromkeys(LIMITS, 5)


def test_after_a_restart_a_known_histogram_counts_at_once_and_another_when_it_came_twice(waits):
    for at, more in ((-90, 0), (-75, 1)):
        waits.take(body(*buckets(at, [more] * 4)))
    waits.restart()
    assert len(histogram(waits.take(body(*buckets(-60, [2] * 4))))) == 4
    waits.restart()
    told = [histogram(waits.take(body(*buckets(at, [at + 100] * 2, limits=[0.7, inf])))) for at in (-45, -30, -15, 0)]
    assert told[:2] == [[], []]
    assert told[2] == [(-30, 0, -inf, 0.7), (-15, 15, -inf, 0.7), (-15, 15, 0.7, inf)]
    assert len(told[3]) == 2


def test_buckets_that_do_not_add_up_are_refused(waits):
    for at in (-60, -45):
        waits.take(body(*buckets(at, [1] * 4)))
    found = waits.take(body(*buckets(-30, [1, -1, 2, 5])))
    assert (found.batches, found.rejected) == ([], {"bad-histogram": 4})
    assert histogram(waits.take(body(*buckets(-15, [1, 1, 2, 1])))) == [(-15, 1, 0.5, 1.0)]


def test_other_limits_are_another_histogram(waits):
    for at in (-90, -75):
        waits.take(body(*buckets(at, [1] * 4)))
    other = [0.2, inf]
    found = [histogram(waits.take(body(*buckets(at, [at + 100, 1], limits=other)))) for at in (-60, -45, -30)]
    assert found == [[], [(-60, 0, -inf, 0.2), (-45, 15, -inf, 0.2)], [(-30, 15, -inf, 0.2)]]


def test_a_limit_that_nobody_speaks_of_any_more_is_waited_for_no_longer(waits):
    fewer = [0.5, inf]
    for at in (-900, -885):
        waits.take(body(*buckets(at, [1] * 4)), now=NOW + at * S)
    counted = [
        histogram(waits.take(body(*buckets(at, [at + 2000, 1], limits=fewer)), now=NOW + at * S))
        for at in range(-870, 0, 30)
    ]
    assert [bool(one) for one in counted] == [at - -885 > 300 for at in range(-870, 0, 30)]
    assert counted[-1] == [(-30, 30, -inf, 0.5)]


def test_explicit_names_of_a_histogram_s_series_are_counters(make):
    way = make(metrics=["wait_seconds_count", "wait_seconds_sum", "wait_seconds_bucket"], attributes=[])
    told = [
        ("wait_seconds_count", [(-1, 5.0), (0, 7.0)], {}),
        ("wait_seconds_sum", [(-1, 1.0), (0, 3.0)], {}),
        ("wait_seconds_bucket", [(-1, 5.0), (0, 6.0)], {"le": "1"}),
    ]
    assert sorted(rows(way.take(body(*told, metadata=[("wait_seconds", HISTOGRAM, "seconds")]))), key=repr) == [
        ("wait_seconds_bucket", -1, 0, None), ("wait_seconds_bucket", 0, 1, None),
        ("wait_seconds_count", -1, 0, None), ("wait_seconds_count", 0, 2, None),
        ("wait_seconds_sum", -1, 0, None), ("wait_seconds_sum", 0, 1, 2.0),
    ]  # fmt: skip


def test_the_quantiles_of_a_summary_are_values(make):
    way = make(metrics=["wait_seconds"], attributes=["quantile"])
    found = way.take(body(("wait_seconds", [(0, 0.2)], {"quantile": "0.9"}), metadata=[("wait_seconds", SUMMARY, "")]))
    assert (rows(found), column(found, "quantile")) == ([("wait_seconds", 0, 1, 0.2)], ["0.9"])


def sharded(seed, *, scrapes, shards, apart):
    """
    What happens when a histogram of several instances is dealt out to senders that lag behind each other: the bodies
    in the order of their arrival, and what each bucket counted between the first scrape and the last.
    """
    chance = random.Random(seed)
    limits = sorted(chance.sample([0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0], chance.randint(1, 8))) + [inf]
    counts = {instance: [chance.randint(0, 9) for _ in limits] for instance in "abc"}
    first = {instance: list(one) for instance, one in counts.items()}
    shard_of = {(instance, limit): chance.randrange(shards) for instance in "abc" for limit in limits}
    queues: list[list[bytes]] = [[] for _ in range(shards)]
    for scrape in range(scrapes):
        told: list[list[Any]] = [[] for _ in range(shards)]
        for instance, one in counts.items():
            if scrape:
                counts[instance] = one = [count + chance.choice([0, 0, 1, 7]) for count in one]
            for bucket in buckets(15 * scrape - 3600, one, limits=limits, instance=instance):
                limit = inf if bucket[2]["le"] == "+Inf" else float(bucket[2]["le"])
                told[shard_of[instance, limit]].append(bucket)
        for queue, one_told in zip(queues, told, strict=True):
            chance.shuffle(one_told)
            queue.append(body(*one_told))
    sent: list[bytes] = []
    at = [0] * shards
    while min(at) < scrapes:
        shard = chance.choice([i for i in range(shards) if at[i] < min(scrapes, min(at) + apart)])
        sent += [queues[shard][at[shard]]] * chance.choice([1, 1, 1, 2])  # some are sent twice
        at[shard] += 1
    grown: Counter[float] = Counter()
    for instance, one in counts.items():
        for limit, count, before in zip(limits, one, first[instance], strict=True):
            grown[limit] += count - before
    return sent, grown


@pytest.mark.parametrize("seed", range(12))
def test_buckets_in_any_requests_and_any_order_count_what_happened(waits, seed):
    sent, grown = sharded(seed, scrapes=12, shards=seed % 4 + 1, apart=1)
    counted: Counter[float] = Counter()
    for raw in sent:
        for _, weight, low, high in histogram(waits.take(raw)):
            assert weight >= 0
            assert low < high
            counted[high] += weight
    assert +counted == +grown


@pytest.mark.parametrize("seed", range(12))
def test_senders_far_apart_count_what_happened_but_for_the_beginning(waits, seed):
    sent, grown = sharded(seed, scrapes=40, shards=seed % 4 + 2, apart=12)
    below: Counter[float] = Counter()
    above: Counter[float] = Counter()
    last = -4000
    for raw in sent:
        for at, weight, low, high in histogram(waits.take(raw)):
            last = max(last, at)
            for limit in grown:
                below[limit] += weight * (high <= limit)
                above[limit] += weight * (low >= limit)
    assert last == 15 * 39 - 3600
    for limit in grown:
        assert below[limit] <= sum(grown[other] for other in grown if other <= limit)
        assert above[limit] <= sum(grown[other] for other in grown if other > limit)
    assert below[inf] >= 0.4 * sum(grown.values())


# --- both ways


def plain(batch: Batch):
    columns = {
        name: [None if code < 0 else one.values[code] for code in one.codes.tolist()]
        for name, one in batch.columns.items()
    }
    arrays = [batch.at_ns, batch.weight, *(one for one in (batch.value, batch.low, batch.high) if one is not None)]
    return [repr(one.tolist()) for one in arrays], columns


def lived(seed, bodies):
    made, ways = MadeUp(seed), [Way(compiled=one) for one in (False, True)]
    for number in range(bodies):
        raw = made.request(most=12).SerializeToString()
        if made.chance.random() < 0.1:
            raw = made.bent(raw)
        now, commit = NOW + number * made.chance.choice([0, S, 20 * S]), made.chance.random() < 0.8
        found = [way.take(raw, now=now, commit=commit) for way in ways]
        if isinstance(found[0], Rejection):
            assert found[0] == found[1]
            continue
        for one in found:
            one.noted.pop("series-overflow", None)
        told = [([plain(batch) for batch in one.batches], one.items, one.rejected, one.noted) for one in found]
        assert told[0] == told[1]
        assert ways[0].kept[-1:] == ways[1].kept[-1:]
        if made.chance.random() < 0.02:
            for way in ways:
                way.restart()


@pytest.mark.skipif(not BUILT, reason="the extension is not built")
@pytest.mark.parametrize("seed", range(12))
def test_both_ways_count_the_same(seed):
    lived(seed, 120)


@pytest.mark.torture
@pytest.mark.skipif(not BUILT, reason="the extension is not built")
@pytest.mark.parametrize("seed", range(1000, 1300))
def test_both_ways_count_the_same_for_long(seed):
    lived(seed, 1500)


# --- unpacking


def test_a_block_is_unpacked():
    raw = body(("load", [(0, 1.0)], {}))
    assert unpack(bytes(cramjam.snappy.compress_raw(raw)), 10_000) == raw
    assert unpack(b"\0", 10) == b""


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"\xff\xff\xff\xff\xff\x01", 400),
        (b"\xff\xff\xff\xff\x1f\0", 400),
        (b"\xff\xff\xff\xff\x0f" + b"\0" * 10, 413),
        (b"\xe9\x07" + b"\xfe\x01\x00" * 20, 413),
        (b"\x05\x00", 400),
        (b"\x05" + b"\xff" * 20, 400),
        (b"\x01" + b"\0" * 1001, 413),
    ],
    ids=["nothing", "a length without end", "33 bits", "4 GB", "1001 bytes", "too short", "nonsense", "long itself"],
)  # fmt: skip
def test_a_block_that_is_none_or_too_large_is_refused_before_room_is_made(raw, status):
    found = unpack(raw, 1000)
    assert isinstance(found, Rejection)
    assert found.status == status


def test_a_body_of_millions_of_empty_samples_makes_no_room_for_them():
    if not BUILT:
        pytest.skip("the extension is not built")
    way = Way(compiled=True)
    split = b"\x0a\x00\x12\x00" * 400_000  # labels that do not lie end to end
    tracemalloc.start()
    try:
        for raw in (b"\x12\x00" * 3_000_000, split):
            refused = way.take(b"\x0a" + _length(raw) + raw)
            assert isinstance(refused, Rejection)
            assert refused.status == 413
        way.take(b"")
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * 2**20
    assert held < 8 * 2**20


def _length(raw):
    n, told = len(raw), bytearray()
    while n > 127:
        told.append(n & 127 | 128)
        n >>= 7
    return bytes([*told, n])
