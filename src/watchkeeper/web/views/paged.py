"""
Which pages stand, and who is on call instead of whom: what several pages need at once?
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from watchkeeper.act.overriding import override_of
from watchkeeper.act.watch import Watch
from watchkeeper.decide.oncall.values import Override
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
