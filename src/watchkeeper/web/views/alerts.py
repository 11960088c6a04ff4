"""
What does an alert page tell: what it found, why somebody was told or not, and all that happened?
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from zoneinfo import ZoneInfo

from watchkeeper.act import saying
from watchkeeper.act.record import finding_from_json
from watchkeeper.act.watch import AlertStory, AlertView, Watch
from watchkeeper.decide.values import State
from watchkeeper.manual.condition.printer import show
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.words import count, percent, words_ns
from watchkeeper.store.alerts import TransitionRow
from watchkeeper.store.decisions import DecisionRow
from watchkeeper.web.doors import Doors
from watchkeeper.web.views import words
from watchkeeper.web.views.alert_line import AlertLine, alert_line
from watchkeeper.web.views.drawing import Sketch
from watchkeeper.web.views.facts import Fact, document_facts
from watchkeeper.web.views.lists import IncidentRow, MessageRow, incident_row, message_row, reason_words
from watchkeeper.web.views.moments import Moment, moment
from watchkeeper.web.views.paged import paged
from watchkeeper.web.views.pages import PageLine, page_lines
from watchkeeper.web.views.rule_chart import rule_chart
from watchkeeper.web.views.why import WhyLine, why_lines, why_you

#: In which order the groups of the list stand, and what they are called.
GROUPS = (
    ("firing", "Firing"),
    ("pending", "About to fire: the condition holds, its time is not up"),
    ("unknown", "Cannot be judged"),
    ("inactive", "Fine"),
    ("withdrawn", "No longer in the manual"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """
    Alerts in one state.
    """

    state: str
    title: str
    alerts: tuple[AlertLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsView:
    """
    All alerts, those that fire first.
    """

    title: str
    headline: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    A transition with its reason and its numbers.
    """

    at: Moment
    old: str
    new: str
    why: str
    numbers: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPage:
    """
    The page of one alert. `you` says why whoever reads it was paged or not.
    """

    title: str
    line: AlertLine
    facts: tuple[Fact, ...]
    rule: tuple[Fact, ...]
    chart: Sketch | None
    siblings: tuple[AlertLine, ...]
    changes: tuple[Change, ...]
    why: tuple[WhyLine, ...]
    you: str
    page: PageLine | None  # that stands for it
    messages: tuple[MessageRow, ...]
    incidents: tuple[IncidentRow, ...]


def alerts_view(watch: Watch) -> AlertsView:
    """
    The list of all alerts.
    """
    manual, now_ns = watch.standing.manual, watch.clock.now_ns()
    views = watch.alerts()
    groups = []
    for state, title in GROUPS:
        lines = [
            alert_line(view, manual, now_ns=now_ns, siblings=siblings_of(view, views))
            for view in views
            if group_of(view.memory.state) == state
        ]
        lines.sort(key=lambda line: -(line.distance.at or 0))
        if lines:
            groups.append(Group(state=state, title=title, alerts=tuple(lines)))
    firing = sum(view.memory.state is State.FIRING for view in views)
    said = "No alert is firing" if not firing else "1 alert is firing" if firing == 1 else f"{firing} alerts are firing"
    return AlertsView(title="Alerts", headline=said, groups=tuple(groups))


def group_of(state: State) -> str:
    """
    Resolved alerts rest like those that never fired.
    """
    return "inactive" if state is State.RESOLVED else state.value


def siblings_of(view: AlertView, views: Sequence[AlertView]) -> list[AlertView]:
    """
    The same rule for the other values of its label.
    """
    return [one for one in views if one.memory.key.rule == view.memory.key.rule and one is not view]


def alert_page(
    story: AlertStory, watch: Watch, doors: Doors, why: Sequence[DecisionRow] = (), *, person: str = ""
) -> AlertPage:
    """
    The page of one alert; `why` are the decisions about it and its pages, newest first, `person` who reads it.
    """
    manual, now_ns = watch.standing.manual, watch.clock.now_ns()
    line = alert_line(story.alert, manual, now_ns=now_ns, siblings=story.siblings)
    return AlertPage(
        title=f"{line.title} on {line.label}" if line.label else line.title,
        line=line,
        facts=tuple(_facts(story.alert, manual)),
        rule=tuple(_rule(story.alert, manual)),
        chart=rule_chart(story.alert, watch, width=720, height=140, fast=doors.fast),
        siblings=tuple(alert_line(one, manual, now_ns=now_ns) for one in story.siblings),
        changes=tuple(_change(row, story.alert, manual, now_ns=now_ns) for row in story.transitions),
        why=why_lines(why, manual, now_ns=now_ns),
        you=why_you(person, why, manual),
        page=_page_of(line.key, watch),
        messages=tuple(message_row(row, manual, now_ns=now_ns) for row in story.notices),
        incidents=tuple(incident_row(one, manual, now_ns=now_ns) for one in story.incidents),
    )


def _page_of(key: str, watch: Watch) -> PageLine | None:
    """
    The page that stands for an alert.
    """
    found = paged(watch)
    rows = [row for row in found.rows if key in found.alerts.get(row.id, ())]
    return next(iter(page_lines(watch, rows, found.alerts, found.overrides)), None)


def _facts(view: AlertView, manual: Manual) -> list[Fact]:
    finding, rule = view.finding, view.rule
    if finding is None or rule is None or rule.condition is None:
        return []
    numbers, condition = finding.numbers, rule.condition
    noun = words.noun(manual, rule.indicator)
    facts = [Fact(name="verdict", value=reason_words(finding.reason.value))]
    if numbers.value is not None:
        facts.append(Fact(name="measured", value=words.measured_of(numbers, condition)))
    facts.append(Fact(name="rule", value=f"fires {words.rule(condition)}"))
    counts = saying.arithmetic(condition, numbers, noun=noun, allowed=rule.allowed)
    facts.append(Fact(name="counted", value=counts or f"{count(numbers.events)} {noun}"))
    if numbers.at_least is not None:
        enough = "enough" if numbers.events >= numbers.at_least else "too few"
        facts.append(Fact(name="needs", value=f"at least {count(numbers.at_least)} events: {enough}"))
    if numbers.slots:
        heard = f"{percent(Fraction(min(numbers.known, numbers.slots), numbers.slots))} of the window"
        facts.append(Fact(name="heard", value=heard))
    if finding.others:
        facts.append(Fact(name=f"holds in {rule.where}", value=", ".join(finding.others)))
    return facts


def _rule(view: AlertView, manual: Manual) -> list[Fact]:
    rule = view.rule
    if rule is None:
        return []
    said = rule.alert
    written = show(rule.condition) if rule.condition is not None else f"on {said.on}"
    severity = manual.severities.get(said.severity or "")
    told = said.tell or tuple(dict.fromkeys(name for route in manual.routes for name in route.tell))
    pairs = [
        ("condition", written),
        ("indicator", rule.indicator),
        ("one alert per", rule.each),
        ("severity", " ".join(part for part in (said.severity, _respond(severity)) if part)),
        ("told over", ", ".join(told)),
        ("repeated every", "" if rule.timing.repeat_ns is None else words_ns(rule.timing.repeat_ns)),
    ]
    return [*(Fact(name=name, value=value) for name, value in pairs if value), *document_facts(said)]


def _respond(severity: object) -> str:
    respond = getattr(severity, "respond", None)
    return "" if respond is None else f"(respond: {respond})"


def _change(row: TransitionRow, view: AlertView, manual: Manual, *, now_ns: int) -> Change:
    finding, rule = finding_from_json(row.numbers), view.rule
    numbers = ""
    if finding is not None and rule is not None and rule.condition is not None:
        noun = words.noun(manual, rule.indicator)
        numbers = saying.arithmetic(rule.condition, finding.numbers, noun=noun, allowed=rule.allowed) or ""
    return Change(
        at=moment(row.at_ns, now_ns=now_ns, zone=ZoneInfo(manual.zone)),
        old=row.old,
        new=row.new,
        why=reason_words(row.reason),
        numbers=numbers,
    )
