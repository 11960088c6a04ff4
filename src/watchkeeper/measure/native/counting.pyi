from typing import Any

import numpy as np
from numpy.typing import NDArray

_I32 = NDArray[np.int32]
_I64 = NDArray[np.int64]
_F64 = NDArray[np.float64]
_U8 = NDArray[np.uint8]
_U64 = NDArray[np.uint64]

def values_of_ns(ns: _I64, scale: int, value: _I64, state: _U8) -> None: ...
def values_of_floats(raw: _F64, steps: float, value: _I64, state: _U8) -> None: ...
def limits_of(low: _F64, high: _F64, scale: float, value: _I64, state: _U8, low_out: _I64, high_out: _I64) -> bool: ...
def spoken(names: _I32, at_ns: _I64, oldest: int, newest: int, slot_ns: int, most: int) -> tuple[_I32, _I64, _U8]: ...

class Signatures:
    n: int
    def __init__(self, width: int) -> None: ...
    def clear(self) -> None: ...
    def number(self, table: _I32, at_ns: _I64, oldest: int, newest: int, which: _I32) -> list[int]: ...

class Sheet:
    def __init__(self, limits: _I64) -> None: ...
    def take(self, *columns: NDArray[Any]) -> None: ...
    def readings(self, which: _I32, used: _U8) -> None: ...
    def count(
        self,
        which: _I32,
        at_ns: _I64,
        weight: _I64,
        line: _I32,
        value: _I64,
        state: _U8,
        low: _I64,
        high: _I64,
        traces: _U64 | None,
        slot_ns: int,
        places: int,
    ) -> tuple[Any, ...]: ...
