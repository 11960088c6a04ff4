"""
How often has each alert fired lately?

Read once from what is written, then followed: only where the manual says how often is too often.

>>> from watchkeeper.decide.values import AlertKey
>>> flaps = Flaps()
>>> flaps.add([("disk", 10), ("disk", 70)])
>>> flaps.counts([AlertKey(rule="disk"), AlertKey(rule="cpu")], since_ns=60)
{AlertKey(rule='disk', label='', value=''): 1}
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from watchkeeper.decide.values import AlertKey, State, TurnPlan
from watchkeeper.store import alerts


class Flaps:
    """
    The firings of every alert within the time that counts.
    """

    def __init__(self) -> None:
        self._fired: dict[str, list[int]] = {}
        self._read_from: int | None = None

    def lately(
        self, view: Connection, keys: Iterable[AlertKey], *, span_ns: int | None, now_ns: int
    ) -> dict[AlertKey, int]:
        """
        How often each of these alerts has fired in the last `span_ns`; nothing where that is None.
        """
        if span_ns is None:
            return {}
        since_ns = now_ns - span_ns
        if self._read_from is None or since_ns < self._read_from:
            self._fired = {}
            self.add(alerts.fired(view, since_ns=since_ns))
            self._read_from = since_ns
        return self.counts(keys, since_ns=since_ns)

    def follow(self, plan: TurnPlan) -> None:
        """
        A plan is written: count what fires by it.
        """
        if self._read_from is not None:
            self.add((str(one.key), one.at_ns) for one in plan.transitions if one.new is State.FIRING)

    def add(self, firings: Iterable[tuple[str, int]]) -> None:
        """
        These alerts began to fire then (ns).
        """
        for key, at_ns in firings:
            self._fired.setdefault(key, []).append(at_ns)

    def counts(self, keys: Iterable[AlertKey], *, since_ns: int) -> dict[AlertKey, int]:
        """
        How often each fired from then on; what is older is forgotten, what never fired left out.
        """
        found = {}
        for key in keys:
            fired = self._fired.get(str(key))
            if fired is None:
                continue
            lately = [at_ns for at_ns in fired if at_ns >= since_ns]
            if lately:
                self._fired[str(key)] = lately
                found[key] = len(lately)
            else:
                del self._fired[str(key)]
        return found
