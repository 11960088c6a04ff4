"""
What stands at a path of a loaded manual, in plain values?

Times in seconds, ratios 0..1, sizes in bytes, rates per second; a condition as the fields that `show --json` tells.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import time
from fractions import Fraction
from typing import Any

from pydantic import BaseModel

from watchkeeper.manual.condition.ast import Condition
from watchkeeper.manual.condition.fields import fields
from watchkeeper.manual.model.calendar import Keep
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.scalars import Amount
from watchkeeper.manual.units import NS_PER_SECOND, Duration, Quantity

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)(%?)")
_CALENDAR = {"month": Fraction(30 * 86400), "year": Fraction(365 * 86400)}


def at_path(manual: Manual, path: str) -> Any:
    """
    The value that the dotted path leads to, in the words of the YAML; LookupError where the path ends early.
    """
    here: Any = manual
    for step in path.split("."):
        here = _into(here, step)
    return here


def _into(here: Any, step: str) -> Any:
    if isinstance(here, BaseModel):
        names = {info.alias or name: name for name, info in type(here).model_fields.items()}
        return getattr(here, names[step])
    if isinstance(here, Mapping):
        return here[step]
    if isinstance(here, tuple):
        return here[int(step)]
    raise LookupError(f"nothing under `{step}`")


def plain(value: Any, zone: str) -> Any:
    """
    The value as numbers and texts.
    """
    match value:
        case Condition():
            return fields(value, zone)
        case Duration():
            return Fraction(value.ns, NS_PER_SECOND)
        case Keep(length=Duration() as length):
            return plain(length, zone)
        case Quantity():
            return value.value
        case Amount() if value.low == value.high and not value.approx:
            return value.low.value
        case Amount():
            return {"low": value.low.value, "high": value.high.value, "value": value.low.value, "approx": value.approx}
        case time():
            return f"{value:%H:%M}"
        case bool() | int() | None:
            return value
        case tuple():
            return [plain(item, zone) for item in value]
        case BaseModel():
            return {info.alias or name: plain(getattr(value, name), zone) for name, info in _fields(value)}
        case _:
            return str(value)


def _fields(value: BaseModel) -> Iterator[tuple[str, Any]]:
    yield from type(value).model_fields.items()


def steps_of(runbook: Any) -> list[Any]:
    """
    Every step of a runbook, with and without phases.
    """
    return [*runbook.steps, *(step for phase in runbook.phases for step in phase.steps)]


def numbers_in(value: Any) -> set[Fraction]:
    """
    Every number that an expectation names; `50%` in a text counts as 50 and as 0.5, a calendar month as its 30 days.
    """
    if isinstance(value, bool) or value is None:
        return set()
    if isinstance(value, int | float | Fraction):
        return {Fraction(str(value))}
    if isinstance(value, str) and value in _CALENDAR:
        return {_CALENDAR[value]}
    if isinstance(value, str):
        return {Fraction(n) / d for n, percent in _NUMBER.findall(value) for d in ({1, 100} if percent else {1})}
    return set().union(*map(numbers_in, value.values() if isinstance(value, Mapping) else value), set())
