"""
How does a value become an integer, so that order and batching can never change a sum?

Times are whole nanoseconds, bytes whole bytes, everything else millionths; a float is rounded half to even, once, when it
arrives:

>>> import numpy as np
>>> fixed(np.array([0.25, 1.5]), scale_of("s")).tolist()
[250000000, 1500000000]
>>> bound(Fraction(3, 2), inclusive=True, scale=scale_of("s"))
1500000001

A threshold is an exclusive integer bound: `v < bound` counts exactly the values under it (`<`) or at most it (`<=`).
"""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

#: Steps per SI unit, by unit of the stream; what is not named here counts in millionths.
SCALES = {"s": 1_000_000_000, "B": 1}
OTHER = 1_000_000
_MOST = float(2**62)


def scale_of(unit: str | None) -> int:
    """
    Integer steps per SI unit for a stream measured in this unit (`s`, `B`, or any other).
    """
    return SCALES.get(unit or "", OTHER)


def fixed(values: NDArray[np.float64], scale: int) -> NDArray[np.int64]:
    """
    Values in SI units as integers; NaN must be masked before. Beyond +-2^62 steps a value is held at that limit.
    """
    scaled = np.rint(np.asarray(values, dtype=np.float64) * scale)
    return np.clip(scaled, -_MOST, _MOST).astype(np.int64)


def bound(value: Fraction, *, inclusive: bool, scale: int) -> int:
    """
    The smallest integer that no counted value reaches: ceil for `<`, floor + 1 for `<=`.
    """
    steps = value * scale
    return steps.numerator // steps.denominator + 1 if inclusive else -((-steps.numerator) // steps.denominator)
