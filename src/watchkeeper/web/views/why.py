"""
Why was somebody told, paged, or not?

Every decision about an alert and its pages, the refusals among them; and for whoever reads it, the one sentence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from watchkeeper.decide.reasons import Reason
from watchkeeper.manual.model.manual import Manual
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.web.views.lists import plain, reason_words
from watchkeeper.web.views.moments import Moment, moment
from watchkeeper.web.views.ways import kind_of, person_title

#: What people did with a page, as it stands among the decisions.
DEEDS: Final = {
    "acknowledge": "acknowledged it",
    "reopen": "gave it back",
    "snooze": "put it off",
    "escalate": "asked for the next one",
    "resolve": "ended it",
}
PAGE: Final = "page/"
MOST_LINES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyLine:
    """
    One decision: who it was about and through what, what was decided, and why. `page` is the address of the page that
    it belongs to, empty for one about channels.
    """

    at: Moment
    who: str
    through: str
    verdict: str
    mark: str
    why: str
    page: str


def why_lines(rows: Sequence[DecisionRow], manual: Manual, *, now_ns: int) -> tuple[WhyLine, ...]:
    """
    The decisions, newest first.
    """
    zone = ZoneInfo(manual.zone)
    return tuple(_line(row, manual, zone, now_ns) for row in rows[:MOST_LINES])


def why_you(person: str, rows: Sequence[DecisionRow], manual: Manual) -> str:
    """
    Why this person was paged or not, by the newest decision that answers it; empty for somebody who is nobody of the
    manual's people.
    """
    if person not in manual.people:
        return ""
    asked = [row for row in rows if row.verdict not in DEEDS]
    mine = next((row for row in asked if row.person == person), None)
    if mine is not None:
        through = f" by {kind_of(mine.channel, manual)}" if mine.channel else ""
        said = f"You were paged{through}" if mine.verdict == "send" else f"You were not paged{through}"
        return f"{said}: {_reason(mine)}."
    others = [row for row in asked if row.person and row.verdict == "send"]
    if others:
        return f"You were not paged: {_asked(others, rows, manual)}."
    nobody = next((row for row in asked if not row.person and not row.channel and row.verdict != "send"), None)
    if nobody is not None:
        return f"You were not paged, and nobody was: {_reason(nobody)}."
    return "You were not paged: it has asked nobody yet." if not asked else "You were not paged: it only told channels."


def _asked(others: Iterable[DecisionRow], rows: Iterable[DecisionRow], manual: Manual) -> str:
    names = list(dict.fromkeys(person_title(row.person, manual) for row in others))
    told = f"{' and '.join(names[:3])} {'was' if len(names) == 1 else 'were'} asked"
    had = next((row.person for row in rows if row.verdict == "acknowledge" and row.person), "")
    return f"{told}, and {person_title(had, manual)} acknowledged it" if had else f"{told}, your turn has not come"


def _line(row: DecisionRow, manual: Manual, zone: ZoneInfo, now_ns: int) -> WhyLine:
    deed = DEEDS.get(row.verdict)
    paging = row.alert_key.startswith(PAGE) or bool(row.person) or not (row.channel or row.reason == Reason.NO_ROUTE)
    return WhyLine(
        at=moment(row.at_ns, now_ns=now_ns, zone=zone),
        who=_who(row, manual, deed=deed is not None),
        through=kind_of(row.channel, manual) if row.channel else "",
        verdict=deed or _verdict(row.verdict, paging=paging),
        mark="met" if deed or row.verdict == "send" else "at-risk" if row.verdict == "hold" else "declared",
        why=plain((row.because_of or "") if deed else _reason(row)),
        page=f"/pages/{row.alert_key.removeprefix(PAGE)}" if row.alert_key.startswith(PAGE) else "",
    )


def _who(row: DecisionRow, manual: Manual, *, deed: bool) -> str:
    if row.person:
        return person_title(row.person, manual)
    if row.channel:
        return f"#{row.channel}"
    return "Time" if deed and row.reason == Reason.LAPSED else "Somebody" if deed else "Nobody"


def _verdict(verdict: str, *, paging: bool) -> str:
    told = "paged" if paging else "told"
    return {"send": told, "hold": "held back", "refuse": f"not {told}"}.get(verdict, verdict)


def _reason(row: DecisionRow) -> str:
    return plain(": ".join(part for part in (reason_words(row.reason), row.because_of) if part))
