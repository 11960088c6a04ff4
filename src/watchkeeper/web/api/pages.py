"""
Who is paged for what, who has it, and how does one answer, in JSON?
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field, StringConstraints

from watchkeeper.act.paging.desk import CannotDo, PageDesk, PageStory
from watchkeeper.decide.paging.values import Send
from watchkeeper.decide.reasons import SAYS, Reason
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.pages import PageRow
from watchkeeper.web.api.asking import TheWatch, Who, router
from watchkeeper.web.api.errors import CHANGES, Conflict, Unknown, answers
from watchkeeper.web.api.values import Instant, Model, Nothing, at, at_or_none

routes = router("pages")

MOST = 1000  # pages that one request acknowledges
SECOND_NS = 10**9
DAY_SECONDS = 86_400

Number = Annotated[int, Path(ge=1, le=2**53, description="The number of the page.")]
_Numbers = Annotated[list[Annotated[int, Field(ge=1, le=2**53)]], Field(min_length=1, max_length=MOST)]
_Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]


class Page(Model):
    """
    Somebody must answer: one escalation, of one or more alerts.
    """

    number: int
    key: str = Field(description="What it groups by; at most one standing page has it.")
    title: str
    state: str = Field(description="open, acknowledged, snoozed or ended.")
    reason: str = Field(description="Why it is as it is.")
    says: str = Field(description="The same in words.")
    policy: str = Field(description="Its escalation policy; empty: everyone.")
    severity: str | None
    service: str | None
    step: int = Field(description="The next step of the policy, from 0.")
    round: int
    opened: Instant
    due: Instant | None = Field(description="When something happens by itself; null: never.")
    by: str | None = Field(description="Who has it, or put it off.")
    acknowledged: Instant | None = Field(description="The first time that somebody had it.")
    ended: Instant | None


class PageList(Model):
    """
    Pages, newest first.
    """

    pages: list[Page]


class Decision(Model):
    """
    To tell somebody or not, or what a person did, with its reason.
    """

    at: Instant
    verdict: str
    reason: str
    says: str
    person: str
    channel: str
    because_of: str | None


class PageMessage(Model):
    """
    A message of the page, and what became of it.
    """

    kind: str
    person: str
    channel: str
    method: str = Field(description="The contact method; empty: the channel's own address.")
    state: str
    reason: str | None
    due: Instant
    settled: Instant | None
    attempts: int


class PageDetail(Page):
    """
    A page with its alerts and all that was decided and sent about it, newest first.
    """

    alerts: list[str]
    incident: int | None
    decisions: list[Decision]
    messages: list[PageMessage]


class DecisionList(Model):
    """
    Why somebody was told or paged of an alert, or was not; newest first.
    """

    decisions: list[Decision]


class Taking(Model):
    """
    The pages that somebody has.
    """

    pages: _Numbers


class Snooze(Model):
    """
    For how long.
    """

    seconds: Annotated[int, Field(ge=1, le=DAY_SECONDS)] = 3600


class Ending(Model):
    """
    Why it is ended by hand.
    """

    reason: _Text = ""


class TriedMethod(Model):
    """
    One contact method: whether a test page went out to it, and if not, why.
    """

    channel: str
    method: str
    sent: bool
    reason: str
    says: str
    because_of: str | None


class Tried(Model):
    """
    What was sent to one person to try their contact methods.
    """

    person: str
    messages: list[TriedMethod]


@routes.get("/pages", responses=answers(422))
def pages(
    watch: TheWatch, most: Annotated[int, Query(ge=1, le=1000)] = 50, standing: Annotated[bool, Query()] = False
) -> PageList:
    """
    The newest pages; with `standing` only those that are not over.
    """
    desk = _desk(watch)
    rows = desk.standing()[::-1][:most] if standing else desk.recent(most=most)
    return PageList(pages=[Page.model_validate(_page(row)) for row in rows])


@routes.get("/pages/{number}", responses=answers(404, 422))
def page(number: Number, watch: TheWatch) -> PageDetail:
    """
    One page with all that happened.
    """
    try:
        return _detail(_desk(watch).page(number))
    except KeyError:
        raise _unknown(watch, number) from None


@routes.post("/pages/acknowledge", responses=answers(404) | CHANGES)
def acknowledge_pages(taking: Taking, watch: TheWatch, who: Who) -> PageList:
    """
    Acknowledge pages: nobody else is paged for them. One that is over stays over.
    """
    try:
        rows = _desk(watch).acknowledge(dict.fromkeys(taking.pages), by=who)
    except KeyError as missing:
        raise _unknown(watch, missing.args[0]) from None
    return PageList(pages=[Page.model_validate(_page(row)) for row in rows])


@routes.post("/pages/{number}/unacknowledge", responses=answers(404) | CHANGES)
def unacknowledge_page(number: Number, _: Nothing, watch: TheWatch, who: Who) -> Page:
    """
    Give a page back: it begins again from its first step.
    """
    return _done(watch, number, lambda desk: desk.unacknowledge(number, by=who))


@routes.post("/pages/{number}/snooze", responses=answers(404) | CHANGES)
def snooze_page(number: Number, snooze: Snooze, watch: TheWatch, who: Who) -> Page:
    """
    Put a page off, at most for a day; then it begins again from its first step.
    """
    return _done(watch, number, lambda desk: desk.snooze(number, for_ns=snooze.seconds * SECOND_NS, by=who))


@routes.post("/pages/{number}/escalate", responses=answers(404) | CHANGES)
def escalate_page(number: Number, _: Nothing, watch: TheWatch, who: Who) -> Page:
    """
    Page the next ones at once.
    """
    return _done(watch, number, lambda desk: desk.escalate(number, by=who))


@routes.post("/pages/{number}/resolve", responses=answers(404) | CHANGES)
def resolve_page(number: Number, ending: Ending, watch: TheWatch, who: Who) -> Page:
    """
    End a page by hand, although its alerts may still fire.
    """
    return _done(watch, number, lambda desk: desk.resolve(number, by=who, reason=ending.reason))


@routes.get("/why/{key:text}", responses=answers(404, 422))
def why(key: str, watch: TheWatch) -> DecisionList:
    """
    Why somebody was told or paged of an alert, or was not.
    """
    decided, rules = _desk(watch).why(key), watch.standing.manual.alerts
    if not decided and key.partition("[")[0] not in rules:
        raise Unknown("alert", key, list(rules))
    return DecisionList(decisions=[_decision(one) for one in decided])


@routes.post("/people/{name}/test", responses=answers(404) | CHANGES)
def send_test(
    name: Annotated[str, Path(max_length=200, description="A person of the manual, or `contact:NAME`.")],
    _: Nothing,
    watch: TheWatch,
    who: Who,
) -> Tried:
    """
    Send somebody a test page by every contact method.
    """
    try:
        sends = _desk(watch).test(name, by=who)
    except KeyError:
        raise Unknown("person", name, list(watch.standing.manual.people)) from None
    return Tried(person=name, messages=[_tested(one) for one in sends])


def _desk(watch: TheWatch) -> PageDesk:
    return PageDesk(watch.state, watch.clock, lambda: watch.standing)


def _done(watch: TheWatch, number: int, deed: Callable[[PageDesk], PageRow]) -> Page:
    try:
        return Page.model_validate(_page(deed(_desk(watch))))
    except KeyError:
        raise _unknown(watch, number) from None
    except CannotDo as why_not:
        raise Conflict(str(why_not)) from None


def _unknown(watch: TheWatch, number: int) -> Unknown:
    return Unknown("page", number, [row.id for row in _desk(watch).recent()])


def _page(row: PageRow) -> dict[str, object]:
    return {
        "number": row.id,
        "key": row.key,
        "title": row.title,
        "state": row.state,
        "reason": row.reason,
        "says": SAYS[Reason(row.reason)],
        "policy": row.policy,
        "severity": row.severity,
        "service": row.service,
        "step": row.step,
        "round": row.round,
        "opened": at(row.opened_ns),
        "due": at_or_none(row.due_ns),
        "by": row.by,
        "acknowledged": at_or_none(row.acknowledged_ns),
        "ended": at_or_none(row.ended_ns),
    }


def _detail(story: PageStory) -> PageDetail:
    return PageDetail.model_validate(
        _page(story.row)
        | {
            "alerts": list(story.alerts),
            "incident": None if story.incident is None else story.incident.number,
            "decisions": [_decision(one) for one in story.decisions],
            "messages": [_message(one) for one in story.notices],
        }
    )


def _decision(row: DecisionRow) -> Decision:
    return Decision(
        at=at(row.at_ns),
        verdict=row.verdict,
        reason=row.reason,
        says=SAYS[Reason(row.reason)],
        person=row.person,
        channel=row.channel,
        because_of=row.because_of,
    )


def _message(row: NoticeRow) -> PageMessage:
    return PageMessage(
        kind=row.kind,
        person=row.person,
        channel=row.channel,
        method=row.address,
        state=row.state,
        reason=row.reason,
        due=at(row.due_ns),
        settled=at_or_none(row.settled_ns),
        attempts=row.attempts,
    )


def _tested(send: Send) -> TriedMethod:
    return TriedMethod(
        channel=send.channel,
        method=send.method,
        sent=send.send,
        reason=send.reason.value,
        says=SAYS[send.reason],
        because_of=send.because_of,
    )
