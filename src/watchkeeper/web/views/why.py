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
from watchkeeper.web.views.words import title

#: What people did with a page, as it stands among the decisions.
DEEDS: Final = {
    "acknowledge": "acknowledged it",
    "reopen": "gave it back",
    "snooze": "put it off",
    "escalate": "asked for the next one",
    "resolve": "ended it",
}
MISSED: Final = "missed"  # nobody acknowledged in the time to respond
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
    asked = [row for row in rows if row.verdict not in DEEDS and row.verdict != MISSED]
    mine = next((row for row in asked if row.person == person), None)
    if mine is not None:
        through = f" by {kind_of(mine.channel, manual)}" if mine.channel else ""
        said = f"You were paged{through}" if mine.verdict == "send" else f"You were not paged{through}"
        return f"{said}: {reason_of(mine, manual)}."
    others = [row for row in asked if row.person and row.verdict == "send"]
    if others:
        return f"You were not paged: {_asked(others, rows, manual)}."
    nobody = next((row for row in asked if not row.person and not row.channel and row.verdict != "send"), None)
    if nobody is not None:
        return f"You were not paged, and nobody was: {reason_of(nobody, manual)}."
    return "You were not paged: it has asked nobody yet." if not asked else "You were not paged: it only told channels."


def _asked(others: Iterable[DecisionRow], rows: Iterable[DecisionRow], manual: Manual) -> str:
    names = list(dict.fromkeys(person_title(row.person, manual) for row in others))
    told = f"{' and '.join(names[:3])} {'was' if len(names) == 1 else 'were'} asked"
    had = next((row.person for row in rows if row.verdict == "acknowledge" and row.person), "")
    return f"{told}, and {person_title(had, manual)} acknowledged it" if had else f"{told}, your turn has not come"


def _line(row: DecisionRow, manual: Manual, zone: ZoneInfo, now_ns: int) -> WhyLine:
    deed = deed_of(row)
    paging = row.alert_key.startswith(PAGE) or bool(row.person) or not (row.channel or row.reason == Reason.NO_ROUTE)
    return WhyLine(
        at=moment(row.at_ns, now_ns=now_ns, zone=zone),
        who=whom(row, manual),
        through=kind_of(row.channel, manual) if row.channel else "",
        verdict=deed or verdict_words(row, "paged" if paging else "told"),
        mark="met" if deed or row.verdict == "send" else "at-risk" if row.verdict == "hold" else "declared",
        why=plain((row.because_of or "") if deed and row.reason != Reason.LAPSED else reason_of(row, manual)),
        page=f"/pages/{row.alert_key.removeprefix(PAGE)}" if row.alert_key.startswith(PAGE) else "",
    )


def deed_of(row: DecisionRow) -> str | None:
    """
    What became of who has the page; None for a decision about paging somebody.
    """
    return "no longer has it" if row.reason == Reason.LAPSED else DEEDS.get(row.verdict)


def whom(row: DecisionRow, manual: Manual) -> str:
    """
    Whom a decision is about.
    """
    person = row.person or (row.because_of or "" if row.reason == Reason.LAPSED else "")
    if person:
        return person_title(person, manual)
    if row.channel:
        return f"#{row.channel}"
    return "Somebody" if deed_of(row) else "Nobody"


def verdict_words(row: DecisionRow, told: str) -> str:
    """
    What was decided, to be read after whom it is about; `told` is "paged" or "told".
    """
    if row.verdict == "refuse" and not (row.person or row.channel):
        return "is asked any more" if row.reason == Reason.EXHAUSTED else f"was {told}"
    said = {"send": told, "hold": "held back", "refuse": f"not {told}", MISSED: "answered in time"}
    return said.get(row.verdict, row.verdict)


def reason_of(row: DecisionRow, manual: Manual) -> str:
    """
    Why, with what it is because of.
    """
    match row.reason:
        case Reason.LAPSED:
            cause = ""  # it stands as whom it is about
        case Reason.EXHAUSTED:
            cause = title(row.because_of or "", manual.policies.get(row.because_of or ""))
        case _:
            cause = row.because_of or ""
    return plain(": ".join(part for part in (reason_words(row.reason), cause) if part))
