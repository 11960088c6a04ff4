"""
How does one alert read in a line?

What it found in a sentence, its arithmetic, how close it is to firing, which values of its label are affected and which
are fine, and what to do about it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from urllib.parse import quote
from zoneinfo import ZoneInfo

from watchkeeper.act import saying
from watchkeeper.act.watch import AlertView
from watchkeeper.decide.values import Finding, Numbers, State, Truth
from watchkeeper.manual.condition import ast
from watchkeeper.manual.condition.ast import Condition, Op
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.units import Dimension, Duration
from watchkeeper.web.views import words
from watchkeeper.web.views.moments import Moment, moment, span

#: Where the rule stands on the track of a distance, in per cent of its width.
RULE_AT = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """
    How far an alert is from firing: `at` is the place of the measured value on a track from 0 to 100, on which the rule
    stands at 75; None where nothing can be said.
    """

    at: float | None
    state: str
    value: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookLink:
    """
    A runbook by its title.
    """

    title: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Countdown:
    """
    How long is left of the time to respond: `25:48` of `30 min`; late once it ran out.
    """

    left: str
    of: str
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """
    One alert for a list. `detail` holds the arithmetic and which values are fine; `since` is None for one that rests.
    """

    key: str
    href: str
    title: str
    label: str
    state: str
    severity: str
    sentence: str
    detail: tuple[str, ...]
    since: Moment | None
    countdown: Countdown | None
    runbook: RunbookLink | None
    distance: Distance


def alert_line(view: AlertView, manual: Manual, *, now_ns: int, siblings: Iterable[AlertView] = ()) -> AlertLine:
    """
    The line of one alert; `siblings` are the same rule for other values of its label.
    """
    key, state, zone = view.memory.key, view.memory.state, ZoneInfo(manual.zone)
    said = manual.alerts.get(key.rule)
    severity = view.memory.severity or (said.severity if said else None) or ""
    rests = state in (State.INACTIVE, State.RESOLVED, State.WITHDRAWN)
    since_ns = view.memory.since_ns
    return AlertLine(
        key=str(key),
        href=alert_href(str(key)),
        title=words.title(key.rule, said),
        label=key.value,
        state=state.value,
        severity=severity,
        sentence=sentence(view, manual),
        detail=(*arithmetic(view, manual), *(fine(siblings) if state is State.FIRING else ())),
        since=moment(since_ns, now_ns=now_ns, zone=zone) if since_ns and not rests else None,
        countdown=_countdown(severity, manual, now_ns - since_ns) if state is State.FIRING else None,
        runbook=runbook_link(said.runbook, manual) if said and said.runbook else None,
        distance=distance(view),
    )


def alert_href(key: str) -> str:
    """
    The page of an alert.
    """
    return f"/alerts/{quote(key, safe='')}"


def runbook_link(name: str, manual: Manual) -> RunbookLink:
    """
    The page of a runbook, by its title.
    """
    return RunbookLink(title=words.title(name, manual.runbooks.get(name)), href=f"/runbooks/{quote(name, safe='')}")


def subject(view: AlertView, manual: Manual) -> str:
    """
    What an alert speaks of: `Parse success on spotify`.
    """
    key = view.memory.key
    said = words.title(key.rule, manual.alerts.get(key.rule))
    return f"{said} on {key.value}" if key.value else said


def sentence(view: AlertView, manual: Manual) -> str:
    """
    What was found, against the rule: `Parse success on spotify is 82.4 %, below 95 % over 15 min`.
    """
    who, rule, finding = subject(view, manual), view.rule, view.finding
    if rule is None:
        return f"{who}: its rule is no longer in the manual"
    if rule.condition is None:
        return f"{who}: told once for each `{rule.alert.on}`"
    if finding is None:
        return f"{who}: nothing measured yet"
    if finding.truth is Truth.UNKNOWN:
        still = "still firing, and cannot be judged now: " if view.memory.state is State.FIRING else ""
        return f"{who}: {still}{words.gap(finding)}"
    if finding.truth is Truth.HOLDS:
        others = f": {', '.join(finding.others)}" if finding.others else ""
        return saying.verdict(rule.condition, finding.numbers, of=who) + others
    return f"{who} {_calm(view.memory.state, rule.condition, finding)}"


def _calm(state: State, condition: Condition, finding: Finding) -> str:
    says = words.rule(condition)
    if condition.strikes is not None:
        return f"is fine; fires after {says}"
    measured = f"{words.measure(condition)} is {words.measured_of(finding.numbers, condition)}".strip()
    return f"{measured}, no longer {says}" if state is State.FIRING else f"{measured}; fires {says}"


def arithmetic(view: AlertView, manual: Manual) -> tuple[str, ...]:
    """
    The counts behind the sentence, and how they compare; nothing for a rule that counts nothing.
    """
    rule, finding = view.rule, view.finding
    if rule is None or finding is None or rule.condition is None or not finding.numbers.events:
        return ()
    numbers = finding.numbers
    counts = saying.arithmetic(rule.condition, numbers, noun=words.noun(manual, rule.indicator), allowed=rule.allowed)
    return (counts,) if counts else ()


def fine(siblings: Iterable[AlertView]) -> tuple[str, ...]:
    """
    Which other values of the label are fine, as a sentence; nothing where there are none.
    """
    calm = [one.memory.key.value for one in siblings if one.finding and one.finding.truth is Truth.CLEAR]
    if not calm:
        return ()
    return (f"{', '.join(calm)} {'is' if len(calm) == 1 else 'are'} fine",)


def distance(view: AlertView) -> Distance:
    """
    How far the alert is from firing.
    """
    rule, finding = view.rule, view.finding
    if rule is None or rule.condition is None or finding is None:
        return Distance(at=None, state="unknown", value="", rule="")
    condition, numbers = rule.condition, finding.numbers
    share = None if finding.truth is Truth.UNKNOWN else closeness(numbers, condition)
    state = (
        "unknown" if share is None else "breached" if share >= 1 else "at-risk" if share >= Fraction(4, 5) else "met"
    )
    return Distance(
        at=None if share is None else round(min(100.0, max(0.0, float(share) * RULE_AT)), 1),
        state=state,
        value=words.gap(finding) if share is None else words.measured_of(numbers, condition),
        rule=f"fires {'after' if condition.strikes else ''} {words.rule(condition)}".replace("  ", " "),
    )


def closeness(numbers: Numbers, condition: Condition) -> Fraction | None:
    """
    How much of the way to the limit is gone: 0 as far as can be, 1 at the limit; None where nothing can be said.

    A lower limit of a share is far from 1, any other lower limit from twice its height; an upper one is far from 0.
    """
    value, limit = numbers.value, numbers.limit
    if value is None or limit is None:
        return None
    safe = Fraction(0)
    if condition.op in (Op.LT, Op.LE):
        safe = Fraction(1) if numbers.dimension is Dimension.RATIO and limit < 1 else max(value, 2 * limit)
    if isinstance(condition.measure, ast.Left):
        safe = max(value, 4 * limit)
    return None if limit == safe else (value - safe) / (limit - safe)


def _countdown(severity: str, manual: Manual, gone_ns: int) -> Countdown | None:
    said = manual.severities.get(severity)
    if said is None or said.respond is None:
        return None
    if not isinstance(said.respond, Duration):
        return Countdown(left=span(gone_ns), of=str(said.respond), late=False)
    left_ns = said.respond.ns - gone_ns
    return Countdown(left=clock(abs(left_ns)), of=words.duration(said.respond), late=left_ns < 0)


def clock(ns: int) -> str:
    """
    A countdown: `25:48`, `1:02:03`.
    """
    seconds = ns // 1_000_000_000
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes:02}:{seconds % 60:02}"
