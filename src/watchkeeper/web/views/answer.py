"""
What does somebody see who follows a link in a message: what it does, and one button?

Opening it changes nothing, for mail scanners open links too; the button does, once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.act.links import Action, Link
from watchkeeper.act.watch import Watch
from watchkeeper.decide.oncall.values import Override
from watchkeeper.store.pages import PageRow
from watchkeeper.web.views.pages import PageLine, page_line
from watchkeeper.web.views.ways import person_title

BUTTONS = {
    Action.ACKNOWLEDGE: "Acknowledge",
    Action.SNOOZE: "Put it off for an hour",
    Action.ESCALATE: "Ask the next one now",
    Action.RESOLVE: "It is over",
}
DONE = {
    Action.ACKNOWLEDGE: "Acknowledged: it is yours, nobody else is asked",
    Action.SNOOZE: "Put off for an hour",
    Action.ESCALATE: "The next one is being asked",
    Action.RESOLVE: "Ended",
}
BEFORE = {
    Action.ACKNOWLEDGE: "With this it is yours, and nobody else is asked.",
    Action.SNOOZE: "It comes back in an hour, unless it is over by then.",
    Action.ESCALATE: "Whoever is next on the ladder is asked now, not later.",
    Action.RESOLVE: "With this the page ends, whatever its alerts do.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView:
    """
    The page. `button` is empty where nothing is left to do.
    """

    title: str
    headline: str
    sentence: str
    pages: tuple[PageLine, ...]
    button: str
    token: str
    who: str
    done: bool = False
    lives: bool = False


def asked(
    link: Link, token: str, rows: Sequence[PageRow], watch: Watch, overrides: Sequence[Override], *, used: bool
) -> AnswerView:
    """
    Before the button was pressed; without a button where it was, or where the pages are over.
    """
    lines = _lines(rows, watch, overrides)
    standing = [line for line in lines if line.standing]
    who = person_title(link.person, watch.standing.manual) if link.person else "Somebody"
    subject = lines[0].title if len(lines) == 1 else f"{len(lines)} pages"
    if not lines:
        return unknown_link()
    if not standing:
        headline, sentence, button = f"Already over: {subject}", "There is nothing left to answer.", ""
    elif used:
        headline, sentence, button = f"Already answered: {subject}", _stands(lines), ""
    else:
        headline, sentence, button = subject, BEFORE[link.action], BUTTONS[link.action]
    return AnswerView(
        title=subject, headline=headline, sentence=sentence, pages=lines, button=button, token=token, who=who
    )


def answered(
    link: Link, token: str, rows: Sequence[PageRow], watch: Watch, overrides: Sequence[Override]
) -> AnswerView:
    """
    After the button was pressed.
    """
    lines = _lines(rows, watch, overrides)
    who = person_title(link.person, watch.standing.manual) if link.person else "Somebody"
    return AnswerView(
        title="Done",
        headline=DONE[link.action],
        sentence=_stands(lines),
        pages=lines,
        button="",
        token=token,
        who=who,
        done=True,
    )


def unknown_link() -> AnswerView:
    """
    A link that was not made here, was changed, or is too old.
    """
    return AnswerView(
        title="This link does not work",
        headline="This link does not work",
        sentence="It is older than three days, or not all of it arrived. Sign in, and answer on the page itself.",
        pages=(),
        button="",
        token="",
        who="",
    )


def _lines(rows: Sequence[PageRow], watch: Watch, overrides: Sequence[Override]) -> tuple[PageLine, ...]:
    now_ns = watch.clock.now_ns()
    return tuple(page_line(row, watch, (), overrides, now_ns=now_ns) for row in rows)


def _stands(lines: Sequence[PageLine]) -> str:
    """
    How the pages stand: `Disk is full: Ada has it.`
    """
    told = []
    for line in lines[:5]:
        had = {"acknowledged": f"{line.who or 'somebody'} has it", "snoozed": "put off", "ended": "over"}
        told.append(f"{line.title}: {had.get(line.state, 'still waits for an answer')}")
    return ". ".join(told) + "." if told else ""
