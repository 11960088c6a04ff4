"""
How does the terminal say it?

The same words and states as the pages; colours mean the same, and never say anything by themselves.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

#: A sign for each state, beside its word: the sign is for the eye, the word for everyone.
SIGNS = {
    "met": ("●", "green"),
    "at risk": ("◆", "yellow"),
    "breached": ("■", "red"),
    "unknown": ("◌", "dim"),
    "firing": ("■", "red"),
    "pending": ("◆", "yellow"),
    "resolved": ("●", "green"),
    "inactive": ("●", "green"),
    "withdrawn": ("◌", "dim"),
}

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def plain(text: str) -> str:
    """
    A text whose square brackets are not taken for markup: keys and labels have them.
    """
    return escape(text)


def state(word: str) -> str:
    """
    A state with its sign and colour.
    """
    sign, colour = SIGNS.get(word, ("·", "default"))
    return f"[{colour}]{sign} {word}[/{colour}]"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, whole: int = 0) -> None:
    """
    A table that a person likes to read; its first `whole` columns are names, which are never broken.
    """
    shown = Table(box=None, pad_edge=False, header_style="dim")
    for place, heading in enumerate(headings):
        shown.add_column(heading, overflow="fold", no_wrap=place < whole)
    for row in rows:
        shown.add_row(*row)
    out.print(shown)


def lines(said: Iterable[object], to: Console = out) -> None:
    """
    One line each, however long: a place such as `manual.yaml:3:7` stays one that an editor can follow.
    """
    for one in said:
        to.print(str(one), markup=False, soft_wrap=True)


def counted(number: int, noun: str) -> str:
    """
    A number and its noun:

    >>> counted(1, "mistake"), counted(2, "mistake")
    ('1 mistake', '2 mistakes')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def as_json(value: Any) -> None:
    """
    Plain JSON for machines.
    """
    print(json.dumps(value, indent=2, ensure_ascii=False))
