"""
Is a script safe with the values that people and alerts give it?

A parameter reaches a script only as a variable of its environment. What would paste it into the text, and what would
let the shell read it as code or as several words, is found here:

>>> [each.says for each in objections('kill $victim', ["victim"])]
['`$victim` stands without quotes: a value with spaces or `*` becomes several words']
>>> objections('kill "$victim"', ["victim"])
[]
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_USE = re.compile(r"\$(?:\{([A-Za-z_]\w*)[^}]*\}|([A-Za-z_]\w*))")
_PASTED = re.compile(r"\$?\{\{\s*(\w[\w-]*)\s*\}\}|(?<!\$)\{(\w[\w-]*)\}|(?<![\w<])<(\w[\w-]*)>|%\((\w[\w-]*)\)s")
#: `[PREVIOUS_DEPLOYMENT_URL]`: what documents write where somebody has to fill something in.
_BLANK = re.compile(r"(?<![\w\])$*?])\[([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\]")
_READS_AGAIN = re.compile(r"(?:^|[\s;&|(])(eval|(?:ba|z|k|da)?sh\s+-\w*c|source|xargs|ssh|su\s+-c|python3?\s+-c)(?=\s)")


class Objection(NamedTuple):
    """
    What is wrong, and where in the text, from 0.
    """

    says: str
    at: int


class Pasted(NamedTuple):
    """
    A placeholder in a text that nobody fills in, as it stands there, and where, from 0.
    """

    text: str
    name: str
    at: int


def pasted(text: str, parameters: Sequence[str]) -> Iterator[Pasted]:
    """
    Every place that looks as if a parameter were to be pasted in.
    """
    for found in _PASTED.finditer(text):
        name = next(each for each in found.groups() if each)
        if name.replace("-", "_").casefold() in parameters:
            yield Pasted(found[0], name.replace("-", "_").casefold(), found.start())
    for found in _BLANK.finditer(text):
        yield Pasted(found[0], found[1].casefold(), found.start())


def objections(script: str, parameters: Sequence[str]) -> list[Objection]:
    """
    What a careful reader of the script objects to, in the order of the text.
    """
    return sorted(_all(script, parameters), key=lambda each: each.at)


def _all(script: str, parameters: Sequence[str]) -> Iterator[Objection]:
    quotes = _quotes(script)
    for found in _USE.finditer(script):
        name = found[1] or found[2]
        if name not in parameters or quotes[found.start()] in ("#", "\\"):
            continue
        if quotes[found.start()] == "'":
            yield Objection(f"`${name}` stands in single quotes, where the shell leaves it as it is", found.start())
        elif quotes[found.start()] == "" and not _assigned(script, found.start()):
            said = f"`${name}` stands without quotes: a value with spaces or `*` becomes several words"
            yield Objection(said, found.start())
        begin = script.rfind("\n", 0, found.start()) + 1
        if again := _READS_AGAIN.search(script, begin, found.start()):
            yield Objection(f"`{again[1]}` reads `${name}` as code", found.start())


def _assigned(script: str, at: int) -> bool:
    """
    `name=$value` needs no quotes.
    """
    return re.search(r"(?:^|[\s;])[A-Za-z_]\w*=$", script[:at]) is not None


def _quotes(script: str) -> list[str]:
    """
    For each character the quotation it stands in: `'`, `"`, `#` (a comment), `\\` (escaped) or nothing.
    """
    open_, states, at = "", [], 0
    while at < len(script):
        sign = script[at]
        if sign == "\\" and open_ in ("", '"'):
            states += ["\\", "\\"][: len(script) - at]
            at += 2
            continue
        if open_ == "#":
            open_ = "" if sign == "\n" else open_
        elif open_ == sign:
            open_ = ""
        elif not open_ and (sign in "'\"" or (sign == "#" and (at == 0 or script[at - 1].isspace()))):
            open_ = sign
        states.append(open_)
        at += 1
    return states
