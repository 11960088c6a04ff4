"""
What is this number in SI units?

OTLP names units in UCUM: `ms`, `By`, `%`, `{request}`, `KiBy/s`. Time becomes seconds, sizes bytes, shares 0..1; a
unit that is not known leaves the number as it is.

>>> si("ms").of(35), si("KiBy").of(2), si("%").of(55)
(0.035, 2048.0, 0.55)
>>> si("MBy/min").of(6)
100000.0

A whole factor divides or multiplies; 35 / 1000 is the float nearest to 0.035 and 35 * 0.001 is not, and a bucket limit
must equal the threshold that the manual writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Final

_THOUSANDS: Final = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BINARY: Final = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}

#: UCUM unit -> how many SI units it is, and the long words that older instrumentation writes.
UNITS: Final[Mapping[str, Fraction]] = MappingProxyType(
    {
        "ns": Fraction(1, 10**9),
        "us": Fraction(1, 10**6),
        "µs": Fraction(1, 10**6),
        "ms": Fraction(1, 1000),
        "s": Fraction(1),
        "min": Fraction(60),
        "h": Fraction(3600),
        "d": Fraction(86_400),
        "wk": Fraction(7 * 86_400),
        "By": Fraction(1),
        "bit": Fraction(1, 8),
        "%": Fraction(1, 100),
        "1": Fraction(1),
        **{f"{prefix}By": Fraction(by) for prefix, by in (_THOUSANDS | _BINARY).items()},
        **{f"{prefix}bit": Fraction(by, 8) for prefix, by in (_THOUSANDS | _BINARY).items()},
        "milliseconds": Fraction(1, 1000),
        "seconds": Fraction(1),
        "bytes": Fraction(1),
        "percent": Fraction(1, 100),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """
    A factor as two whole numbers.
    """

    times: int = 1
    over: int = 1

    def of(self, number: float) -> float:
        """
        The number in SI units, correctly rounded where only one of the two differs from 1.
        """
        return number * self.times / self.over


@lru_cache(maxsize=256)
def si(unit: str) -> Scale:
    """
    The scale of a UCUM unit, or of one over another.
    """
    above, _, below = unit.partition("/")
    factor = _factor(above) / _factor(below)
    return Scale(times=factor.numerator, over=factor.denominator)


def counts_things(unit: str) -> bool:
    """
    Whether a number in this unit is a count (`{request}`, `1`, nothing said), not an amount (`s`, `By`).
    """
    return unit in ("", "1") or (unit.startswith("{") and unit.endswith("}"))


def _factor(unit: str) -> Fraction:
    return UNITS.get(unit.strip(), Fraction(1))
