"""
What stands where in a Markdown page: headings, numbered items, points, fenced blocks?

>>> page = outline("## Now\\n\\n1. Restart it\\n\\n   ```bash {run=restart}\\n   true\\n   ```\\n")
>>> item = page.headings[1].items[0]
>>> item.text, item.fences[0].info, item.fences[0].line, item.fences[0].column
('Restart it', 'bash {run=restart}', 5, 7)
"""

import re
from dataclasses import dataclass, field
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table")
_FENCE: Final = re.compile(r"^(.*?)(`{3,}|~{3,})[ \t]*(.*?)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """
    A fenced block: its info string with the place where that begins, its text, and its lines as they stand in the file.
    """

    info: str
    line: int
    column: int
    text: str
    raw: tuple[str, ...]
    closed: bool
    quoted: bool = False  # inside a quotation


@dataclass(slots=True, kw_only=True)
class Item:
    """
    A numbered item at the left margin: its first paragraph, the points in it, its blocks.
    """

    text: str = ""
    line: int = 0
    points: list[str] = field(default_factory=list)
    fences: list[Fence] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Heading:
    """
    A heading with what follows it, up to the next; the first one has no name and holds what stands before any.
    """

    name: str
    level: int
    line: int
    items: list[Item] = field(default_factory=list)
    points: list[tuple[str, int]] = field(default_factory=list)  # of lists with bullets, with their lines
    fences: list[Fence] = field(default_factory=list)  # outside of numbered items


@dataclass(slots=True, kw_only=True)
class Outline:
    """
    The page, heading by heading.
    """

    headings: list[Heading]


def outline(text: str) -> Outline:
    """
    The outline of a page. Lines count from 1.
    """
    reader = _Reader(lines=text.split("\n"))
    for token in MARKDOWN.parse(text):
        reader.take(token)
    return Outline(headings=reader.headings)


@dataclass(slots=True, kw_only=True)
class _Reader:
    lines: list[str]
    headings: list[Heading] = field(default_factory=lambda: [Heading(name="", level=0, line=1)])
    lists: list[str] = field(default_factory=list)  # the kinds of the lists that are open
    item: Item | None = None
    quotes: int = 0
    said: bool = False  # the innermost list item has its text

    def take(self, token: Token) -> None:
        """
        One token of the page.
        """
        match token.type:
            case "blockquote_open" | "blockquote_close":
                self.quotes += token.nesting
            case "ordered_list_open" | "bullet_list_open":
                self.lists.append(token.type)
            case "ordered_list_close" | "bullet_list_close":
                self.lists.pop()
            case "list_item_open":
                self._begin(token)
            case "list_item_close" if len(self.lists) == 1:
                self.item = None
            case "heading_open" if not self.lists and not self.quotes:
                self.headings.append(Heading(name="", level=int(token.tag[1:]), line=_line(token)))
            case "inline":
                self._inline(token)
            case "fence":
                self._fence(token)

    def _begin(self, token: Token) -> None:
        self.said = False
        if len(self.lists) == 1 and self.lists[0] == "ordered_list_open" and not self.quotes:
            self.item = Item(line=_line(token))
            self.headings[-1].items.append(self.item)

    def _inline(self, token: Token) -> None:
        heading = self.headings[-1]
        if not self.lists:
            if heading.level and not heading.name and _line(token) == heading.line:
                heading.name = plain_text(token)
            return
        if self.said or self.quotes:
            return
        self.said = True
        if self.item is None:
            heading.points.append((plain_text(token), _line(token)))
        elif len(self.lists) == 1:
            self.item.text = plain_text(token)
        else:
            self.item.points.append(plain_text(token))

    def _fence(self, token: Token) -> None:
        begin, end = token.map or [0, 0]
        head = _FENCE.match(self.lines[begin])
        last = self.lines[end - 1].strip().lstrip("> ")
        closed = end - 1 > begin and bool(head) and last.startswith(token.markup) and not last.strip(token.markup[0])
        fence = Fence(
            info=head[3] if head else token.info,
            line=begin + 1,
            column=(head.start(3) if head else 0) + 1,
            text=token.content,
            raw=tuple(self.lines[begin + 1 : end - 1 if closed else end]),
            closed=closed,
            quoted=self.quotes > 0,
        )
        (self.item or self.headings[-1]).fences.append(fence)


def plain_text(token: Token) -> str:
    """
    The words of a paragraph without their marks.
    """
    parts = [
        " " if each.type in ("softbreak", "hardbreak") else each.content
        for each in token.children or ()
        if each.type in ("text", "code_inline", "softbreak", "hardbreak")
    ]
    return "".join(parts).strip()


def _line(token: Token) -> int:
    return (token.map or [0])[0] + 1
