"""
How many spans does a sampled span stand for?

A sampler leaves its threshold in the W3C tracestate as `ot=th:...` (OpenTelemetry, "TraceState: Probability
Sampling"): up to 14 hex digits, filled up with zeros on the right, of a 56-bit number T below which a trace was
dropped. A span that was kept stands for 2^56 / (2^56 - T).

>>> weight_of("ot=th:8"), weight_of("vendor=1,ot=rv:abc;th:c"), weight_of(""), weight_of("ot=th:0")
(2, 4, 1, 1)

A weight is a whole number of spans: exact where the quotient is, else the nearest (half to even), so 1.6 becomes 2.

>>> weight_of("ot=th:6"), weight_of("ot=th:xyz")
(2, None)
"""

from fractions import Fraction
from functools import lru_cache
from typing import Final

_WHOLE: Final = 2**56
_DIGITS: Final = 14
_HEX: Final = frozenset("0123456789abcdef")


def weight_of(trace_state: str) -> int | None:
    """
    The weight that a tracestate says; 1 where it says none, None where its threshold cannot be read.
    """
    if "ot=" not in trace_state:
        return 1
    for member in trace_state.split(","):
        key, _, value = member.strip().partition("=")
        if key == "ot":
            return _of_vendor(value)
    return 1


def _of_vendor(value: str) -> int | None:
    for field in value.split(";"):
        key, _, threshold = field.partition(":")
        if key == "th":
            return _of_threshold(threshold.strip())
    return 1


@lru_cache(maxsize=256)
def _of_threshold(threshold: str) -> int | None:
    if not 1 <= len(threshold) <= _DIGITS or not _HEX.issuperset(threshold):
        return None
    return round(Fraction(_WHOLE, _WHOLE - int(threshold.ljust(_DIGITS, "0"), 16)))
