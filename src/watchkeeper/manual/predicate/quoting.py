r"""
How is a text written inside a predicate?

In single or double quotes with CEL's escapes, or raw (`r"\d+"`) without any; printed in double quotes:

>>> decode(r"'it\'s \u00e9 \x41 \101'", column=1)
"it's é A A"
>>> decode(r'r"\d+"', column=1), encode("a\n\"b\"")
('\\d+', '"a\\n\\"b\\""')
"""

import re
from typing import Final

from watchkeeper.manual.predicate.mistakes import Wrong

_CONTROL: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_PLAIN: Final = _CONTROL | {character: character for character in "\\\"'`?"}
_ESCAPES: Final = r"an escape such as \n, \", \\ or \u00e9, or a raw text r'..'"
_SHORT: Final = {value: f"\\{name}" for name, value in _PLAIN.items() if value not in "'`?"}
_ESCAPE: Final = re.compile(
    r"\\(?:([abfnrtv\\\"'`?])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))"
)


def decode(written: str, *, column: int) -> str:
    """
    The text that a quoted piece of source stands for. Raises Wrong for an unknown escape or what is no character.
    """
    if written[0] in "rR":
        text = written[2:-1]
        _characters(text, column, written)
        return text

    def replace(found: re.Match[str]) -> str:
        plain, *numbers, octal, other = found.groups()
        if plain:
            return _PLAIN[plain]
        if other:
            raise Wrong(column + 1 + found.start(), found[0], _ESCAPES)
        code = int(octal, 8) if octal else int(next(number for number in numbers if number), 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise Wrong(column + 1 + found.start(), found[0], "a character that exists")
        return chr(code)

    text = _ESCAPE.sub(replace, written[1:-1])
    _characters(text, column, written)
    return text


def encode(text: str) -> str:
    """
    The text as a predicate writes it: double quotes, escapes only where they are needed.
    """
    return '"' + "".join(map(_encoded, text)) + '"'


def _encoded(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"


def _characters(text: str, column: int, written: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Wrong(column, ascii(written), "characters that exist (half of a surrogate pair is none)")
