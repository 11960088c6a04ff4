"""
What can be flipped in the live application, to which values, by whom and for how long?

A value is written as text, like everything in a manual, and read by the kind of its switch; the same reader takes what
people and runbooks flip it to:

>>> rate = Switch(kind="percentage", default="100%")
>>> read_value(rate, ["50%"]), rate.initial
(50.0, 100.0)
>>> read_value(Switch(kind="number", default="3", range="1..5"), ["9"])
Traceback (most recent call last):
watchkeeper.manual.model.unfit.Unfit: found `9`; wanted a number within 1..5
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from watchkeeper.manual import units
from watchkeeper.manual.model.base import Entry, PartName, says
from watchkeeper.manual.model.scalars import Flag, Length, Text, Texts, read_flag, read_text
from watchkeeper.manual.model.unfit import Unfit, nearest

#: What a switch can be. A set has no order and no doubles.
SwitchValue: TypeAlias = bool | int | float | str | tuple[str, ...]

BOOLEAN: Final = "boolean"
PERCENTAGE: Final = "percentage"
NUMBER: Final = "number"
TEXT: Final = "text"
ADDRESS: Final = "address"
SET: Final = "set"
KINDS: Final = (BOOLEAN, PERCENTAGE, NUMBER, TEXT, ADDRESS, SET)
FLIPPERS: Final = ("responder", "manager", "admin")
LONGEST_NS: Final = 7 * 86_400 * 10**9  # of a flip, where the manual says nothing
MOST_MEMBERS: Final = 1000
MOST_CHARACTERS: Final = 1000  # of a text, an address, a member

_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,15})?")
#: `scheme://host...` or `host:port`, without spaces.
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/]+\S*|[A-Za-z0-9._-]+:\d{1,5}|\[[0-9A-Fa-f:.]+\]:\d{1,5}")


def _one_of(what: str, words: Sequence[str]) -> PlainValidator:
    def read(value: Any) -> str:
        text = read_text(value)
        if text not in words:
            raise Unfit(found=f"`{text}`", wanted=f"{what}: {', '.join(words)}{nearest(text, words)}")
        return text

    return PlainValidator(read)


SwitchKind = Annotated[str, _one_of("a kind of switch", KINDS), WithJsonSchema({"enum": list(KINDS)})]
Flipper = Annotated[str, _one_of("the least that may flip it", FLIPPERS), WithJsonSchema({"enum": list(FLIPPERS)})]


class Switch(Entry):
    """
    What people and runbooks flip in the live application, which asks for it by OFREP.
    """

    kind: SwitchKind = Field(description="boolean, percentage, number, text, address or set (such as a block list)")
    default: Texts = Field(description="what holds when nobody has flipped it; a list for a set")
    service: PartName | None = says("the service that asks for it")
    owner: Text | None = says("who answers for it")
    role: Flipper = says("who may flip it at least: responder, manager or admin", "responder")
    longest: Length | None = says("how long a flip lasts at most; 7d if not said")
    allowed: Texts = says("the only values that it may have; for a set, its only members", ())
    range: Text | None = says("the smallest and the largest number: `1..100`")
    public: Flag = says("anybody may ask for it, also a browser without a token", False)

    @model_validator(mode="after")
    def _fits_itself(self) -> Self:
        if self.range is not None:
            bounds_of(self.kind, self.range)
        if self.allowed and self.kind in (BOOLEAN, PERCENTAGE):
            raise Unfit(found=f"`allowed` on a {self.kind}", wanted="it on a number, a text, an address or a set")
        for text in self.allowed:
            _read(self.kind, (text,), (), self.range, None)
        if self.longest is not None and self.longest.ns == 0:
            raise Unfit(found=f"`longest: {self.longest}`", wanted="a time longer than nothing")
        read_value(self, self.default)
        return self

    @property
    def initial(self) -> SwitchValue:
        """
        What holds when nobody has flipped it.
        """
        return read_value(self, self.default)

    @property
    def longest_ns(self) -> int:
        """
        How long a flip lasts at most.
        """
        return LONGEST_NS if self.longest is None else self.longest.ns


def read_value(switch: Switch, texts: Sequence[str]) -> SwitchValue:
    """
    The value that these texts are for this switch: one text, or any number for a set. Raises Unfit.
    """
    whole = switch.kind == NUMBER and all("." not in text for text in switch.default)
    return _read(switch.kind, tuple(texts), switch.allowed, switch.range, whole)


def texts_of(value: SwitchValue) -> list[str]:
    """
    A value as it is written.

    >>> texts_of(True), texts_of(("a", "b")), texts_of(50.0)
    (['true'], ['a', 'b'], ['50'])
    """
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [f"{Decimal(repr(value)):f}".removesuffix(".0") if isinstance(value, float) else str(value)]


def bounds_of(kind: str, text: str) -> tuple[Fraction, Fraction]:
    """
    The smallest and the largest number that a range allows. Raises Unfit.
    """
    found = units.parse_range(text)
    wanted = "two numbers such as `1..100`"
    if kind not in (NUMBER, PERCENTAGE):
        raise Unfit(found=f"`range` on a {kind}", wanted="it on a number or a percentage")
    if isinstance(found, units.UnitMistake):
        raise Unfit(found=f"`{text}`", wanted=wanted)
    low, high = found.low, found.high
    fitting = {units.Dimension.NUMBER} | ({units.Dimension.RATIO} if kind == PERCENTAGE else set())
    if low.dimension is not high.dimension or low.dimension not in fitting or low.value > high.value:
        raise Unfit(found=f"`{text}`", wanted=wanted)
    times = 100 if low.dimension is units.Dimension.RATIO else 1
    return low.value * times, high.value * times


@lru_cache(maxsize=4096)
def _read(
    kind: str, texts: tuple[str, ...], allowed: tuple[str, ...], within: str | None, whole: bool | None
) -> SwitchValue:
    if kind == SET:
        return _set(texts, allowed)
    if len(texts) != 1:
        raise Unfit(found=f"{len(texts)} values", wanted=f"one value for a {kind}")
    [text] = texts
    if kind == BOOLEAN:
        return read_flag(text)
    if kind in (NUMBER, PERCENTAGE):
        value = _number(kind, text, within, whole=whole)
        if allowed and value not in [_number(kind, one, None, whole=whole) for one in allowed]:
            raise _not_allowed(text, allowed)
        return value
    return _text(kind, text, allowed)


def _number(kind: str, text: str, within: str | None, *, whole: bool | None) -> int | float:
    bare = text.strip()
    bare = bare.removesuffix("%").rstrip() if kind == PERCENTAGE else bare
    wanted = "a percentage such as `50%`" if kind == PERCENTAGE else "a whole number" if whole else "a number"
    if not _NUMBER.fullmatch(bare) or (whole and "." in bare):
        raise Unfit(found=f"`{text[:60]}`", wanted=wanted)
    low, high = bounds_of(kind, within) if within else (None, None)
    if low is not None and high is not None and not low <= Fraction(bare) <= high:
        raise Unfit(found=f"`{text}`", wanted=f"a number within {within}")
    if kind == PERCENTAGE and not 0 <= Fraction(bare) <= 100:
        raise Unfit(found=f"`{text}`", wanted="a percentage from 0% to 100%")
    return int(bare) if whole else float(bare)


def _text(kind: str, text: str, allowed: tuple[str, ...]) -> str:
    found = read_text(text)
    if len(found) > MOST_CHARACTERS or not found.isprintable():
        raise Unfit(found=f"`{found[:60]}`", wanted=f"one line of at most {MOST_CHARACTERS} characters")
    if kind == ADDRESS and not _ADDRESS.fullmatch(found):
        raise Unfit(found=f"`{found[:60]}`", wanted="an address such as `redis://10.0.0.2:6379` or `cache-2:6379`")
    if kind == ADDRESS and ":" in found.partition("://")[2].partition("/")[0].rpartition("@")[0]:
        raise Unfit(found="an address with a password", wanted="one without: a switch is no place for secrets")
    if allowed and found not in allowed:
        raise _not_allowed(found, allowed)
    return found


def _set(texts: tuple[str, ...], allowed: tuple[str, ...]) -> tuple[str, ...]:
    if len(texts) > MOST_MEMBERS:
        raise Unfit(found=f"{len(texts)} members", wanted=f"at most {MOST_MEMBERS}")
    return tuple(sorted({_text(SET, text, allowed) for text in texts}))


def _not_allowed(text: str, allowed: tuple[str, ...]) -> Unfit:
    return Unfit(found=f"`{text[:60]}`", wanted=f"one of {', '.join(allowed)}{nearest(text, allowed)}")
