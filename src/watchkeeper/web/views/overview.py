"""
What is the matter, and what needs a hand now?

The first page: a sentence that answers, then what fires with its clock, then every promise, then what happened lately.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from watchkeeper.act.watch import AlertView, Watch
from watchkeeper.decide.objectives import ObjectiveStatus, Standing
from watchkeeper.decide.oncall.coverage import on_call
from watchkeeper.decide.values import State
from watchkeeper.manual.liveness import live
from watchkeeper.manual.mistakes import Mistakes
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.words import count, words_ns
from watchkeeper.web.doors import Doors
from watchkeeper.web.views import words
from watchkeeper.web.views.alert_line import AlertLine, alert_line
from watchkeeper.web.views.lists import IncidentRow, MessageRow, incident_row, message_rows
from watchkeeper.web.views.objective_row import FASTER, NOW_NS, ObjectiveRow, noun_counts, objective_row
from watchkeeper.web.views.paged import paged
from watchkeeper.web.views.pages import PageLine, page_lines
from watchkeeper.web.views.ways import person_title

MOST_HANDS = 12
MOST_INCIDENTS = 4
MOST_MESSAGES = 5
MOST_SCHEDULES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewView:
    """
    The first page. `hands` are the pages that stand and the alerts that fire without one, worst first; `unjudged` the
    alerts of which nobody can say whether they should fire; `silent`: nothing was heard yet.
    """

    title: str
    headline: str
    pulse: str
    on_call: tuple["OnDuty", ...]
    now: str  # the window of "now"
    hands: tuple["Hand", ...]
    more_hands: int  # beyond those that are shown
    unjudged: tuple[AlertLine, ...]
    objectives: tuple[ObjectiveRow, ...]
    incidents: tuple[IncidentRow, ...]
    opens: str  # the severities that open an incident, in words; empty where none does
    messages: tuple[MessageRow, ...]
    declared: int
    entries: int
    silent: bool
    address: str
    mistakes: tuple[str, ...]
    troubles: tuple["Trouble", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """
    What needs a hand: a page with the worst of its alerts (`others` more fire), or an alert that nobody is paged for;
    and the incident that was opened.
    """

    alert: AlertLine | None
    page: PageLine | None
    incident: IncidentRow | None
    others: int = 0

    @property
    def waits(self) -> bool:
        """
        Whether somebody still has to acknowledge it.
        """
        return self.page is not None and self.page.open

    @property
    def title(self) -> str:
        """
        What was found.
        """
        return self.alert.sentence if self.alert else self.page.title if self.page else ""

    @property
    def href(self) -> str:
        """
        Where it can be worked on.
        """
        where = self.incident or self.page or self.alert
        return where.href if where else "/"

    @property
    def severity(self) -> str:
        """
        How bad it is.
        """
        return (self.page.severity if self.page else "") or (self.alert.severity if self.alert else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """
    Who is on call in a schedule; `who` is empty for nobody.
    """

    schedule: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """
    What of the manual cannot do its work here (`channel team`), and what to set.
    """

    what: str
    why: str


def overview_view(watch: Watch, doors: Doors) -> OverviewView:
    """
    The first page as it stands now.
    """
    manual, now_ns = watch.standing.manual, watch.clock.now_ns()
    statuses, alerts, entries = watch.objectives(), watch.alerts(), live(manual)
    incidents = [incident_row(one, manual, now_ns=now_ns) for one in watch.incidents(most=20)]
    lines = {str(view.memory.key): alert_line(view, manual, now_ns=now_ns) for view in alerts}
    silent = bool(statuses) and all(_silent(status) for status in statuses)
    hands = _hands(alerts, watch, incidents)
    return OverviewView(
        title="Overview",
        headline=headline(manual.manual, statuses, alerts, silent=silent, waiting=sum(hand.waits for hand in hands)),
        pulse=_pulse(watch, fast=doors.fast),
        on_call=_on_call(watch),
        now=_now(fast=doors.fast),
        hands=tuple(hands[:MOST_HANDS]),
        more_hands=max(0, len(hands) - MOST_HANDS),
        unjudged=tuple(line for line in lines.values() if line.state == State.UNKNOWN and not silent),
        objectives=tuple(
            objective_row(status, watch, guarding(status.name, alerts, watch, lines), fast=doors.fast)
            for status in statuses
        ),
        incidents=tuple(incidents[:MOST_INCIDENTS]),
        opens=", ".join(_opening(manual)),
        messages=message_rows(watch, now_ns=now_ns, most=MOST_MESSAGES),
        declared=sum(not one.live for one in entries),
        entries=len(entries),
        silent=silent,
        address=doors.base,
        mistakes=mistakes_of(doors.mistakes()),
        troubles=tuple(Trouble(what=what, why=why) for what, why in doors.troubles().items()),
    )


def mistakes_of(found: Mistakes | None) -> tuple[str, ...]:
    """
    What keeps the manual on disk from being used, a line each.
    """
    return tuple(str(mistake) for mistake in found or ())


def headline(
    name: str, statuses: Sequence[ObjectiveStatus], alerts: Sequence[AlertView], *, silent: bool, waiting: int = 0
) -> str:
    """
    The sentence that answers what is the matter: `waiting` pages wait for an answer.
    """
    firing = sum(view.memory.state is State.FIRING for view in alerts)
    asked = [f"{waiting} {'page waits' if waiting == 1 else 'pages wait'} for an answer"] if waiting else []
    if asked and not firing and (silent or not statuses):
        return f"{name}: {asked[0]}"
    if silent and not firing:
        return f"{name}: nothing has been heard yet"
    counts = Counter(status.standing for status in statuses)
    if not statuses:
        return f"{name}: nothing is promised yet"
    if not firing and not waiting and counts[Standing.MET] == len(statuses):
        if unjudged := sum(view.memory.state is State.UNKNOWN for view in alerts):
            return f"{name}: {_all(len(statuses))} met, {unjudged} {_alerts(unjudged)} cannot be judged"
        return f"{name}: all is well, {_all(len(statuses))} met"
    parts = [f"{firing} {'alert is' if firing == 1 else 'alerts are'} firing"] if firing else []
    parts += asked
    noun = True  # only the first count of objectives says what it counts
    for standing in (Standing.BREACHED, Standing.AT_RISK, Standing.UNKNOWN, Standing.MET):
        if n := counts[standing]:
            of = (" objective" if n == 1 else " objectives") if noun else ""
            parts.append(f"{n}{of} {'is' if n == 1 else 'are'} {standing.value}")
            noun = False
    return f"{name}: {', '.join(parts)}"


def _all(n: int) -> str:
    return "its one objective is" if n == 1 else "both objectives are" if n == 2 else f"all {n} objectives are"


def _alerts(n: int) -> str:
    return "alert" if n == 1 else "alerts"


def _silent(status: ObjectiveStatus) -> bool:
    return all(one.finding.numbers.known == 0 for one in (*status.targets, *status.agreements))


def _pulse(watch: Watch, *, fast: bool) -> str:
    heard = [f"{count(n)} {noun}" for noun, n in noun_counts(watch, fast=fast) if n]
    return f"{', '.join(heard) or 'nothing'} in the {_now(fast=fast)}"


def _on_call(watch: Watch) -> tuple[OnDuty, ...]:
    """
    The first schedules of the manual, each with whose turn it is.
    """
    manual, overrides = watch.standing.manual, paged(watch).overrides
    found = []
    for name, schedule in list(manual.schedules.items())[:MOST_SCHEDULES]:
        person = on_call(name, manual, overrides, watch.clock.now_ns())
        title = schedule.role or words.title(name, schedule)
        found.append(OnDuty(schedule=title, who=person_title(person, manual) if person else ""))
    return tuple(found)


def _now(*, fast: bool) -> str:
    return f"last {words_ns(NOW_NS // FASTER if fast else NOW_NS)}"


def guarding(objective: str, alerts: Sequence[AlertView], watch: Watch, lines: dict[str, AlertLine]) -> list[AlertLine]:
    """
    The alerts that guard an objective, nearest to firing first.
    """
    manual = watch.standing.manual
    indicator = manual.objectives[objective].indicator
    mine = [
        lines[str(view.memory.key)]
        for view in alerts
        if view.rule is not None
        and view.rule.condition is not None
        and (view.rule.alert.objective == objective or view.rule.indicator == indicator)
    ]
    return sorted(mine, key=lambda one: -(one.distance.at if one.distance.at is not None else -1))


def _hands(alerts: Sequence[AlertView], watch: Watch, incidents: Sequence[IncidentRow]) -> list[Hand]:
    """
    Every page that stands, with the worst of its alerts that fire, then every alert that fires without a page.
    """
    found = paged(watch)
    lines = _firing(alerts, watch)
    hands, told = [], set[str]()
    for page in page_lines(watch, found.rows, found.alerts, found.overrides):
        mine = [lines[key] for key in found.alerts.get(page.number, ()) if key in lines]
        told.update(line.key for line in mine)
        incident = _open_incident((line.key for line in mine), incidents, row_id=page.incident)
        first = mine[0] if mine else None
        hands.append(Hand(alert=first, page=page, incident=incident, others=max(0, len(mine) - 1)))
    for key, line in lines.items():
        if key not in told:
            hands.append(Hand(alert=line, page=None, incident=_open_incident((key,), incidents)))
    ranks = list(watch.standing.manual.severities)
    return sorted(hands, key=lambda hand: (_rank(hand.severity, ranks), not hand.waits, hand.title))


def _firing(alerts: Sequence[AlertView], watch: Watch) -> dict[str, AlertLine]:
    manual, now_ns = watch.standing.manual, watch.clock.now_ns()
    rules: dict[str, list[AlertView]] = {}
    for view in alerts:
        rules.setdefault(view.memory.key.rule, []).append(view)
    return {
        str(view.memory.key): alert_line(
            view, manual, now_ns=now_ns, siblings=[one for one in rules[view.memory.key.rule] if one is not view]
        )
        for view in alerts
        if view.memory.state is State.FIRING
    }


def _open_incident(
    keys: Iterable[str], incidents: Sequence[IncidentRow], *, row_id: int | None = None
) -> IncidentRow | None:
    wanted = set(keys)
    fitting = (one for one in incidents if one.open and (one.id == row_id or wanted.intersection(one.alerts)))
    return next(fitting, None)


def _rank(severity: str, ranks: Sequence[str]) -> int:
    return ranks.index(severity) if severity in ranks else len(ranks)


def _opening(manual: Manual) -> list[str]:
    listed = manual.incidents.opens if manual.incidents else ()
    return [name for name, severity in manual.severities.items() if name in listed or severity.opens_incident]
