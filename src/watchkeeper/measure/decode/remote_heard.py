"""
Which samples does a body of remote-write hold?

The reference of `native/remote_write.pyx`: a walk over the message, sample by sample. Nothing is counted here and no
counter is touched, so a body that turns out to be broken has changed nothing.
"""

from collections import Counter
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any, Final

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from watchkeeper.measure.decode.form import MOST_NODES, TOO_BIG, malformed, too_many_items
from watchkeeper.measure.decode.remote_names import Names
from watchkeeper.measure.decode.remote_protobuf import WriteRequest
from watchkeeper.measure.decode.remote_series import BAD, LONGEST_LABELS, Labels, Series, replica_of
from watchkeeper.measure.values import Floats, Ints, Lexicon, Rejection

#: The NaN that says that a series ended (Prometheus, model/value/value.go: StaleNaN), as 64 bits.
STALE_NAN: Final = 0x7FF0000000000002
MS: Final = 1_000_000
#: What is further ahead of our clock (`matching.py` refuses it) would make every later sample of its series look old.
AHEAD_NS: Final = 60 * 10**9

#: Whoever speaks of a family of metrics: name, type, unit.
Metadata = list[tuple[bytes, int, bytes]]


@dataclass(slots=True, kw_only=True)
class Samples:
    """
    Samples as columns: of numbers, or of the buckets of histograms.
    """

    identities: NDArray[np.uint8]  # (n, 16): of the series, or of the histogram
    at_ns: Ints
    values: Floats
    metric: NDArray[np.int32]  # number of the wanted metric
    wire: NDArray[np.int32]  # number of the name on the wire, among all meanings
    codes: NDArray[np.int32]  # (n, attributes)
    limits: Floats  # upper limits of buckets, as written; of numbers NaN


@dataclass(slots=True, kw_only=True)
class Heard:
    """
    What a body said.
    """

    items: int
    numbers: Samples
    buckets: Samples
    replica: tuple[str, str] | None
    metadata: Metadata
    rejected: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)


class _Collected:
    def __init__(self, width: int) -> None:
        self._width = width
        self.identities: list[bytes] = []
        self.at: list[int] = []
        self.values: list[float] = []
        self.metric: list[int] = []
        self.wire: list[int] = []
        self.codes: list[list[int]] = []
        self.limits: list[float] = []

    def add(
        self, identity: bytes, at: int, value: float, metric: int, wire: int, codes: list[int], limit: float
    ) -> None:
        self.identities.append(identity)
        self.at.append(at)
        self.values.append(value)
        self.metric.append(metric)
        self.wire.append(wire)
        self.codes.append(codes)
        self.limits.append(limit)

    def samples(self) -> Samples:
        return Samples(
            identities=np.frombuffer(b"".join(self.identities), dtype=np.uint8).reshape(-1, 16),
            at_ns=np.array(self.at, dtype=np.int64),
            values=np.array(self.values, dtype=np.float64),
            metric=np.array(self.metric, dtype=np.int32),
            wire=np.array(self.wire, dtype=np.int32),
            codes=np.array(self.codes, dtype=np.int32).reshape(len(self.at), self._width),
            limits=np.array(self.limits, dtype=np.float64),
        )


class Hearing:
    """
    Reads one body after the other.
    """

    def __init__(self, attributes: list[str], names: Names) -> None:
        self._labels = Labels(attributes, names)
        self._names = names

    @property
    def values(self) -> list[Lexicon]:
        """
        What the codes of each attribute mean.
        """
        return self._labels.values

    def renew(self) -> None:
        """
        The metadata said something new. (This walk remembers nothing of a name.)
        """

    def read(self, body: bytes | memoryview, now_ns: int) -> Heard | Rejection:
        """
        The samples of a WriteRequest: 400 where the body is none, 413 where it holds too many.
        """
        try:
            request = WriteRequest.FromString(bytes(body))
        except DecodeError:
            return malformed("WriteRequest")
        if sum(1 + len(one.samples) for one in request.timeseries) > MOST_NODES or len(request.metadata) > MOST_NODES:
            return too_many_items()
        self._labels.begin()
        return self._heard(request, now_ns)

    def _heard(self, request: Any, now_ns: int) -> Heard:
        wire = {name: number for number, name in enumerate(self._names.meanings())}
        width = len(self._labels.attributes)
        numbers, buckets = _Collected(width), _Collected(width)
        rejected: Counter[str] = Counter()
        noted: Counter[str] = Counter()
        replica = None
        for number, told in enumerate(request.timeseries):
            labels = [(label.name, label.value) for label in told.labels]
            if number == 0:
                replica = replica_of(labels)
            series = self._series(labels, replicated=replica is not None)
            if isinstance(series, str):
                rejected[series] += len(told.samples)
            elif series is not None:
                noted["text-cut"] += series.cut
                noted["not-supported-yet"] += len(told.exemplars) + len(told.histograms)
                name = dict(labels)[b"__name__"].decode()
                for sample in told.samples:
                    why = _why_not(sample, series, now_ns)
                    if why == "stale":
                        noted[why] += 1
                    elif why is not None:
                        rejected[why] += 1
                    else:
                        _collect(sample, series, wire[name], numbers, buckets)
        return Heard(
            items=sum(len(one.samples) for one in request.timeseries),
            numbers=numbers.samples(), buckets=buckets.samples(), replica=replica,
            metadata=[(one.family, one.type, one.unit) for one in request.metadata],
            rejected=+rejected, noted=+noted,
        )  # fmt: skip

    def _series(self, labels: list[tuple[bytes, bytes]], *, replicated: bool) -> Series | str | None:
        if sum(len(name) + len(value) for name, value in labels) > LONGEST_LABELS:
            return BAD
        return self._labels.read(labels, replicated=replicated)


def _collect(sample: Any, series: Series, wire: int, numbers: _Collected, buckets: _Collected) -> None:
    meaning, at, value = series.meaning, sample.timestamp * MS, sample.value
    if meaning.name >= 0:
        numbers.add(series.identity, at, value, meaning.name, wire, series.codes, series.limit)
    if meaning.base >= 0:
        buckets.add(series.group, at, value, meaning.base, wire, series.codes, series.limit)


def _why_not(sample: Any, series: Series, now_ns: int) -> str | None:
    at, value, meaning = sample.timestamp, sample.value, series.meaning
    if not 0 < at < TOO_BIG // MS:
        return "bad-time"
    if np.float64(value).view(np.uint64) == STALE_NAN:
        return "stale"
    if at * MS > now_ns + AHEAD_NS:
        return "in the future"
    if not isfinite(value) or (meaning.counter and value < 0):
        return "bad-value"
    return None if abs(value * meaning.times / meaning.over) < inf else "bad-value"
