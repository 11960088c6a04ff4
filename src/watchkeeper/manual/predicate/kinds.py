"""
Which kinds of value are there, and which go together?

>>> said(NUMBER), said(TEXT), comparable(frozenset({Kind.INT})) == NUMBER
('a number', 'a text', True)
"""

import enum
from typing import Final, TypeAlias

from watchkeeper.manual.predicate.ast import Scalar


class Kind(enum.Enum):
    """
    The kind of a value, named as a sentence names it.
    """

    BOOL = "true or false"
    INT = "a whole number"
    DOUBLE = "a fraction"
    TEXT = "a text"
    NULL = "null"


Kinds: TypeAlias = frozenset[Kind]

ANY: Final[Kinds] = frozenset(Kind)
BOOL: Final[Kinds] = frozenset({Kind.BOOL})
INT: Final[Kinds] = frozenset({Kind.INT})
DOUBLE: Final[Kinds] = frozenset({Kind.DOUBLE})
NUMBER: Final[Kinds] = INT | DOUBLE
TEXT: Final[Kinds] = frozenset({Kind.TEXT})
NULL: Final[Kinds] = frozenset({Kind.NULL})

_OF: Final[dict[type, Kinds]] = {bool: BOOL, int: INT, float: DOUBLE, str: TEXT, type(None): NULL}


def kind_of(value: Scalar) -> Kinds:
    """
    The kind of a known value.
    """
    return _OF[type(value)]


def comparable(kinds: Kinds) -> Kinds:
    """
    The kinds that values of these kinds can equal: whole numbers equal fractions, all else only its own kind.
    """
    return kinds | NUMBER if kinds & NUMBER else kinds


def said(kinds: Kinds) -> str:
    """
    The kinds in words.
    """
    if kinds == ANY:
        return "a value"
    words = [kind.value for kind in Kind if kind in kinds]
    if kinds >= NUMBER:
        words = [word for word in words if word not in (Kind.INT.value, Kind.DOUBLE.value)] + ["a number"]
    return " or ".join(words)
