"""
Which units are there, and which one did somebody mean?

>>> TIME_UNITS["mo"] / TIME_UNITS["d"]
Fraction(30, 1)
>>> nearest_unit("15", "mins")
'unit `mins` is not known; write `15m`'
"""

import difflib
from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType


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
# fmt: off
COUNTED = frozenset({
    "booking", "connection", "deployment", "diff", "error", "event", "failure", "item", "job", "message", "payment",
    "probe", "region", "request", "row", "sample", "session", "step", "time", "user", "version",
})
# fmt: on
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


def nearest_unit(number: str, unit: str) -> str:
    """
    What to say about a unit that is not known: the right one, when it can be guessed.
    """
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
