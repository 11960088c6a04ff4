"""
What is wrong with a condition, and what should stand there instead?

>>> print(ConditionMistake(column=7, found="ovr", wanted=nearest("ovr", ["over", "for", "in"], "a clause")))
`ovr`: write `over`
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionMistake:
    """
    What was found, at which column (from 1), and what is wanted instead.
    """

    column: int
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"`{self.found}`: {self.wanted}" if self.found else self.wanted


class Wrong(Exception):
    """
    Carries a mistake out of the parser's depths; `parse` turns it into a value.
    """

    def __init__(self, column: int, found: str, wanted: str) -> None:
        super().__init__(wanted)
        self.mistake = ConditionMistake(column=column, found=found, wanted=wanted)


def nearest(word: str, known: Iterable[str], otherwise: str) -> str:
    """
    `write X` with the nearest known word, else what is wanted in general.
    """
    for near in difflib.get_close_matches(word.lower(), list(known), n=1):
        return f"write `{near}`"
    return otherwise
