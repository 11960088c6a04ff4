"""
Which days and which ages does the manual speak of?

>>> read_days("first Sunday of the month")
Days(weekday='Sunday', nth=1, written='first Sunday of the month')
>>> read_days("every Monday").nth is None
True
>>> read_keep("10 deployments")
Keep(length=None, count=10, unit='deployments', written='10 deployments')
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from watchkeeper.manual import units
from watchkeeper.manual.model.scalars import read_length, read_text, read_weekday
from watchkeeper.manual.model.unfit import Unfit, nearest

_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_NTH = re.compile(r"(?:the )?(\w+) (\w+) of (?:the |each |every )?month", re.IGNORECASE)
_EVERY = re.compile(r"every (\w+)", re.IGNORECASE)
_COUNT = re.compile(r"(\d{1,9}) ([A-Za-z][A-Za-z -]*)")


@dataclass(frozen=True, slots=True)
class Days:
    """
    Days that come again: `weekday` None is every day; `nth` 1..4 or -1 (last) of the month, None is every week.
    """

    weekday: str | None
    nth: int | None
    written: str

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True, slots=True)
class Keep:
    """
    How long something is kept: a span of time, a count of something, or for ever (both None).
    """

    length: units.Duration | None
    count: int | None
    unit: str | None
    written: str

    def __str__(self) -> str:
        return self.written


def read_days(value: Any) -> Days:
    """
    `first Sunday of the month`, `every Monday`, `every day`.
    """
    if isinstance(value, Days):
        return value
    text = read_text(value)
    if monthly := _NTH.fullmatch(text):
        word = monthly[1].lower()
        if word not in _ORDINALS:
            raise Unfit(
                found=f"`{monthly[1]}`", wanted="first, second, third, fourth or last" + nearest(word, _ORDINALS)
            )
        return Days(read_weekday(monthly[2]), _ORDINALS[word], text)
    if weekly := _EVERY.fullmatch(text):
        return Days(None if weekly[1].lower() == "day" else read_weekday(weekly[1]), None, text)
    raise Unfit(found=f"`{text}`", wanted="`first Sunday of the month`, `every Monday` or `every day`")


def read_keep(value: Any) -> Keep:
    """
    `30d`, `10 deployments`, `forever`.
    """
    if isinstance(value, Keep):
        return value
    text = read_text(value)
    if text.lower() in {"forever", "for ever", "indefinitely", "indefinite"}:
        return Keep(None, None, None, text)
    counted = _COUNT.fullmatch(text)
    if counted and isinstance(units.parse_duration(text), units.UnitMistake):
        return Keep(None, int(counted[1]), counted[2], text)
    try:
        return Keep(read_length(text), None, None, text)
    except Unfit:
        raise Unfit(found=f"`{text}`", wanted="`30d`, `10 deployments` or `forever`") from None


_STR = PlainSerializer(str, return_type=str)
DaysText = Annotated[
    Days,
    PlainValidator(read_days),
    _STR,
    WithJsonSchema({"type": "string", "examples": ["first Sunday of the month", "every Monday"]}),
]
KeepText = Annotated[
    Keep,
    PlainValidator(read_keep),
    _STR,
    WithJsonSchema({"type": "string", "examples": ["30d", "10 deployments", "forever"]}),
]
