"""
What does the manual say, and what of it is live?
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from watchkeeper.act.watch import Watch
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.notes import notes_of_head
from watchkeeper.manual.show import Row, outline
from watchkeeper.web.doors import Doors
from watchkeeper.web.views import words
from watchkeeper.web.views.overview import mistakes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """
    One entry of the manual; `why_not` is empty for one that is live, `but` says what of that is not yet as written.

    `notes` say what the document leaves open and what it says that is not live.
    """

    name: str
    title: str
    says: str
    because: str
    why_not: str
    but: str
    notes: tuple[str, ...]
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """
    One section of the manual.
    """

    name: str
    title: str
    about: str
    entries: tuple[EntryLine, ...]
    live: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """
    Why some entries are declared only, and which.
    """

    why: str
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualView:
    """
    The whole manual by sections, and what of it waits.
    """

    title: str
    name: str
    about: str
    zone: str
    environment: str
    revision: int
    live: int
    entries: int
    sections: tuple[Section, ...]
    waiting: tuple[Waiting, ...]
    mistakes: tuple[str, ...]
    notes: tuple[str, ...]


def manual_view(watch: Watch, doors: Doors) -> ManualView:
    """
    The manual that runs now.
    """
    manual = watch.standing.manual
    rows = outline(manual)
    sections: dict[str, list[Row]] = {}
    waiting: dict[str, list[str]] = {}
    for row in rows:
        sections.setdefault(row.section, []).append(row)
        if row.why_not:
            waiting.setdefault(row.why_not, []).append(row.name)
    return ManualView(
        title="Manual",
        name=manual.manual,
        about=manual.about or "",
        zone=manual.zone,
        environment=manual.environment,
        revision=watch.standing.revision,
        live=sum(not row.why_not for row in rows),
        entries=len(rows),
        sections=tuple(_section(name, found, manual) for name, found in sections.items()),
        waiting=tuple(Waiting(why=why, entries=tuple(names)) for why, names in waiting.items()),
        mistakes=mistakes_of(doors.mistakes()),
        notes=notes_of_head(manual),
    )


def _section(name: str, rows: list[Row], manual: Manual) -> Section:
    return Section(
        name=name,
        title=words.title(name),
        about=Manual.model_fields[name].description or "",
        entries=tuple(_entry(row, manual) for row in rows),
        live=sum(not row.why_not for row in rows),
    )


def _entry(row: Row, manual: Manual) -> EntryLine:
    held = getattr(manual, row.section)
    entry = held.get(row.name) if isinstance(held, Mapping) else held
    title = getattr(entry, "title", None) or ""
    return EntryLine(
        name=row.name,
        title=title if title != row.says else "",
        says=row.says,
        because=" ".join((getattr(entry, "because", None) or "").split()),
        why_not=row.why_not,
        but=row.but,
        notes=row.notes,
        href=href(row.section, row.name, why_not=row.why_not),
    )


def href(section: str, name: str, *, why_not: str = "") -> str:
    """
    The page of an entry; empty where it has none of its own.
    """
    if section == "runbooks" or (section == "objectives" and not why_not):
        return f"/{section}/{quote(name, safe='')}"
    return ""
