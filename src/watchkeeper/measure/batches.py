"""
What does a batch look like that nobody sent: n observations with the same attributes?

>>> batch = batch_of("spans", [1, 2], 250_000_000, {"name": "vote", "status": 200})
>>> batch.n, batch.value.tolist(), batch.columns["status"].values
(2, [250000000, 250000000], (200,))
"""

from collections.abc import Mapping, Sequence

import numpy as np

from watchkeeper.manual.predicate.ast import Scalar
from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.values import Batch, Floats, Ints

_LAST = ("spans", "checks")  # their value is a duration in whole ns; of the others a number in SI units


def batch_of(signal: str, at_ns: Sequence[int], value: float | None, attributes: Mapping[str, Scalar]) -> Batch:
    """
    One row per instant. `value`: ns for spans and checks, an SI unit for the rest; None for none.
    """
    n = len(at_ns)
    codes = np.zeros(n, dtype=np.int32)
    filled: Ints | Floats | None = None
    if value is not None:
        filled = np.full(n, round(value), dtype=np.int64) if signal in _LAST else np.full(n, value, dtype=np.float64)
    return Batch(
        signal=signal,
        at_ns=np.array(at_ns, dtype=np.int64),
        value=filled,
        columns={name: Column(codes=codes, values=(one,)) for name, one in attributes.items() if one is not None},
    )
