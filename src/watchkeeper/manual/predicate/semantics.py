"""
What does one operation give on given values?

The answers are CEL's (the language definition of cel-spec), with every error absorbed into a third truth value:

- A value is a text, a 64-bit int, a double, a bool or null, or *unknown*. An attribute that is missing, or that holds
  anything else (a list, an int beyond 64 bits), is unknown; only `has(x)` sees whether it is there.
- No such overload is unknown: an order between text and number, `!` or `size` of a number, a condition that is no bool.
  Texts, numbers and bools are ordered among their own; null is not ordered at all.
- `==` and `!=` are known for any two known values: `"1" == 1` is false, `1 == 1.0` is true. Ints and doubles compare as
  points on one line, exactly (some implementations round ints beyond 2**53 first). NaN equals nothing, is before and
  after nothing.
- `x in [..]` is `==` with any of the choices; one unknown choice makes all of it unknown.
- `+ - * / %` know no mixture of int and double: `x + 1.0` is unknown for an int x. On ints, a result beyond 64 bits and
  a division by zero are unknown, `/` truncates towards zero, `%` has the sign of the dividend. On doubles they are
  IEEE 754 (1.0 / 0.0 is infinity), without `%`. `+` also joins two texts.
- `false && unknown` is false and `true || unknown` is true, whichever comes first; else unknown spreads. `!unknown` is
  unknown, and so is a choice by an unknown condition. What is no bool counts as unknown in all of these.
- Texts are counted, ordered and searched by code points, never normalised. `matches` is RE2 and finds a match anywhere;
  a pattern that RE2 refuses is unknown.

>>> arithmetic("/", -7, 2), arithmetic("%", -7, 2), arithmetic("+", 2**63 - 1, 1) is UNKNOWN
(-3, -1, True)
"""

import enum
import functools
import math
import operator
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

import re2  # type: ignore[import-untyped]  # it ships no types

from watchkeeper.manual.predicate.ast import LARGEST_INT, SMALLEST_INT


class Unknown(enum.Enum):
    """
    The type of the one value UNKNOWN.
    """

    UNKNOWN = enum.auto()


UNKNOWN: Final = Unknown.UNKNOWN
Value: TypeAlias = str | int | float | bool | None | Unknown

_SORT: Final[dict[type, str]] = {str: "text", int: "number", float: "number", bool: "bool", type(None): "null"}
_ORDERED: Final = frozenset({"text", "number", "bool"})
_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def admit(value: object) -> Value:
    """
    The value of an attribute as predicates see it: itself, or unknown when it is no value of theirs.
    """
    match value:
        case bool() | str() | float() | None:
            return value
        case int():
            return value if SMALLEST_INT <= value <= LARGEST_INT else UNKNOWN
        case _:
            return UNKNOWN


def compare(op: str, left: Value, right: Value) -> bool | Unknown:
    """
    `left op right` for the six comparisons.
    """
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    if op == "==":
        return _equal(left, right)
    if op == "!=":
        return not _equal(left, right)
    sort = _SORT[type(left)]
    if sort != _SORT[type(right)] or sort not in _ORDERED:
        return UNKNOWN
    return _ORDER[op](left, right)


def is_in(item: Value, choices: Iterable[Value]) -> bool | Unknown:
    """
    Whether the item equals one of the choices.
    """
    known = list(choices)
    if item is UNKNOWN or UNKNOWN in known:
        return UNKNOWN
    return any(_equal(item, choice) for choice in known)


def _equal(left: Value, right: Value) -> bool:
    return _SORT[type(left)] == _SORT[type(right)] and left == right


def arithmetic(op: str, left: Value, right: Value) -> Value:
    """
    `left op right` for the five signs of arithmetic.
    """
    if type(left) is int and type(right) is int:
        return _of_ints(op, left, right)
    if type(left) is float and type(right) is float:
        return _of_doubles(op, left, right)
    if type(left) is str and type(right) is str and op == "+":
        return left + right
    return UNKNOWN


def _of_ints(op: str, left: int, right: int) -> Value:
    match op:
        case "+":
            return _in_range(left + right)
        case "-":
            return _in_range(left - right)
        case "*":
            return _in_range(left * right)
    if right == 0 or (left == SMALLEST_INT and right == -1):
        return UNKNOWN
    quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
    return quotient if op == "/" else left - quotient * right


def _of_doubles(op: str, left: float, right: float) -> Value:
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return _divided(left, right)
        case _:
            return UNKNOWN


def _divided(left: float, right: float) -> float:
    if right != 0:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _in_range(number: int) -> int | Unknown:
    return number if SMALLEST_INT <= number <= LARGEST_INT else UNKNOWN


def negate(value: Value) -> Value:
    """
    `-value`.
    """
    if type(value) is int:
        return _in_range(-value)
    return -value if type(value) is float else UNKNOWN


def deny(value: Value) -> bool | Unknown:
    """
    `!value`.
    """
    return not value if isinstance(value, bool) else UNKNOWN


def size(value: Value) -> int | Unknown:
    """
    The number of code points of a text.
    """
    return len(value) if isinstance(value, str) else UNKNOWN


def text_test(method: str, subject: Value, argument: Value) -> bool | Unknown:
    """
    `subject.method(argument)` for the four tests of texts.
    """
    if not isinstance(subject, str) or not isinstance(argument, str):
        return UNKNOWN
    match method:
        case "startsWith":
            return subject.startswith(argument)
        case "endsWith":
            return subject.endswith(argument)
        case "contains":
            return argument in subject
        case _:
            return _matches(subject, argument)


def _matches(subject: str, pattern: str) -> bool | Unknown:
    try:
        return compiled(pattern).search(subject) is not None
    except (re2.error, UnicodeEncodeError):  # the latter: half of a surrogate pair, as JSON can carry it
        return UNKNOWN


@functools.cache
def _quiet() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


def compiled(pattern: str) -> Any:
    """
    The pattern, ready to search (re2 itself keeps the last 128). Raises re2.error when RE2 refuses it.
    """
    return re2.compile(pattern, _quiet())
