"""
Which pages stand, who is on call instead of whom, and when is it nobody: what several pages need at once?
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from watchkeeper.act.watch import Watch
from watchkeeper.decide.oncall.holes import holes
from watchkeeper.decide.oncall.values import Hole, Override
from watchkeeper.store import overrides, pages
from watchkeeper.store.overrides import OverrideRow
from watchkeeper.store.pages import PageRow

HOLES_DAYS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged:
    """
    The pages that are not ended, oldest first, the keys of their alerts, and the exceptions from the rotations.
    """

    rows: tuple[PageRow, ...]
    alerts: Mapping[int, tuple[str, ...]]
    exceptions: tuple[OverrideRow, ...]
    overrides: tuple[Override, ...]


def paged(watch: Watch) -> Paged:
    """
    What stands now.
    """
    with watch.state.reading() as view:
        rows = pages.standing(view)
        alerts = pages.alerts_of(view, [row.id for row in rows])
        exceptions = overrides.standing(view, since_ns=watch.clock.now_ns())
    return Paged(
        rows=tuple(rows),
        alerts=alerts,
        exceptions=tuple(exceptions),
        overrides=tuple(override_of(row) for row in exceptions),
    )


def override_of(row: OverrideRow) -> Override:
    """
    The row as deciding knows it.
    """
    return Override(id=row.id, schedule=row.schedule, begin_ns=row.begin_ns, end_ns=row.end_ns, person=row.person)


def holes_of(watch: Watch, overrides: Sequence[Override]) -> list[Hole]:
    """
    When a page would reach nobody within the next `HOLES_DAYS` days.
    """
    begin_ns, standing = watch.clock.now_ns(), watch.standing
    end_ns = begin_ns + HOLES_DAYS * 86_400 * 10**9
    return holes(standing.manual, overrides, begin_ns=begin_ns, end_ns=end_ns, dead=standing.dead())
