"""
Which pages wait for somebody, what comes next if nobody answers, and what happened so far?
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from watchkeeper.act.watch import Watch
from watchkeeper.decide.oncall.values import Override
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store.pages import PageRow
from watchkeeper.web.views.alert_line import alert_href, clock
from watchkeeper.web.views.holes import policy_title
from watchkeeper.web.views.lists import readable, reason_words
from watchkeeper.web.views.moments import Moment, moment, span
from watchkeeper.web.views.policies import rungs_of
from watchkeeper.web.views.ways import person_title

#: The state of a page as a CSS class of the marks, and in words.
MARKS = {"open": "breached", "acknowledged": "at-risk", "snoozed": "unknown", "ended": "met"}
SAYS = {"open": "waits for an answer", "acknowledged": "acknowledged", "snoozed": "put off", "ended": "over"}

MOST_ALERTS = 5
LATE_NS = 60 * 10**9  # what was due so long ago should have happened


@dataclass(frozen=True, slots=True, kw_only=True)
class PageClock:
    """
    What happens by itself, and in how long: `02:50`, `Bo is next`. Late: it is due and not yet done.
    """

    left: str
    says: str
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLine:
    """
    One page for a list. `alerts` are (title, address); `who` is who has it.
    """

    number: int
    href: str
    title: str
    severity: str
    state: str
    mark: str
    says: str
    who: str
    opened: Moment
    clock: PageClock | None
    policy: str
    alerts: tuple[tuple[str, str], ...]
    more: int
    standing: bool
    reason: str
    lasted: str
    incident: int | None  # its row's id

    @property
    def open(self) -> bool:
        """
        Whether somebody still has to acknowledge it.
        """
        return self.state == "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesView:
    """
    The list.
    """

    title: str
    headline: str
    pulse: str
    open: tuple[PageLine, ...]
    others: tuple[PageLine, ...]
    ended: tuple[PageLine, ...]
    first_step: str


def pages_view(
    watch: Watch,
    standing: Sequence[PageRow],
    recent: Sequence[PageRow],
    alerts: Mapping[int, tuple[str, ...]],
    overrides: Sequence[Override],
) -> PagesView:
    """
    The pages that stand, then those that ended, newest first.
    """
    lines = page_lines(watch, standing, alerts, overrides)
    ended = page_lines(watch, [row for row in recent if row.state == "ended"], alerts, overrides)
    open_ = tuple(line for line in lines if line.open)
    others = tuple(line for line in lines if not line.open)
    return PagesView(
        title="Pages",
        headline=_headline(len(open_), len(others)),
        pulse=_pulse(watch.standing.manual, bool(lines or ended)),
        open=open_,
        others=others,
        ended=tuple(ended),
        first_step=_first_step(watch.standing.manual),
    )


def page_lines(
    watch: Watch, rows: Iterable[PageRow], alerts: Mapping[int, tuple[str, ...]], overrides: Sequence[Override]
) -> list[PageLine]:
    """
    Pages for a list; severities as the manual ranks them, oldest first.
    """
    manual, now_ns = watch.standing.manual, watch.clock.now_ns()
    ranks = list(manual.severities)
    found = [page_line(row, watch, alerts.get(row.id, ()), overrides, now_ns=now_ns) for row in rows]
    return sorted(found, key=lambda line: ranks.index(line.severity) if line.severity in ranks else len(ranks))


def page_line(
    row: PageRow, watch: Watch, alerts: Sequence[str], overrides: Sequence[Override], *, now_ns: int
) -> PageLine:
    """
    One page.
    """
    manual = watch.standing.manual
    zone = ZoneInfo(manual.zone)
    until_ns = now_ns if row.ended_ns is None else row.ended_ns
    return PageLine(
        number=row.id,
        href=f"/pages/{row.id}",
        title=row.title[:1].upper() + row.title[1:],
        severity=row.severity or "",
        state=row.state,
        mark=MARKS.get(row.state, "unknown"),
        says=SAYS.get(row.state, row.state),
        who=person_title(row.by, manual) if row.by else "",
        opened=moment(row.opened_ns, now_ns=now_ns, zone=zone),
        clock=page_clock(row, watch, overrides, now_ns=now_ns),
        policy=policy_title(row.policy, manual),
        alerts=tuple((readable(key, manual), alert_href(key)) for key in alerts[:MOST_ALERTS]),
        more=max(0, len(alerts) - MOST_ALERTS),
        standing=row.state != "ended",
        reason=reason_words(row.reason),
        lasted=span(until_ns - row.opened_ns),
        incident=row.incident_id,
    )


def page_clock(row: PageRow, watch: Watch, overrides: Sequence[Override], *, now_ns: int) -> PageClock | None:
    """
    What comes next by itself; None where nothing does.
    """
    if row.state == "ended" or row.due_ns is None:
        return None
    left_ns = row.due_ns - now_ns
    says = {
        "acknowledged": "the acknowledgement lapses, unless something follows",
        "snoozed": "it comes back",
    }.get(row.state) or _next(row, watch, overrides)
    if left_ns <= 0:
        return None if row.state == "acknowledged" else PageClock(left="now", says=says, late=-left_ns > LATE_NS)
    return PageClock(left=clock(left_ns), says=f"until {says}", late=False)


def _next(row: PageRow, watch: Watch, overrides: Sequence[Override]) -> str:
    manual = watch.standing.manual
    policy = manual.policies.get(row.policy)
    if policy is None:
        return "everybody is paged" + (" again" if row.cycle else "")
    if row.step >= len(policy.steps):
        return "it begins again" if row.round < policy.repeat else "nobody else is left to ask"
    rungs = rungs_of(policy, watch.standing, overrides, at_ns=max(row.due_ns or 0, 0))
    ends = [end.title for end in rungs[row.step].ends if not end.why]
    if not ends:
        return "the next step, which reaches nobody now"
    names = " and ".join(ends) if len(ends) < 3 else f"{ends[0]} and {len(ends) - 1} more"
    return f"{names} {'is' if len(ends) == 1 else 'are'} paged"


def _headline(open_: int, others: int) -> str:
    if not open_ and not others:
        return "Nobody is being paged"
    if not open_:
        return "Somebody has it" if others == 1 else f"Somebody has all {others} pages"
    waits = "1 page waits for an answer" if open_ == 1 else f"{open_} pages wait for an answer"
    return f"{waits}, {others} {'is' if others == 1 else 'are'} in somebody's hands" if others else waits


def _pulse(manual: Manual, any_: bool) -> str:
    if not manual.people:
        return "The manual names no people."
    if not any_:
        return "No page was ever opened."
    return "Acknowledge one, and nobody else is asked."


def _first_step(manual: Manual) -> str:
    if not manual.people:
        return "people"
    if not manual.policies:
        return "policies"
    return ""
