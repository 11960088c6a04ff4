"""
Which lasting number has a row?

While batches are being counted, rows are known by their *place* in a table of names, so that nothing is looked up by
name twice; only a row that counts something gets a lasting number, all new ones of a batch at once.
"""

from collections.abc import Iterable

import numpy as np

from watchkeeper.measure.rows import Registry
from watchkeeper.measure.values import Ints


class Places:
    """
    Row names by place, with their lasting numbers where they have one.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._place: dict[str, int] = {}
        self._names: list[str] = []
        self._ids = np.full(256, -1, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._names)

    def of(self, names: Iterable[str]) -> list[int]:
        """
        The places of some names.
        """
        return [self._of(name) for name in names]

    def ids(self, places: Ints) -> Ints:
        """
        The lasting numbers at some places; those that have none yet get one. Raises what the registry raises.
        """
        missing = len(self._names) - len(self._ids)
        if missing > 0:
            self._ids = np.r_[self._ids, np.full(missing + len(self._ids), -1, dtype=np.int64)]
        found = self._ids[places]
        if (found < 0).any():
            new = np.unique(places[found < 0])
            self._ids[new] = self._registry.ids([self._names[place] for place in new.tolist()])
            found = self._ids[places]
        return found

    def _of(self, name: str) -> int:
        place = self._place.get(name)
        if place is None:
            place = self._place[name] = len(self._names)
            self._names.append(name)
        return place
