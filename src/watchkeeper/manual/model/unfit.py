"""
How does a reader of the manual say that a text does not fit?

>>> str(Unfit(found="`25:00`", wanted="a time of day"))
'found `25:00`; wanted a time of day'
>>> nearest("Mondy", ["Monday", "Tuesday"]), nearest("prod", ["staging", "production"])
('; did you mean `Monday`?', '; did you mean `production`?')
"""

from collections.abc import Iterable
from difflib import get_close_matches


class Unfit(ValueError):
    """
    What was found, what is wanted instead, and at which column of the text (from 1).

    `sentence`: `wanted` is a sentence of its own ("write `15m`"), not the name of a thing.
    """

    def __init__(self, *, found: str, wanted: str, column: int = 1, sentence: bool = False) -> None:
        super().__init__(f"found {found}; {wanted if sentence else f'wanted {wanted}'}")
        self.found = found
        self.wanted = wanted
        self.column = column
        self.sentence = sentence


def nearest(word: str, words: Iterable[str]) -> str:
    """
    The nearest right word as an ending of a sentence, or nothing when none is near.
    """
    known = {each.casefold(): each for each in words}
    folded = word.casefold()
    begun = [each for each in known if len(folded) > 2 and each.startswith(folded)]
    near = begun[:1] or get_close_matches(folded, known, n=1, cutoff=0.6)
    return f"; did you mean `{known[near[0]]}`?" if near else ""
