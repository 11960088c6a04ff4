"""
How are numbers said to people?

With a space before the unit, rounded to what a person needs, and never rounded into another verdict:

>>> words_ns(135 * 60 * NS_PER_SECOND), percent(Fraction(14, 212)), percent(Fraction(99_999, 100_000))
('2 h 15', '6.6 %', '99.999 %')
>>> percent(Fraction(9987, 10_000)), percent(Fraction(9987, 10_000), against=Fraction("0.999"))
('99.9 %', '99.87 %')
"""

from fractions import Fraction

from watchkeeper.manual.unit_table import BYTE_UNITS
from watchkeeper.manual.units import NS_PER_SECOND, Dimension, Duration, Quantity, Range

_MS, _S, _M, _H, _D = 1_000_000, NS_PER_SECOND, 60 * NS_PER_SECOND, 3600 * NS_PER_SECOND, 86_400 * NS_PER_SECOND


def words(duration: Duration) -> str:
    """
    A span of time: `15 min`, `2 h 05`, `3 d 4 h`, `1.5 s`; at most its two largest parts, cut off, not rounded up.
    """
    return words_ns(duration.ns)


def words_ns(ns: int) -> str:
    """
    The same for a number of nanoseconds; a negative span begins with a minus sign.
    """
    return f"−{_span(-ns)}" if ns < 0 else _span(ns)


def _span(ns: int) -> str:
    if ns < _S:
        return f"{_short(Fraction(ns, _MS))} ms" if ns else "0 s"
    if ns < _M:
        return f"{_short(Fraction(ns, _S))} s"
    if ns < _H:
        return _two(ns, _M, "min", _S, "s")
    if ns < _D:
        hours, minutes = ns // _H, ns % _H // _M
        return f"{hours} h {minutes:02}" if minutes else f"{hours} h"
    return _two(ns, _D, "d", _H, "h")


def _two(ns: int, large: int, large_unit: str, small: int, small_unit: str) -> str:
    rest = ns % large // small
    return f"{ns // large} {large_unit}" + (f" {rest} {small_unit}" if rest else "")


def percent(ratio: Fraction, *, against: Fraction | None = None) -> str:
    """
    A ratio as `6.6 %`: one decimal; near 0 and 100 % as many as show the distance; with `against`, as many as keep the
    two apart.
    """
    for places in range(1, 10):
        shown = _decimal(ratio * 100, places)
        apart = against is None or ratio == against or shown != _decimal(against * 100, places)
        if apart and (shown not in ("0", "−0", "100") or ratio.denominator == 1):
            return f"{shown} %"
    return f"{_decimal(ratio * 100, 9)} %"


def count(number: int) -> str:
    """
    A count with thousands apart: `1,197`.
    """
    return f"{number:,}".replace("-", "−")


def size(number: int | Fraction) -> str:
    """
    A number of bytes in the largest decimal unit: `5 MB`.
    """
    for unit in ("TB", "GB", "MB", "kB"):
        if abs(Fraction(number)) >= BYTE_UNITS[unit]:
            return f"{_short(number / BYTE_UNITS[unit])} {unit}"
    return f"{_short(Fraction(number))} B"


def quantity(value: Quantity | Range) -> str:
    """
    What a person wrote, with a space before its unit: `97 %`, `1.5 s`, `15 min`, `20/s`.
    """
    if isinstance(value, Range):
        return f"{quantity(value.low)} to {quantity(value.high)}"
    if value.dimension in (Dimension.NUMBER, Dimension.RATE):
        return value.written
    digits = len(value.written) - len(value.written.lstrip("-0123456789."))
    number, unit = value.written[:digits], value.written[digits:]
    if not unit.isalpha() and unit != "%":
        return value.written
    return f"{number} {'min' if unit == 'm' else unit}".replace("-", "−")


def measured(value: Fraction, dimension: Dimension) -> str:
    """
    A measured number of this dimension, in SI base units.
    """
    match dimension:
        case Dimension.RATIO:
            return percent(value)
        case Dimension.TIME:
            return words_ns(int(value * NS_PER_SECOND))
        case Dimension.BYTES:
            return size(value)
        case Dimension.RATE:
            return rate(value)
        case Dimension.NUMBER:
            return _short(value)


def rate(per_second: Fraction) -> str:
    """
    A rate per the shortest time in which it is at least 1: `20/s`, `8.33/min`, `1.5/d`.
    """
    for factor, unit in ((1, "s"), (60, "min"), (3600, "h")):
        if abs(per_second * factor) >= 1 or not per_second:
            return f"{_short(per_second * factor)}/{unit}"
    return f"{_short(per_second * 86_400)}/d"


def _short(value: Fraction) -> str:
    """
    Three digits or so: 1.24, 12.4, 124, 1,240.
    """
    far = abs(value)
    places = 0 if far >= 100 else 1 if far >= 10 else 2 if far >= Fraction(1, 10) else 4
    return _decimal(value, places)


def _decimal(value: Fraction, places: int) -> str:
    """
    Rounded half to even, without trailing zeros.
    """
    scaled = round(value * 10**places)
    whole, part = divmod(abs(scaled), 10**places)
    digits = str(part).rjust(places, "0").rstrip("0") if places else ""
    return ("−" if scaled < 0 else "") + f"{whole:,}" + (f".{digits}" if digits else "")
