"""
How does a value become an integer, so that order and batching can never change a sum?

Times are whole nanoseconds, bytes whole bytes, everything else millionths; a float is rounded half to even, once, when
it arrives:

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

from watchkeeper.manual.units import Dimension, Quantity, parse_quantity

#: Steps per SI unit, by what is measured; everything else counts in millionths.
SCALES = {Dimension.TIME: 1_000_000_000, Dimension.BYTES: 1}
OTHER = 1_000_000
_MOST = float(2**62)


def scale_of(unit: str | None) -> int:
    """
    Integer steps per SI unit for a stream measured in this unit.

    >>> scale_of("ms"), scale_of("MB"), scale_of("%"), scale_of(None)
    (1000000000, 1, 1000000, 1000000)
    """
    one = _one(unit)
    return OTHER if one is None else SCALES.get(one.dimension, OTHER)


def factor_of(unit: str | None) -> Fraction:
    """
    How many SI units one of these is; 1 for a unit that is not known.

    >>> factor_of("ms"), factor_of("%"), factor_of("parsecs")
    (Fraction(1, 1000), Fraction(1, 100), Fraction(1, 1))
    """
    one = _one(unit)
    return Fraction(1) if one is None else one.value


def _one(unit: str | None) -> Quantity | None:
    if not unit or unit[0].isdigit():  # `1` is how many name that there is no unit
        return None
    one = parse_quantity(f"1{unit}")
    return one if isinstance(one, Quantity) else None


def fixed(values: NDArray[np.float64], steps: float) -> NDArray[np.int64]:
    """
    Values as integers, given how many steps one of their units is; NaN must be masked before. Beyond +-2^62 steps a
    value is held at that limit.
    """
    with np.errstate(over="ignore"):  # infinite, and held at the limit too
        scaled = np.rint(np.asarray(values, dtype=np.float64) * steps)
    return np.clip(scaled, -_MOST, _MOST).astype(np.int64)


def bound(value: Fraction, *, inclusive: bool, scale: int) -> int:
    """
    The smallest integer that no counted value reaches: ceil for `<`, floor + 1 for `<=`.
    """
    steps = value * scale
    return steps.numerator // steps.denominator + 1 if inclusive else -((-steps.numerator) // steps.denominator)
