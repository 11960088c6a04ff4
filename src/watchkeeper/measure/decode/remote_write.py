"""
Which observations does a body of Prometheus remote-write (version 1.0) hold?

Counters are what they grew by, gauges are values, the buckets of a classic histogram become its bucket rows under the
histogram's own name. The samples come as `remote_heard.py` or its compiled twin found them; here they meet the memory
of counters, which also knows what is not newer: such a sample is dropped and counted as `duplicate`.

>>> import cramjam
>>> from watchkeeper.measure.counters import CounterMemory
>>> from watchkeeper.measure.decode.remote_protobuf import WriteRequest
>>> request = WriteRequest()
>>> series = request.timeseries.add()
>>> _ = series.labels.add(name=b"__name__", value=b"jobs_total"), series.labels.add(name=b"queue", value=b"mail")
>>> _ = series.samples.add(value=100, timestamp=1000), series.samples.add(value=103, timestamp=2000)
>>> packed = bytes(cramjam.snappy.compress_raw(request.SerializeToString()))
>>> counters = CounterMemory()
>>> counters.begin()
>>> remote = RemoteWrite(Wanted(metrics=frozenset({"jobs_total"}), attributes=frozenset({"queue"})))
>>> batch = remote.decode(unpack(packed, 1000), counters=counters, now_ns=2_000_000_000).batches[0]
>>> batch.at_ns.tolist(), batch.weight.tolist(), batch.columns["queue"].values
([1000000000, 2000000000], [0, 3], ['mail'])
"""

from collections import Counter
from types import ModuleType
from typing import Any, NamedTuple

import cramjam
import numpy as np
from numpy.typing import NDArray

from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.counters import CounterMemory
from watchkeeper.measure.decode.form import MOST_WEIGHT
from watchkeeper.measure.decode.metric_rows import MOST_TOGETHER
from watchkeeper.measure.decode.remote_heard import Heard, Hearing, Samples
from watchkeeper.measure.decode.remote_histograms import Histograms
from watchkeeper.measure.decode.remote_names import Names
from watchkeeper.measure.native import backend
from watchkeeper.measure.replicas import Replicas
from watchkeeper.measure.values import Batch, Decoded, Floats, Lexicon, Rejection, Wanted


class RemoteWrite:
    """
    Decodes one body after the other. What it knows of series outlives the body, so keep one for as long as the manual
    asks for the same. Not for two threads at once.

    Bodies are read by the compiled part where there is one, unless `native` is False; `part` names another one. Both
    walks say the same of every body.
    """

    def __init__(
        self,
        wanted: Wanted,
        *,
        native: bool = True,
        part: ModuleType | None = None,
        replicas: Replicas | None = None,
    ) -> None:
        self._names = Names(wanted.metrics)
        self._attributes = sorted(wanted.attributes - {"name"})
        self.replicas = replicas or Replicas()
        self._metrics = Lexicon(self._names.wanted)
        self._histograms = Histograms()
        part = part or (backend.native("remote_write") if native else None)
        self._hearing: Any = (Hearing if part is None else part.Hearing)(self._attributes, self._names)
        self._meanings = _Meanings.of(self._names)

    @property
    def native(self) -> bool:
        """
        Whether bodies are read by the compiled part.
        """
        return not isinstance(self._hearing, Hearing)

    def decode(self, body: bytes | memoryview, *, counters: CounterMemory, now_ns: int) -> Decoded | Rejection:
        """
        The samples of a WriteRequest that is not packed any more: 400 where the body is none, 413 where it holds too
        many. A body that is refused has not touched `counters`.

        Rejected, in samples: `duplicate` (not newer than the last of its series), `replica` (of a replica that is not
        elected), `no-name`, `duplicate-label`, `bad-labels` (no UTF-8, or too many), `bad-time`, `in the future`,
        `bad-value` (not finite, or a counter below zero), `bad-weight`, `bad-histogram` (buckets that do not add up).
        Noted: `stale` (a series ended), `not-supported-yet` (exemplars and native histograms), `text-cut`,
        `series-overflow` (series that were not remembered), `histogram-incomplete` (points whose buckets did not all
        come: their growth counts with the next).
        """
        heard = self._hearing.read(body, now_ns)
        if isinstance(heard, Rejection):
            return heard
        if heard.replica is not None and not self.replicas.takes(*heard.replica, now_ns=now_ns):
            return Decoded(batches=[], items=heard.items, rejected={"replica": heard.items} if heard.items else {})
        if self._told(heard):
            again = self._hearing.read(body, now_ns)  # names mean something else now
            assert isinstance(again, Heard), "a body that was read is read again"
            heard = again
        rejected, noted = Counter(heard.rejected), Counter(heard.noted)
        numbers = self._numbers(heard.numbers, counters, rejected)
        buckets = self._buckets(heard.buckets, counters, rejected, now_ns)
        rejected.update(self._histograms.rejected)
        noted.update(self._histograms.noted)
        return Decoded(
            batches=[one for one in (numbers, buckets) if one is not None],
            items=heard.items,
            rejected=dict(+rejected),
            noted=dict(+noted),
        )

    def _told(self, heard: Heard) -> bool:
        """
        Take the metadata; whether a name means something else now.
        """
        new = [
            self._names.tell(family.decode("utf-8", "replace"), kind, unit.decode("utf-8", "replace"))
            for family, kind, unit in heard.metadata
        ]
        if any(new):
            self._meanings = _Meanings.of(self._names)
            self._hearing.renew()
        return any(new)

    def _numbers(self, samples: Samples, counters: CounterMemory, rejected: Counter[str]) -> Batch | None:
        n = len(samples.at_ns)
        if not n:
            return None
        means = self._meanings
        counter = means.counter[samples.wire]
        offsets = np.zeros(n + 1, dtype=np.int64)
        np.cumsum(counter, out=offsets[1:])
        told = counters.grown(
            samples.identities, np.zeros(n, dtype=np.int64), samples.at_ns, offsets, samples.values[counter]
        )
        growth = np.zeros(n)
        growth[counter] = told.values
        scaled = np.where(counter, growth, samples.values) * means.times[samples.wire] / means.over[samples.wire]
        amount = ~counter | (growth > 0) & (means.amount[samples.wire] | (growth != np.floor(growth)))
        heavy = ~amount & _too_heavy(np.where(amount, 0.0, growth))
        keep = ~told.stale & ~heavy
        _count(rejected, {"duplicate": told.stale, "bad-weight": heavy})
        if not keep.any():
            return None
        return Batch(
            signal="metrics",
            at_ns=samples.at_ns[keep],
            value=np.where(amount, scaled, np.nan)[keep],
            weight=np.where(amount, 1, np.where(heavy, 0, growth)).astype(np.int64)[keep],
            columns=self._columns(samples.metric[keep], samples.codes[keep]),
        )

    def _buckets(self, samples: Samples, counters: CounterMemory, rejected: Counter[str], now_ns: int) -> Batch | None:
        """
        Complete histograms as rows: one for each bucket that grew, with its limits and the growth as weight; one of
        weight 0 where none did.
        """
        points = self._histograms.gather(samples, counters, now_ns=now_ns)
        if points is None:
            return None
        growth, stale = points.grown(counters)
        first, lengths = points.offsets[:-1], np.diff(points.offsets)
        total = np.add.reduceat(growth, first)
        heavy = _too_heavy(total)
        _count(rejected, {"duplicate": np.repeat(stale, lengths), "bad-weight": np.repeat(heavy, lengths)})
        rows = (growth > 0) & np.repeat(~stale & ~heavy, lengths)
        rows[first[(total == 0) & ~stale]] = True
        if not rows.any():
            return None
        which = np.repeat(np.arange(len(first)), lengths)[rows]
        wire = np.repeat(points.wire, lengths)
        high = points.limits * self._meanings.times[wire] / self._meanings.over[wire]
        low = np.concatenate([[-np.inf], high[:-1]])
        low[first] = -np.inf
        return Batch(
            signal="metrics",
            at_ns=points.at_ns[which],
            low=low[rows],
            high=high[rows],
            weight=growth[rows].astype(np.int64),
            columns=self._columns(points.metric[which], points.codes[which]),
        )

    def _columns(self, metric: NDArray[np.int32], codes: NDArray[np.int32]) -> dict[str, Column]:
        apart = np.ascontiguousarray(codes.T)
        found = {
            name: Column(codes=apart[i], values=values)
            for i, (name, values) in enumerate(zip(self._attributes, self._hearing.values, strict=True))
        }
        return found | {"name": Column(codes=metric, values=self._metrics)}


class _Meanings(NamedTuple):
    """
    What names on the wire mean, by their number.
    """

    counter: NDArray[np.bool_]
    amount: NDArray[np.bool_]
    times: Floats
    over: Floats

    @classmethod
    def of(cls, names: Names) -> "_Meanings":
        each = list(names.meanings().values())
        return cls(
            counter=np.array([one.counter for one in each], dtype=np.bool_),
            amount=np.array([one.amount for one in each], dtype=np.bool_),
            times=np.array([float(one.times) for one in each]),
            over=np.array([float(one.over) for one in each]),
        )


def unpack(raw: bytes, limit: int) -> bytes | Rejection:
    """
    The body that was packed as one snappy block: 413 where it says that it is larger than `limit` bytes, before any
    room is made for it; 400 where it is no such block.
    """
    size = _size(raw)
    if size is None:
        return Rejection(status=400, why="the body is not a snappy block: it does not begin with its length")
    if size > limit or len(raw) > limit:
        return Rejection(status=413, why=f"the body is larger than {limit} bytes; send fewer samples at a time")
    try:
        body = bytes(cramjam.snappy.decompress_raw(raw))
    except cramjam.DecompressionError as error:
        return Rejection(status=400, why=f"the body is not a snappy block: {str(error)[:200]}")
    if len(body) != size:
        return Rejection(status=400, why=f"the snappy block says {size} bytes and holds {len(body)}")
    return body


def _size(raw: bytes) -> int | None:
    """
    The length that a block begins with: a varint of at most 32 bits.
    """
    size = 0
    for i, byte in enumerate(raw[:5]):
        size |= (byte & 127) << 7 * i
        if byte < 128:
            return size if size < 2**32 else None
    return None


def _too_heavy(weights: Floats) -> NDArray[np.bool_]:
    """
    Which of these are more than a sum of 64 bits holds for long, each by itself or with those before it.
    """
    heavy: NDArray[np.bool_] = weights > MOST_WEIGHT
    if weights.sum() > MOST_TOGETHER:
        heavy = heavy | (weights > 0) & (np.cumsum(np.where(heavy, 0.0, weights)) > MOST_TOGETHER)
    return heavy


def _count(rejected: Counter[str], reasons: dict[str, NDArray[np.bool_]]) -> None:
    for reason, which in reasons.items():
        if which.any():
            rejected[reason] += int(which.sum())
