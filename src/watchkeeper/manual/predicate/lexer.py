"""
Which words does the text of a predicate consist of?

>>> [token.text for token in tokens('http.response.status_code>=500 && !(method in ["GET"])')]
['http.response.status_code', '>=', '500', '&&', '!', '(', 'method', 'in', '[', '"GET"', ']', ')', '']
"""

import enum
import math
import re
from dataclasses import dataclass
from typing import Final

from watchkeeper.manual.predicate.ast import LARGEST_INT
from watchkeeper.manual.predicate.mistakes import Wrong
from watchkeeper.manual.predicate.quoting import decode

KEYWORDS: Final = frozenset({"true", "false", "null", "in"})
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")

_TOKEN: Final = re.compile(
    r"""(?P<SPACE>[ \t\r\n]+)
    |(?P<TEXT>[rR](?:"[^"\r\n]*"|'[^'\r\n]*')|"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*')
    |(?P<FLOAT>(?:[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)(?![A-Za-z0-9_]))
    |(?P<INT>[0-9]+(?![A-Za-z0-9_]))
    |(?P<NAME>"""
    + NAME.pattern
    + r""")
    |(?P<SIGN>&&|\|\||[=!<>]=|[-<>!+*/%?:()\[\],.])""",
    re.VERBOSE,
)
_WORD: Final = re.compile(r"[0-9.]*\w+|<>|&|\||=~|.", re.DOTALL)
_SLIPS: Final = {
    "=": "`==` to compare",
    "&": "`&&`",
    "|": "`||`",
    "<>": "`!=`",
    "=~": "`.matches(...)`",
    '"': "a text with its closing quote",
    "'": "a text with its closing quote",
} | dict.fromkeys("“”„‘’«»", "a straight quote, \" or '")


class Kind(enum.Enum):
    """
    What sort of word a token is.
    """

    TEXT = enum.auto()
    INT = enum.auto()
    FLOAT = enum.auto()
    NAME = enum.auto()
    SIGN = enum.auto()
    END = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """
    One word, where it begins (from 1), and what it stands for when it is a text or a number.
    """

    kind: Kind
    text: str
    column: int
    value: str | int | float | None = None


def tokens(text: str) -> list[Token]:
    """
    The words of the text, an END last. Raises Wrong where no word begins.
    """
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match["SIGN"] and text.startswith("<>", at):
            raise _no_word(text, at)
        if match.lastgroup != "SPACE":
            found.append(_token(Kind[match.lastgroup or ""], match[0], at + 1))
        at = match.end()
    return [*found, Token(kind=Kind.END, text="", column=len(text) + 1)]


def _token(kind: Kind, text: str, column: int) -> Token:
    value: str | int | float | None = None
    if kind is Kind.TEXT:
        value = decode(text, column=column)
    elif kind is Kind.INT:
        value = _int(text, column)
    elif kind is Kind.FLOAT:
        value = float(text)
        if math.isinf(value):
            raise Wrong(column, text, "a smaller number")
    return Token(kind=kind, text=text, column=column, value=value)


def _int(text: str, column: int) -> int:
    # One more than the largest is read here: -9223372036854775808 is a number. The parser refuses it without its sign.
    if len(text.lstrip("0")) > 19 or int(text.lstrip("0") or "0") > LARGEST_INT + 1:
        raise Wrong(column, text, "a whole number of at most 64 bits, or a fraction such as 1e30")
    return int(text.lstrip("0") or "0")


def _no_word(text: str, at: int) -> Wrong:
    word = _WORD.match(text, at)
    found = word[0] if word else text[at]
    if found[0].isdigit() or found[0] == "." and len(found) > 1:
        return Wrong(at + 1, found, "a plain number, without a unit")
    wanted = _SLIPS.get(found, 'a name, a value or a sign; other names are written attr["..."]')
    return Wrong(at + 1, found if found.isprintable() else ascii(found), wanted)
