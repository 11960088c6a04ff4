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

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

NS_PER_SECOND = 1_000_000_000
LONGEST_NS = 290 * 365 * 86_400 * NS_PER_SECOND  # still fits a signed 64-bit count of nanoseconds
MOST_DIGITS = 24


class Dimension(StrEnum):
    """
    What a number measures; the value is how `show --json` names its unit.
    """

    RATIO = "ratio"  # 0..1; written in %
    TIME = "s"
    BYTES = "bytes"
    RATE = "per_second"
    NUMBER = "number"


TIME_UNITS: Mapping[str, Fraction] = MappingProxyType(
    {
        "ms": Fraction(1, 1000),
        "s": Fraction(1),
        "m": Fraction(60),
        "h": Fraction(3600),
        "d": Fraction(86_400),
        "w": Fraction(7 * 86_400),
        "mo": Fraction(30 * 86_400),
        "y": Fraction(365 * 86_400),
    }
)
BYTE_UNITS: Mapping[str, Fraction] = MappingProxyType(
    {
        "B": Fraction(1),
        "kB": Fraction(10**3),
        "MB": Fraction(10**6),
        "GB": Fraction(10**9),
        "TB": Fraction(10**12),
        "KiB": Fraction(2**10),
        "MiB": Fraction(2**20),
        "GiB": Fraction(2**30),
        "TiB": Fraction(2**40),
    }
)
COUNTED = frozenset(
    "event request user failure error diff time item connection message probe sample step version deployment row job "
    "session booking payment region".split()
)
# What people write for a unit, and the unit to write instead.
LONG_FORMS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("msec", "msecs", "millis", "millisecond", "milliseconds"), "ms"),
        **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
        **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
        **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
        **dict.fromkeys(("day", "days"), "d"),
        **dict.fromkeys(("wk", "wks", "week", "weeks"), "w"),
        **dict.fromkeys(("mon", "month", "months"), "mo"),
        **dict.fromkeys(("yr", "yrs", "year", "years"), "y"),
        **dict.fromkeys(("percent", "pct"), "%"),
        **dict.fromkeys(("rps", "qps"), "/s"),
        "rpm": "/min",
        "byte": "B",
        "bytes": "B",
    }
)

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
        number = _NUMBER.match(self.high.written)
        unit = self.high.written[number.end() :] if number else ""
        return f"{self.low.written.removesuffix(unit)}..{self.high.written}"


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
        number = _NUMBER.match(high.written)
        unit = high.written[number.end() :] if number else ""
        shared = parse_quantity(low.written + unit)
        low = low if isinstance(shared, UnitMistake) else shared
    if low.dimension is not high.dimension:
        return UnitMistake(column=start + 1, found=found, wanted="both ends of a range need the same kind of unit")
    if low.value >= high.value:
        return UnitMistake(column=start + 1, found=found, wanted="a range goes from the smaller to the larger value")
    return Range(low=low, high=high)


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
    if unit is None or unit[0] in stop or (unit.start() > number.end() and unit[0].startswith("/")):
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
    return UnitMistake(column=start + 1, found=found, wanted=_unknown_unit(number, unit))


def _unknown_unit(number: str, unit: str) -> str:
    bare = unit.lstrip("/ ").lstrip("0123456789")
    slash = unit[: len(unit) - len(bare)]
    if nearest := LONG_FORMS.get(bare.lower()):
        return f"unit `{unit}` is not known; write `{number}{slash}{nearest}`"
    known = [f"/{u}" for u in TIME_UNITS] if slash else [*TIME_UNITS, *BYTE_UNITS, *(f"{c}s" for c in sorted(COUNTED))]
    by_case = [u for u in known if u.lower() == unit.lower()]
    for near in by_case or difflib.get_close_matches(unit, known, n=1):
        space = " " if near.removesuffix("s") in COUNTED else ""
        return f"unit `{unit}` is not known; write `{number}{space}{near}`"
    return f"unit `{unit}` is not known; known are % ms s m h d w mo y, B kB MB GB, /s /min /h /d /w"
