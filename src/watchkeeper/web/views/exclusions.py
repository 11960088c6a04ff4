"""
Which minutes are out of the numbers, and what does a person fill in to take some out?
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from watchkeeper.act.excluding import CannotExclude, Wish
from watchkeeper.act.watch import Watch
from watchkeeper.manual.words import words_ns
from watchkeeper.outside.clock import instant, nanoseconds
from watchkeeper.store.exclusions import ExclusionRow
from watchkeeper.web.views.moments import Moment, moment

WRITTEN = "%Y-%m-%dT%H:%M"  # as a browser's field of date and time writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionLine:
    """
    One exclusion. `what` says what it is about; `undone` is None while it holds.
    """

    number: int
    begins: Moment
    ends: Moment
    lasts: str
    what: str
    reason: str
    author: str
    undone: Moment | None
    undone_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionsView:
    """
    The page: what holds, what was put back, and the form (with what was written into it, and why it was not taken).
    """

    title: str
    headline: str
    standing: tuple[ExclusionLine, ...]
    undone: tuple[ExclusionLine, ...]
    indicators: tuple[str, ...]
    labels: tuple[str, ...]
    written: dict[str, str]
    why: str
    zone: str
    lives: bool = False  # a form that somebody fills in is not replaced under their hands


def exclusions_view(watch: Watch, *, written: dict[str, str] | None = None, why: str = "") -> ExclusionsView:
    """
    The exclusions as they stand.
    """
    now_ns, zone = watch.clock.now_ns(), ZoneInfo(watch.standing.manual.zone)
    rows = [_line(row, now_ns=now_ns, zone=zone) for row in watch.exclusions()]
    standing = tuple(row for row in rows if row.undone is None)
    plan = watch.intake.engine.plan
    n = len(standing)
    return ExclusionsView(
        title="Exclusions",
        headline="Every minute counts" if not n else f"{n} {'exclusion holds' if n == 1 else 'exclusions hold'}",
        standing=standing,
        undone=tuple(row for row in rows if row.undone is not None),
        indicators=tuple(name for name in plan.indicators if ":" not in name),
        labels=tuple(sorted({label for one in plan.indicators.values() for label in one.by})),
        written=_usual(now_ns, zone) | (written or {}),
        why=why,
        zone=zone.key,
    )


def wish_of(fields: dict[str, str], zone: ZoneInfo) -> Wish:
    """
    What a person filled in. Raises CannotExclude where it cannot be read.
    """
    return Wish(
        begin_ns=_instant(fields.get("begins", ""), "from", zone),
        end_ns=_instant(fields.get("ends", ""), "to", zone),
        reason=fields.get("reason", "")[:1000],
        indicator=fields.get("indicator", ""),
        label=fields.get("label", ""),
        value=fields.get("value", ""),
    )


def _instant(text: str, field: str, zone: ZoneInfo) -> int:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CannotExclude(f"{field}: found {text[:40]!r}; wanted a day and a time") from None
    return nanoseconds(found if found.tzinfo else found.replace(tzinfo=zone))


def _usual(now_ns: int, zone: ZoneInfo) -> dict[str, str]:
    """
    What the form begins with: the half hour until now.
    """
    now = instant(now_ns).astimezone(zone)
    return {
        "begins": (now - timedelta(minutes=30)).strftime(WRITTEN),
        "ends": now.strftime(WRITTEN),
        **dict.fromkeys(("reason", "indicator", "label", "value"), ""),
    }


def _line(row: ExclusionRow, *, now_ns: int, zone: ZoneInfo) -> ExclusionLine:
    what = ", ".join(row.indicators) or "everything"
    return ExclusionLine(
        number=row.id,
        begins=moment(row.begin_ns, now_ns=now_ns, zone=zone),
        ends=moment(row.end_ns, now_ns=now_ns, zone=zone),
        lasts=words_ns(row.end_ns - row.begin_ns),
        what=f"{what} ({row.label}={row.value})" if row.label else what,
        reason=row.reason,
        author=row.author,
        undone=None if row.undone_ns is None else moment(row.undone_ns, now_ns=now_ns, zone=zone),
        undone_by=row.undone_by or "",
    )
