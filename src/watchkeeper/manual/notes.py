"""
What of an entry does the document leave open, and what does it say that is not live?

>>> from watchkeeper.manual.model.promising import Severity
>>> for note in notes_of(Severity(chosen=["respond"], stated=[{"value": "15 min", "because": "P1 says 5."}])):
...     print(note)
chosen: respond
stated 15 min: P1 says 5.
"""

from collections.abc import Iterator, Sequence

from watchkeeper.manual.marks import Place, show_path
from watchkeeper.manual.model.base import Entry
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.shape import pieces


def notes_of(entry: object) -> tuple[str, ...]:
    """
    One line for all that the team chose, one for each statement that is not live; those of parts name the part.
    """
    return tuple(_notes([(path, piece) for path, piece in pieces(entry) if isinstance(piece, Entry)]))


def notes_of_head(manual: Manual) -> tuple[str, ...]:
    """
    The same for what stands above all sections: the manual's own keys and its defaults.
    """
    return tuple(_notes([((), manual), (("defaults",), manual.defaults)]))


def _notes(parts: Sequence[tuple[Place, Entry]]) -> Iterator[str]:
    chosen = [f"{_where(path)}{key}" for path, piece in parts for key in piece.chosen]
    if chosen:
        yield f"chosen: {', '.join(chosen)}"
    for path, piece in parts:
        yield from (f"{_where(path)}stated {_line(one.value)}: {_line(one.because)}" for one in piece.stated)


def _where(path: Place) -> str:
    return f"{show_path(path)}: " if path else ""


def _line(text: str) -> str:
    return " ".join(text.split())
