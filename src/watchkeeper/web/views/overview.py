"""
What is the matter, and what needs a hand now?

The first page: a sentence that answers, then what fires with its clock, then every promise, then what happened lately.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.act.watch import AlertView, Watch
from watchkeeper.decide.objectives import ObjectiveStatus, Standing
from watchkeeper.decide.values import State
from watchkeeper.manual.liveness import live
from watchkeeper.manual.mistakes import Mistakes
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.words import count, words_ns
from watchkeeper.web.doors import Doors
from watchkeeper.web.views.alert_line import AlertLine, alert_line
from watchkeeper.web.views.lists import IncidentRow, MessageRow, incident_row, message_rows
from watchkeeper.web.views.objective_row import FASTER, NOW_NS, ObjectiveRow, noun_counts, objective_row

MOST_INCIDENTS = 4
MOST_MESSAGES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewView:
    """
    The first page. `hands` are the alerts that fire, worst first; `unjudged` those of which nobody can say whether they
    should; `silent`: nothing was heard yet.
    """

    title: str
    headline: str
    pulse: str
    now: str  # the window of "now"
    hands: tuple["Hand", ...]
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
    What needs a hand: the alert, and the incident that it opened.
    """

    alert: AlertLine
    incident: IncidentRow | None


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
    return OverviewView(
        title="Overview",
        headline=headline(manual.manual, statuses, alerts, silent=silent),
        pulse=_pulse(watch, fast=doors.fast),
        now=_now(fast=doors.fast),
        hands=tuple(_hands(alerts, watch, incidents)),
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


def headline(name: str, statuses: Sequence[ObjectiveStatus], alerts: Sequence[AlertView], *, silent: bool) -> str:
    """
    The sentence that answers what is the matter.
    """
    firing = sum(view.memory.state is State.FIRING for view in alerts)
    if silent and not firing:
        return f"{name}: nothing has been heard yet"
    counts = Counter(status.standing for status in statuses)
    if not statuses:
        return f"{name}: nothing is promised yet"
    if not firing and counts[Standing.MET] == len(statuses):
        if unjudged := sum(view.memory.state is State.UNKNOWN for view in alerts):
            return f"{name}: {_all(len(statuses))} met, {unjudged} {_alerts(unjudged)} cannot be judged"
        return f"{name}: all is well, {_all(len(statuses))} met"
    parts = [f"{firing} {'alert is' if firing == 1 else 'alerts are'} firing"] if firing else []
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
    manual, now_ns = watch.standing.manual, watch.clock.now_ns()
    found = []
    for view in alerts:
        if view.memory.state is not State.FIRING:
            continue
        siblings = [one for one in alerts if one.memory.key.rule == view.memory.key.rule and one is not view]
        line = alert_line(view, manual, now_ns=now_ns, siblings=siblings)
        open_ = (one for one in incidents if one.open and line.key in one.alerts)
        found.append(Hand(alert=line, incident=next(open_, None)))
    ranks = list(manual.severities)
    return sorted(found, key=lambda hand: (_rank(hand.alert.severity, ranks), hand.alert.key))


def _rank(severity: str, ranks: Sequence[str]) -> int:
    return ranks.index(severity) if severity in ranks else len(ranks)


def _opening(manual: Manual) -> list[str]:
    listed = manual.incidents.opens if manual.incidents else ()
    return [name for name, severity in manual.severities.items() if name in listed or severity.opens_incident]
