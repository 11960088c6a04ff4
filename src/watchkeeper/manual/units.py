"""
What quantity did a person write, exactly?

Values are exact fractions in SI base units, and remember how they were written, so that they print the same way:

>>> parse_quantity("1.5 s").value, str(parse_quantity("1.5 s"))
(Fraction(3, 2), '1.5s')
>>> parse_quantity("97%").value, parse_quantity("500/h").value
(Fraction(97, 100), Fraction(5, 36))
>>> print(parse_quantity("15 mins"))
`15 mins`: unit `mins` is not known; write `15m`

`m` is minutes and `mo` a month. As a span of time a month is 30 days and a year (`y`) 365 days; calendar months are
said with `over this month`. kB, MB, GB are decimal; KiB, MiB, GiB are binary.
"""

import re
from dataclasses import dataclass, field
from fractions import Fraction

from watchkeeper.manual.unit_table import BYTE_UNITS, COUNTED, TIME_UNITS, nearest_unit
from watchkeeper.manual.unit_table import Dimension as Dimension

NS_PER_SECOND = 1_000_000_000
LONGEST_NS = 290 * 365 * 86_400 * NS_PER_SECOND  # still fits a signed 64-bit count of nanoseconds
MOST_DIGITS = 24

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_UNIT = re.compile(r"%|/ ?([0-9]*)([A-Za-z]+)|[^\W\d_]+")
_SPACES = re.compile(r"\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMistake:
    """
    What was written where a quantity belongs, at which column (from 1), and what to write instead.
    """

    column: int
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"`{self.found}`: {self.wanted}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """
    An exact number in SI base units (ratios 0..1). Equal when it means the same: 60s equals 1m, and prints as written.
    """

    value: Fraction
    dimension: Dimension
    written: str = field(compare=False)

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """
    A stretch between two quantities of one dimension, both ends included: `5..15m`.
    """

    low: Quantity
    high: Quantity

    def __str__(self) -> str:
        unit = _unit_of(self.high)
        low = self.low.written.removesuffix(unit) if _unit_of(self.low) == unit else self.low.written
        return f"{low}..{self.high.written}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """
    A span of time in whole nanoseconds. Equal when as long: 60s equals 1m, and prints as written.
    """

    ns: int
    written: str = field(compare=False)

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True, slots=True, kw_only=True)
class NextBusinessDay:
    """
    A response time that ends with the next business day of the manual's calendar.
    """

    def __str__(self) -> str:
        return "next business day"


IMMEDIATE = Duration(ns=0, written="immediate")
REAL_TIME = Duration(ns=0, written="real-time")


def parse_quantity(text: str) -> Quantity | UnitMistake:
    """
    One number with its unit, and nothing else; a negative number is admitted.
    """
    found = _whole(text)
    if isinstance(found, Range):
        return UnitMistake(column=1, found=text.strip(), wanted="one value is wanted here, not a range")
    return found


def parse_range(text: str) -> Range | UnitMistake:
    """
    Two numbers with one unit: `5..15m`, `400ms..2s`.
    """
    found = _whole(text)
    if isinstance(found, Quantity):
        return UnitMistake(column=1, found=text.strip(), wanted=f"a range is wanted here, such as `{found}..{found}`")
    return found


def parse_duration(text: str) -> Duration | UnitMistake:
    """
    A span of time, 0 or longer: `15m`, `1h30m`, `24 h`.
    """
    found = parse_quantity(text)
    return found if isinstance(found, UnitMistake) else as_duration(found)


def parse_response(text: str) -> Duration | NextBusinessDay | UnitMistake:
    """
    How soon somebody must act: `immediate` (or `real-time`), a span of time, or `next business day`.
    """
    match " ".join(text.split()).lower():
        case "immediate" | "immediately":
            return IMMEDIATE
        case "real-time":
            return REAL_TIME
        case "next business day":
            return NextBusinessDay()
    found = parse_duration(text)
    if isinstance(found, UnitMistake) and not _NUMBER.match(text.strip()):
        return UnitMistake(
            column=1, found=text.strip(), wanted="write `immediate`, a time such as `30m`, or `next business day`"
        )
    return found


def as_duration(quantity: Quantity, column: int = 1) -> Duration | UnitMistake:
    """
    The quantity as a span of time; a mistake when it is none, is negative, or is no whole number of nanoseconds.
    """
    if quantity.dimension is not Dimension.TIME:
        hint = f"; write `{quantity}m` for minutes" if quantity.written.isdigit() else ""
        return UnitMistake(column=column, found=str(quantity), wanted=f"a span of time is wanted, such as `15m`{hint}")
    ns = quantity.value * NS_PER_SECOND
    if ns < 0 or ns > LONGEST_NS:
        return UnitMistake(column=column, found=str(quantity), wanted="a span of time lies between 0 and 290 years")
    if ns.denominator != 1:
        return UnitMistake(column=column, found=str(quantity), wanted="times are whole nanoseconds; this is finer")
    return Duration(ns=ns.numerator, written=quantity.written)


def _whole(text: str) -> Quantity | Range | UnitMistake:
    start = len(text) - len(text.lstrip())
    found, end = scan(text, start)
    rest = text[end:].strip()
    if isinstance(found, UnitMistake) or not rest:
        return found
    if rest[0] in ",_":
        return UnitMistake(column=end + 1, found=text.strip(), wanted="write the digits without separators: `1000`")
    return UnitMistake(column=end + 1, found=text.strip(), wanted=f"`{rest}` after `{found}` is not understood")


def scan(text: str, start: int = 0, stop: frozenset[str] = frozenset()) -> tuple[Quantity | Range | UnitMistake, int]:
    """
    The quantity or range that begins at `start`, and where it ends. Words in `stop` are never taken for a unit.
    """
    low = _scan_one(text, start, stop)
    if isinstance(low[0], UnitMistake) or not text.startswith("..", low[1]):
        return low
    high = _scan_one(text, low[1] + 2, stop)
    if isinstance(high[0], UnitMistake):
        return high
    return _range(text[start : high[1]], start, low[0], high[0]), high[1]


def _range(found: str, start: int, low: Quantity, high: Quantity) -> Range | UnitMistake:
    if low.dimension is Dimension.NUMBER is not high.dimension:
        shared = parse_quantity(low.written + _unit_of(high))
        low = low if isinstance(shared, UnitMistake) else shared
    if low.dimension is not high.dimension:
        return UnitMistake(column=start + 1, found=found, wanted="both ends of a range need the same kind of unit")
    if low.value >= high.value:
        return UnitMistake(column=start + 1, found=found, wanted="a range goes from the smaller to the larger value")
    return Range(low=low, high=high)


def _unit_of(quantity: Quantity) -> str:
    number = _NUMBER.match(quantity.written)
    return quantity.written[number.end() :] if number else ""


def _scan_one(text: str, start: int, stop: frozenset[str]) -> tuple[Quantity | UnitMistake, int]:
    number = _NUMBER.match(text, start)
    if number is None:
        word = text[start:].split(maxsplit=1)[:1]
        found = word[0] if word else ""
        return UnitMistake(
            column=start + 1, found=found, wanted="a number is wanted here, such as `97%` or `15m`"
        ), start
    if len(number[0]) > MOST_DIGITS:
        wanted = f"numbers have at most {MOST_DIGITS} digits"
        return UnitMistake(column=start + 1, found=number[0][:40] + "...", wanted=wanted), number.end()
    gap = _SPACES.match(text, number.end())
    unit = _UNIT.match(text, gap.end() if gap else number.end())
    if unit is None or unit[0] in stop:
        return Quantity(value=Fraction(number[0]), dimension=Dimension.NUMBER, written=number[0]), number.end()
    one = _with_unit(number[0], unit[0], start, text[start : unit.end()])
    if isinstance(one, Quantity) and one.dimension is Dimension.TIME and text[unit.end() : unit.end() + 1].isdigit():
        return _compound(one, unit[0], text, start, unit.end())
    return one, unit.end()


def _compound(first: Quantity, unit: str, text: str, start: int, at: int) -> tuple[Quantity | UnitMistake, int]:
    """
    `1h30m`: further parts follow without a space, each in a smaller unit.
    """
    value, size = first.value, TIME_UNITS[unit]
    while part := re.compile(r"([0-9]{1,9})([A-Za-z]+)").match(text, at):
        smaller = TIME_UNITS.get(part[2])
        if smaller is None or smaller >= size:
            break
        value, size, at = value + int(part[1]) * smaller, smaller, part.end()
    written = "".join(text[start:at].split())
    if text[at : at + 1].isdigit():
        rest = text[start:].split(maxsplit=1)[0]
        return UnitMistake(column=start + 1, found=rest, wanted="write times from large to small: `1h30m`"), at
    return Quantity(value=value, dimension=Dimension.TIME, written=written), at


def _with_unit(number: str, unit: str, start: int, found: str) -> Quantity | UnitMistake:
    value = Fraction(number)
    if unit == "%":
        return Quantity(value=value / 100, dimension=Dimension.RATIO, written=f"{number}%")
    if unit in TIME_UNITS:
        return Quantity(value=value * TIME_UNITS[unit], dimension=Dimension.TIME, written=number + unit)
    if unit in BYTE_UNITS:
        return Quantity(value=value * BYTE_UNITS[unit], dimension=Dimension.BYTES, written=number + unit)
    if unit in COUNTED or unit.removesuffix("s") in COUNTED:
        return Quantity(value=value, dimension=Dimension.NUMBER, written=f"{number} {unit}")
    per = re.fullmatch(r"/ ?([0-9]{0,6})([A-Za-z]+)", unit)
    span = TIME_UNITS.get("m" if per[2] == "min" else per[2]) if per else None
    if per and span is not None and int(per[1] or 1):
        written = f"{number}/{per[1]}{per[2]}"
        return Quantity(value=value / (int(per[1] or 1) * span), dimension=Dimension.RATE, written=written)
    return UnitMistake(column=start + 1, found=found, wanted=nearest_unit(number, unit))
