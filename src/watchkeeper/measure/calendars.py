"""
What did each row count this week, month, quarter or year?

Keeps a running total for every kind of period that the manual asks about, and knows where the local boundaries lie.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from watchkeeper.manual.condition.ast import Period
from watchkeeper.measure.periods import period_around
from watchkeeper.measure.running import Running
from watchkeeper.measure.values import Ints

_SECOND_NS = 1_000_000_000


class Calendars:
    """
    The running totals of some periods, in one zone.
    """

    def __init__(self, periods: Iterable[Period], zone: ZoneInfo, *, now_ns: int) -> None:
        self._zone = zone
        self.running = {period: Running(*self._edges(period, now_ns)) for period in periods}

    def advance(self, now_ns: int) -> bool:
        """
        Begin the periods that this instant lies in; whether there was one to begin.
        """
        over = [period for period, running in self.running.items() if now_ns >= running.end_ns]
        for period in over:
            self.running[period].turn(*self._edges(period, now_ns))
        return bool(over)

    def add(self, rows: Ints, at_ns: Ints, amounts: Ints) -> None:
        """
        Count amounts, by the beginning of their slot, in every period.
        """
        for running in self.running.values():
            running.add(rows, at_ns, amounts)

    def cut(self, slot_ns: int) -> frozenset[int]:
        """
        The slots of this length that a boundary cuts, as zones of half and quarter hours cut hours.
        """
        edges = {
            edge for running in self.running.values() for edge in (running.before_ns, running.begin_ns, running.end_ns)
        }
        return frozenset(edge // slot_ns for edge in edges if edge % slot_ns)

    def earliest_ns(self) -> int | None:
        """
        Where the earliest period begins that is still counted; None where none is.
        """
        return min((running.before_ns for running in self.running.values()), default=None)

    def _edges(self, period: Period, now_ns: int) -> tuple[int, int, int]:
        """
        When the period before this one began, when this one began, and when it ends.
        """
        at = datetime.fromtimestamp(now_ns // _SECOND_NS, tz=UTC)
        begin, end = period_around(period, at, self._zone)
        before, _ = period_around(period, begin - timedelta(seconds=1), self._zone)
        return _ns(before), _ns(begin), _ns(end)


def _ns(at: datetime) -> int:
    return int(at.timestamp()) * _SECOND_NS
