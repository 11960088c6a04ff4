from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from watchkeeper.measure.native.attributes import Attributes

class Spans:
    attributes: Attributes
    items: int
    bad_time: int
    bad_weight: int
    bad_threshold: int
    at: NDArray[np.int64]
    took: NDArray[np.int64]
    weight: NDArray[np.int64]
    traces: NDArray[np.uint64]
    codes: NDArray[np.int32]
    def __init__(self, names: Iterable[str], *, trace_ids: bool) -> None: ...
    def read(self, body: bytes | memoryview) -> int: ...
