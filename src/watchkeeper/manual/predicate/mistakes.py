"""
How does the reading of a predicate say what is wrong?

>>> print(SyntaxMistake(column=8, found="=", wanted="`==` to compare"))
column 8: found `=`, wanted `==` to compare
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntaxMistake:
    """
    What was found at which column (from 1, in code points), and what is wanted there. `found` is empty at the end.
    """

    column: int
    found: str
    wanted: str

    def __str__(self) -> str:
        found = f"`{self.found}`" if self.found else "the end"
        return f"column {self.column}: found {found}, wanted {self.wanted}"


class Wrong(Exception):
    """
    Carries a mistake out of the lexer and the parser; `parse` turns it into a value.
    """

    def __init__(self, column: int, found: str, wanted: str) -> None:
        super().__init__(wanted)
        self.mistake = SyntaxMistake(column=column, found=found, wanted=wanted)


def one_of(word: str, known: Iterable[str]) -> str:
    """
    The known words, the nearest one first when one is near.

    >>> one_of("startswith", ["startsWith", "endsWith"])
    '`startsWith` (known are startsWith, endsWith)'
    """
    names = list(known)
    near = [name for name in names if name.lower() == word.lower()] or difflib.get_close_matches(word, names, n=1)
    listed = ", ".join(names)
    return f"`{near[0]}` (known are {listed})" if near else f"one of {listed}"
