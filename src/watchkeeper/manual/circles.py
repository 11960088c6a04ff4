"""
Does any part of the product need itself?

>>> way_back("a", {"a": ("b",), "b": ("a",)})
['a', 'b', 'a']
"""

from collections.abc import Iterator, Mapping

from watchkeeper.manual.marks import Place
from watchkeeper.manual.model.manual import Manual


def circles(manual: Manual) -> Iterator[tuple[Place, str]]:
    """
    Each circle of `depends_on` once: where it stands, and the circle in words.
    """
    needs = {name: each.depends_on for name, each in manual.dependencies.items()}
    needs |= {name: each.depends_on for name, each in manual.services.items()}
    for name in needs:
        section = "services" if name in manual.services else "dependencies"
        if circle := way_back(name, needs):
            yield (section, name, "depends_on"), " needs ".join(f"`{each}`" for each in circle)


def way_back(start: str, needs: Mapping[str, tuple[str, ...]]) -> list[str] | None:
    """
    The way from a name back to itself, told once: by the first of its names in the alphabet.
    """
    ways = [[start, each] for each in needs.get(start, ())]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == start:
            return way if start == min(way) else None
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [[*way, each] for each in needs.get(way[-1], ())]
    return None
