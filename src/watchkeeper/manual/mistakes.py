"""
How is a mistake in a manual told?

>>> print(Mistake(file="manual.yaml", line=12, column=9, field="alerts.slow.when", found="`< 95`", wanted="`< 95%`"))
manual.yaml:12:9: alerts.slow.when: found `< 95`; wanted `< 95%`
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mistake:
    """
    One mistake: the place (line and column from 1), the key it is about, what was found, what is wanted.
    """

    file: str
    line: int
    column: int
    field: str
    found: str
    wanted: str
    sentence: bool = False  # `wanted` is a sentence of its own, not the name of a thing

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}:"
        return f"{where} {self.field}: found {self.found}; {self.wanted if self.sentence else f'wanted {self.wanted}'}"


@dataclass(frozen=True, slots=True)
class Mistakes:
    """
    Everything that keeps a manual from loading, in the order of the files. Never empty.
    """

    all: tuple[Mistake, ...]

    def __iter__(self) -> Iterator[Mistake]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def __str__(self) -> str:
        return "\n".join(str(mistake) for mistake in self.all)
