"""
What does the page of one page tell: who was asked when, through what, what came of it, and who is next?
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from watchkeeper.act.paging.desk import PageStory
from watchkeeper.act.watch import Watch
from watchkeeper.decide.oncall.values import Override
from watchkeeper.decide.reasons import Reason
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.notices import NoticeRow
from watchkeeper.web.views.lists import BECAME, STATES, plain, reason_words
from watchkeeper.web.views.moments import Moment, moment
from watchkeeper.web.views.pages import PageLine, page_line
from watchkeeper.web.views.policies import Rung, rungs_of
from watchkeeper.web.views.ways import kind_of, person_title
from watchkeeper.web.views.why import DEEDS, deed_of, reason_of, verdict_words, whom

#: What a person may put a page off for, as the form sends it (minutes) and as it reads.
SNOOZES = ((15, "15 min"), (60, "1 h"), (4 * 60, "4 h"), (24 * 60, "1 d"))
KINDS = {"page": "paged", "page-over": "told that it is over", "bundle": "told in a bundle", "test": "sent a test"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEvent:
    """
    One line of what happened: who, what became of it, and why.
    """

    at: Moment
    mark: str
    who: str
    says: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RungNow:
    """
    A step of the ladder: taken already, the next, or later.
    """

    rung: Rung
    stands: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """
    The page.
    """

    title: str
    line: PageLine
    sentence: str
    events: tuple[PageEvent, ...]
    rungs: tuple[RungNow, ...]
    round: str
    incident: tuple[str, str] | None  # (title, address)
    snoozes: tuple[tuple[int, str], ...]


def page_view(story: PageStory, watch: Watch, overrides: Sequence[Override]) -> PageView:
    """
    One page from all sides.
    """
    manual, now_ns, row = watch.standing.manual, watch.clock.now_ns(), story.row
    line = page_line(row, watch, story.alerts, overrides, now_ns=now_ns)
    policy = manual.policies.get(row.policy)
    rungs = () if policy is None else rungs_of(policy, watch.standing, overrides, at_ns=now_ns)
    incident = story.incident
    return PageView(
        title=line.title,
        line=line,
        sentence=_sentence(line),
        events=tuple(page_events(story.notices, story.decisions, manual, now_ns=now_ns)),
        rungs=tuple(RungNow(rung=rung, stands=_stands(rung, row.step, line)) for rung in rungs),
        round=f"round {row.round + 1}" if row.round else "",
        incident=None
        if incident is None
        else (f"#{incident.number} {incident.title}", f"/incidents/{incident.number}"),
        snoozes=SNOOZES,
    )


def page_events(
    notices: Sequence[NoticeRow], decisions: Sequence[DecisionRow], manual: Manual, *, now_ns: int
) -> Iterator[PageEvent]:
    """
    Messages and refusals in one line of time, newest first.
    """
    zone = ZoneInfo(manual.zone)
    sent = [(row.settled_ns or row.due_ns, _of_notice(row, manual, zone, now_ns)) for row in notices]
    refused = [
        (row.at_ns, _of_decision(row, manual, zone, now_ns)) for row in decisions if row.verdict not in ("send", "told")
    ]
    for _, event in sorted(sent + refused, key=lambda pair: pair[0], reverse=True):
        yield event


def _of_notice(row: NoticeRow, manual: Manual, zone: ZoneInfo, now_ns: int) -> PageEvent:
    who = person_title(row.person, manual) if row.person else f"#{row.channel}"
    detail = str((row.receipt or {}).get("detail") or "") if row.state in ("failed", "unknown") else ""
    way = kind_of(row.channel, manual)
    what = f"{KINDS.get(row.kind, row.kind)} by {way}" if row.state == "sent" else f"by {way}: {BECAME[row.state]}"
    return PageEvent(
        at=moment(row.settled_ns or row.due_ns, now_ns=now_ns, zone=zone),
        mark=STATES.get(row.state, "declared"),
        who=who,
        says=what,
        why=" ".join(part for part in (reason_words(row.reason or str(row.body.get("reason", ""))), detail) if part),
    )


def _of_decision(row: DecisionRow, manual: Manual, zone: ZoneInfo, now_ns: int) -> PageEvent:
    deed = deed_of(row)
    return PageEvent(
        at=moment(row.at_ns, now_ns=now_ns, zone=zone),
        mark="met" if deed else "declared",
        who=whom(row, manual),
        says=deed or verdict_words(row, "paged"),
        why=plain(row.because_of or "")
        if row.verdict in DEEDS and row.reason != Reason.LAPSED
        else reason_of(row, manual),
    )


def _stands(rung: Rung, next_step: int, line: PageLine) -> str:
    if rung.number <= next_step:
        return "taken"
    if rung.number == next_step + 1 and line.open:
        return "next"
    return "later"


def _sentence(line: PageLine) -> str:
    match line.state:
        case "open":
            return f"Nobody has acknowledged it. Open for {line.lasted}."
        case "acknowledged":
            return f"{line.who or 'Somebody'} has it; nobody else is asked."
        case "snoozed":
            return f"{line.who or 'Somebody'} put it off."
    return f"Over after {line.lasted}: {line.reason}."
