"""
Where in the line are we, and what stands there?

A cursor over one line of text; every `take` skips the spaces before it, and moves on only when it finds what it asks.
"""

import re
from functools import lru_cache

from watchkeeper.manual.condition.mistakes import Wrong
from watchkeeper.manual.units import Duration, Quantity, Range, UnitMistake, as_duration, scan

WORD = r"[A-Za-z]+"
NAME = r"[A-Za-z_][A-Za-z0-9_.-]*"
INTEGER = r"[0-9]{1,6}(?![0-9.%/])"

# Words of the grammar that may follow a number and are never its unit.
AFTER_A_NUMBER = frozenset({"over", "for", "in", "of", "and"})


@lru_cache(maxsize=64)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


class Reader:
    """
    The text and the place in it; columns count from 1.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    @property
    def column(self) -> int:
        """
        The column of the next thing that is not a space.
        """
        return self._start() + 1

    @property
    def rest(self) -> str:
        """
        What is not read yet, without outer spaces.
        """
        return self.text[self.at :].strip()

    def peek(self, pattern: str) -> str | None:
        """
        The text that stands here, if it has this form.
        """
        found = _pattern(pattern).match(self.text, self._start())
        return found[0] if found else None

    def take(self, pattern: str) -> str | None:
        """
        The same, and read past it.
        """
        found = _pattern(pattern).match(self.text, self._start())
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def take_word(self, *words: str) -> str | None:
        """
        One of these words, whole, if it stands here.
        """
        return self.take(f"(?:{'|'.join(words)})(?![A-Za-z_])")

    def shown(self) -> str:
        """
        The next piece of the text, for a message.
        """
        return (self.rest.split(maxsplit=1) or [""])[0][:60]

    def wrong(self, wanted: str, *, found: str | None = None, column: int | None = None) -> Wrong:
        """
        A mistake here, or at another column.
        """
        return Wrong(column or self.column, self.shown() if found is None else found, wanted)

    def quantity(self, *, after: str = "") -> Quantity | Range:
        """
        The number or range that stands here; `after` is the word before it, for the message.
        """
        start = self._start()
        found, end = scan(self.text, start, AFTER_A_NUMBER)
        if isinstance(found, UnitMistake):
            raise Wrong(found.column, f"{after} {found.found}".strip(), found.wanted)
        self.at = end
        return found

    def duration(self, *, after: str) -> Duration:
        """
        The span of time that stands here.
        """
        column = self.column
        found = self.quantity(after=after)
        if isinstance(found, Range):
            raise Wrong(column, f"{after} {found}", "one span of time is wanted, not a range")
        duration = as_duration(found, column)
        if isinstance(duration, UnitMistake):
            raise Wrong(duration.column, f"{after} {duration.found}", duration.wanted)
        return duration

    def _start(self) -> int:
        at = self.at
        while at < len(self.text) and self.text[at].isspace():
            at += 1
        return at
