"""
What was known when an incident opened?

The numbers of its alerts with the worst observations and their traces, what was released in the day before, and who was
on call. Kept as it was then: later the numbers, the rules and the rotation are others.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection

from watchkeeper.act import saying
from watchkeeper.act.record import finding_from_json
from watchkeeper.act.standing import Standing
from watchkeeper.decide.oncall.coverage import duty
from watchkeeper.decide.oncall.values import Override
from watchkeeper.decide.rules import windows_of
from watchkeeper.decide.values import AlertKey, OpenIncident
from watchkeeper.manual.units import NS_PER_SECOND
from watchkeeper.measure.answers import Question
from watchkeeper.measure.intake import Intake
from watchkeeper.store import alerts, incidents, overrides
from watchkeeper.store.alerts import AlertRow
from watchkeeper.store.incidents import IncidentRow
from watchkeeper.store.overrides import OverrideRow
from watchkeeper.store.state import State

RELEASES_NS: Final = 86_400 * 10**9  # how long before the opening a release counts as recent
MOST: Final = 5  # observations of one alert, and releases
#: Events of these kinds are releases.
RELEASE_KINDS: Final = frozenset({"release", "deploy", "deployment"})


def evidence_of(view: Connection, row: IncidentRow, standing: Standing) -> dict[str, Any]:
    """
    What the rows say, as JSON; what they cannot say (`exemplars`) is kept by the turn that opens it.
    """
    keys = incidents.alerts_of(view, row.id)
    found = alerts.named(view, keys)
    return {
        "at_ns": row.opened_ns,
        "alerts": [_numbers(found[key], standing) for key in keys if key in found],
        "releases": _releases(view, standing, row.opened_ns),
        "on_call": _on_call(view, standing, row.opened_ns),
    }


def keep_exemplars(
    state: State, intake: Intake, standing: Standing, opens: Iterable[OpenIncident], *, now_ns: int
) -> None:
    """
    Keep the worst observations of the alerts that open an incident in this turn, with it.
    """
    keys = [key for one in opens for key in one.alerts]
    found = {str(key): worst for key in keys if (worst := _exemplars(intake, standing, key, now_ns=now_ns))}
    if not found:
        return
    with state.transaction() as tx:
        for key, worst in found.items():
            row = next(iter(incidents.of_alert(tx, key)), None)
            if row is not None and row.closed_ns is None:
                known: Mapping[str, Any] = row.evidence or {}
                more = {**known.get("exemplars", {}), key: known.get("exemplars", {}).get(key, worst)}
                incidents.update_fields(tx, row.id, evidence={**known, "exemplars": more})


def _numbers(row: AlertRow, standing: Standing) -> dict[str, Any]:
    rule, finding = standing.rules.get(row.rule), finding_from_json(row.numbers)
    said = counted = ""
    if rule is not None and rule.condition is not None and finding is not None:
        value = next(iter(row.labels.values()), "")
        title = (rule.alert.title or rule.name.replace("-", " ")) + (f" on {value}" if value else "")
        said = saying.verdict(rule.condition, finding.numbers, of=title[:1].upper() + title[1:])
        counted = saying.arithmetic(rule.condition, finding.numbers, noun="events", allowed=rule.allowed) or ""
    return {"key": row.key, "says": said, "arithmetic": counted, "numbers": row.numbers}


def _releases(view: Connection, standing: Standing, opened_ns: int) -> list[dict[str, Any]]:
    rules = [name for name, alert in standing.manual.alerts.items() if alert.on in RELEASE_KINDS]
    found = {
        (row.at_ns, row.alert_key)
        for row in alerts.recent_transitions(view, since_ns=opened_ns - RELEASES_NS, most=1000)
        if row.alert_key.partition("[")[0] in rules and row.at_ns <= opened_ns
    }
    return [{"at_ns": at_ns, "alert": key} for at_ns, key in sorted(found, reverse=True)[:MOST]]


def _on_call(view: Connection, standing: Standing, at_ns: int) -> list[dict[str, Any]]:
    manual = standing.manual
    exceptions = [override_of(row) for row in overrides.standing(view, since_ns=at_ns)]
    found = []
    for name, schedule in manual.schedules.items():
        now = duty(name, manual, exceptions, at_ns)
        role = schedule.role or ""
        found.append({"schedule": name, "role": role, "person": now.person, "until_ns": now.until_ns})
    return found


def override_of(row: OverrideRow) -> Override:
    """
    A row as a value.
    """
    return Override(id=row.id, schedule=row.schedule, begin_ns=row.begin_ns, end_ns=row.end_ns, person=row.person)


def _exemplars(intake: Intake, standing: Standing, key: AlertKey, *, now_ns: int) -> list[dict[str, Any]]:
    rule = standing.rules.get(key.rule)
    if rule is None or rule.condition is None:
        return []
    with intake.lock:
        engine = intake.engine
        plan = engine.plan.indicators.get(rule.indicator)
        if plan is None:
            return []
        window = windows_of(rule.condition)[0]
        question = Question(indicator=rule.indicator, window=window, label=key.label, value=key.value)
        (answer,) = engine.ask_all([question], now_ns)
    return [
        {
            "at_ns": at_ns,
            "value": value / plan.scale,
            "unit": "s" if plan.scale == NS_PER_SECOND else "",
            "trace": trace,
        }
        for at_ns, value, trace in answer.worst[:MOST]
    ]
