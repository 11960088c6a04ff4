"""
How does a scalar of the manual become a typed value?

Every scalar of the YAML arrives as text; the types below read it in the manual's own languages. What does not fit
raises `Unfit`: what was found, what is wanted, and at which column of the text; the loader adds file and line:

>>> read_clock("2:30 PM")
datetime.time(14, 30)
>>> read_whole("20 events")
20
>>> read_clock("25:00")
Traceback (most recent call last):
watchkeeper.manual.model.unfit.Unfit: found `25:00`; wanted a time of day such as `10:00` or `2:00 AM`
"""

import re
from dataclasses import dataclass, field
from datetime import date, time
from functools import lru_cache
from typing import Annotated, Any, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from watchkeeper.manual import units
from watchkeeper.manual.condition import ast as condition_ast
from watchkeeper.manual.condition import parser as condition_parser
from watchkeeper.manual.condition import printer as condition_printer
from watchkeeper.manual.model.forms import OneOrMore
from watchkeeper.manual.model.unfit import Unfit, nearest
from watchkeeper.manual.predicate import parser as predicate_parser
from watchkeeper.manual.predicate.ast import Expression
from watchkeeper.manual.predicate.types import check

Misread: TypeAlias = units.UnitMistake | condition_parser.ConditionMistake | predicate_parser.SyntaxMistake

LONGEST_TEXT = 20_000
LONGEST_NAME = 200
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_NAME = re.compile(r"[^\W_][\w.:#@/+ -]*")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})\s*([AaPp])?(?(3)[Mm])")
_VIEWPORT = re.compile(r"(\d{2,5})\s*[x×]\s*(\d{2,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """
    A predicate as it was written and as it was understood. Equal when it means the same.
    """

    text: str = field(compare=False)
    expression: Expression

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewport:
    """
    The size of a browser window in CSS pixels.
    """

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """
    A number or a range of numbers, exact or about: `50`, `5..15m`, `~500/h`. `low` equals `high` for one number.
    """

    low: units.Quantity
    high: units.Quantity
    approx: bool = False
    written: str

    def __str__(self) -> str:
        return self.written


# --- readers: text in, value out, `Unfit` when it does not fit


def _text_of(value: Any, wanted: str) -> str:
    if not isinstance(value, str):
        raise Unfit(found=_kind(value), wanted=wanted)
    return value.strip()


def _kind(value: Any) -> str:
    return {dict: "a group of keys", list: "a list", type(None): "nothing"}.get(type(value), f"`{value}`")


def read_text(value: Any) -> str:
    """
    Any text that is not empty.
    """
    text = _text_of(value, "a text")
    if not text:
        raise Unfit(found="an empty text", wanted="a text")
    if len(text) > LONGEST_TEXT:
        raise Unfit(found=f"{len(text)} characters", wanted=f"at most {LONGEST_TEXT}")
    return text


def read_name(value: Any) -> str:
    """
    A name: letters, digits, spaces and `- _ . : / # @ +`; it begins with a letter or digit.
    """
    text = _text_of(value, "a name")
    if not _NAME.fullmatch(text) or len(text) > LONGEST_NAME:
        wanted = "a name: letters, digits and - _ . / that starts with a letter or digit"
        raise Unfit(found=f"`{text[:60]}`", wanted=wanted)
    return text


def read_length(value: Any) -> units.Duration:
    """
    A span of time: `15m`, `1h30m`.
    """
    if isinstance(value, units.Duration):
        return value
    found = units.parse_duration(_text_of(value, "a span of time such as `15m`"))
    if isinstance(found, units.UnitMistake):
        raise _unfit(found)
    return found


def read_response(value: Any) -> units.Duration | units.NextBusinessDay:
    """
    `immediate`, a span of time or `next business day`.
    """
    if isinstance(value, units.Duration | units.NextBusinessDay):
        return value
    found = units.parse_response(_text_of(value, "`immediate`, a time such as `30m`, or `next business day`"))
    if isinstance(found, units.UnitMistake):
        raise _unfit(found)
    return found


def read_within(value: Any) -> units.Duration | str:
    """
    A span of time, or `ongoing` or `varies` where the document gives no number.
    """
    if isinstance(value, units.Duration):
        return value
    text = _text_of(value, "a time such as `15m`, `ongoing` or `varies`")
    return text if text in {"ongoing", "varies"} else read_length(text)


def read_number(value: Any) -> units.Quantity:
    """
    One number with its unit.
    """
    if isinstance(value, units.Quantity):
        return value
    found = units.parse_quantity(_text_of(value, "a number such as `80%` or `500ms`"))
    if isinstance(found, units.UnitMistake):
        raise _unfit(found)
    return found


def read_rate(value: Any) -> units.Quantity:
    """
    So many per time: `100/min`.
    """
    number = read_number(value)
    if number.dimension is not units.Dimension.RATE:
        raise Unfit(found=f"`{number}`", wanted="a rate such as `100/min` or `20/s`")
    return number


def read_amount(value: Any) -> Amount:
    """
    A number or a range with its unit, `~` before it when it is only about right.
    """
    if isinstance(value, Amount):
        return value
    text = _text_of(value, "a number such as `500/h`, or a range such as `5..15m`")
    approx = text.startswith("~")
    bare = text.removeprefix("~").lstrip()
    found = units.parse_range(bare) if ".." in bare else units.parse_quantity(bare)
    if isinstance(found, units.UnitMistake):
        raise _unfit(found, column=len(text) - len(bare))
    low, high = (found.low, found.high) if isinstance(found, units.Range) else (found, found)
    return Amount(low=low, high=high, approx=approx, written=text)


def read_whole(value: Any) -> int:
    """
    A whole number, 0 or more; a unit in words (`20 events`) is for the reader.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    text = _text_of(value, "a whole number")
    number = re.fullmatch(r"(\d{1,15})(?:\s+[a-z]+)?", text)
    if number is None:
        raise Unfit(found=f"`{text}`", wanted="a whole number such as `20`")
    return int(number[1])


def read_flag(value: Any) -> bool:
    """
    `true` or `false` (`yes` and `no` are understood).
    """
    if isinstance(value, bool):
        return value
    text = _text_of(value, "`true` or `false`").lower()
    if text not in {"true", "false", "yes", "no"}:
        raise Unfit(found=f"`{text}`", wanted="`true` or `false`")
    return text in {"true", "yes"}


def read_clock(value: Any) -> time:
    """
    A time of day, 24 hours or with AM and PM.
    """
    if isinstance(value, time):
        return value
    text = _text_of(value, "a time of day such as `10:00`")
    parts = _CLOCK.fullmatch(text)
    hour, minute = (int(parts[1]), int(parts[2])) if parts else (99, 99)
    half = parts[3].upper() if parts and parts[3] else None
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "P" else 0)
    elif half:
        hour = 99
    if hour > 23 or minute > 59:
        raise Unfit(found=f"`{text}`", wanted="a time of day such as `10:00` or `2:00 AM`")
    return time(hour, minute)


def read_weekday(value: Any) -> str:
    """
    The English name of a day of the week.
    """
    text = _text_of(value, "a day such as `Monday`")
    day = text.capitalize()
    if day not in WEEKDAYS:
        raise Unfit(found=f"`{text}`", wanted="a day of the week" + nearest(day, WEEKDAYS))
    return day


def read_date(value: Any) -> str:
    """
    A day or a month of the calendar: `2024-01-15`, `2024-01`. Stays text, since a month is no day.
    """
    text = _text_of(value, "a date such as `2024-01-15`")
    try:
        date.fromisoformat(text if len(text) > 7 else f"{text}-01")
    except ValueError:
        raise Unfit(found=f"`{text}`", wanted="a date such as `2024-01-15`, or a month such as `2024-01`") from None
    return text


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


def read_zone(value: Any) -> str:
    """
    The IANA name of a time zone.
    """
    text = _text_of(value, "a time zone such as `Europe/Berlin`")
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        wanted = "an IANA time zone such as `Europe/Berlin`" + nearest(text, _zones())
        raise Unfit(found=f"`{text}`", wanted=wanted) from None
    return text


def read_viewport(value: Any) -> Viewport:
    """
    Width times height in pixels: `1280x800`.
    """
    if isinstance(value, Viewport):
        return value
    text = _text_of(value, "a size such as `1280x800`")
    size = _VIEWPORT.fullmatch(text)
    if size is None:
        raise Unfit(found=f"`{text}`", wanted="a size such as `1280x800`")
    return Viewport(width=int(size[1]), height=int(size[2]))


def read_condition(value: Any) -> condition_ast.Condition:
    """
    A line of the condition language: `p95 > 2s over 10m`.
    """
    if isinstance(value, condition_ast.Condition):
        return value
    found = condition_parser.parse(_text_of(value, "a condition such as `< 95% over 15m`"))
    if isinstance(found, condition_parser.ConditionMistake):
        raise _unfit(found)
    return found


def read_predicate(value: Any) -> Predicate:
    """
    A line of the predicate language: `status >= 500`.
    """
    if isinstance(value, Predicate):
        return value
    text = _text_of(value, "a predicate such as `status >= 500`")
    found = predicate_parser.parse(text)
    if isinstance(found, predicate_parser.SyntaxMistake):
        raise _unfit(found)
    if wrong := check(found):
        said = "; ".join(mistake.message for mistake in wrong)
        raise Unfit(found=f"`{text}`", wanted=said, column=wrong[0].column, sentence=True)
    return Predicate(text=text, expression=found)


def read_window(value: Any) -> condition_ast.Rolling | condition_ast.Calendar:
    """
    A rolling window (`30d`) or a calendar one (`this month`).
    """
    if isinstance(value, condition_ast.Rolling | condition_ast.Calendar):
        return value
    text = _text_of(value, "a window such as `30d` or `this month`")
    if text.startswith("this "):
        period = text.removeprefix("this ").strip()
        if period not in list(condition_ast.Period):
            raise Unfit(found=f"`{text}`", wanted="this day, week, month, quarter or year")
        return condition_ast.Calendar(period=condition_ast.Period(period))
    length = read_length(text)
    if length.ns == 0:
        raise Unfit(found=f"`{text}`", wanted="a window longer than nothing")
    return condition_ast.Rolling(duration=length)


def _unfit(mistake: Misread, column: int = 0) -> Unfit:
    """
    What a parser found wrong. `column` is how far the parsed text was moved in.
    """
    said = f"`{mistake.found}`" if mistake.found else "the end"
    sentence = not isinstance(mistake, predicate_parser.SyntaxMistake)  # the predicate language names things instead
    return Unfit(found=said, wanted=mistake.wanted, column=mistake.column + column, sentence=sentence)


def window_text(window: condition_ast.Rolling | condition_ast.Calendar) -> str:
    """
    The window as it is written: `30d`, `this month`.
    """
    return f"this {window.period}" if isinstance(window, condition_ast.Calendar) else str(window.duration)


# --- the types that the model is written in


def _schema(description: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": ["string", "number"], "description": description, "examples": list(examples)})


_STR = PlainSerializer(str, return_type=str)

Text = Annotated[str, PlainValidator(read_text), WithJsonSchema({"type": ["string", "number", "boolean"]})]
Texts = Annotated[tuple[Text, ...], OneOrMore()]
Name = Annotated[str, PlainValidator(read_name), WithJsonSchema({"type": "string"})]
#: One name, or a list of names.
Names = Annotated[tuple[Name, ...], OneOrMore()]
Flag = Annotated[bool, PlainValidator(read_flag), WithJsonSchema({"type": "boolean"})]
WholeNumber = Annotated[int, PlainValidator(read_whole), _schema("a whole number", "20", "20 events")]
Number = Annotated[units.Quantity, PlainValidator(read_number), _STR, _schema("a number with its unit", "80%", "500ms")]
Rate = Annotated[units.Quantity, PlainValidator(read_rate), _STR, _schema("so many per time", "100/min")]
Amount_ = Annotated[Amount, PlainValidator(read_amount), _STR, _schema("a number or a range", "~500/h", "5..15m")]
Length = Annotated[units.Duration, PlainValidator(read_length), _STR, _schema("a span of time", "15m", "30d")]
Response = Annotated[
    units.Duration | units.NextBusinessDay,
    PlainValidator(read_response),
    _STR,
    _schema("how soon somebody acts", "immediate", "30m", "next business day"),
]
Within = Annotated[
    units.Duration | str, PlainValidator(read_within), _STR, _schema("how soon", "15m", "ongoing", "varies")
]
Window = Annotated[
    condition_ast.Rolling | condition_ast.Calendar,
    PlainValidator(read_window),
    PlainSerializer(window_text, return_type=str),
    _schema("a window of time", "30d", "this month"),
]
Condition_ = Annotated[
    condition_ast.Condition,
    PlainValidator(read_condition),
    PlainSerializer(condition_printer.show, return_type=str),
    _schema("a condition", "< 95% over 15m", "p95 < 1.5s"),
]
Conditions = Annotated[tuple[Condition_, ...], OneOrMore()]
Predicate_ = Annotated[Predicate, PlainValidator(read_predicate), _STR, WithJsonSchema({"type": ["string", "boolean"]})]
Zone = Annotated[str, PlainValidator(read_zone), _schema("an IANA time zone", "UTC", "Europe/Berlin")]
Clock = Annotated[
    time,
    PlainValidator(read_clock),
    PlainSerializer(lambda at: at.strftime("%H:%M"), return_type=str),
    _schema("a time of day", "10:00", "2:00 AM"),
]
Weekday = Annotated[str, PlainValidator(read_weekday), WithJsonSchema({"enum": list(WEEKDAYS)})]
Date = Annotated[str, PlainValidator(read_date), _schema("a day or a month", "2024-01-15", "2024-01")]
Size = Annotated[Viewport, PlainValidator(read_viewport), _STR, _schema("width x height in pixels", "1280x800")]
