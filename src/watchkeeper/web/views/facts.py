"""
What does the document behind the manual say about an entry, and what not?

>>> from watchkeeper.manual.model.promising import Severity
>>> stated = {"value": "15 min", "because": "P1 says 5."}
>>> for fact in document_facts(Severity(because="Paged.", chosen=["respond", "clear_after"], stated=[stated])):
...     print(f"{fact.name}: {fact.value}")
because: Paged.
chosen: respond, clear_after (the document leaves them open)
stated: 15 min: not live. P1 says 5.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from watchkeeper.manual.model.base import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """
    One line: its name, and its text.
    """

    name: str
    value: str


def document_facts(entry: Entry) -> Iterator[Fact]:
    """
    Why the entry is as it is, what of it the team chose, and what the document says that is not live.
    """
    if entry.because:
        yield Fact(name="because", value=_line(entry.because))
    if entry.chosen:
        them = "it" if len(entry.chosen) == 1 else "them"
        yield Fact(name="chosen", value=f"{', '.join(entry.chosen)} (the document leaves {them} open)")
    for one in entry.stated:
        yield Fact(name="stated", value=f"{_line(one.value)}: not live. {_line(one.because)}")


def _line(text: str) -> str:
    return " ".join(text.split())
