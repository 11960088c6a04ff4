"""
What are the nouns of measuring?

A *batch* is what one body on the wire said about one signal: n observations as columns. An *observation* is a row:
`(attributes, at, value, weight)`. Nothing here makes a Python object per row; attributes are dictionary-encoded
(`Column`: codes per row, one value per distinct code), times and values are numpy arrays.

>>> import numpy as np
>>> batch = Batch(signal="spans", at_ns=np.array([1, 2]), value=np.array([5, 7]), columns={})
>>> batch.n, batch.weight.tolist()
(2, [1, 1])
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watchkeeper.manual.predicate.columns import Column


class Lexicon(list[Any]):
    """
    The values of a column by code, for longer than one batch: it only ever grows, so what is known about a code stays
    true. A decoder keeps one per attribute; whoever reads a batch may remember by it what the codes mean.
    """

    __slots__ = ("__weakref__",)


Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Whose word it is, and what it is recognised by: what was kept under that name is not counted again.
Name = tuple[str, bytes]


def halves(traces: Sequence[bytes]) -> NDArray[np.uint64]:
    """
    Trace ids of 16 bytes as a batch keeps them; what is not of 16 bytes is unknown.

    >>> halves([bytes(15) + b"\\x07", b""]).tolist()
    [[0, 7], [0, 0]]
    """
    whole = b"".join(one if len(one) == 16 else bytes(16) for one in traces)
    return np.frombuffer(whole, dtype=">u8").astype(np.uint64).reshape(-1, 2)


def trace_of(high: int, low: int) -> str:
    """
    A trace id in hex; empty where it is unknown.

    >>> trace_of(0, 7), trace_of(0, 0)
    ('00000000000000000000000000000007', '')
    """
    return f"{high:016x}{low:016x}" if high or low else ""


def _ones(n: int) -> Ints:
    return np.ones(n, dtype=np.int64)


@dataclass(slots=True, kw_only=True)
class Batch:
    """
    Observations of one signal from one body: n rows as columns.

    `value` is int64 nanoseconds for spans and checks (a duration) and float64 in SI units for metrics, logs and
    events (NaN where a row has none). A bucketed source (an explicit histogram) has no value; its rows carry
    `low` and `high` instead: the observations lie in (low, high], in SI units, and `weight` says how many.

    A row of weight 0 observed nothing: it says that the source spoke (a counter that did not grow).
    """

    signal: str
    at_ns: Ints  # event time of each row, ns since 1970 UTC
    value: NDArray[np.int64] | NDArray[np.float64] | None = None
    low: Floats | None = None
    high: Floats | None = None
    weight: Ints = field(default_factory=lambda: _ones(0))  # how many observations a row stands for
    columns: Mapping[str, Column] = field(default_factory=dict)  # only the attributes that the manual names
    traces: NDArray[np.uint64] | None = (
        None  # (n, 2): the trace id of each row in two halves, 0 where unknown; for exemplars
    )

    def __post_init__(self) -> None:
        if len(self.weight) != len(self.at_ns):
            self.weight = _ones(len(self.at_ns))

    @property
    def n(self) -> int:
        """
        How many rows.
        """
        return len(self.at_ns)

    def taken(self, rows: NDArray[np.bool_]) -> "Batch":
        """
        Some of the rows.
        """
        columns = {name: Column(codes=one.codes[rows], values=one.values) for name, one in self.columns.items()}
        return Batch(
            signal=self.signal,
            at_ns=self.at_ns[rows],
            value=None if self.value is None else self.value[rows],
            low=None if self.low is None else self.low[rows],
            high=None if self.high is None else self.high[rows],
            weight=self.weight[rows],
            columns=columns,
            traces=None if self.traces is None else self.traces[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    What a decoder needs to look at: everything else on the wire is skipped.

    `attributes` are names as the manual writes them (`platform`, `http.route`, or a short name of `names.py`);
    `metrics` are the metric names that a stream reads: other metrics are skipped.
    """

    attributes: frozenset[str] = frozenset()
    metrics: frozenset[str] = frozenset()
    trace_ids: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """
    A body that cannot be taken: the HTTP status to answer (4xx) and a sentence that says what to do.
    """

    status: int
    why: str


@dataclass(slots=True, kw_only=True)
class Decoded:
    """
    What one body held: batches, and what was left out of them, counted by reason for `/metrics` and partial success.
    """

    batches: list[Batch]
    items: int = 0  # spans, points, records or events seen on the wire
    rejected: dict[str, int] = field(default_factory=dict)  # reason -> how many items
    noted: dict[str, int] = field(default_factory=dict)  # what was taken, but changed or passed over -> how many times
    names: tuple[Name, ...] = ()  # what each part of the body is recognised by when it is sent again
    parts: Ints | None = None  # the part that each row of the one batch is of, where parts have names
