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


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, title: str | None = None) -> None:
    """
    A table that a person likes to read.
    """
    shown = Table(box=None, pad_edge=False, header_style="dim", title=title, title_justify="left")
    for heading in headings:
        shown.add_column(heading, overflow="fold")
    for row in rows:
        shown.add_row(*row)
    out.print(shown)


def as_json(value: Any) -> None:
    """
    Plain JSON for machines.
    """
    print(json.dumps(value, indent=2, ensure_ascii=False))
