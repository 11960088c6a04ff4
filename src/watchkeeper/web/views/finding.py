"""
What may somebody have meant?

Every name that has a page, for the search, and for the page that says that there is nothing here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from watchkeeper.act.watch import Watch
from watchkeeper.manual.show import outline
from watchkeeper.web.views import words
from watchkeeper.web.views.alert_line import alert_href, runbook_link, subject
from watchkeeper.web.views.objective_row import objective_href

MOST = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """
    Something with a page.
    """

    kind: str
    name: str
    title: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundView:
    """
    What a search found; `near` are names like it where nothing did. `missing` says that an address led nowhere.
    """

    title: str
    sought: str
    hits: tuple[Hit, ...]
    near: tuple[Hit, ...]
    missing: bool
    lives: bool = False


def found_view(sought: str, watch: Watch, *, missing: bool = False) -> FoundView:
    """
    Everything whose name or title holds these words, whatever their case.
    """
    every = list(hits(watch))
    plain = sought.strip().lower()
    found = [hit for hit in every if plain and plain in f"{hit.name} {hit.title}".lower()]
    near: list[Hit] = []
    if not found:
        names = {hit.name.lower(): hit for hit in reversed(every)}
        near = [names[name] for name in get_close_matches(plain, names, n=5, cutoff=0.4)]
    return FoundView(
        title="Nothing here" if missing else f"Find {sought}",
        sought=sought,
        hits=tuple(found[:MOST]),
        near=tuple(near),
        missing=missing,
    )


def hits(watch: Watch) -> Iterator[Hit]:
    """
    All that has a page: objectives, alerts, runbooks, incidents, entries of the manual.
    """
    manual = watch.standing.manual
    for status in watch.objectives():
        said = words.title(status.name, manual.objectives[status.name])
        yield Hit(kind="objective", name=status.name, title=said, href=objective_href(status.name))
    for view in watch.alerts():
        key = str(view.memory.key)
        yield Hit(kind="alert", name=key, title=subject(view, manual), href=alert_href(key))
    for name in manual.runbooks:
        link = runbook_link(name, manual)
        yield Hit(kind="runbook", name=name, title=link.title, href=link.href)
    for incident in watch.incidents():
        name = f"#{incident.number}"
        yield Hit(kind="incident", name=name, title=incident.title, href=f"/incidents/{incident.number}")
    for row in outline(manual):
        if row.section not in ("objectives", "runbooks"):
            yield Hit(kind=row.section, name=row.name, title=row.says, href=f"/manual#{row.section}.{row.name}")
