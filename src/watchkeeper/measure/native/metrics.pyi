from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from watchkeeper.manual.predicate.columns import Column
from watchkeeper.measure.decode.metric_points import Points
from watchkeeper.measure.values import Batch, Floats, Ints, Wanted

READ: int
BROKEN: int
CROWDED: int
ODD: int
MOST_SERIES: int
MOST_BYTES: int

class Walk:
    most_series: int
    most_bytes: int
    forgotten: int
    reference: int
    outcome: int
    def __init__(self, wanted: Wanted, *, most_series: int = ..., most_bytes: int = ...) -> None: ...
    @property
    def known(self) -> int: ...
    def walk(self, body: bytes | memoryview) -> tuple[Points, int, dict[str, int], dict[str, int]] | None: ...
    counted: int
    spreads: int
    def asked(self) -> tuple[NDArray[np.uint8], Ints, Ints, Ints, Floats] | None: ...
    def rows(self, growth: Floats | None) -> tuple[list[Batch], int]: ...
    def columns(self, which: Ints) -> Mapping[str, Column]: ...
