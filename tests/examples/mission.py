"""
Which numbers does one clause of the mission ask the manuals for?

In SI units as the table has them. Line numbers, and numbers that only follow from others (a 30-day budget in minutes, a
burn rate, a total), are left out.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from tests.examples.reading import numbers_in

#: Where a clause says where it stands, what it is called, or what follows from it by arithmetic.
_PASSED_OVER = frozenset({
    "id", "line", "lines", "unit", "budget_30d_min", "burn_rate", "probes_needed_per_region", "total_s",
    "total_requests", "correct", "rrule", "text", "what", "name", "names", "title", "label", "condition", "sli",
    "code", "slo", "gate", "metric", "also", "when", "tool", "paths", "kind", "scope", "types",
})  # fmt: skip
_TIMES = {
    "ms": Fraction(1, 1000), "s": Fraction(1), "m": Fraction(60), "min": Fraction(60), "h": Fraction(3600),
    "d": Fraction(86400), "w": Fraction(604800), "mo": Fraction(2592000), "y": Fraction(31536000),
}  # fmt: skip
_LENGTHS = frozenset({"every", "for", "dur", "duration", "notice", "retention", "report_within", "per", "window"})
_SCALED = frozenset({"value", "min", "max", "from", "to", "at"})
_PER = {"1/week": 604800, "1/day": 86400, "1/hour": 3600, "1/min": 60}


def wanted_numbers(clause: dict[str, Any]) -> set[Fraction]:
    """
    The numbers of a clause.
    """
    return set(_numbers(clause))


def _numbers(part: dict[str, Any]) -> Iterator[Fraction]:
    for key, value in part.items():
        if key in _PASSED_OVER or key.endswith(("_line", "_lines")) or (key == "value" and "norm" in part):
            continue
        if key in _SCALED and isinstance(value, int | float):
            yield from _scaled(value, str(part.get("unit", "")))
        elif key == "stated":
            yield Fraction(str(value["value"]))  # word for word, so in the unit of the document
        elif key == "change":
            yield Fraction(abs(value))
        elif key in _LENGTHS and isinstance(value, str):
            yield from _length(value)
        elif key != "steps" or value != 0:
            yield from _inside(value)


def _inside(value: Any) -> Iterator[Fraction]:
    if isinstance(value, dict):
        yield from _numbers(value)
    elif isinstance(value, list):
        for item in value:
            yield from _inside(item)
    else:
        yield from numbers_in(value)


def _scaled(value: float, unit: str) -> Iterator[Fraction]:
    number = Fraction(str(value))
    if unit in _PER:
        yield from (number, Fraction(_PER[unit]))
    elif unit.startswith("%"):
        yield number / 100
    else:
        yield number * _TIMES.get(unit.split("/")[0].split(" ")[0], Fraction(1))


def _length(value: str) -> Iterator[Fraction]:
    """
    `15m`, `5m rolling`, `10 deployments`; words alone and `0s` (at once) hold no number.
    """
    word = value.split(" ")[0]
    number = word.rstrip("abcdefghijklmnopqrstuvwxyz")
    if number.isdigit() and number != "0":
        yield Fraction(number) * _TIMES.get(word[len(number) :], Fraction(1))
